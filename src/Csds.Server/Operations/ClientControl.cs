using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>What a client may tell the scheduler about its tasks, and about its own life (rows R10, R11, R14, R24, R27).</summary>
public sealed class ClientControl(Reactor reactor, Action<string> close)
{
    private static readonly TimeSpan answerFirst = TimeSpan.FromMilliseconds(20);

    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("cancel", CancelAsync);
        table.Add("retry", RetryAsync);
        table.Add("terminate", TerminateAsync);
        table.Add("log_event", LogEventAsync);
        table.Add("events", EventsAsync);
        table.Add("update_data", UpdateDataAsync);
    }

    // 2022's form: a key that is not there yet is waited for, a second at most.
    private async Task CancelAsync(RpcCall call)
    {
        var arguments = new Arguments(call);
        IReadOnlyList<Key> keys = arguments.Keys("keys") ?? [];
        string client = arguments.Text("client") ?? "";
        bool force = arguments.Bool("force", otherwise: false);
        for (int attempt = 0; attempt < 10; attempt++)
        {
            bool known = await reactor.AskAsync((s, _) => keys.All(k => s.Tasks.Find(k) is { WhoWants.IsEmpty: false })).ConfigureAwait(false);
            if (known)
            {
                break;
            }
            await Task.Delay(100).ConfigureAwait(false);
        }
        await reactor.TellAsync((s, now) => s.Cancel(keys, client, force, null, null, now)).ConfigureAwait(false);
    }

    // A client takes the keys of the answer for pending, even if its stream has told it by then that they failed again.
    // Dask's streams wait for some milliseconds, so that the answer comes first there.
    private async Task RetryAsync(RpcCall call)
    {
        var arguments = new Arguments(call);
        IReadOnlyList<Key> keys = arguments.Keys("keys") ?? [];
        IReadOnlyCollection<Key> touched = await reactor.AskAsync((s, _) => s.KeysToRetry(keys)).ConfigureAwait(false);
        MessageWriter w = call.Reply.Single();
        w.List(touched.Count);
        foreach (Key key in touched)
        {
            w.Key(key);
        }
        w.End();
        call.AnswerNow();
        await Task.Delay(answerFirst).ConfigureAwait(false);
        await reactor.TellAsync((s, now) => s.Retry(keys, arguments.Text("client"), now)).ConfigureAwait(false);
    }

    private Task TerminateAsync(RpcCall call)
    {
        call.CloseAfterwards = true;
        _ = Task.Run(() => close("terminate"));
        return Task.CompletedTask;
    }

    private Task LogEventAsync(RpcCall call)
    {
        MessageReader reader = call.Read();
        EventMessage message = EventMessage.Read(ref reader);
        return reactor.TellAsync((s, _) => message.Publish(s, null));
    }

    private Task EventsAsync(RpcCall call)
    {
        string? topic = new Arguments(call).Text("topic");
        return reactor.TellAsync((s, _) =>
        {
            MessageWriter w = call.Reply.Single();
            if (topic is not null)
            {
                WriteEvents(ref w, s, topic);
            }
            else
            {
                string[] names = [.. s.Topics.Names];
                w.Map(names.Length);
                foreach (string name in names)
                {
                    w.Text(name);
                    WriteEvents(ref w, s, name);
                }
            }
            w.End();
        });
    }

    private Task UpdateDataAsync(RpcCall call)
    {
        MessageReader reader = call.Read();
        UpdateData data = UpdateData.Read(ref reader);
        return reactor.TellAsync((s, now) => s.UpdateData(data, now));
    }

    private static void WriteEvents(ref MessageWriter w, SchedulerState s, string topic)
    {
        IReadOnlyCollection<(double Timestamp, Opaque Message)> events = s.Topics.Events(topic);
        w.List(events.Count);
        foreach ((double timestamp, Opaque message) in events)
        {
            w.List(2);
            w.Float(timestamp);
            w.Value(message);
        }
    }
}
