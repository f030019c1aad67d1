using Csds.Scheduler.Tests.State;
using CsCheck;
using Xunit;

namespace Csds.Scheduler.Tests.Transitions;

/// <summary>Recommendations against a Python dict, of which the last item is popped.</summary>
public static class RecommendationsTests
{
    /// <summary>The last added comes first; what is recommended anew keeps its place.</summary>
    [Fact]
    public static void Behaves_as_a_dict() =>
        Gen.Int[0, 999].Array[0, 200].Sample(numbers =>
        {
            var fakes = new Fakes();
            var recommendations = new Recommendations();
            var model = new List<(TaskState Task, TaskStateName State)>();
            foreach (int number in numbers)
            {
                TaskState ts = fakes.Task(number % 20);
                var state = (TaskStateName)(number / 20 % 8);
                int at = model.FindIndex(m => ReferenceEquals(m.Task, ts));
                if (number >= 900)
                {
                    Pop(recommendations, model);
                }
                else if (number >= 800)
                {
                    recommendations.Remove(ts);
                    model.RemoveAll(m => ReferenceEquals(m.Task, ts));
                }
                else
                {
                    recommendations.Add(ts, state);
                    if (at >= 0)
                    {
                        model[at] = (ts, state);
                    }
                    else
                    {
                        model.Add((ts, state));
                    }
                }
                TaskStateName? expected = model.Where(m => ReferenceEquals(m.Task, ts)).Select(m => (TaskStateName?)m.State).FirstOrDefault();
                Assert.Equal(expected, recommendations.Of(ts));
            }
            while (model.Count > 0)
            {
                Pop(recommendations, model);
            }
            Pop(recommendations, model);
            Assert.True(recommendations.IsEmpty);
        });

    private static void Pop(Recommendations recommendations, List<(TaskState Task, TaskStateName State)> model)
    {
        bool any = recommendations.TryPop(out TaskState ts, out TaskStateName state);
        Assert.Equal(model.Count > 0, any);
        if (any)
        {
            Assert.Equal(model[^1], (ts, state));
            model.RemoveAt(model.Count - 1);
        }
    }
}
