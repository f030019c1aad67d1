using Csds.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

// Before the first socket: a receive completes on the thread that waits for sockets, without a hop to the pool (ADR 0016).
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

return CommandLine.Invoke(args, async (arguments, interrupted) =>
{
    var services = new ServiceCollection();
    services.AddSingleton(TimeProvider.System);
    services.AddSingleton<ConsoleFormatter, DaskLogFormat>();
    var levels = new LogLevels();
    services.AddLogging(logging => logging
        .AddConsole(o =>
        {
            o.FormatterName = DaskLogFormat.FormatName;
            o.LogToStandardErrorThreshold = LogLevel.Trace;
        })
        .SetMinimumLevel(LogLevel.Trace)
        .AddFilter(levels.IsEnabled));
    await using ServiceProvider provider = services.BuildServiceProvider();
    await using var host = new SchedulerHost(arguments, provider.GetRequiredService<ILoggerFactory>(), levels);
    try
    {
        return await host.RunAsync(interrupted).ConfigureAwait(false);
    }
    catch (Exception error) when (error is FormatException or HelperException or IOException)
    {
        await Console.Error.WriteLineAsync($"csds-scheduler: {error.Message}").ConfigureAwait(false);
        return 1;
    }
    catch (OperationCanceledException) when (interrupted.IsCompleted)
    {
        return 0;
    }
});
