using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>One queue: values, who waits for values, and who waits for room.</summary>
internal sealed class SharedQueue(SchedulerState s, int maxSize)
{
    private readonly LinkedList<SharedValue> values = new();
    private readonly WaitingLine<Getter> getters = new();
    private readonly WaitingLine<Putter> putters = new();

    /// <summary>How many have created it and not released it.</summary>
    internal int Users { get; set; }

    /// <summary>Number of values.</summary>
    internal int Count => values.Count;

    private bool IsFull => maxSize > 0 && values.Count >= maxSize;

    /// <summary>Puts a value in, as soon as there is room.</summary>
    /// <param name="request">The request.</param>
    /// <param name="value">The value.</param>
    /// <param name="deadline">Seconds since 1970 when the request fails; null: never.</param>
    /// <param name="undo">What to do if it comes to nothing.</param>
    internal void Put(long request, SharedValue value, double? deadline, Action undo)
    {
        if (IsFull)
        {
            var putter = new Putter(request, value, undo);
            putters.Join(putter);
            s.Coordination.Waiting.Add(putter, deadline);
            return;
        }
        values.AddLast(value);
        s.Answer(request);
        Distribute();
    }

    /// <summary>Takes a number of values, as they come; 0: one, and no list.</summary>
    internal void Get(long request, int batch, double? deadline)
    {
        var getter = new Getter(this, request, batch);
        getters.Join(getter);
        s.Coordination.Waiting.Add(getter, deadline);
        Distribute();
    }

    /// <summary>Takes all values that are there.</summary>
    internal void GetAll(long request)
    {
        SharedValue[] all = [.. values];
        values.Clear();
        s.Answer(request, List(all));
        Distribute();
    }

    /// <summary>
    /// The queue is gone. Answers the values that nobody got. As in Dask, whoever waits is not told, and waits on until
    /// time is up.
    /// </summary>
    internal IReadOnlyList<SharedValue> Close()
    {
        var left = new List<SharedValue>();
        foreach (Getter getter in getters.ToArray())
        {
            left.AddRange(getter.Values);
            getter.Values.Clear();
        }
        left.AddRange(values);
        values.Clear();
        return left;
    }

    private void Distribute()
    {
        while (true)
        {
            if (values.Count > 0 && getters.First is { } getter)
            {
                getter.Values.Add(values.First!.Value);
                values.RemoveFirst();
                AnswerIfComplete(getter);
            }
            else if (!IsFull && putters.First is { } putter)
            {
                values.AddLast(putter.Value);
                s.Coordination.Waiting.Answer(putter);
            }
            else
            {
                return;
            }
        }
    }

    private void AnswerIfComplete(Getter getter)
    {
        if (getter.Values.Count >= getter.Batch)
        {
            s.Coordination.Waiting.Answer(getter, getter.Batch > 0 ? List(getter.Values) : One(getter.Values[0]));
        }
    }

    private void PutBack(List<SharedValue> taken)
    {
        for (int i = taken.Count - 1; i >= 0; i--)
        {
            values.AddFirst(taken[i]);
        }
        Distribute();
    }

    private Opaque One(SharedValue value) => Answers.Value((ref MessageWriter w) => value.Write(ref w, s, null));

    private Opaque List(IReadOnlyCollection<SharedValue> list) => Answers.Value((ref MessageWriter w) =>
    {
        w.List(list.Count);
        foreach (SharedValue value in list)
        {
            value.Write(ref w, s, null);
        }
    });

    private sealed class Getter(SharedQueue queue, long number, int batch) : WaitingRequest(number, PythonError.TimedOut)
    {
        internal int Batch => batch;

        internal List<SharedValue> Values { get; } = [];

        internal override void GiveUp() => queue.PutBack(Values);
    }

    private sealed class Putter(long number, SharedValue value, Action undo) : WaitingRequest(number, PythonError.TimedOut)
    {
        internal SharedValue Value => value;

        internal override void GiveUp() => undo();
    }
}
