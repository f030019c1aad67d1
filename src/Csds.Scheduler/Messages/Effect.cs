using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Something that the core wants done which is no message to a worker or client.</summary>
public abstract record Effect;

/// <summary>How loud a line of the log is.</summary>
public enum LogSeverity
{
    /// <summary>Python's DEBUG.</summary>
    Debug,

    /// <summary>Python's INFO.</summary>
    Info,

    /// <summary>Python's WARNING.</summary>
    Warning,

    /// <summary>Python's ERROR.</summary>
    Error,
}

/// <summary>A line for the log.</summary>
/// <param name="Severity">How loud.</param>
/// <param name="Text">What it says.</param>
/// <param name="Logger">Who says it: one of <see cref="LoggerNames"/>.</param>
public sealed record LogLine(LogSeverity Severity, string Text, string Logger) : Effect;

/// <summary>The stream with this number has to end, behind what was written to it.</summary>
public sealed record CloseStream(long Connection) : Effect;

/// <summary>The scheduler has to close: it was idle for too long.</summary>
public sealed record CloseScheduler(string Reason) : Effect;

/// <summary>Workers sent no heartbeat for too long; their nannies are to restart them.</summary>
public sealed record RestartWorkers(IReadOnlyList<WorkerState> Workers, byte[] StimulusId) : Effect;

/// <summary>What comes of the request with this number.</summary>
public abstract record Reply(long Request) : Effect;

/// <summary>A request is answered.</summary>
public sealed record Answer(long Request, Opaque Value) : Reply(Request);

/// <summary>A request fails.</summary>
public sealed record Refusal(long Request, PythonError Error) : Reply(Request);
