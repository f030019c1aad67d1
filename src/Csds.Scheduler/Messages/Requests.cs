using System.Collections.Frozen;
using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Scheduler;

/// <summary>
/// Takes in the requests that the core serves itself, one entry per op. An answer comes out as an <see cref="Answer"/> or
/// a <see cref="Refusal"/>, at once or later.
/// </summary>
public static class Requests
{
    private delegate void Handler(SchedulerState s, Request request);

    private static readonly FrozenDictionary<string, Handler> ops = new Dictionary<string, Handler>
    {
        ["lock_acquire"] = (s, r) => s.Coordination.Locks.Acquire(r),
        ["lock_release"] = (s, r) => s.Coordination.Locks.Release(r),
        ["semaphore_register"] = (s, r) => s.Coordination.Semaphores.Register(r),
        ["semaphore_acquire"] = (s, r) => s.Coordination.Semaphores.Acquire(r),
        ["semaphore_release"] = (s, r) => s.Coordination.Semaphores.Release(r),
        ["semaphore_close"] = (s, r) => s.Coordination.Semaphores.Close(r),
        ["semaphore_refresh_leases"] = (s, r) => s.Coordination.Semaphores.RefreshLeases(r),
        ["semaphore_value"] = (s, r) => s.Coordination.Semaphores.Value(r),
        ["multi_lock_acquire"] = (s, r) => s.Coordination.MultiLocks.Acquire(r),
        ["multi_lock_release"] = (s, r) => s.Coordination.MultiLocks.Release(r),
        ["event_wait"] = (s, r) => s.Coordination.Events.Wait(r),
        ["event_set"] = (s, r) => s.Coordination.Events.Set(r),
        ["event_clear"] = (s, r) => s.Coordination.Events.Clear(r),
        ["event_is_set"] = (s, r) => s.Coordination.Events.IsSet(r),
        ["queue_create"] = (s, r) => s.Coordination.Queues.Create(r),
        ["queue_put"] = (s, r) => s.Coordination.Queues.Put(r),
        ["queue_get"] = (s, r) => s.Coordination.Queues.Get(r),
        ["queue_qsize"] = (s, r) => s.Coordination.Queues.QSize(r),
        ["variable_set"] = (s, r) => s.Coordination.Variables.Set(r),
        ["variable_get"] = (s, r) => s.Coordination.Variables.Get(r),
        ["publish_put"] = (s, r) => s.Coordination.Datasets.Put(r),
        ["publish_get"] = (s, r) => s.Coordination.Datasets.Get(r),
        ["publish_delete"] = (s, r) => s.Coordination.Datasets.Delete(r),
        ["publish_list"] = (s, r) => s.Coordination.Datasets.List(r),
        ["publish_wait_flush"] = (s, r) => s.Coordination.Flushes.WaitFor(r.Number, r.Uid, r.Client, () => s.Answer(r.Number)),
        ["pubsub_add_publisher"] = (s, r) => s.Coordination.PubSub.AddPublisher(r),
        ["set_metadata"] = (s, r) => s.Coordination.Metadata.Set(r),
        ["get_metadata"] = (s, r) => s.Coordination.Metadata.Get(r),
        ["start_task_metadata"] = (s, r) => s.Coordination.MetadataCollectors.Start(r),
        ["stop_task_metadata"] = (s, r) => s.Coordination.MetadataCollectors.Stop(r),
        ["set_restrictions"] = Restrictions.Set,
        ["set_resources"] = WorkerRequests.SetResources,
        ["add_keys"] = WorkerRequests.AddKeys,
        ["amm_handler"] = (s, r) => s.MemoryManager.Serve(r),
        ["adaptive_target"] = AdaptiveTarget.Serve,
        ["memory_sampler_start"] = (s, r) => s.Coordination.MemorySamplers.Start(r),
        ["memory_sampler_stop"] = (s, r) => s.Coordination.MemorySamplers.Stop(r),
        ["shuffle_get"] = ShuffleGet,
        ["shuffle_get_or_create"] = (s, r) => s.Coordination.Shuffles.GetOrCreate(r),
        ["shuffle_restrict_task"] = (s, r) => s.Coordination.Shuffles.RestrictTask(r),
        ["shuffle_get_participating_workers"] = (s, r) => s.Coordination.LegacyShuffles.GetParticipatingWorkers(r),
        ["shuffle_register_complete"] = (s, r) => s.Coordination.LegacyShuffles.RegisterComplete(r),
    }.ToFrozenDictionary();

    /// <summary>The ops of such requests.</summary>
    public static IReadOnlyCollection<string> Ops => ops.Keys;

    /// <summary>Takes in a request; <paramref name="message"/> stands at its map.</summary>
    /// <param name="s">The state.</param>
    /// <param name="number">A number that no other request has.</param>
    /// <param name="op">One of <see cref="Ops"/>.</param>
    /// <param name="message">The request.</param>
    /// <param name="now">Seconds since 1970.</param>
    /// <exception cref="ProtocolException">The request is malformed.</exception>
    public static void Ask(this SchedulerState s, long number, string op, ref MessageReader message, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        s.Now = now;
        var request = Request.Read(number, ref message);
        if (new MessageReader(request.Name.Token.ToArray()).NextType == MessagePackType.Map)
        {
            s.Refuse(number, PythonError.TypeError("a name must be a str, bytes, a number or a tuple of these"));
            return;
        }
        ops[op](s, request);
        s.CheckInvariants();
    }

    private static void ShuffleGet(SchedulerState s, Request r)
    {
        if (s.Options.Dialect.RestartsShuffles)
        {
            s.Coordination.Shuffles.Get(r);
        }
        else
        {
            s.Coordination.LegacyShuffles.Get(r);
        }
    }

    /// <summary>The peer has gone: a request that waits has no meaning any more.</summary>
    public static void Withdraw(this SchedulerState s, long number, double now)
    {
        ArgumentNullException.ThrowIfNull(s);
        s.Now = now;
        s.Coordination.Waiting.Withdraw(number);
        s.CheckInvariants();
    }
}
