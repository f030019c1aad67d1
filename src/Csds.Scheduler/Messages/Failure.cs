using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Why a task failed: pickles for clients, texts for people.</summary>
/// <param name="Exception">The exception as clients get it.</param>
/// <param name="Traceback">The traceback as clients get it.</param>
/// <param name="ExceptionText">The exception's <c>repr</c>.</param>
/// <param name="TracebackText">The formatted traceback.</param>
public sealed record Failure(Opaque? Exception, Opaque? Traceback, string? ExceptionText, string? TracebackText);
