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
        return ReadAll(ref reader, static (ref MessageReader r) => r.ReadKey());
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

    /// <summary>The P2P shuffles by the number of their barrier; none if the column is missing.</summary>
    internal Dictionary<int, ShuffleSpec> Shuffles(int tasks)
    {
        var shuffles = new Dictionary<int, ShuffleSpec>();
        if (!frames.ContainsKey("shuffles"))
        {
            return shuffles;
        }
        var reader = new MessageReader(Frame("shuffles").ToArray());
        for (int count = reader.ReadArrayHeader(); count > 0; count--)
        {
            (int task, ShuffleSpec shuffle) = ReadShuffle(ref reader);
            if (task < 0 || task >= tasks || !shuffles.TryAdd(task, shuffle))
            {
                throw Broken("shuffles");
            }
        }
        return shuffles;
    }

    private static (int Task, ShuffleSpec Shuffle) ReadShuffle(ref MessageReader reader)
    {
        int task = -1, scale = 0;
        Key id = default;
        byte[] spec = [];
        Key[] partitions = [];
        int[] places = [];
        for (int entries = reader.ReadMapHeader(); entries > 0; entries--)
        {
            switch (reader.ReadString())
            {
                case "task": task = reader.ReadInt32(); break;
                case "id": id = reader.ReadKey(); break;
                case "spec": spec = reader.ReadBytes().ToArray(); break;
                case "partitions": partitions = ReadAll(ref reader, static (ref MessageReader r) => r.ReadKey()); break;
                case "places": places = ReadAll(ref reader, static (ref MessageReader r) => r.ReadInt32()); break;
                case "scale": scale = reader.ReadInt32(); break;
                default: reader.Skip(); break;
            }
        }
        bool complete = !id.IsNone && places.Length == partitions.Length && Array.TrueForAll(places, p => p >= 0 && p < scale);
        return complete
            ? (task, new ShuffleSpec { Id = id, Pickle = spec, Partitions = partitions, Places = places, Scale = scale })
            : throw Broken("shuffles");
    }

    private delegate T ReadOne<T>(ref MessageReader reader);

    private static T[] ReadAll<T>(ref MessageReader reader, ReadOne<T> readOne)
    {
        var all = new T[reader.ReadArrayHeader()];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = readOne(ref reader);
        }
        return all;
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
