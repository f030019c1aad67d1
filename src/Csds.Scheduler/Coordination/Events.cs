using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Flags that peers wait for (row X4): Dask's <c>EventExtension</c>. A flag that nobody has set takes no memory.</summary>
internal sealed class Events(SchedulerState s)
{
    private readonly Dictionary<Key, Flag> flags = new(KeyComparer.Instance);

    /// <summary>Number of flags that are set or waited for.</summary>
    internal int Count => flags.Count;

    /// <summary><c>event_wait</c>: True when the flag is set, False when time is up.</summary>
    internal void Wait(Request r)
    {
        Flag flag = Get(r.Name);
        if (flag.IsSet)
        {
            s.Answer(r.Number, Answers.Bool(true));
            return;
        }
        var listener = new Listener(this, r.Number, r.Name);
        flag.Listeners.Join(listener);
        s.Coordination.Waiting.Add(listener, s.Coordination.Waiting.After(r.Timeout));
    }

    /// <summary><c>event_set</c>.</summary>
    internal void Set(Request r)
    {
        Flag flag = Get(r.Name);
        flag.IsSet = true;
        foreach (Listener listener in flag.Listeners.ToArray())
        {
            s.Coordination.Waiting.Answer(listener, Answers.Bool(true));
        }
        s.Answer(r.Number);
    }

    /// <summary><c>event_clear</c>.</summary>
    internal void Clear(Request r)
    {
        if (flags.TryGetValue(r.Name, out Flag? flag))
        {
            flag.IsSet = false;
            RemoveIfUnused(r.Name);
        }
        s.Answer(r.Number);
    }

    /// <summary><c>event_is_set</c>.</summary>
    internal void IsSet(Request r) => s.Answer(r.Number, Answers.Bool(flags.GetValueOrDefault(r.Name)?.IsSet ?? false));

    private Flag Get(Key name)
    {
        if (!flags.TryGetValue(name, out Flag? flag))
        {
            flags[name] = flag = new Flag();
        }
        return flag;
    }

    private void RemoveIfUnused(Key name)
    {
        if (flags.TryGetValue(name, out Flag? flag) && flag is { IsSet: false, Listeners.Count: 0 })
        {
            flags.Remove(name);
        }
    }

    private sealed class Flag
    {
        internal bool IsSet { get; set; }

        internal WaitingLine<Listener> Listeners { get; } = new();
    }

    private sealed class Listener(Events owner, long number, Key name) : WaitingRequest(number)
    {
        internal override void GiveUp() => owner.RemoveIfUnused(name);
    }
}
