namespace Csds.Server;

/// <summary>What a helper is asked.</summary>
/// <param name="Op">What to do.</param>
/// <param name="Doing">The same for messages about the helper's end: "expanding the graph".</param>
/// <param name="Timeout">How long it may take.</param>
/// <param name="Body">The frames after the header.</param>
internal sealed record HelperRequest(string Op, string Doing, TimeSpan Timeout, params ReadOnlyMemory<byte>[] Body);
