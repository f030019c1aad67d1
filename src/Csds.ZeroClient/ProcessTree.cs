using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Csds.ZeroClient;

/// <summary>The processor time and memory of a process and all its children: the scheduler and its helpers.</summary>
internal static partial class ProcessTree
{
    private const double QuietSeconds = 1;
    private const double QuietShare = 0.05; // of one core: what heartbeats and timers take.

    /// <summary>Processor seconds so far, and resident bytes now and at most since <see cref="ForgetPeak"/>.</summary>
    public static (double Cpu, long Memory, long Peak) Measure(int root)
    {
        (double cpu, long memory, long peak) = (0, 0, 0);
        foreach (int process in Members(root))
        {
            cpu += Cpu(process);
            memory += StatusBytes(process, "VmRSS:");
            peak += StatusBytes(process, "VmHWM:");
        }
        return (cpu, memory, peak);
    }

    /// <summary>Processor seconds of one process with all its threads, to the nanosecond; 0 if it is gone.</summary>
    public static double Cpu(int process)
    {
        const int WholeProcess = 2;
        return clock_gettime((~process << 3) | WholeProcess, out TimeSpec time) == 0 ? time.Seconds + (time.Nanoseconds / 1e9) : 0;
    }

    /// <summary>Lets the most that was resident begin anew from what is resident now.</summary>
    public static void ForgetPeak(int root)
    {
        foreach (int process in Members(root))
        {
            try
            {
                File.WriteAllText($"/proc/{process}/clear_refs", "5");
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // It is gone, or another user's: the peak then is that of its whole life.
            }
        }
    }

    /// <summary>Waits until the processes have done next to nothing for a second, at most <paramref name="limit"/> seconds.</summary>
    /// <returns>How long that took.</returns>
    public static double WaitUntilIdle(int root, double limit)
    {
        var begun = Stopwatch.StartNew();
        var quiet = Stopwatch.StartNew();
        double cpu = Measure(root).Cpu;
        while (begun.Elapsed.TotalSeconds < limit && quiet.Elapsed.TotalSeconds < QuietSeconds)
        {
            Thread.Sleep(50);
            double now = Measure(root).Cpu;
            if (now - cpu > QuietShare * QuietSeconds)
            {
                cpu = now;
                quiet.Restart();
            }
        }
        return begun.Elapsed.TotalSeconds;
    }

    private static HashSet<int> Members(int root)
    {
        var members = new HashSet<int> { root };
        int before;
        do
        {
            before = members.Count;
            foreach (string directory in Directory.EnumerateDirectories("/proc"))
            {
                if (int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out int process)
                    && members.Contains(Parent(process)))
                {
                    members.Add(process);
                }
            }
        }
        while (members.Count > before);
        return members;
    }

    // The second field of /proc/PID/stat behind the name, which may contain anything. Empty if the process ends just then.
    private static int Parent(int process) =>
        Read($"/proc/{process}/stat") is { Length: > 0 } line
            ? int.Parse(line[(line.LastIndexOf(')') + 2)..].Split(' ', 3)[1], CultureInfo.InvariantCulture)
            : -1;

    private static long StatusBytes(int process, string field)
    {
        string? line = Read($"/proc/{process}/status")?.Split('\n').FirstOrDefault(l => l.StartsWith(field, StringComparison.Ordinal));
        return line is null ? 0 : 1024 * long.Parse(line[field.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return null; // The process is gone.
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, out TimeSpec time);
}
