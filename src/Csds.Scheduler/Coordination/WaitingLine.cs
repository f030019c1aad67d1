namespace Csds.Scheduler;

/// <summary>Requests that wait for one and the same thing.</summary>
internal sealed class WaitingLine<T>
    where T : WaitingRequest
{
    private readonly LinkedList<T> line = new();

    internal int Count => line.Count;

    /// <summary>Who has waited for the longest.</summary>
    internal T? First => line.First?.Value;

    internal void Join(T request)
    {
        LinkedListNode<T> place = line.AddLast(request);
        request.Leave = () => line.Remove(place);
    }

    internal T[] ToArray() => [.. line];
}
