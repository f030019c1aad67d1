using System.Buffers;
using Csds.Protocol;
using Csds.Scheduler;
using Csds.ZeroWorker;

namespace Csds.Benchmarks;

/// <summary>
/// The core with workers that finish tasks at once, as bytes in both directions, without sockets and threads: what is left of a
/// scheduler's work when the kernel's share is taken away.
/// </summary>
internal sealed class EmbeddedCluster
{
    internal const string Client = "Client-embedded";
    private const double Now = 1000;

    private readonly SchedulerState core;
    private readonly Dictionary<long, WorkerState> workers = [];
    private readonly Queue<(WorkerState Worker, byte[] Transfer, int Length)> reports = new();
    private readonly MessageBatch report = new();
    private readonly FrameBuffer wire = new();
    private readonly FrameReader frames = new();
    private readonly byte[] stimulus = WorkerWriter.Stimulus("task-finished", Now);

    internal EmbeddedCluster(int workerCount, ISchedulingPolicy policy)
    {
        core = new SchedulerState(new SchedulerOptions { Dialect = Dialect.Dask2022 }, policy, Now);
        core.AddClient(Client, 1, null, "", Now);
        for (int i = 0; i < workerCount; i++)
        {
            AddWorker($"tcp://10.{i >> 16}.{(i >> 8) & 255}.{i & 255}:9000", i + 2);
        }
        Drain();
        reports.Clear();
    }

    /// <summary>Tasks that were finished.</summary>
    internal int Finished { get; private set; }

    /// <summary>Has a graph computed.</summary>
    internal void Compute(SubmittedGraph submitted)
    {
        core.BeginGraphUpdate();
        core.UpdateGraph(submitted.Update, submitted.Graph, Now, Now);
        Drain();
        while (reports.TryDequeue(out (WorkerState Worker, byte[] Transfer, int Length) next))
        {
            Read(next.Transfer.AsMemory(0, next.Length), (ref MessageReader reader) => core.Receive(next.Worker, ref reader, Now));
            ArrayPool<byte>.Shared.Return(next.Transfer);
            Drain();
        }
    }

    private void AddWorker(string address, long connection)
    {
        var registration = new MessageBatch();
        WorkerWriter.RegisterWorker(registration, address, 1, Now, Dialect.Dask2022, Opaque.Nil);
        FrameWriter.Write(wire, registration.Seal(), registration.Frames);
        var bytes = new ReadOnlySequence<byte>(wire.WrittenSpan.ToArray());
        wire.Clear();
        if (!frames.TryRead(ref bytes, out FrameGroup? message))
        {
            throw new InvalidOperationException("a registration is not whole");
        }
        using (message)
        {
            var reader = new MessageReader(message);
            core.AddWorker(WorkerRegistration.Read(ref reader), connection, Now, out WorkerState? ws);
            workers.Add(connection, ws!);
        }
        WorkerWriter.Running(report, Now);
        Reply(workers[connection]);
        (WorkerState worker, byte[] transfer, int length) = reports.Dequeue();
        Read(transfer.AsMemory(0, length), (ref MessageReader reader) => core.Receive(worker, ref reader, Now));
    }

    private void Drain() => core.Outbox.Drain(Send, static _ => { });

    // What a worker is sent becomes what it reports; what the client is sent is thrown away.
    private void Send(StreamPeer peer, MessageBatch batch)
    {
        if (workers.TryGetValue(peer.Connection, out WorkerState? worker))
        {
            FrameWriter.Write(wire, batch.Seal(), batch.Frames);
            Read(wire.WrittenMemory, Compute);
            wire.Clear();
            if (report.Count > 0)
            {
                Reply(worker);
            }
        }
        core.Outbox.Return(batch);
    }

    private void Compute(ref MessageReader reader)
    {
        StreamMessage message = StreamMessage.Read(ref reader);
        if (message.Op.SequenceEqual("compute-task"u8))
        {
            Finished++;
            WorkerWriter.TaskFinished(report, message.Key, 0, Now - 1e-5, Now, stimulus, Dialect.Dask2022);
        }
    }

    private void Reply(WorkerState worker)
    {
        wire.Clear();
        FrameWriter.Write(wire, report.Seal(), report.Frames);
        report.Clear();
        byte[] transfer = ArrayPool<byte>.Shared.Rent(wire.Length);
        wire.WrittenSpan.CopyTo(transfer);
        reports.Enqueue((worker, transfer, wire.Length));
        wire.Clear();
    }

    private delegate void Receiver(ref MessageReader reader);

    private void Read(ReadOnlyMemory<byte> transfer, Receiver receive)
    {
        var bytes = new ReadOnlySequence<byte>(transfer);
        if (!frames.TryRead(ref bytes, out FrameGroup? message))
        {
            throw new InvalidOperationException("a transfer is not whole");
        }
        using (message)
        {
            var reader = new MessageReader(message);
            for (int count = reader.ReadArrayHeader(); count > 0; count--)
            {
                receive(ref reader);
            }
        }
    }
}
