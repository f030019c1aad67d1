using Csds.Protocol;
using CsCheck;
using Xunit;

namespace Csds.Scheduler.Tests.State;

/// <summary>The table of workers against a sorted list.</summary>
public static class WorkerTableTests
{
    /// <summary>Workers that come, go, and become idle in any order are found by address, and the k-th idle one is.</summary>
    [Fact]
    public static void Keeps_workers_and_idle_ones_by_address() =>
        Gen.Int[0, 999].Array[0, 200].Sample(numbers =>
        {
            var fakes = new Fakes();
            var table = new WorkerTable();
            var all = new SortedDictionary<string, WorkerState>(StringComparer.Ordinal);
            var idle = new SortedDictionary<string, WorkerState>(StringComparer.Ordinal);
            foreach (int number in numbers)
            {
                // More than 64 ports, so that the idle set has more than one word.
                Act(fakes, table, all, idle, port: 9900 + (number % 150), action: number / 150 % 4);
                Assert.Equal(all.Values, table.Sorted);
                Assert.Equal(idle.Values, Enumerable.Range(0, table.Idle.Count).Select(i => table.Idle[i]));
                Assert.All(all.Values, ws => Assert.Equal(idle.ContainsKey(ws.Address), table.Idle.Contains(ws)));
                Assert.All(all.Values, ws => Assert.Same(ws, table.Sorted[ws.Rank]));
            }
        });

    private static void Act(
        Fakes fakes, WorkerTable table, SortedDictionary<string, WorkerState> all, SortedDictionary<string, WorkerState> idle,
        int port, int action)
    {
        string address = $"tcp://10.0.0.1:{port}";
        bool known = all.TryGetValue(address, out WorkerState? ws);
        if (!known)
        {
            ws = fakes.Worker(port);
            table.Add(ws);
            all.Add(address, ws);
        }
        else if (action == 0)
        {
            table.Remove(ws!);
            all.Remove(address);
            idle.Remove(address);
            Assert.False(table.TryGet(address, out _));
            Assert.Null(table.FindByName(Key.FromString(address)));
        }
        else if (action == 1)
        {
            Assert.Equal(idle.Remove(address), table.Idle.Remove(ws!));
        }
        else
        {
            Assert.Equal(idle.TryAdd(address, ws!), table.Idle.Add(ws!));
        }
    }
}
