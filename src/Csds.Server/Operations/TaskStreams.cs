using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>What ran where and when (row R38): <c>get_task_stream</c>, and the cursor that it can begin at.</summary>
public sealed class TaskStreams(Reactor reactor)
{
    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("get_task_stream", GetAsync);
        table.Add("get_task_stream_index", IndexAsync);
    }

    private async Task GetAsync(RpcCall call)
    {
        var arguments = new Arguments(call);
        int? count = arguments.Int("count");
        int? index = arguments.Int("start_index");
        IReadOnlyList<Opaque> runs = await reactor.AskAsync((s, now) =>
        {
            s.TaskStream.Watch();
            return index is { } since
                ? s.TaskStream.CollectSince(since)
                : s.TaskStream.Collect(Time(arguments, "start", now), Time(arguments, "stop", now), count);
        }).ConfigureAwait(false);
        MessageWriter w = call.Reply.Single();
        w.List(runs.Count);
        foreach (Opaque run in runs)
        {
            w.Value(run);
        }
        w.End();
    }

    private Task IndexAsync(RpcCall call) => reactor.TellAsync((s, _) =>
    {
        s.TaskStream.Watch();
        MessageWriter w = call.Reply.Single();
        w.Int(s.TaskStream.Index);
        w.End();
    });

    // A number is a time, text says how long ago.
    private static double? Time(Arguments arguments, string name, double now)
    {
        if (arguments.Find(name) is not { } value)
        {
            return null;
        }
        var reader = new MessageReader(value);
        if (reader.NextType != Nerdbank.MessagePack.MessagePackType.String)
        {
            return reader.ReadDouble();
        }
        string text = reader.ReadString();
        double ago = TimeDelta.Parse(text)
            ?? throw new DaskException("builtins", "KeyError", $"Invalid time unit: {text}");
        return now - ago;
    }
}
