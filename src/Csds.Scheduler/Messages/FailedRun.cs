namespace Csds.Scheduler;

/// <summary>Where and when a task ran that has failed. A view over the received frame.</summary>
/// <param name="thread">Ident of the thread, as a token.</param>
/// <param name="startStops">List of <c>{action, start, stop}</c>, as a token.</param>
internal readonly ref struct FailedRun(ReadOnlySpan<byte> thread, ReadOnlyMemory<byte> startStops)
{
    internal ReadOnlySpan<byte> Thread { get; } = thread;

    internal ReadOnlyMemory<byte> StartStops { get; } = startStops;
}
