using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>All requests that wait, whatever for: their deadlines, their answers, and what happens when the peer leaves.</summary>
internal sealed class WaitingRequests(SchedulerState s)
{
    private readonly Dictionary<long, WaitingRequest> waiting = [];

    /// <summary>How many wait.</summary>
    internal int Count => waiting.Count;

    /// <summary>When a timeout that begins now is over.</summary>
    internal double? After(double? timeout) => timeout is { } seconds ? s.Now + seconds : null;

    /// <summary>Lets a request wait, until the deadline at most.</summary>
    internal void Add(WaitingRequest request, double? deadline)
    {
        waiting.Add(request.Number, request);
        if (deadline is { } due)
        {
            request.Deadline = s.Deadlines.Add(due, () => TimeUp(request));
        }
    }

    /// <summary>Answers a request, which waits no longer.</summary>
    internal void Answer(WaitingRequest request, Opaque? value = null)
    {
        Remove(request);
        s.Answer(request.Number, value);
    }

    /// <summary>A request fails, and waits no longer.</summary>
    internal void Refuse(WaitingRequest request, PythonError error)
    {
        Remove(request);
        s.Refuse(request.Number, error);
    }

    /// <summary>A request waits no longer; what becomes of it is the caller's business.</summary>
    internal void Remove(WaitingRequest request)
    {
        waiting.Remove(request.Number);
        request.Leave?.Invoke();
        if (request.Deadline is { } deadline)
        {
            s.Deadlines.Cancel(deadline);
        }
    }

    /// <summary>Nobody is there any more to hear the answer.</summary>
    internal void Withdraw(long number)
    {
        if (waiting.TryGetValue(number, out WaitingRequest? request))
        {
            Remove(request);
            request.GiveUp();
        }
    }

    private void TimeUp(WaitingRequest request)
    {
        Remove(request);
        request.GiveUp();
        if (request.Late is { } error)
        {
            s.Refuse(request.Number, error);
        }
        else
        {
            s.Answer(request.Number, Answers.Bool(false));
        }
    }
}
