using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Which client wants which keys (rows CS5 to CS7, S28).</summary>
internal static class ClientInterest
{
    /// <summary>CS5, Dask's <c>client_desires_keys</c>. Unknown ids are pseudo clients.</summary>
    internal static void ClientDesiresKeys(this SchedulerState s, IEnumerable<Key> keys, string client)
    {
        if (!s.Clients.TryGetValue(client, out ClientState? cs))
        {
            s.Clients[client] = cs = new ClientState(client, s.NextClient(), 0, null, s.Now);
        }
        foreach (Key key in keys)
        {
            TaskState? ts = s.Tasks.Find(key);
            if (ts is null)
            {
                if (s.Options.Dialect.TupleKeys)
                {
                    s.Outbox.Log(LogSeverity.Warning, $"Client '{client}' desires key {key.Repr()} but key is unknown.");
                    continue;
                }
                ts = s.Tasks.GetOrCreate(key, out _); // 2022 waits for somebody to submit it.
            }
            Want(s, cs, ts);
            if (cs == s.FireAndForget && ts.State is TaskStateName.Memory or TaskStateName.Erred)
            {
                // It was done before anybody could say that it is to be forgotten. Dask keeps it for ever.
                Release(s, cs, ts);
            }
        }
        byte[] stimulus = s.Stimulus("client-desires-keys");
        s.RunRecommendations(stimulus);
        s.FillOpenSlots(stimulus);
    }

    /// <summary>One key of it: from now on the client hears of the task, at once if it is done.</summary>
    internal static void Want(SchedulerState s, ClientState cs, TaskState ts)
    {
        ts.WhoWants.Add(cs);
        cs.WantsWhat.Add(ts);
        if (ts.State is TaskStateName.Memory or TaskStateName.Erred)
        {
            s.ReportOnKey(ts, cs);
        }
    }

    /// <summary>CS6, Dask's <c>client_releases_keys</c>.</summary>
    internal static void ClientReleasesKeys(this SchedulerState s, IEnumerable<Key> keys, ClientState cs, byte[] stimulusId)
    {
        foreach (Key key in keys)
        {
            if (s.Tasks.Find(key) is { } ts)
            {
                Release(s, cs, ts);
            }
        }
        s.RunRecommendations(stimulusId);
        s.FillOpenSlots(stimulusId);
    }

    /// <summary>One key of Dask's <c>_client_releases_keys</c>.</summary>
    internal static void Release(SchedulerState s, ClientState cs, TaskState ts)
    {
        if (!cs.WantsWhat.Remove(ts))
        {
            return;
        }
        ts.WhoWants.Remove(cs);
        DropIfNeedless(s, ts);
    }

    /// <summary>What nobody wants any more goes, with its result or altogether.</summary>
    internal static void DropIfNeedless(SchedulerState s, TaskState ts)
    {
        if (ts.IsHeld || ts.State == TaskStateName.Forgotten)
        {
            return;
        }
        if (ts.Dependents.IsEmpty)
        {
            // No live dependents, can forget.
            s.Recommendations.Add(ts, TaskStateName.Forgotten);
        }
        else if (ts.State != TaskStateName.Erred && ts.Waiters.IsEmpty)
        {
            s.Recommendations.Add(ts, TaskStateName.Released);
        }
    }

    /// <summary>
    /// CS7, Dask's <c>report_on_key</c>: tells this client how the task stands. The others that want it have been told
    /// when it came about; Dask tells them again.
    /// </summary>
    internal static void ReportOnKey(this SchedulerState s, TaskState ts, ClientState cs)
    {
        switch (ts.State)
        {
            case TaskStateName.Memory:
                s.Outbox.To(cs).KeyInMemory(ts.Key);
                break;
            case TaskStateName.Erred:
                TaskDetails? failing = ts.ExceptionBlame?.Details;
                s.Outbox.To(cs).TaskErred(ts.Key, failing?.Exception, failing?.Traceback);
                break;
        }
    }
}
