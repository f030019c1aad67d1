namespace Csds.Scheduler;

/// <summary>
/// Ids as Python's <c>uuid4</c> makes them, from a seed. Not the state's source of chance: what is drawn here must not
/// change where tasks run.
/// </summary>
internal sealed class RandomIds(int seed)
{
    private readonly Random random = new(seed);

    internal string Next()
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }
}
