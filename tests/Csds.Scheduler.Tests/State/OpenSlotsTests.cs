using CsCheck;
using Xunit;

namespace Csds.Scheduler.Tests.State;

/// <summary>The heap of open workers against a look at all of them.</summary>
public static class OpenSlotsTests
{
    /// <summary>The least busy worker, by tasks per thread and then by age, is always in front.</summary>
    [Fact]
    public static void The_least_busy_is_in_front() =>
        Gen.Int[0, 9999].Array[0, 200].Sample(numbers =>
        {
            var fakes = new Fakes();
            WorkerState[] workers = [.. Enumerable.Range(0, 12).Select(i => fakes.Worker(9000 + i, threads: 1 + (i % 3)))];
            var slots = new OpenSlots();
            var model = new Dictionary<WorkerState, int>();
            foreach (int number in numbers)
            {
                WorkerState ws = workers[number % workers.Length];
                int load = number / 12 % 7;
                Load(fakes, ws, load);
                int open = (2 * ws.NThreads) - load;
                if (open > 0)
                {
                    slots.Set(ws, open);
                    model[ws] = open;
                }
                else
                {
                    slots.Remove(ws);
                    model.Remove(ws);
                }
                WorkerState? least = model.Keys
                    .OrderBy(w => (double)w.Processing.Count / w.NThreads).ThenBy(w => w.Insertion).FirstOrDefault();
                Assert.Same(least, slots.LeastBusy);
                Assert.Equal(model.Count, slots.Count);
                Assert.Equal(model.Values.Sum(), slots.Slots);
                Assert.All(workers, w => Assert.Equal(model.ContainsKey(w), slots.Contains(w)));
            }
        });

    private static void Load(Fakes fakes, WorkerState ws, int load)
    {
        foreach (TaskState ts in ws.Processing.ToArray())
        {
            ws.Processing.Remove(ts);
        }
        for (int i = 0; i < load; i++)
        {
            ws.Processing.Add(fakes.Task(ws.Address, i));
        }
    }
}
