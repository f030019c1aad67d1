using Csds.Protocol;
using Csds.Simulator.Wire;

namespace Csds.Fuzz;

/// <summary>The frames that placeholders in fuzzed messages can refer to.</summary>
internal static class Frames
{
    private static readonly ReadOnlyMemory<byte>[] all = Make();

    /// <summary>A message of a msgpack frame and these.</summary>
    internal static FrameGroup Behind(ReadOnlySpan<byte> token) => new([token.ToArray(), .. all]);

    // Two values whose pickle lies in a frame of its own, two whose pickle lies in the header.
    private static ReadOnlyMemory<byte>[] Make()
    {
        ReadOnlyMemory<byte>[] apart = Payload.Serialized("pickle"u8.ToArray()).Frames;
        return [.. apart, .. apart, Payload.PickledFrame("pickle"u8), Payload.PickledFrame("pickle"u8)];
    }
}
