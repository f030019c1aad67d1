using System.Runtime.InteropServices;

namespace Csds.Protocol;

/// <summary>
/// Memory for one large message, which the process keeps: pages that are touched for the first time were 6 % of what a graph of ten
/// thousand tasks cost.
/// </summary>
public static unsafe class SpareFrame
{
    /// <summary>Its size: enough for the msgpack of a graph of ten thousand tasks.</summary>
    internal const int Bytes = 6 * 1024 * 1024;

    private static nint spare;

    /// <summary>Takes it from the system before the first message needs it; takes some milliseconds.</summary>
    public static void Touch()
    {
        void* start = NativeMemory.Alloc(Bytes);
        NativeMemory.Clear(start, Bytes);
        if (!TryGive(start))
        {
            NativeMemory.Free(start);
        }
    }

    /// <summary>The memory, which belongs to the caller then; null while another has it.</summary>
    internal static byte* TryTake() => (byte*)Interlocked.Exchange(ref spare, 0);

    /// <summary>Takes memory of <see cref="Bytes"/> back, unless there is other by now.</summary>
    internal static bool TryGive(void* start) => Interlocked.CompareExchange(ref spare, (nint)start, 0) == 0;
}
