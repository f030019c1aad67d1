namespace Csds.Fuzz;

/// <summary>Changes inputs at random, in ways that hurt: interesting bytes, pieces of other inputs, msgpack headers.</summary>
internal sealed class Mutator(Random random, IReadOnlyList<byte[]> corpus)
{
    private static readonly byte[] interesting =
        [0, 1, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x91, 0x9f, 0xa0, 0xa1, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc7, 0xcb, 0xcc, 0xcf, 0xd3, 0xd4,
         0xd9, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xff];

    /// <summary>An input with some changes.</summary>
    internal byte[] Mutate(byte[] input)
    {
        var bytes = new List<byte>(input);
        for (int changes = 1 + random.Next(6); changes > 0; changes--)
        {
            Change(bytes);
        }
        return [.. bytes];
    }

    private void Change(List<byte> bytes)
    {
        int at = random.Next(bytes.Count + 1);
        int length = Math.Min(1 + random.Next(1 << random.Next(8)), bytes.Count - at);
        switch (random.Next(8))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = Interesting();
                break;
            case 2:
                bytes.Insert(at, Interesting());
                break;
            case 3:
                bytes.RemoveRange(at, length);
                break;
            case 4 when random.Next(4) == 0:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 5:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
            case 6:
                byte[] other = corpus[random.Next(corpus.Count)];
                int start = random.Next(other.Length + 1);
                bytes.InsertRange(at, other.AsSpan(start, Math.Min(random.Next(64), other.Length - start)).ToArray());
                break;
            case 7 when at + 8 <= bytes.Count:
                // A length, or a count.
                BitConverter.TryWriteBytes(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes)[at..], Number());
                break;
        }
    }

    private byte Interesting() => interesting[random.Next(interesting.Length)];

    private ulong Number() => random.Next(4) switch
    {
        0 => (ulong)random.Next(64),
        1 => 1UL << random.Next(64),
        2 => (1UL << random.Next(64)) - 1,
        _ => (ulong)random.NextInt64(),
    };
}
