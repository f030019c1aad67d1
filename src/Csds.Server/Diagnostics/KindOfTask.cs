namespace Csds.Server;

/// <summary>What the runs of one prefix add up to in a report.</summary>
internal sealed class KindOfTask(string name)
{
    private int computed;

    internal string Name => name;

    internal int Runs { get; private set; }

    internal int Failed { get; private set; }

    /// <summary>Bytes of the results.</summary>
    internal long NBytes { get; private set; }

    /// <summary>Seconds of computing.</summary>
    internal double Compute { get; private set; }

    /// <summary>Seconds of the longest computation.</summary>
    internal double Longest { get; private set; }

    /// <summary>Seconds of waiting for other workers' data.</summary>
    internal double Transfer { get; private set; }

    /// <summary>Seconds of reading and writing on disk.</summary>
    internal double Disk { get; private set; }

    /// <summary>Seconds of a computation on average.</summary>
    internal double Mean => computed == 0 ? 0 : Compute / computed;

    internal void Add(bool failed, long nbytes)
    {
        Runs++;
        Failed += failed ? 1 : 0;
        NBytes += nbytes;
    }

    internal void Spend(string action, double seconds)
    {
        switch (action)
        {
            case "compute":
                computed++;
                Compute += seconds;
                Longest = Math.Max(Longest, seconds);
                break;
            case "transfer":
                Transfer += seconds;
                break;
            case "disk-read" or "disk-write":
                Disk += seconds;
                break;
        }
    }
}
