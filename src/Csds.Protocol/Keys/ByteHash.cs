using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Csds.Protocol;

/// <summary>
/// Hashes what things are looked up by, six times per task: a CRC, for which processors have an instruction. XxHash3 takes some seven
/// times as many instructions for keys of usual length.
/// </summary>
public static class ByteHash
{
    /// <summary>The hash of some bytes, the same in each process.</summary>
    public static int Of(ReadOnlySpan<byte> bytes)
    {
        uint hash = (uint)bytes.Length;
        if (bytes.Length < sizeof(ulong))
        {
            foreach (byte b in bytes)
            {
                hash = BitOperations.Crc32C(hash, b);
            }
            return (int)hash;
        }
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            hash = BitOperations.Crc32C(hash, word);
        }
        // The last eight are read once more, in part, instead of one by one.
        return (int)BitOperations.Crc32C(hash, BinaryPrimitives.ReadUInt64LittleEndian(bytes[^sizeof(ulong)..]));
    }
}
