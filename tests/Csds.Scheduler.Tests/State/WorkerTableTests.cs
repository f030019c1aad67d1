using Csds.Protocol;
using CsCheck;
using Xunit;

namespace Csds.Scheduler.Tests.State;

/// <summary>The table of workers against sorted lists.</summary>
public static class WorkerTableTests
{
    /// <summary>Workers that come, go, pause and become idle in any order are found by address, and the k-th idle one is.</summary>
    [Fact]
    public static void Keeps_workers_and_idle_ones_by_address() =>
        Gen.Int[0, 1499].Array[0, 400].Sample(numbers =>
        {
            var model = new Model();
            foreach (int number in numbers)
            {
                // More than 64 ports, so that the sets have more than one word.
                model.Act(port: 9900 + (number % 300), action: number / 300);
                model.Check();
            }
        });

    private sealed class Model
    {
        private readonly Fakes fakes = new();
        private readonly WorkerTable table = new();
        private readonly SortedDictionary<string, WorkerState> all = new(StringComparer.Ordinal);
        private readonly SortedDictionary<string, WorkerState> idle = new(StringComparer.Ordinal);

        internal void Act(int port, int action)
        {
            string address = $"tcp://10.0.0.1:{port}";
            if (!all.TryGetValue(address, out WorkerState? ws))
            {
                ws = fakes.Worker(port, versions: $"{port % 3}");
                table.Add(ws);
                all.Add(address, ws);
                return;
            }
            switch (action)
            {
                case 0:
                    table.Remove(ws);
                    all.Remove(address);
                    idle.Remove(address);
                    Assert.False(table.TryGet(address, out _));
                    Assert.Null(table.FindByName(Key.FromString(address)));
                    break;
                case 1:
                    Assert.Equal(idle.Remove(address), table.Idle.Remove(ws));
                    break;
                case 2:
                    ws.Status = ws.Status == WorkerStatus.Running ? WorkerStatus.Paused : WorkerStatus.Running;
                    table.NoteStatus(ws);
                    break;
                default:
                    Assert.Equal(idle.TryAdd(address, ws), table.Idle.Add(ws));
                    break;
            }
        }

        internal void Check()
        {
            Assert.Equal(all.Values, table.Sorted);
            Assert.All(all.Values, ws => Assert.Same(ws, table.Sorted[ws.Rank]));
            Check(table.Idle, [.. idle.Values]);
            Check(table.RunningByAddress, [.. all.Values.Where(ws => ws.Status == WorkerStatus.Running)]);
            Assert.Equal(
                all.Values.Select(ws => new Key(ws.Registration.Versions.Token.ToArray())).ToHashSet(),
                table.Versions.Distinct.ToHashSet());
        }

        private void Check(RankedWorkerSet set, List<WorkerState> expected)
        {
            Assert.Equal(expected.Count, set.Count);
            Assert.Equal(expected, set);
            Assert.Equal(expected, Enumerable.Range(0, set.Count).Select(i => set[i]));
            Assert.Equal(expected.ToHashSet(), all.Values.Where(set.Contains).ToHashSet());
        }
    }
}
