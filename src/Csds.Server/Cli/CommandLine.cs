using System.CommandLine;
using System.CommandLine.Help;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Csds.Server;

/// <summary>The command line (rows E1 to E9): parses it, and turns signals into a request to close.</summary>
public static partial class CommandLine
{
    private const string Name = "csds-scheduler";
    private const int Sigint = 2;
    private const nint SignalDefault = 0; // SIG_DFL

    /// <summary>Parses the arguments and runs the scheduler with them.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="run">Runs the scheduler until it closes or a signal comes; answers the exit code.</param>
    public static int Invoke(string[] args, Func<SchedulerArguments, Task<PosixSignal>, Task<int>> run)
    {
        var options = new CommandOptions();
        var root = new RootCommand("Launch a Dask scheduler.") { TreatUnmatchedTokensAsErrors = false };
        foreach (Option option in root.Options.Where(o => o is VersionOption).ToArray())
        {
            root.Options.Remove(option);
        }
        foreach (HelpOption help in root.Options.OfType<HelpOption>())
        {
            help.Aliases.Clear();
        }
        root.Directives.Clear();
        foreach (Option option in options.All)
        {
            root.Options.Add(option);
        }
        root.SetAction((result, _) => RunAsync(options, result, run));
        // Files of arguments and bundled letters are nothing that click knows.
        ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        if (parsed.Errors.Count > 0)
        {
            return RunAsync(options, parsed, run).GetAwaiter().GetResult();
        }
        // Closing in good order may take longer than the library would wait, and is no failure: signals are ours.
        return parsed.Invoke(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    /// <summary>The version of csds.</summary>
    public static string Version { get; } =
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    private static async Task<int> RunAsync(
        CommandOptions options, ParseResult result, Func<SchedulerArguments, Task<PosixSignal>, Task<int>> run)
    {
        if (options.WantsVersion(result))
        {
            await result.InvocationConfiguration.Output.WriteLineAsync($"{Name}, version {Version}").ConfigureAwait(false);
            return 0;
        }
        SchedulerArguments arguments;
        try
        {
            arguments = options.Read(result);
        }
        catch (UsageException error)
        {
            await result.InvocationConfiguration.Error.WriteLineAsync(
                $"Usage: {Name} [OPTIONS] [PRELOAD_ARGV]...\nTry '{Name} --help' for help.\n\nError: {error.Message}").ConfigureAwait(false);
            return 2;
        }
        return await RunUntilSignalAsync(arguments, run).ConfigureAwait(false);
    }

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint SetSignal(int number, nint handler);

    private static async Task<int> RunUntilSignalAsync(
        SchedulerArguments arguments, Func<SchedulerArguments, Task<PosixSignal>, Task<int>> run)
    {
        var interrupted = new TaskCompletionSource<PosixSignal>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Interrupt(PosixSignalContext context)
        {
            // The first one closes the scheduler in good order; whoever sends a second one wants it gone.
            context.Cancel = interrupted.TrySetResult(context.Signal);
        }
        // Shells start background jobs with SIGINT ignored, which .NET leaves so; Python installs its handler all the same.
        _ = SetSignal(Sigint, SignalDefault);
        using var sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using var sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
        return await run(arguments, interrupted.Task).ConfigureAwait(false);
    }
}
