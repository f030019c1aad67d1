namespace Csds.Protocol;

/// <summary>What one message may announce before its sender is refused.</summary>
/// <param name="MaxFrames">Largest number of frames in a message.</param>
/// <param name="MaxBytes">Largest sum of the frames' sizes, in bytes.</param>
public sealed record FrameLimits(int MaxFrames, long MaxBytes)
{
    /// <summary>
    /// 16 Mi frames and 1 TiB: far beyond what Dask sends, far below what overflows. Memory follows the bytes that
    /// arrive, never the bytes that are announced, so these need not be tight.
    /// </summary>
    public static FrameLimits Default { get; } = new(1 << 24, 1L << 40);
}
