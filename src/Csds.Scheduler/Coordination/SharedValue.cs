using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>What queues and variables hold: the key of a future, or data.</summary>
/// <param name="Key">The future's key; none for data.</param>
/// <param name="Data">The data.</param>
internal readonly record struct SharedValue(Key Key, Opaque? Data)
{
    internal static SharedValue Of(Request r) => new(r.Key, r.Key.IsNone ? r.Data : null);

    /// <summary>Writes it as clients expect it; of a future also how its task stands.</summary>
    /// <param name="w">Where to.</param>
    /// <param name="s">The state.</param>
    /// <param name="token">What the client confirms the future with; null: nothing.</param>
    internal void Write(ref MessageWriter w, SchedulerState s, string? token)
    {
        if (Key.IsNone)
        {
            w.Map(2);
            w.Field("type"u8, "msgpack"u8);
            w.Field("value"u8, Data);
            return;
        }
        TaskState? ts = s.Tasks.Find(Key);
        bool erred = ts?.State == TaskStateName.Erred;
        w.Map(3 + (token is null ? 0 : 1) + (erred ? 2 : 0));
        w.Field("type"u8, "Future"u8);
        w.FieldToken("value"u8, Key.Token);
        w.Field("state"u8, ts?.State.ToText() ?? "lost");
        if (token is not null)
        {
            w.Field("token"u8, token);
        }
        if (erred)
        {
            TaskDetails? failing = ts!.ExceptionBlame?.Details;
            w.Field("exception"u8, failing?.Exception);
            w.Field("traceback"u8, failing?.Traceback);
        }
    }
}
