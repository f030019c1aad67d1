using System.ComponentModel;
using System.Diagnostics;

namespace Csds.Server;

/// <summary>
/// Finds the Python that the helper runs in: what the user names, else the active environment's, else the first of
/// <c>python3</c> on the path and the system's that has distributed.
/// </summary>
/// <param name="variable">Looks up an environment variable.</param>
/// <param name="systemPython">The system's Python.</param>
public sealed class PythonFinder(Func<string, string?> variable, string systemPython = "/usr/bin/python3")
{
    /// <summary>Only looks for the packages: importing them takes ten times as long.</summary>
    private const string Probe =
        "import importlib.util as u, sys; sys.exit(0 if all(map(u.find_spec, ('distributed', 'dask'))) else 3)";

    private static readonly TimeSpan probeTimeout = TimeSpan.FromSeconds(30);

    private readonly List<string> tried = [];

    /// <summary>Finds one.</summary>
    /// <param name="named">What the user says to use, or null. It is taken as it is.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="HelperException">There is none; the message lists what was tried.</exception>
    /// <exception cref="FormatException">The named command cannot be split into words.</exception>
    public async Task<PythonCommand> FindAsync(string? named, CancellationToken cancel)
    {
        if (FirstNonEmpty(named, variable("CSDS_PYTHON")) is { } command)
        {
            return PythonCommand.Parse(command);
        }
        foreach ((string path, string why) in Candidates())
        {
            if (await HasDaskAsync(path, why, cancel).ConfigureAwait(false))
            {
                return new PythonCommand(path);
            }
        }
        throw new HelperException(
            "No Python with Dask was found. Install dask and distributed, or name their Python with --python or "
            + $"CSDS_PYTHON. Tried: {string.Join("; ", tried)}.");
    }

    private IEnumerable<(string Path, string Why)> Candidates()
    {
        foreach (string name in (string[])["VIRTUAL_ENV", "CONDA_PREFIX"])
        {
            if (FirstNonEmpty(variable(name)) is { } prefix)
            {
                yield return (Path.Combine(prefix, "bin", "python"), name);
            }
        }
        string? onPath = (variable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, "python3"))
            .FirstOrDefault(File.Exists);
        if (onPath is not null)
        {
            yield return (onPath, "PATH");
        }
        if (onPath != systemPython)
        {
            yield return (systemPython, "the system's");
        }
    }

    private async Task<bool> HasDaskAsync(string path, string why, CancellationToken cancel)
    {
        string outcome = await ProbeAsync(path, cancel).ConfigureAwait(false);
        tried.Add($"{path} ({why}): {outcome}");
        return outcome.Length == 0;
    }

    // What is wrong with a Python; empty if nothing is.
    private static async Task<string> ProbeAsync(string path, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(path, ["-c", Probe])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = new Process { StartInfo = start };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(probeTimeout);
        try
        {
            process.Start();
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
            string errors = await process.StandardError.ReadToEndAsync(limit.Token).ConfigureAwait(false);
            await output.ConfigureAwait(false);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            return process.ExitCode switch
            {
                0 => "",
                3 => "has no distributed",
                int code => $"exit code {code}: {errors.TrimEnd().Split('\n')[^1]}",
            };
        }
        catch (Win32Exception error)
        {
            return error.NativeErrorCode == 2 ? "does not exist" : error.Message;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            return $"did not answer within {probeTimeout.TotalSeconds} seconds";
        }
    }

    private static string? FirstNonEmpty(params ReadOnlySpan<string?> values)
    {
        foreach (string? value in values)
        {
            if (!string.IsNullOrWhiteSpace(value))
            {
                return value;
            }
        }
        return null;
    }
}
