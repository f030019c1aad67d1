using System.Globalization;

namespace Csds.Server;

/// <summary>Looks at a helper's memory while it works, and says when it is too much.</summary>
internal sealed class HelperMemory(int processId, long limit, Action tooMuch) : IDisposable
{
    /// <summary>Often enough to catch what grows at a gigabyte per second within a few hundred megabytes.</summary>
    private static readonly TimeSpan interval = TimeSpan.FromMilliseconds(250);

    private Timer? timer;

    /// <summary>Begins to look; <see cref="Stop"/> ends it.</summary>
    internal void Start()
    {
        if (limit > 0)
        {
            timer ??= new Timer(_ => Look());
            timer.Change(interval, interval);
        }
    }

    /// <summary>Stops looking.</summary>
    internal void Stop() => timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <inheritdoc/>
    public void Dispose() => timer?.Dispose();

    /// <summary>Whether a process is a helper; another one may have its number where namespaces differ.</summary>
    internal static bool IsHelper(int processId)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId}/comm").TrimEnd() == "csds-helper";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Resident bytes of a process; null if it is gone or this system does not say.</summary>
    internal static long? ResidentBytes(int processId)
    {
        try
        {
            string[] pages = File.ReadAllText($"/proc/{processId}/statm").Split(' ');
            return long.Parse(pages[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Look()
    {
        if (ResidentBytes(processId) > limit)
        {
            Stop();
            tooMuch();
        }
    }
}
