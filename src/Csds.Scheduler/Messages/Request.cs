using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Scheduler;

/// <summary>A request that the core serves itself: its number and the fields that such requests have.</summary>
internal sealed class Request
{
    private static readonly Key none = new(Tokens.Nil);

    private Request(long number) => Number = number;

    /// <summary>The host's number for it; the answer has the same.</summary>
    internal long Number { get; }

    /// <summary>Field <c>name</c>: a lock's, queue's, dataset's ...</summary>
    internal Key Name { get; private set; } = none;

    /// <summary>Field <c>names</c>: of several datasets; null without one.</summary>
    internal Key[]? Names { get; private set; }

    /// <summary>Field <c>id</c>, <c>lease_id</c> or <c>shuffle_id</c>: who acquires, or a shuffle.</summary>
    internal Key Id { get; private set; } = none;

    /// <summary>Field <c>lease_ids</c>.</summary>
    internal Key[] LeaseIds { get; private set; } = [];

    /// <summary>Field <c>timeout</c> in seconds; null: without end.</summary>
    internal double? Timeout { get; private set; }

    /// <summary>Field <c>max_leases</c>, as encoded.</summary>
    internal Key MaxLeases { get; private set; } = none;

    /// <summary>Field <c>lease_timeout</c> in seconds; null: never.</summary>
    internal double? LeaseTimeout { get; private set; }

    /// <summary>Whether there is a field <c>lease_timeout</c> (row V20).</summary>
    internal bool HasLeaseTimeout { get; private set; }

    /// <summary>Field <c>locks</c>.</summary>
    internal Key[] Locks { get; private set; } = [];

    /// <summary>Field <c>num_locks</c>.</summary>
    internal int NumLocks { get; private set; }

    /// <summary>Field <c>maxsize</c>; 0: no bound.</summary>
    internal int MaxSize { get; private set; }

    /// <summary>Field <c>key</c>; none if it is missing or None.</summary>
    internal Key Key { get; private set; }

    /// <summary>Field <c>keys</c>: lists of keys, or lists of such lists.</summary>
    internal Opaque Keys { get; private set; } = Opaque.Nil;

    /// <summary>Field <c>data</c>.</summary>
    internal Opaque Data { get; private set; } = Opaque.Nil;

    /// <summary>Field <c>batch</c>, where it is True: all that is there.</summary>
    internal bool BatchAll { get; private set; }

    /// <summary>Field <c>batch</c>, where it is a number.</summary>
    internal int BatchSize { get; private set; }

    /// <summary>Field <c>client</c>.</summary>
    internal string Client { get; private set; } = "";

    /// <summary>Field <c>override</c>.</summary>
    internal bool Override { get; private set; }

    /// <summary>Field <c>uid</c> of a flush; none without one.</summary>
    internal Key Uid { get; private set; }

    /// <summary>Field <c>value</c>.</summary>
    internal Opaque Value { get; private set; } = Opaque.Nil;

    /// <summary>Field <c>default</c>; null without one.</summary>
    internal Opaque? Default { get; private set; }

    /// <summary>Field <c>worker</c>: an address, or restrictions by key.</summary>
    internal Opaque Worker { get; private set; } = Opaque.Nil;

    /// <summary>Field <c>run_id</c>: of a shuffle; -1 without one.</summary>
    internal long RunId { get; private set; } = -1;

    /// <summary>Field <c>schema</c>: of a shuffle's data.</summary>
    internal Opaque Schema { get; private set; } = Opaque.Nil;

    /// <summary>Field <c>column</c>: that a shuffle goes by.</summary>
    internal Opaque Column { get; private set; } = Opaque.Nil;

    /// <summary>Field <c>npartitions</c>: of a shuffle's output; null without one.</summary>
    internal long? NPartitions { get; private set; }

    /// <summary>Field <c>measure</c>: of memory.</summary>
    internal string Measure { get; private set; } = "";

