using Nerdbank.MessagePack;

namespace Csds.Protocol;

/// <summary>The decoder settings that every read of a peer's bytes uses.</summary>
internal static class Contexts
{
    /// <summary>Bounds nesting, so that a hostile message cannot exhaust the stack.</summary>
    internal static SerializationContext Bounded { get; } = new() { MaxDepth = TokenScan.MaxDepth };
}
