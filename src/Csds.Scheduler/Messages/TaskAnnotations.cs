using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Scheduler;

/// <summary>Annotations, with the parts decoded that scheduling depends on (rows S36, S70).</summary>
public sealed class TaskAnnotations
{
    private TaskDetails? details;

    /// <summary>All annotations as a map, for the worker.</summary>
    public required Opaque Value { get; init; }

    /// <summary><c>workers</c>: names, addresses or hosts.</summary>
    public IReadOnlyList<Key>? Workers { get; init; }

    /// <summary><c>allow_other_workers</c>.</summary>
    public bool AllowOtherWorkers { get; init; }

    /// <summary><c>resources</c>.</summary>
    public ResourceRestrictions? Resources { get; init; }

    /// <summary><c>priority</c>.</summary>
    public double? Priority { get; init; }

    /// <summary><c>retries</c>.</summary>
    public int Retries { get; init; }

    /// <summary>What tasks have that have nothing else. On the reactor only.</summary>
    internal TaskDetails Details => details ??= new TaskDetails(this);

    /// <summary>Decodes a map of annotations; null if it is empty.</summary>
    /// <exception cref="ProtocolException">A value that scheduling depends on has the wrong type.</exception>
    public static TaskAnnotations? Decode(Opaque value)
    {
        IReadOnlyList<Key>? workers = null;
        ResourceRestrictions? resources = null;
        double? priority = null;
        bool others = false;
        int retries = 0;
        var reader = new MessageReader(value);
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            string name = reader.ReadString();
            if (reader.TryReadNil())
            {
                continue;
            }
            switch (name)
            {
                case "workers" or "restrictions": workers = ReadWorkers(ref reader); break;
                case "allow_other_workers" or "loose_restrictions": others = reader.ReadBoolean(); break;
                case "resources": resources = ResourceRestrictions.Read(ref reader); break;
                case "priority": priority = reader.ReadDouble(); break;
                case "retries": retries = reader.ReadInt32(); break;
                default: reader.Skip(); break;
            }
        }
        return entries == 0 ? null : new TaskAnnotations
        {
            Value = value,
            Workers = workers,
            AllowOtherWorkers = others,
            Resources = resources,
            Priority = priority,
            Retries = retries,
        };
    }

    /// <summary>Reads one worker, or a list, tuple or set of them.</summary>
    public static IReadOnlyList<Key> ReadWorkers(ref MessageReader reader) =>
        reader.NextType is MessagePackType.Array or MessagePackType.Map ? KeyFields.ReadKeys(ref reader) : [reader.ReadKey()];
}
