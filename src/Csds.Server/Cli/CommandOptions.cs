using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Csds.Policies;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>
/// The options of <c>dask scheduler</c>, and csds's own at the end. As with click, the last of several counts, and what
/// is no option of ours belongs to a preload.
/// </summary>
internal sealed class CommandOptions
{
    private readonly Option<string?> host = Text("--host", "URI, IP or hostname of this server");
    private readonly Option<string?> port = Text("--port", "Serving port, 0 for a random one; several with commas [default: 8786]");
    private readonly Option<string?> networkInterface = Text("--interface", "Preferred network interface like 'eth0' or 'ib0'");
    private readonly Option<string?> protocol = Text("--protocol", "Protocol like tcp, tls or ws; several with commas");
    private readonly Option<string?> tlsCaFile = Text("--tls-ca-file", "CA cert(s) file for TLS (in PEM format)");
    private readonly Option<string?> tlsCert = Text("--tls-cert", "certificate file for TLS (in PEM format)");
    private readonly Option<string?> tlsKey = Text("--tls-key", "private key file for TLS (in PEM format)");
    private readonly Option<string?> dashboardAddress =
        Text("--dashboard-address", "Address on which to listen for diagnostics dashboard [default: :8787]");
    private readonly Option<bool> dashboard = Flag("--dashboard", "Launch the Dashboard [default]");
    private readonly Option<bool> noDashboard = Flag("--no-dashboard", "Do not launch the Dashboard");
    private readonly Option<bool> jupyter = Flag("--jupyter", "Not supported by csds: no Jupyter Server runs in its process");
    private readonly Option<bool> noJupyter = Flag("--no-jupyter", "Start no Jupyter Server [default]");
    private readonly Option<bool> show = Flag("--show", "Has no effect, as with Dask");
    private readonly Option<bool> noShow = Flag("--no-show", "Has no effect, as with Dask");
    private readonly Option<string?> dashboardPrefix = Text("--dashboard-prefix", "Prefix for the dashboard app");
    private readonly Option<string?> useXheaders = Text("--use-xheaders", "BOOLEAN; has no effect, as with Dask [default: False]");
    private readonly Option<string?> pidFile = Text("--pid-file", "File to write the process PID");
    private readonly Option<string?> schedulerFile = Text("--scheduler-file", "File to write connection information");
    private readonly Option<string[]> preload = new("--preload")
    {
        Description = "Module that should be loaded by the scheduler process like \"foo.bar\" or \"/path/to/foo.py\"",
        Arity = ArgumentArity.OneOrMore,
    };
    private readonly Option<string?> idleTimeout = Text("--idle-timeout", "Time of inactivity after which to kill the scheduler");
    private readonly Option<string?> python =
        Text("--python", "Command of the Python that has the users' Dask; default: CSDS_PYTHON, the active environment, python3");
    private readonly Option<string?> policy =
        Text("--policy", $"Who decides where tasks run: {string.Join(", ", PolicyTable.Names)} [default: {PolicyTable.Default}]");
    private readonly Option<bool> validate = Flag("--validate", "Check the scheduler's invariants after every event");
    private readonly Option<bool> version = Flag("--version", "Show the version and exit");

    /// <summary>All options, in the order of the help text.</summary>
    internal IEnumerable<Option> All =>
    [
        host, port, networkInterface, protocol, tlsCaFile, tlsCert, tlsKey, dashboardAddress, dashboard, noDashboard,
        jupyter, noJupyter, show, noShow, dashboardPrefix, useXheaders, pidFile, schedulerFile, preload, idleTimeout,
        python, policy, validate, version,
    ];

    /// <summary>Whether only the version is asked for.</summary>
    internal bool WantsVersion(ParseResult result) => result.GetValue(version);

