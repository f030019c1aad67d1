using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>What a worker measures of itself and sends with each heartbeat; the parts that decisions need are decoded.</summary>
/// <param name="Token">All of it, as encoded.</param>
/// <param name="Memory">Resident bytes of its process.</param>
/// <param name="SpilledMemory">Bytes, as in memory, of results that lie on disk.</param>
/// <param name="SpilledDisk">Bytes, as on disk, of these results.</param>
/// <param name="Bandwidth">Measured bytes per second between workers.</param>
/// <param name="Cpu">Percent of one core.</param>
/// <param name="Digests">What it has measured of its work since the last heartbeat (row V31).</param>
public sealed record WorkerMetrics(
    byte[] Token, long Memory, long SpilledMemory, long SpilledDisk, double Bandwidth, double Cpu,
    IReadOnlyList<(Key Name, double Value)> Digests)
{
    /// <summary>Before the first heartbeat.</summary>
    public static WorkerMetrics None { get; } = new([0x80], 0, 0, 0, 0, 0, []);

    /// <summary>Reads the <c>metrics</c> map of a heartbeat or registration.</summary>
    public static WorkerMetrics Read(ref MessageReader reader)
    {
        byte[] token = reader.Peek().ReadToken().ToArray();
        long memory = 0, spilledMemory = 0, spilledDisk = 0;
        double bandwidth = 0, cpu = 0;
        (Key Name, double Value)[] digests = [];
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            ReadOnlySpan<byte> name = reader.ReadToken();
            if (IsText(name, "memory"u8))
            {
                memory = reader.ReadInt64();
            }
            else if (IsText(name, "cpu"u8))
            {
                cpu = reader.TryReadNil() ? 0 : reader.ReadDouble();
            }
            else if (IsText(name, "spilled_bytes"u8))
            {
                ReadSpilled(ref reader, ref spilledMemory, ref spilledDisk);
            }
            else if (IsText(name, "bandwidth"u8))
            {
                bandwidth = ReadBandwidth(ref reader);
            }
            else if (IsText(name, "digests_total_since_heartbeat"u8))
            {
                digests = ReadDigests(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
        return new WorkerMetrics(token, memory, spilledMemory, spilledDisk, bandwidth, cpu, digests);
    }

    private static (Key Name, double Value)[] ReadDigests(ref MessageReader reader)
    {
        var digests = new (Key Name, double Value)[reader.ReadMapHeader()];
        for (int i = 0; i < digests.Length; i++)
        {
            digests[i] = (reader.ReadKey(), reader.ReadDouble());
        }
        return digests;
    }

    private static void ReadSpilled(ref MessageReader reader, ref long memory, ref long disk)
    {
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            ReadOnlySpan<byte> name = reader.ReadToken();
            if (IsText(name, "memory"u8))
            {
                memory = reader.ReadInt64();
            }
            else if (IsText(name, "disk"u8))
            {
                disk = reader.ReadInt64();
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static double ReadBandwidth(ref MessageReader reader)
    {
        double total = 0;
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (IsText(reader.ReadToken(), "total"u8))
            {
                total = reader.ReadDouble();
            }
            else
            {
                reader.Skip();
            }
        }
        return total;
    }

    // Metric names may be tuples as well, so they are read as tokens. All names looked for are shorter than 32 bytes.
    private static bool IsText(ReadOnlySpan<byte> token, ReadOnlySpan<byte> text) =>
        token.Length == text.Length + 1 && token[0] == (0xa0 | text.Length) && token[1..].SequenceEqual(text);
}
