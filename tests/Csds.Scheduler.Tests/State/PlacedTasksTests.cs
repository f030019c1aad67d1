using CsCheck;
using Xunit;

namespace Csds.Scheduler.Tests.State;

/// <summary>Sets of tasks that know their place, against lists.</summary>
public static class PlacedTasksTests
{
    /// <summary>Two sets of a kind, tasks that go from one to the other: order and content are those of lists.</summary>
    [Fact]
    public static void Behave_as_lists() =>
        Gen.Select(Gen.Int[1, 60], Gen.Int[0, 299].Array[0, 400]).Sample((count, numbers) =>
        {
            var fakes = new Fakes();
            TaskState[] pool = [.. Enumerable.Range(0, count).Select(fakes.Task)];
            WorkerState[] workers = [fakes.Worker(9000), fakes.Worker(9001)];
            List<TaskState>[] model = [[], []];
            foreach (int number in numbers)
            {
                TaskState ts = pool[number % count];
                int own = number / count % 2;
                // Adding twice and removing what is not there change nothing.
                if (number / count % 3 > 0)
                {
                    workers[1 - own].Processing.Remove(ts);
                    model[1 - own].Remove(ts);
                    workers[own].Processing.Add(ts);
                    if (!model[own].Contains(ts))
                    {
                        model[own].Add(ts);
                    }
                }
                else
                {
                    workers[own].Processing.Remove(ts);
                    model[own].Remove(ts);
                }
                Same(pool, workers[0], model[0]);
                Same(pool, workers[1], model[1]);
            }
        });

    private static void Same(TaskState[] pool, WorkerState ws, List<TaskState> model)
    {
        Assert.Equal(model, ws.Processing.ToArray());
        Assert.Equal(model.Count, ws.Processing.Count);
        Assert.Equal(model.Count == 0, ws.Processing.IsEmpty);
        Assert.Equal(model.Count > 0, ws.Processing.TryGetFirst(out TaskState? first));
        Assert.Same(model.FirstOrDefault(), first);
        Assert.All(pool, ts => Assert.Equal(model.Contains(ts), ws.Processing.Contains(ts)));
    }
}
