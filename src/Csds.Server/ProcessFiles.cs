using System.Globalization;

namespace Csds.Server;

/// <summary>The files that tell others of this process: <c>--pid-file</c> and <c>--scheduler-file</c> (row E5).</summary>
internal sealed class ProcessFiles : IDisposable
{
    private readonly SchedulerArguments arguments;

    /// <summary>Writes the process id.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    internal ProcessFiles(SchedulerArguments arguments)
    {
        this.arguments = arguments;
        if (arguments.PidFile is { } file)
        {
            File.WriteAllText(file, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Writes the address.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    internal async Task WriteAddressAsync(byte[] identity)
    {
        if (arguments.SchedulerFile is { } file)
        {
            // Whoever polls for the file finds all of it or nothing.
            string partial = file + ".partial";
            await File.WriteAllBytesAsync(partial, identity).ConfigureAwait(false);
            File.Move(partial, file, overwrite: true);
        }
    }

    /// <summary>Deletes both.</summary>
    public void Dispose()
    {
        foreach (string? file in (string?[])[arguments.PidFile, arguments.SchedulerFile])
        {
            if (file is not null)
            {
                File.Delete(file);
            }
        }
    }
}
