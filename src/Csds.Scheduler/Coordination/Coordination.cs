namespace Csds.Scheduler;

/// <summary>What peers coordinate by: one machine for each primitive, and the requests that wait in them.</summary>
public sealed class Coordination
{
    private readonly SchedulerState s;

    internal Coordination(SchedulerState s)
    {
        this.s = s;
        Waiting = new WaitingRequests(s);
        AwaitedKeys = new AwaitedKeys(s);
        Flushes = new StreamFlushes(s);
        Locks = new Locks(s);
        Semaphores = new Semaphores(s);
        MultiLocks = new MultiLocks(s);
        Events = new Events(s);
        Queues = new Queues(s);
        Variables = new Variables(s);
        Datasets = new PublishedDatasets(s);
        PubSub = new PubSub(s);
        Metadata = new TaskMetadata(s);
        MetadataCollectors = new TaskMetadataCollectors(s);
        MemorySamplers = new MemorySamplers(s);
        Shuffles = new Shuffles(s);
        LegacyShuffles = new LegacyShuffles(s);
        s.Observers.Add(s.Options.Dialect.RestartsShuffles ? Shuffles : LegacyShuffles);
        WorkerStatus = new WorkerStatusSubscribers(s);
    }

    /// <summary>Number of requests that wait.</summary>
    public int WaitingCount => Waiting.Count;

    /// <summary>The semaphores, and the locks of newer releases.</summary>
    public Semaphores Semaphores { get; }

    /// <summary>The P2P shuffles of newer releases.</summary>
    public Shuffles Shuffles { get; }

    /// <summary>The P2P shuffles of 2022.</summary>
    public LegacyShuffles LegacyShuffles { get; }

    /// <summary>Who is told of workers that come and go.</summary>
    public WorkerStatusSubscribers WorkerStatus { get; }

    internal WaitingRequests Waiting { get; }

    internal AwaitedKeys AwaitedKeys { get; }

    internal StreamFlushes Flushes { get; }

    internal Locks Locks { get; }

    internal MultiLocks MultiLocks { get; }

    internal Events Events { get; }

    internal Queues Queues { get; }

    internal Variables Variables { get; }

    internal PublishedDatasets Datasets { get; }

    internal PubSub PubSub { get; }

    internal TaskMetadata Metadata { get; }

    internal TaskMetadataCollectors MetadataCollectors { get; }

    internal MemorySamplers MemorySamplers { get; }

    /// <summary>A worker is gone, and its tasks have moved on.</summary>
    internal void Forget(WorkerState ws, byte[] stimulusId)
    {
        if (s.Options.Dialect.RestartsShuffles)
        {
            Shuffles.Forget(ws, stimulusId);
        }
        else
        {
            LegacyShuffles.Forget(ws);
        }
    }

    /// <summary>A client is gone.</summary>
    internal void Forget(ClientState client)
    {
        Variables.Forget(client);
        PubSub.Forget(client);
        MemorySamplers.Forget(client);
    }
}
