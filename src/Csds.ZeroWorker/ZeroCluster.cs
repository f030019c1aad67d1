using System.Net.Sockets;
using Csds.Epoll;
using Csds.Protocol;

namespace Csds.ZeroWorker;

/// <summary>All workers of the process, on one thread: the time, the timers, and what is known of all tasks.</summary>
internal sealed class ZeroCluster : IDisposable
{
    /// <summary>Workers that may be in the middle of their registration: more than listeners' queues hold would wait for seconds.</summary>
    private const int Registering = 32;

    private readonly Poller poller = new();
    private readonly PriorityQueue<Action, double> timers = new();
    private readonly HashSet<ulong> finished = [];
    private readonly List<FakeWorker> workers = [];
    private readonly Random random;
    private readonly DataServer data;
    private readonly CommAddress scheduler;
    private readonly Action ready;
    private readonly RpcLink requests;
    private byte[]? finishedStimulus;
    private int started;
    private int alive;
    private bool over;

    /// <summary>Connects to the scheduler; <paramref name="ready"/> is called when all workers are registered.</summary>
    /// <exception cref="SocketException">The scheduler cannot be reached.</exception>
    internal ZeroCluster(ZeroWorkerOptions options, Action ready)
    {
        Options = options;
        this.ready = ready;
        random = new Random(options.Seed);
        scheduler = CommAddress.Parse(options.Scheduler);
        data = new DataServer(poller, Statistics);
        requests = new RpcLink(poller, Dial(), () => over = true);
        requests.Ask(WriteVersionsRequest, Begin);
    }

    /// <summary>How the workers behave.</summary>
    public ZeroWorkerOptions Options { get; }

    /// <summary>What has happened so far.</summary>
    public Statistics Statistics { get; } = new();

    /// <summary>The scheduler's dialect.</summary>
    public Dialect Dialect { get; private set; } = Dialect.Newest;

    /// <summary>The scheduler's own versions: workers say that theirs are the same.</summary>
    public Opaque Versions { get; private set; } = Opaque.Nil;

    /// <summary>Seconds since 1970, read once per round.</summary>
    public double Now { get; private set; } = Clock();

    /// <summary>The stimulus of reports in this round.</summary>
    public byte[] FinishedStimulus => finishedStimulus ??= WorkerWriter.Stimulus("task-finished", Now);

    /// <summary>Runs until told to stop, or until the scheduler is gone.</summary>
    public void Run(Func<bool> stopped)
    {
        while (!stopped() && !over)
        {
            poller.Wait(Timeout());
            Now = Clock();
            finishedStimulus = null;
            LoseWorkers();
            while (timers.TryPeek(out _, out double due) && due <= Now)
            {
                timers.Dequeue()();
            }
        }
    }

    /// <summary>Does something in <paramref name="seconds"/>.</summary>
    public void After(double seconds, Action action) => timers.Enqueue(action, Now + seconds);

    /// <summary>How long a task takes.</summary>
    public double DrawDuration() =>
        Options.Duration.Low + (random.NextDouble() * (Options.Duration.High - Options.Duration.Low));

    /// <summary>A task was finished.</summary>
    public void Finished(ulong key)
    {
        Statistics.Finished++;
        if (!finished.Add(key))
        {
            Statistics.FinishedAgain++;
        }
    }

    /// <summary>A task that runs needs a key, of which <paramref name="holders"/> are known.</summary>
    public void Used(ulong key, int holders)
    {
        if (holders == 0 || !finished.Contains(key))
        {
            Statistics.MissingInput++;
        }
    }

    /// <summary>The scheduler has answered a registration.</summary>
    /// <exception cref="ProtocolException">It has refused.</exception>
    public void Registered(FakeWorker worker, ref MessageReader answer)
    {
        double interval = 0.5;
        int entries = answer.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            switch (answer.ReadString())
            {
                case "status" when answer.ReadString() is var status and not "OK":
                    throw new ProtocolException($"the scheduler refused {worker.Address}: {status}");
                case "status":
                    break;
                case "heartbeat-interval":
                    interval = answer.ReadDouble();
                    break;
                default:
                    answer.Skip();
                    break;
            }
        }
        After(interval, () => Heartbeat(worker, interval));
        Statistics.Workers++;
        if (Statistics.Workers == Options.Workers)
        {
            ready();
        }
        StartNext();
    }

    /// <summary>A worker's comm is over.</summary>
    public void Lost(FakeWorker worker)
    {
        alive--;
        over |= alive == 0;
    }

    /// <inheritdoc/>
    public void Dispose() => poller.Dispose();

    private static double Clock() => (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalSeconds;

    private static void WriteVersionsRequest(MessageBatch request)
    {
        MessageWriter w = request.Single();
        w.Map(1);
        w.Field("op"u8, "versions"u8);
        w.End();
    }

    private Socket Dial()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(scheduler.Host, scheduler.Port);
        return socket;
    }

    private int Timeout()
    {
        const int LongestMilliseconds = 100; // How long a signal may go unnoticed.
        return timers.TryPeek(out _, out double due)
            ? (int)Math.Clamp(Math.Ceiling((due - Clock()) * 1000), 0, LongestMilliseconds)
            : LongestMilliseconds;
    }

    private void Begin(FrameGroup versions)
    {
        var reader = new MessageReader(versions);
        Versions = reader.Peek().ReadOpaque();
        Dialect = new Dialect(ReadVersion(ref reader));
        for (int i = 0; i < Registering; i++)
        {
            StartNext();
        }
    }

    private static DaskVersion ReadVersion(ref MessageReader reader)
    {
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (!reader.ReadUtf8().SequenceEqual("packages"u8))
            {
                reader.Skip();
                continue;
            }
            int packages = reader.ReadMapHeader();
            for (int k = 0; k < packages; k++)
            {
                if (reader.ReadUtf8().SequenceEqual("distributed"u8))
                {
                    string version = reader.ReadString();
                    return DaskVersion.TryParse(version) ?? throw new ProtocolException($"no version of distributed: '{version}'");
                }
                reader.Skip();
            }
        }
        throw new ProtocolException("the scheduler does not say which distributed it is");
    }

    private void LoseWorkers()
    {
        if (Statistics.Lost == 0 && Options.Lose > 0 && Statistics.Finished >= Options.LoseAt)
        {
            Statistics.Lost = Options.Lose;
            foreach (FakeWorker worker in workers.Take(Options.Lose))
            {
                worker.Close();
            }
        }
    }

    private void StartNext()
    {
        if (started < Options.Workers)
        {
            workers.Add(new FakeWorker(this, poller, Dial(), data.AddressOf(started)));
            started++;
            alive++;
        }
    }

    private void Heartbeat(FakeWorker worker, double interval)
    {
        if (worker.Closed)
        {
            return;
        }
        requests.Ask(
            request => WorkerWriter.Heartbeat(request, worker.Address, Now, 0, Dialect),
            answer =>
            {
                Statistics.Heartbeats++;
                double next = Interval(answer, interval);
                After(next, () => Heartbeat(worker, next));
            });
    }

    private static double Interval(FrameGroup answer, double before)
    {
        var reader = new MessageReader(answer);
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (reader.ReadUtf8().SequenceEqual("heartbeat-interval"u8))
            {
                return reader.ReadDouble();
            }
            reader.Skip();
        }
        return before;
    }
}
