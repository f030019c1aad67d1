using Csds.Scheduler;

namespace Csds.Server;

/// <summary>A worker at the time of a report.</summary>
internal sealed record ReportedWorker
{
    /// <summary>Takes down how the worker is.</summary>
    internal ReportedWorker(WorkerState ws)
    {
        Address = ws.Address;
        Name = ws.Name.ToString();
        NThreads = ws.NThreads;
        MemoryLimit = ws.MemoryLimit;
        Memory = MemoryState.Of(ws);
        Cpu = ws.Metrics.Cpu;
        Bandwidth = ws.Metrics.Bandwidth;
        Processing = ws.Processing.Count;
        InMemory = ws.HasWhat.Count;
    }

    internal string Address { get; }

    internal string Name { get; }

    internal int NThreads { get; }

    /// <summary>Bytes; 0: no limit.</summary>
    internal long MemoryLimit { get; }

    internal MemoryState Memory { get; }

    /// <summary>Percent of one core.</summary>
    internal double Cpu { get; }

    /// <summary>Bytes per second.</summary>
    internal double Bandwidth { get; }

    /// <summary>Number of tasks.</summary>
    internal int Processing { get; }

    /// <summary>Number of results.</summary>
    internal int InMemory { get; }
}