    /// <summary>Reads the options' values.</summary>
    /// <exception cref="UsageException">A value makes no sense.</exception>
    internal SchedulerArguments Read(ParseResult result)
    {
        CheckForMissing(result);
        string[] preloads = result.GetValue(preload) ?? [];
        CheckForUnknown(result.UnmatchedTokens, preloads);
        if (Last(result, jupyter, noJupyter) == jupyter.Name)
        {
            throw new UsageException("--jupyter is not supported: csds has no Python process of its own to run Jupyter in");
        }
        CheckBool(useXheaders.Name, result.GetValue(useXheaders));
        string? idle = NullIfEmpty(result.GetValue(idleTimeout));
        if (idle is not null && TimeDelta.Parse(idle) is null)
        {
            throw new UsageException($"Invalid value for '{idleTimeout.Name}': '{idle}' is not a valid duration.");
        }
        return new SchedulerArguments
        {
            Host = result.GetValue(host) ?? "",
            Ports = [.. Split(result.GetValue(port)).Select(ReadPort)],
            Interfaces = Split(result.GetValue(networkInterface)),
            Protocols = Split(result.GetValue(protocol)),
            TlsCaFile = ExistingFile(result, tlsCaFile),
            TlsCert = ExistingFile(result, tlsCert),
            TlsKey = ExistingFile(result, tlsKey),
            Dashboard = Last(result, dashboard, noDashboard) != noDashboard.Name,
            DashboardAddress = NullIfEmpty(result.GetValue(dashboardAddress)) ?? ":8787",
            DashboardPrefix = result.GetValue(dashboardPrefix) ?? "",
            PidFile = NullIfEmpty(result.GetValue(pidFile)),
            SchedulerFile = NullIfEmpty(result.GetValue(schedulerFile)),
            Preload = preloads,
            PreloadArgv = result.UnmatchedTokens,
            IdleTimeout = idle,
            Python = NullIfEmpty(result.GetValue(python)),
            Policy = ReadPolicy(NullIfEmpty(result.GetValue(policy))),
            Validate = result.GetValue(validate),
        };
    }

    private static Option<string?> Text(string name, string description) => new(name)
    {
        Description = description,
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result => result.Tokens[^1].Value,
    };

    private static Option<bool> Flag(string name, string description) =>
        new(name) { Description = description, Arity = ArgumentArity.Zero };

    private static void CheckForMissing(ParseResult result)
    {
        foreach (ParseError error in result.Errors)
        {
            throw new UsageException(error.SymbolResult is OptionResult option
                ? $"Option '{option.Option.Name}' requires an argument."
                : error.Message);
        }
    }

    // Dask's validate_preload_argv: without a preload there is nobody whom unknown arguments could be for.
    private static void CheckForUnknown(IReadOnlyList<string> unknown, string[] preloads)
    {
        if (unknown.Count == 0 || preloads.Length > 0)
        {
            return;
        }
        if (unknown.FirstOrDefault(u => u.StartsWith('-')) is { } option)
        {
            throw new UsageException($"No such option: {option.Split('=')[0]}");
        }
        throw new UsageException(
            $"Got unexpected extra argument{(unknown.Count > 1 ? "s" : "")}: ({string.Join(' ', unknown)}). If you intended these as "
            + "values for a --preload module, list --preload before them. "
            + "Otherwise check spelling -- see '--help' for valid options.");
    }

    // Of an option and its opposite, the one that was given last.
    private static string? Last(ParseResult result, Option yes, Option no) =>
        result.Tokens.LastOrDefault(t => t.Value == yes.Name || t.Value == no.Name)?.Value;

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static string[] Split(string? text) => string.IsNullOrEmpty(text) ? [] : text.Split(',');

    private static int ReadPort(string text) =>
        ushort.TryParse(text, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out ushort number)
            ? number
            : throw new UsageException($"Invalid value for '--port': '{text}' is not a valid port.");

    private static string? ReadPolicy(string? name) =>
        name is null || PolicyTable.Names.Contains(name)
            ? name
            : throw new UsageException(
                $"Invalid value for '--policy': '{name}' is not one of {string.Join(", ", PolicyTable.Names.Select(n => $"'{n}'"))}.");

    private static string? ExistingFile(ParseResult result, Option<string?> option)
    {
        string? path = result.GetValue(option);
        return path is null || Path.Exists(path)
            ? path is null ? null : Path.GetFullPath(path)
            : throw new UsageException($"Invalid value for '{option.Name}': Path '{path}' does not exist.");
    }

    private static void CheckBool(string name, string? text)
    {
        if (text is not null && text.Trim().ToLowerInvariant()
            is not ("true" or "false" or "1" or "0" or "yes" or "no" or "t" or "f" or "y" or "n" or "on" or "off"))
        {
            throw new UsageException($"Invalid value for '{name}': '{text}' is not a valid boolean.");
        }
    }
}
