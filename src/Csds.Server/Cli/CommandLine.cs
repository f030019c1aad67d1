using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Csds.Server;

/// <summary>The command line (rows E1 to E8): the options of <c>dask scheduler</c>, and <c>--python</c>.</summary>
public static class CommandLine
{
    /// <summary>Parses the arguments and runs the scheduler with them.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="run">Runs the scheduler; answers the exit code.</param>
    public static int Invoke(string[] args, Func<SchedulerArguments, CancellationToken, Task<int>> run)
    {
        var host = new Option<string>("--host") { Description = "URI, IP or hostname of this server", DefaultValueFactory = _ => "" };
        var port = new Option<int?>("--port") { Description = "Serving port, 0 for a random one [default: 8786]" };
        var networkInterface = new Option<string?>("--interface") { Description = "Preferred network interface like 'eth0'" };
        var protocol = new Option<string?>("--protocol") { Description = "Protocol: tcp" };
        var dashboardAddress = new Option<string>("--dashboard-address")
        {
            Description = "Address on which to listen for HTTP",
            DefaultValueFactory = _ => ":8787",
        };
        var dashboard = new Option<bool>("--dashboard") { Description = "Launch the dashboard [default]" };
        var noDashboard = new Option<bool>("--no-dashboard") { Description = "Do not launch the dashboard" };
        var show = new Option<bool>("--show", "--no-show") { Description = "Accepted and ignored, as Dask does" };
        var dashboardPrefix = new Option<string>("--dashboard-prefix") { Description = "Prefix for the dashboard app", DefaultValueFactory = _ => "" };
        var pidFile = new Option<string?>("--pid-file") { Description = "File to write the process PID" };
        var schedulerFile = new Option<string?>("--scheduler-file") { Description = "File to write connection information" };
        var idleTimeout = new Option<string?>("--idle-timeout") { Description = "Time of inactivity after which to kill the scheduler" };
        var python = new Option<string?>("--python")
        {
            Description = "Command of the Python that has the users' Dask; default: CSDS_PYTHON, the active environment, python3",
        };
        var validate = new Option<bool>("--validate") { Description = "Check the scheduler's invariants after every event" };
        var version = new Option<bool>("--version") { Description = "Show the version and exit" };

        var root = new RootCommand("Launch a Dask scheduler");
        foreach (Option option in root.Options.Where(o => o is VersionOption).ToArray())
        {
            root.Options.Remove(option);
        }
        foreach (Option option in (Option[])[host, port, networkInterface, protocol, dashboardAddress, dashboard, noDashboard,
            show, dashboardPrefix, pidFile, schedulerFile, idleTimeout, python, validate, version])
        {
            root.Options.Add(option);
        }
        root.SetAction((result, _) =>
        {
            if (result.GetValue(version))
            {
                result.InvocationConfiguration.Output.WriteLine($"csds-scheduler, version {Version}");
                return Task.FromResult(0);
            }
            return RunUntilSignalAsync(
                new SchedulerArguments
                {
                    Host = result.GetValue(host) ?? "",
                    Port = result.GetValue(port),
                    Interface = result.GetValue(networkInterface),
                    Protocol = result.GetValue(protocol),
                    DashboardAddress = result.GetValue(dashboardAddress) ?? ":8787",
                    DashboardPrefix = result.GetValue(dashboardPrefix) ?? "",
                    PidFile = result.GetValue(pidFile),
                    SchedulerFile = result.GetValue(schedulerFile),
                    IdleTimeout = result.GetValue(idleTimeout),
                    Python = result.GetValue(python),
                    Validate = result.GetValue(validate),
                },
                run);
        });
        // Closing in good order may take longer than the library would wait, and is no failure: signals are ours.
        return root.Parse(args).Invoke(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    private static async Task<int> RunUntilSignalAsync(
        SchedulerArguments arguments, Func<SchedulerArguments, CancellationToken, Task<int>> run)
    {
        using var interrupted = new CancellationTokenSource();
        void Interrupt(PosixSignalContext context)
        {
            context.Cancel = true;
            interrupted.Cancel();
        }
        using var sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using var sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
        return await run(arguments, interrupted.Token).ConfigureAwait(false);
    }

    /// <summary>The version of csds.</summary>
    public static string Version { get; } =
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";
}
