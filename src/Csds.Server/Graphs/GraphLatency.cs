using System.Runtime;

namespace Csds.Server;

/// <summary>
/// Keeps the garbage collector from looking at everything while large graphs come in: nearly all that is allocated then stays,
/// and the reactor would wait for it.
/// </summary>
internal sealed class GraphLatency : IDisposable
{
    /// <summary>From so many tasks on a graph is large.</summary>
    private const int LargeGraph = 100_000;

    private static readonly Lock gate = new();
    private static int graphs;
    private static GCLatencyMode before;

    private readonly bool isLarge;

    /// <summary>A graph comes in.</summary>
    internal GraphLatency(int tasks)
    {
        isLarge = tasks >= LargeGraph;
        lock (gate)
        {
            if (isLarge && graphs++ == 0)
            {
                before = GCSettings.LatencyMode;
                GCSettings.LatencyMode = GCLatencyMode.LowLatency;
            }
        }
    }

    /// <summary>It has come in.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (isLarge && --graphs == 0)
            {
                GCSettings.LatencyMode = before;
            }
        }
    }
}
