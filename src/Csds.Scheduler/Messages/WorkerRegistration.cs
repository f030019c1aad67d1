using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>The message <c>register-worker</c> (row W45), kept for as long as the worker is there.</summary>
public sealed class WorkerRegistration
{
    /// <summary>Contact address, normalised.</summary>
    public required string Address { get; init; }

    /// <summary>Name: any hashable value; the address if none was given.</summary>
    public required Key Name { get; init; }

    /// <summary>Threads that run tasks.</summary>
    public int NThreads { get; init; } = 1;

    /// <summary>Bytes; 0: no limit.</summary>
    public long MemoryLimit { get; init; }

    /// <summary>Status at registration.</summary>
    public WorkerStatus Status { get; init; } = WorkerStatus.Running;

    /// <summary>The worker process's own id.</summary>
    public string ServerId { get; init; } = "";

    /// <summary>Directory for temporary files, on the worker's machine.</summary>
    public string LocalDirectory { get; init; } = "";

    /// <summary>Process id.</summary>
    public long Pid { get; init; }

    /// <summary>Address of its nanny; null without one.</summary>
    public string? Nanny { get; init; }

    /// <summary>The worker's clock, in seconds since 1970.</summary>
    public double Now { get; init; }

    /// <summary>Map of services and ports.</summary>
    public Opaque Services { get; init; } = EmptyMap;

    /// <summary>Packages and their versions.</summary>
    public Opaque Versions { get; init; } = EmptyMap;

    /// <summary>Further entries for <c>identity</c>.</summary>
    public Opaque Extra { get; init; } = EmptyMap;

    /// <summary>Resources by name.</summary>
    public ResourceRestrictions? Resources { get; init; }

    /// <summary>Metrics at registration.</summary>
    public WorkerMetrics Metrics { get; init; } = WorkerMetrics.None;

    /// <summary>Numbers of keys that a worker of 2022 already holds; more than none is refused.</summary>
    public int KeyCount { get; init; }

    /// <summary>The stimulus, as encoded.</summary>
    public byte[] StimulusId { get; init; } = Tokens.String("");

    private static Opaque EmptyMap { get; } = new(new byte[] { 0x80 });

    /// <summary>Reads the message from its map on.</summary>
    public static WorkerRegistration Read(ref MessageReader reader)
    {
        string? address = null, status = null, serverId = null, directory = null, nanny = null;
        Key name = default;
        int nthreads = 1, keys = 0;
        long memoryLimit = 0, pid = 0;
        double now = 0;
        Opaque services = EmptyMap, versions = EmptyMap, extra = EmptyMap;
        ResourceRestrictions? resources = null;
        WorkerMetrics metrics = WorkerMetrics.None;
        byte[] stimulus = Tokens.String("");
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            switch (reader.ReadString())
            {
                case "address": address = reader.ReadString(); break;
                case "status": status = reader.ReadString(); break;
                case "server_id": serverId = reader.ReadString(); break;
                case "name": name = reader.ReadKey(); break;
                case "nthreads": nthreads = reader.ReadInt32(); break;
                case "memory_limit": memoryLimit = reader.TryReadNil() ? 0 : reader.ReadInt64(); break;
                case "pid": pid = reader.ReadInt64(); break;
                case "local_directory": directory = reader.ReadString(); break;
                case "nanny": nanny = ReadNanny(ref reader); break;
                case "now": now = reader.ReadDouble(); break;
                case "services": services = reader.ReadOpaque(); break;
                case "versions": versions = reader.ReadOpaque(); break;
                case "extra": extra = reader.ReadOpaque(); break;
                case "resources": resources = reader.TryReadNil() ? null : ResourceRestrictions.Read(ref reader); break;
                case "metrics": metrics = WorkerMetrics.Read(ref reader); break;
                case "keys": keys = CountItems(ref reader); break;
                case "stimulus_id": stimulus = reader.ReadToken().ToArray(); break;
                default: reader.Skip(); break;
            }
        }
        if (address is null)
        {
            throw new ProtocolException("register-worker lacks an address");
        }
        bool nameless = name.IsNone || name.Token is [0xc0];
        return new WorkerRegistration
        {
            Address = address,
            Name = nameless ? Key.FromString(address) : name,
            Status = WorkerStatuses.Parse(status ?? "running") ?? WorkerStatus.Undefined,
            ServerId = serverId ?? "",
            NThreads = nthreads,
            MemoryLimit = memoryLimit,
            Pid = pid,
            LocalDirectory = directory ?? "",
            Nanny = string.IsNullOrEmpty(nanny) ? null : nanny,
            Now = now,
            Services = services,
            Versions = versions,
            Extra = extra,
            Resources = resources,
            Metrics = metrics,
            KeyCount = keys,
            StimulusId = stimulus,
        };
    }

    private static int CountItems(ref MessageReader reader)
    {
        int count = reader.Peek().ReadSequenceHeader();
        reader.Skip();
        return count;
    }

    // A worker that was started without one may say so with False.
    private static string? ReadNanny(ref MessageReader reader)
    {
        if (reader.NextType == Nerdbank.MessagePack.MessagePackType.Boolean)
        {
            reader.Skip();
            return null;
        }
        return reader.ReadStringOrNull();
    }
}