    /// <summary>Field <c>interval</c> in seconds.</summary>
    internal double Interval { get; private set; }

    /// <summary>Field <c>method</c>.</summary>
    internal string Method { get; private set; } = "";

    /// <summary>Field <c>resources</c>; null without any.</summary>
    internal ResourceRestrictions? Resources { get; private set; }

    /// <summary>Field <c>target_duration</c> in seconds; null without one.</summary>
    internal double? TargetDuration { get; private set; }

    /// <summary>Field <c>stimulus_id</c>, as encoded; null without one.</summary>
    internal byte[]? StimulusId { get; private set; }

    /// <summary>Reads the request from its map on.</summary>
    internal static Request Read(long number, ref MessageReader m)
    {
        var request = new Request(number);
        int entries = m.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            request.ReadField(m.ReadString(), ref m);
        }
        return request;
    }

    private void ReadField(string field, ref MessageReader m)
    {
        switch (field)
        {
            case "name": Name = new Key(m.ReadToken().ToArray()); break; // Refused as a whole if it is none.
            case "names": Names = KeyFields.ReadKeys(ref m); break;
            case "id" or "lease_id" or "shuffle_id": Id = m.ReadKey(); break;
            case "lease_ids": LeaseIds = KeyFields.ReadKeys(ref m); break;
            case "timeout": Timeout = ReadSeconds(ref m); break;
            case "max_leases": MaxLeases = m.ReadKey(); break;
            case "lease_timeout":
                LeaseTimeout = ReadSeconds(ref m);
                HasLeaseTimeout = true;
                break;
            case "locks": Locks = KeyFields.ReadKeys(ref m); break;
            case "num_locks": NumLocks = m.ReadInt32(); break;
            case "maxsize": MaxSize = m.TryReadNil() ? 0 : m.ReadInt32(); break;
            case "key": Key = m.TryReadNil() ? default : m.ReadKey(); break;
            case "keys": Keys = m.ReadOpaque(); break;
            case "data": Data = m.ReadOpaque(); break;
            case "batch" when m.NextType == MessagePackType.Integer: BatchSize = m.ReadInt32(); break;
            case "batch": BatchAll = m.ReadBoolean(); break;
            case "client": Client = m.ReadStringOrNull() ?? ""; break;
            case "override": Override = m.ReadBoolean(); break;
            case "uid": Uid = m.ReadKey(); break;
            case "value": Value = m.ReadOpaque(); break;
            case "default": Default = m.ReadOpaque(); break;
            case "worker": Worker = m.ReadOpaque(); break;
            case "run_id": RunId = m.ReadInt64(); break;
            case "schema": Schema = m.ReadOpaque(); break;
            case "column": Column = m.ReadOpaque(); break;
            case "npartitions": NPartitions = m.TryReadNil() ? null : m.ReadInt64(); break;
            case "measure": Measure = m.ReadString(); break;
            case "interval": Interval = ReadSeconds(ref m) ?? 0; break;
            case "method": Method = m.ReadString(); break;
            case "resources": Resources = m.TryReadNil() ? null : ResourceRestrictions.Read(ref m); break;
            case "target_duration": TargetDuration = ReadSeconds(ref m); break;
            case "stimulus_id": StimulusId = m.TryReadNil() ? null : m.ReadToken().ToArray(); break;
            default: m.Skip(); break;
        }
    }

    // A number, or text as users write it (Variable.set); a timedelta comes pickled there, and means no end.
    private static double? ReadSeconds(ref MessageReader m)
    {
        switch (m.NextType)
        {
            case MessagePackType.Integer or MessagePackType.Float:
                double seconds = m.ReadDouble();
                return double.IsNaN(seconds) ? throw new ProtocolException("a duration is not a number") : seconds;
            case MessagePackType.String:
                string text = m.ReadString();
                return TimeDelta.Parse(text) ?? throw new ProtocolException($"'{text}' is no duration");
            default:
                m.Skip();
                return null;
        }
    }
}
