using CsCheck;
using Xunit;

namespace Csds.Scheduler.Tests.State;

/// <summary>The queue against a list that is sorted whenever it is looked at.</summary>
public static class HeapSetTests
{
    /// <summary>The most urgent task is on top; among equals, the one that came first.</summary>
    [Fact]
    public static void The_most_urgent_is_on_top() =>
        Gen.Int[0, 999].Array[0, 300].Sample(numbers =>
        {
            var fakes = new Fakes();
            TaskState[] tasks = [.. Enumerable.Range(0, 40).Select(i => fakes.Task(i))];
            var set = new HeapSet();
            var model = new List<TaskState>();
            foreach (TaskState ts in tasks)
            {
                ts.Priority = new Priority(0, 1, (int)ts.Insertion % 7);
            }
            foreach (int number in numbers)
            {
                TaskState ts = tasks[number % tasks.Length];
                switch (number / tasks.Length % 3)
                {
                    case 0:
                        set.Remove(ts);
                        model.Remove(ts);
                        break;
                    case 1 when set.TryPeek(out TaskState? top):
                        set.Remove(top);
                        model.Remove(top);
                        break;
                    default:
                        set.Add(ts);
                        if (!model.Contains(ts))
                        {
                            model.Add(ts);
                        }
                        break;
                }
                TaskState[] sorted = [.. model.OrderBy(t => t.Priority)];
                Assert.Equal(sorted, set.Sorted());
                Assert.Equal(sorted.Length, set.Count);
                Assert.Equal(sorted.Length > 0, set.TryPeek(out TaskState? first));
                Assert.Same(sorted.FirstOrDefault(), first);
                Assert.Equal(sorted.ToHashSet(), set.ToHashSet());
            }
        });
}
