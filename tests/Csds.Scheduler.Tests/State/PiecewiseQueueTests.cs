namespace Csds.Scheduler.Tests.State;

/// <summary>A queue in pieces behaves like any other.</summary>
public class PiecewiseQueueTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(2000)]
    public void It_holds_what_was_put_in_and_not_taken_out(int length)
    {
        var queue = new PiecewiseQueue<int>();
        var expected = new Queue<int>();
        for (int i = 0; i < 5000; i++)
        {
            queue.Enqueue(i);
            expected.Enqueue(i);
            if (queue.Count > length)
            {
                Assert.Equal(expected.Dequeue(), queue.Dequeue());
            }
            Assert.Equal(expected.Count, queue.Count);
        }
        Assert.Equal(expected, queue);
        while (expected.TryDequeue(out int item))
        {
            Assert.Equal(item, queue.Dequeue());
        }
        Assert.Empty(queue);
        queue.Enqueue(7);
        Assert.Equal([7], queue);
    }
}
