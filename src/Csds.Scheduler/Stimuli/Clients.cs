using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Clients come, cancel and go (rows CS8 to CS10, S47).</summary>
public static class Clients
{
    /// <summary>Dask's <c>add_client</c>. A client that reconnects with its id replaces its former self.</summary>
    /// <param name="s">The state.</param>
    /// <param name="client">The client's id.</param>
    /// <param name="connection">The host's number of the stream.</param>
    /// <param name="versions">What the client said of its packages.</param>
    /// <param name="warning">Text about differing versions, empty for none.</param>
    /// <param name="now">Seconds since 1970.</param>
    public static ClientState AddClient(
        this SchedulerState s, string client, long connection, Opaque? versions, string warning, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        s.Now = now;
        s.Outbox.Log(LogSeverity.Info, $"Receive client connection: {client}");
        LogAction(s, "add-client", client);
        if (s.Clients.TryGetValue(client, out ClientState? former))
        {
            former.StreamClosed = true;
        }
        var cs = new ClientState(client, s.NextClient(), connection, versions, now);
        s.Clients[client] = cs;
        if (former is not null)
        {
            Inherit(s, former, cs);
        }
        s.ClientsAdded++;
        foreach (ISchedulerObserver observer in s.Observers)
        {
            observer.ClientAdded(cs);
        }
        s.Outbox.To(cs).StreamStart(warning, "");
        return cs;
    }

    /// <summary>Dask's <c>remove_client</c>: its wants are dropped.</summary>
    public static void RemoveClient(this SchedulerState s, ClientState cs, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(cs);
        s.Now = now;
        if (!s.Clients.TryGetValue(cs.ClientKey, out ClientState? current) || !ReferenceEquals(current, cs))
        {
            s.CountStale("remove-client");
            return;
        }
        s.Outbox.Log(LogSeverity.Info, $"Remove client {cs.ClientKey}");
        LogAction(s, "remove-client", cs.ClientKey);
        byte[] stimulus = s.Stimulus("remove-client");
        foreach (TaskState ts in cs.WantsWhat.ToArray())
        {
            ClientInterest.Release(s, cs, ts);
        }
        s.RunRecommendations(stimulus);
        s.FillOpenSlots(stimulus);
        s.Clients.Remove(cs.ClientKey);
        s.ClientsRemoved++;
        foreach (ISchedulerObserver observer in s.Observers)
        {
            observer.ClientRemoved(cs);
        }
        s.Topics.UnsubscribeAll(cs);
        s.Coordination.Forget(cs);
        ForgetEventsLater(s, cs.ClientKey, now);
        s.CheckInvariants();
    }

    /// <summary>The stream of a client has ended: nothing can be sent any more.</summary>
    public static void ClientStreamEnded(this SchedulerState s, ClientState cs, double now)
    {
        ArgumentNullException.ThrowIfNull(cs);
        cs.StreamClosed = true;
        s.RemoveClient(cs, now);
    }

    /// <summary>CS8.</summary>
    internal static void ClientHeartbeat(this SchedulerState s, ClientState cs)
    {
        cs.LastSeen = s.Now;
        if (s.Options.Dialect.AdjustsHeartbeats)
        {
            s.Outbox.To(cs).AdjustHeartbeatInterval(Heartbeats.Interval(s.Clients.Count) * 10);
        }
    }

    /// <summary>CS10, Dask's <c>stimulus_cancel</c>: keys, and what depends on them, unless others want them.</summary>
    public static void Cancel(
        this SchedulerState s, IReadOnlyCollection<Key> keys, string client, bool force, string? reason, string? message, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(keys);
        s.Now = now;
        s.Outbox.Log(LogSeverity.Info, $"Client {client} requests to cancel {keys.Count} keys");
        s.LogEvent([client], 3, (ref MessageWriter w) =>
        {
            w.Field("action"u8, "cancel"u8);
            w.Field("count"u8, keys.Count);
            w.Field("force"u8, force);
        });
        if (!s.Clients.TryGetValue(client, out ClientState? cs))
        {
            return;
        }
        var cancelled = new OrderedSet<TaskState>();
        var owners = new OrderedSet<ClientState>();
        Collect(s, keys, cs, force, ref cancelled, ref owners);
        Key[] cancelledKeys = [.. cancelled.ToArray().Select(ts => ts.Key)];
        foreach (ClientState owner in owners.ToArray())
        {
            s.ClientReleasesKeys(cancelledKeys, owner, s.Stimulus("cancel-key"));
        }
        foreach (ClientState other in s.Clients.Values)
        {
            s.Outbox.To(other).CancelledKeys(cancelledKeys, s.Options.Dialect, reason ?? "unknown", message ?? "");
        }
        s.CheckInvariants();
    }

    // Dependents come before what they depend on, without recursion.
    private static void Collect(
        SchedulerState s, IReadOnlyCollection<Key> keys, ClientState cs, bool force,
        ref OrderedSet<TaskState> cancelled, ref OrderedSet<ClientState> owners)
    {
        var visited = new HashSet<TaskState>();
        var stack = new Stack<(TaskState Task, bool Expanded)>(keys.Reverse().Select(s.Tasks.Find).OfType<TaskState>().Select(t => (t, false)));
        while (stack.TryPop(out (TaskState Task, bool Expanded) top))
        {
            TaskState ts = top.Task;
            bool only = ts.WhoWants.Count == 1 && ts.WhoWants.Contains(cs);
            if (top.Expanded)
            {
                s.Outbox.Log(LogSeverity.Info, $"Scheduler cancels key {ts.Key}.  Force={(force ? "True" : "False")}");
                cancelled.Add(ts);
                continue;
            }
            if (!visited.Add(ts))
            {
                continue;
            }
            if (force || only)
            {
                stack.Push((ts, true));
                foreach (TaskState dts in ts.Dependents)
                {
                    stack.Push((dts, false));
                }
            }
            if (force)
            {
                foreach (ClientState owner in ts.WhoWants)
                {
                    owners.Add(owner);
                }
            }
            else
            {
                owners.Add(cs);
            }
        }
    }

    private static void Inherit(SchedulerState s, ClientState former, ClientState cs)
    {
        foreach (TaskState ts in former.WantsWhat)
        {
            ts.WhoWants.Remove(former);
            ts.WhoWants.Add(cs);
            cs.WantsWhat.Add(ts);
        }
        former.WantsWhat.Clear();
        s.Topics.UnsubscribeAll(former);
        s.Coordination.PubSub.Replace(former, cs);
    }

    private static void LogAction(SchedulerState s, string action, string client) =>
        s.LogEvent(["all", client], 2, (ref MessageWriter w) =>
        {
            w.Field("action"u8, action);
            w.Field("client"u8, client);
        });

    // What waits for its time knows the name only: the client itself is gone.
    private static void ForgetEventsLater(SchedulerState s, string client, double now) =>
        s.Deadlines.Add(now + s.Options.EventsCleanupDelay, () =>
        {
            if (!s.Clients.ContainsKey(client))
            {
                s.Topics.Truncate(client);
            }
        });
}
