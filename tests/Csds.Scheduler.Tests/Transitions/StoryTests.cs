using Csds.Protocol;
using Csds.Scheduler.Tests.State;
using Xunit;

namespace Csds.Scheduler.Tests.Transitions;

/// <summary>The story: what has happened to tasks, and what that recommended.</summary>
public static class StoryTests
{
    private static readonly byte[] stimulus = Tokens.String("why");

    /// <summary>Recommendations go with their own entry, the last word for each task, and leave with it.</summary>
    [Fact]
    public static void Keeps_recommendations()
    {
        var fakes = new Fakes();
        TaskState x = fakes.Task(0), y = fakes.Task(1);
        var story = new Story(2);
        story.Add(x.Key, TaskStateName.Released, TaskStateName.Waiting, [(x, TaskStateName.Processing)], stimulus, 1);
        story.Add(x.Key, TaskStateName.Waiting, TaskStateName.Processing, [], stimulus, 2);
        story.Add(
            x.Key, TaskStateName.Processing, TaskStateName.Memory,
            [(y, TaskStateName.Waiting), (y, TaskStateName.Processing)], stimulus, 3);
        Assert.Equal(2, story.Count);
        Assert.Equal([2, 3], story.Entries.Select(e => e.Timestamp));
        Assert.Equal([0, 1], story.Entries.Select(e => e.Recommendations.Count));
        Assert.Equal(TaskStateName.Processing, story.Entries.Last().Recommendations[y.Key]);
    }

    /// <summary>A task's story has what recommended something for it.</summary>
    [Fact]
    public static void Finds_what_recommended_something()
    {
        var fakes = new Fakes();
        TaskState x = fakes.Task(0), y = fakes.Task(1);
        var story = new Story(10);
        story.Add(x.Key, TaskStateName.Processing, TaskStateName.Memory, [(y, TaskStateName.Processing)], stimulus, 1);
        Assert.Single(story.Of([y.Key], []));
        Assert.Single(story.Of([], [new Key(stimulus)]));
        Assert.Empty(story.Of([Key.FromString("z")], []));
    }
}
