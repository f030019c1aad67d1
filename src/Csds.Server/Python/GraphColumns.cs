using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>
/// The columns of the answer <c>structure</c>: one frame each, found by name. Numbers are checked, since user code runs
/// in the process that sent them.
/// </summary>
internal sealed class GraphColumns
{
    private readonly HelperAnswer answer;
    private readonly Dictionary<string, int> frames = [];

    internal GraphColumns(HelperAnswer answer)
    {
        this.answer = answer;
        MessageReader header = answer.Header;
        int entries = header.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (header.ReadString() != "columns")
            {
                header.Skip();
                continue;
            }
            int columns = header.ReadMapHeader();
            for (int k = 0; k < columns; k++)
            {
                string name = header.ReadString();
                frames[name] = header.ReadInt32();
            }
        }
    }

    /// <summary>A list of keys.</summary>
    internal Key[] Keys(string name)
    {
        var reader = new MessageReader(Frame(name).ToArray());
        var keys = new Key[reader.ReadArrayHeader()];
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i] = reader.ReadKey();
        }
        return keys;
    }

    /// <summary>Numbers below <paramref name="limit"/>.</summary>
    internal int[] Numbers(string name, int limit)
    {
        ReadOnlySpan<byte> bytes = Frame(name).Span;
        int[] numbers = new int[bytes.Length / sizeof(uint)];
        for (int i = 0; i < numbers.Length; i++)
        {
            uint number = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(i * sizeof(uint))..]);
            numbers[i] = number < (uint)limit ? (int)number : throw Broken(name);
        }
        return numbers;
    }

    /// <summary>Where each task's part of another column begins, from the lengths of the parts.</summary>
    internal int[] Offsets(string name, int tasks, int total)
    {
        int[] counts = Numbers(name, int.MaxValue);
        int[] offsets = new int[tasks + 1];
        long sum = 0;
        for (int i = 0; i < counts.Length && i < tasks; i++)
        {
            sum += counts[i];
            offsets[i + 1] = (int)Math.Min(sum, total);
        }
        return counts.Length == tasks && sum == total ? offsets : throw Broken(name);
    }

    /// <summary>Properties of the tasks; empty if none has any.</summary>
    internal GraphTaskFlags[] Flags(string name, int tasks)
    {
        ReadOnlySpan<byte> bytes = Frame(name).Span;
        if (bytes.Length != tasks)
        {
            throw Broken(name);
        }
        return bytes.ContainsAnyExcept((byte)0) ? MemoryMarshal.Cast<byte, GraphTaskFlags>(bytes).ToArray() : [];
    }

    /// <summary>Annotations of the tasks; empty if none has any.</summary>
    internal TaskAnnotations?[] Annotations(int tasks)
    {
        if (!frames.ContainsKey("annotation_sets"))
        {
            return [];
        }
        var reader = new MessageReader(Frame("annotation_sets").ToArray());
        var sets = new TaskAnnotations[reader.ReadArrayHeader()];
        for (int i = 0; i < sets.Length; i++)
        {
            sets[i] = ReadSet(ref reader);
        }
        int[] index = Numbers("annotation_index", sets.Length + 1);
        return index.Length == tasks
            ? Array.ConvertAll(index, number => number == 0 ? null : sets[number - 1])
            : throw Broken("annotation_index");
    }

    private static TaskAnnotations ReadSet(ref MessageReader reader)
    {
        Opaque value = Opaque.Nil;
        IReadOnlyList<Key>? workers = null;
        ResourceRestrictions? resources = null;
        double? priority = null;
        bool others = false;
        int retries = 0;
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            switch (reader.ReadString())
            {
                case "frames": value = ReadFrames(ref reader); break;
                case "workers": workers = TaskAnnotations.ReadWorkers(ref reader); break;
                case "allow_other_workers": others = reader.ReadBoolean(); break;
                case "resources": resources = ResourceRestrictions.Read(ref reader); break;
                case "priority": priority = reader.ReadDouble(); break;
                case "retries": retries = reader.ReadInt32(); break;
                default: reader.Skip(); break;
            }
        }
        return new TaskAnnotations
        {
            Value = value,
            Workers = workers,
            AllowOtherWorkers = others,
            Resources = resources,
            Priority = priority,
            Retries = retries,
        };
    }

    private static Opaque ReadFrames(ref MessageReader reader)
    {
        var all = new ReadOnlyMemory<byte>[reader.ReadArrayHeader()];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = reader.ReadBytes();
        }
        return all.Length > 0 ? new Opaque(all[0], all[1..]) : throw Broken("annotation_sets");
    }

    private ReadOnlyMemory<byte> Frame(string name) =>
        frames.TryGetValue(name, out int number) ? answer.Frame(number) : throw Broken(name);

    private static ProtocolException Broken(string column) => new($"the helper's answer has a broken column: {column}");
}
