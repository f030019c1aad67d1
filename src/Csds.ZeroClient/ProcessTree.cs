using System.Globalization;

namespace Csds.ZeroClient;

/// <summary>The processor time and memory of a process and all its children: the scheduler and its helpers.</summary>
internal static class ProcessTree
{
    private const long TicksPerSecond = 100; // What /proc counts in, on every Linux.

    /// <summary>Processor seconds so far, and resident bytes now.</summary>
    public static (double Cpu, long Memory) Measure(int root)
    {
        (double cpu, long memory) = (0, 0);
        foreach (int process in Members(root))
        {
            string[] fields = Fields(process);
            if (fields.Length > 21)
            {
                cpu += (double)(Number(fields[11]) + Number(fields[12])) / TicksPerSecond;
                memory += Number(fields[21]) * Environment.SystemPageSize;
            }
        }
        return (cpu, memory);
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
                    && Fields(process) is [_, var parent, ..] && members.Contains(int.Parse(parent, CultureInfo.InvariantCulture)))
                {
                    members.Add(process);
                }
            }
        }
        while (members.Count > before);
        return members;
    }

    // The fields of /proc/PID/stat behind the name, which may contain anything; none if the process is gone.
    private static string[] Fields(int process)
    {
        try
        {
            string line = File.ReadAllText($"/proc/{process}/stat");
            return line[(line.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
