using Xunit;

namespace Csds.Scheduler.Tests.State;

/// <summary>What is due happens in the order of time, and of registration at the same time.</summary>
public static class DeadlinesTests
{
    /// <summary>Nothing happens too early, and nothing twice.</summary>
    [Fact]
    public static void Happens_when_due()
    {
        var deadlines = new Deadlines();
        var happened = new List<string>();
        Assert.Null(deadlines.Next);
        deadlines.Add(20, () => happened.Add("late"));
        deadlines.Add(10, () => happened.Add("first"));
        deadlines.Add(10, () => happened.Add("second"));
        Assert.Equal(10, deadlines.Next);
        deadlines.Run(9.9);
        Assert.Empty(happened);
        deadlines.Run(10);
        Assert.Equal(["first", "second"], happened);
        deadlines.Run(30);
        deadlines.Run(40);
        Assert.Equal(["first", "second", "late"], happened);
        Assert.Null(deadlines.Next);
    }
}
