using System.IO.Hashing;
using System.Net.Sockets;
using System.Text;
using Csds.Epoll;
using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.ZeroWorker;

/// <summary>
/// A worker on one connection: it registers, claims to have fetched what a task needs, and says that the task is
/// finished. Results exist in name only.
/// </summary>
internal sealed class FakeWorker : Link
{
    /// <summary>What a task that takes no time claims to have taken: a scheduler may divide by it.</summary>
    private const double LeastSeconds = 10e-6;

    private readonly ZeroCluster cluster;
    private readonly byte[] address;
    private readonly MessageBatch reports = new();
    private readonly HashSet<ulong> data = [];
    private readonly List<ReadOnlyMemory<byte>> claims = [];
    private readonly RunQueue? queue;
    private bool registered;
    private bool reporting;

    /// <summary>Takes over a connected socket and asks to be registered.</summary>
    internal FakeWorker(ZeroCluster cluster, Poller poller, Socket socket, string address) : base(poller, socket)
    {
        this.cluster = cluster;
        this.address = Encoding.ASCII.GetBytes(address);
        Address = address;
        queue = cluster.Options.Duration.High > 0 ? new RunQueue(cluster.Options.NThreads) : null;
        var registration = new MessageBatch();
        WorkerWriter.RegisterWorker(
            registration, address, cluster.Options.NThreads, cluster.Now, cluster.Dialect, cluster.Versions);
        Send(registration);
    }

    /// <summary>The contact address.</summary>
    public string Address { get; }

    /// <inheritdoc/>
    protected override void Receive(FrameGroup message)
    {
        var reader = new MessageReader(message);
        if (!registered)
        {
            registered = true;
            cluster.Registered(this, ref reader);
            WorkerWriter.Running(reports, cluster.Now);
            return;
        }
        cluster.Statistics.Batches++;
        int count = reader.NextType == MessagePackType.Array ? reader.ReadArrayHeader() : 1;
        for (int i = 0; i < count && !Closed; i++)
        {
            Handle(StreamMessage.Read(ref reader));
        }
    }

    /// <inheritdoc/>
    protected override void Received()
    {
        if (reports.Count == 0 || reporting)
        {
            return;
        }
        if (cluster.Options.BatchInterval > 0)
        {
            reporting = true;
            cluster.After(cluster.Options.BatchInterval, Report);
        }
        else
        {
            Send(reports);
        }
    }

    /// <inheritdoc/>
    protected override void OnClosed() => cluster.Lost(this);

    private void Report()
    {
        reporting = false;
        Send(reports);
    }

    private void Handle(StreamMessage message)
    {
        if (message.Op.SequenceEqual("compute-task"u8))
        {
            Compute(message);
        }
        else if (message.Op.SequenceEqual("free-keys"u8) || message.Op.SequenceEqual("remove-replicas"u8))
        {
            Free(message.Keys);
        }
        else if (message.Op.SequenceEqual("steal-request"u8))
        {
            GiveUp(message);
        }
        else if (message.Op.SequenceEqual("acquire-replicas"u8))
        {
            Claim(message.WhoHas);
        }
        else if (message.Op.SequenceEqual("close"u8) || message.Op.SequenceEqual("close-stream"u8))
        {
            Close();
        }
    }

    private void Compute(StreamMessage message)
    {
        Claim(message.WhoHas);
        if (queue is null)
        {
            Finish(message.Key, message.RunId, cluster.Now - LeastSeconds);
            return;
        }
        ulong hash = XxHash3.HashToUInt64(message.Key);
        queue.Add(hash, new RunningTask(message.Key.ToArray(), message.RunId), message.Priority);
        BeginTasks();
    }

    private void BeginTasks()
    {
        while (queue!.Begin(cluster.Now) is { } task)
        {
            cluster.After(cluster.DrawDuration(), () => End(task));
        }
    }

    private void End(RunningTask task)
    {
        if (queue!.End(XxHash3.HashToUInt64(task.Key), task))
        {
            Finish(task.Key, task.RunId, task.Started);
        }
        BeginTasks();
        Received();
    }

    private void Finish(ReadOnlySpan<byte> key, long runId, double started)
    {
        ulong hash = XxHash3.HashToUInt64(key);
        data.Add(hash);
        cluster.Finished(hash);
        WorkerWriter.TaskFinished(reports, key, runId, started, cluster.Now, cluster.FinishedStimulus, cluster.Dialect);
    }

    // What lies elsewhere is "fetched": the scheduler hears of the new replica, as after a real transfer (row S22).
    private void Claim(ReadOnlyMemory<byte> whoHas)
    {
        var reader = new MessageReader(whoHas);
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            ReadOnlyMemory<byte> key = reader.ReadTokenMemory();
            int holders = reader.ReadSequenceHeader();
            bool here = false;
            for (int k = 0; k < holders; k++)
            {
                here |= reader.ReadUtf8().SequenceEqual(address);
            }
            ulong hash = XxHash3.HashToUInt64(key.Span);
            cluster.Used(hash, holders);
            if (!here && data.Add(hash))
            {
                claims.Add(key);
            }
        }
        if (claims.Count > 0)
        {
            cluster.Statistics.Claimed += claims.Count;
            WorkerWriter.AddKeys(reports, claims, WorkerWriter.Stimulus("gather-dep-success", cluster.Now));
            claims.Clear();
        }
    }

    private void Free(ReadOnlyMemory<byte> keys)
    {
        var reader = new MessageReader(keys);
        int count = reader.ReadSequenceHeader();
        for (int i = 0; i < count; i++)
        {
            ulong hash = XxHash3.HashToUInt64(reader.ReadToken());
            data.Remove(hash);
            queue?.Cancel(hash);
            cluster.Statistics.Freed++;
        }
    }

    private void GiveUp(StreamMessage message)
    {
        cluster.Statistics.StealRequests++;
        ulong hash = XxHash3.HashToUInt64(message.Key);
        string? state = queue?.Find(hash) switch
        {
            { Started: 0 } => "ready",
            { } => "executing",
            null => data.Contains(hash) ? "memory" : null,
        };
        if (state == "ready")
        {
            cluster.Statistics.Stolen++;
            queue!.Cancel(hash);
        }
        WorkerWriter.StealResponse(reports, message.Key, state, message.StimulusId);
    }
}
