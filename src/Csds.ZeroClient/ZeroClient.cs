using System.Buffers;
using System.Diagnostics;
using System.Net.Sockets;
using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.ZeroClient;

/// <summary>
/// A client that sends a graph and waits for its results, in as few steps as possible: what is measured is the
/// scheduler.
/// </summary>
internal sealed class ZeroClient : IDisposable
{
    private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly FrameReader frames = new();
    private readonly byte[] buffer = new byte[1 << 20];
    private ReadOnlySequence<byte> unread;

    /// <summary>Connects, and becomes a client.</summary>
    /// <exception cref="IOException">The scheduler ended the connection.</exception>
    public ZeroClient(string scheduler)
    {
        CommAddress address = CommAddress.Parse(scheduler);
        socket.Connect(address.Host, address.Port);
        Send(Handshake.Write);
        using (FrameGroup hello = Read())
        {
            _ = Handshake.Read(hello);
        }
        Send(static batch =>
        {
            MessageWriter w = batch.Single();
            w.Map(4);
            w.Field("op"u8, "register-client"u8);
            w.Field("client"u8, "Client-zero-11f1-8c7a-6c2b59d2a5c0"u8);
            w.Field("reply"u8, false);
            w.Text("versions"u8);
            w.Map(0);
            w.End();
        });
        Read().Dispose(); // stream-start
    }

    /// <summary>Has a graph computed; every wanted key has to come once.</summary>
    /// <exception cref="ProtocolException">A task failed, or a key came that was not wanted or had come before.</exception>
    public Measurement Compute(RecordedGraph graph, ZeroClientOptions options)
    {
        var missing = new HashSet<Key>(graph.Wanted, KeyComparer.Instance);
        return Measure(options, start =>
        {
            var sending = Task.Run(() => SendAll(graph.Wire));
            double first = 0;
            while (missing.Count > 0 && !(options.Cancel && missing.Count < graph.Wanted.Count))
            {
                ReadReports(missing);
                first = first == 0 && missing.Count < graph.Wanted.Count ? Stopwatch.GetElapsedTime(start).TotalSeconds : first;
            }
            sending.Wait();
            if (options.Cancel)
            {
                ReleaseOneByOne(graph);
            }
            return new Measurement { Wanted = graph.Wanted.Count, First = first };
        });
    }

    /// <summary>Does nothing for a while.</summary>
    public static Measurement Idle(double seconds, ZeroClientOptions options) => Measure(options, _ =>
    {
        Thread.Sleep(TimeSpan.FromSeconds(seconds));
        return new Measurement();
    });

    /// <summary>Lets the results go.</summary>
    public void Release(RecordedGraph graph) => Send(batch => WriteRelease(batch, [.. graph.Wanted]));

    // As the futures of a program that ends go: a message for each.
    private void ReleaseOneByOne(RecordedGraph graph)
    {
        const int PerTransfer = 200;
        foreach (Key[] keys in graph.Wanted.Chunk(PerTransfer))
        {
            Send(batch =>
            {
                foreach (Key key in keys)
                {
                    WriteRelease(batch, [key]);
                }
            });
        }
    }

    private static void WriteRelease(MessageBatch batch, ReadOnlySpan<Key> keys)
    {
        MessageWriter w = batch.Add();
        w.Map(3);
        w.Field("op"u8, "client-releases-keys"u8);
        w.Text("keys"u8);
        w.List(keys.Length);
        foreach (Key key in keys)
        {
            w.Key(key);
        }
        w.Field("client"u8, "Client-zero-11f1-8c7a-6c2b59d2a5c0"u8);
        w.End();
    }

    private static Measurement Measure(ZeroClientOptions options, Func<long, Measurement> work)
    {
        using var pages = new SchedulerPages(options.Pages);
        double settled = ProcessTree.WaitUntilIdle(options.Watch, options.Settle);
        ProcessTree.ForgetPeak(options.Watch);
        _ = pages.TakeLongestTurn();
        (double cpuBefore, long memoryBefore, _) = ProcessTree.Measure(options.Watch);
        double ownBefore = ProcessTree.Cpu(Environment.ProcessId);
        long start = Stopwatch.GetTimestamp();
        Measurement measured = work(start);
        double wall = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double own = ProcessTree.Cpu(Environment.ProcessId) - ownBefore;
        if (options.Cancel)
        {
            _ = ProcessTree.WaitUntilIdle(options.Watch, options.Settle);
        }
        (double cpu, long memory, long peak) = ProcessTree.Measure(options.Watch);
        return measured with
        {
            Wall = wall,
            Cpu = cpu - cpuBefore,
            CpuBefore = cpuBefore,
            ClientCpu = own,
            Settled = settled,
            MemoryBefore = memoryBefore,
            MemoryPeak = peak,
            Memory = memory,
            LongestTurn = pages.TakeLongestTurn(),
            TasksLeft = options.Cancel ? pages.CountTasks() : null,
        };
    }

    private void ReadReports(HashSet<Key> missing)
    {
        using FrameGroup transfer = Read();
        var reader = new MessageReader(transfer);
        int messages = reader.ReadArrayHeader();
        for (int i = 0; i < messages; i++)
        {
            Handle(ref reader, missing);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();

    private static void Handle(ref MessageReader reader, HashSet<Key> missing)
    {
        string op = "";
        Key key = default;
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            ReadOnlySpan<byte> name = reader.ReadUtf8();
            if (name.SequenceEqual("op"u8))
            {
                op = reader.ReadString();
            }
            else if (name.SequenceEqual("key"u8) && reader.NextType != MessagePackType.Nil)
            {
                key = reader.ReadKey();
            }
            else
            {
                reader.Skip();
            }
        }
        if (op == "key-in-memory" ? !missing.Remove(key) : op is "task-erred" or "lost-data" or "cancelled-key" or "cancelled-keys")
        {
            throw new ProtocolException($"{op} {key}");
        }
    }

    private void Send(Action<MessageBatch> write)
    {
        var batch = new MessageBatch();
        write(batch);
        var output = new FrameBuffer();
        FrameWriter.Write(output, batch.Seal(), batch.Frames);
        SendAll(output.WrittenSpan);
    }

    private void SendAll(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[socket.Send(bytes)..];
        }
    }

    private FrameGroup Read()
    {
        while (true)
        {
            if (frames.TryRead(ref unread, out FrameGroup? group))
            {
                return group;
            }
            unread.CopyTo(buffer);
            int kept = (int)unread.Length;
            int received = socket.Receive(buffer.AsSpan(kept));
            if (received == 0)
            {
                throw new IOException("the scheduler ended the connection");
            }
            unread = new ReadOnlySequence<byte>(buffer, 0, kept + received);
        }
    }
}
