using System.Text;
using Csds.Protocol;

namespace Csds.Scheduler.Tests.Worlds;

/// <summary>When two histories have led to the same state.</summary>
internal sealed partial class SmallWorld
{
    /// <summary>Everything that the future depends on, as text; run numbers count from the newest.</summary>
    internal string Signature()
    {
        var text = new StringBuilder();
        foreach (Key key in Keys)
        {
            TaskState? ts = State.Tasks.Find(key);
            text.Append(ts is null ? '-' : (char)('0' + (int)ts.State));
            if (ts is not null)
            {
                Describe(text, ts);
            }
            text.Append(';');
        }
        foreach (WorkerState ws in workers)
        {
            text.Append(ws.Name).Append((int)ws.Status);
            text.Append(retirements.Find(r => r.Workers.Contains(ws)) is { } r ? r.IsDone(ws) ? 'd' : 'r' : '-');
            text.AppendJoin(' ', ws.Processing.Select(t => t.LongRunning ? "*" + t.Key : t.Key.ToString())).Append(';');
        }
        foreach ((WorkerState ws, Key key, long run) in sent)
        {
            long age = State.Tasks.Find(key) is { } ts ? ts.RunId - run : -1;
            text.Append(ws.Name).Append(key).Append(age == 0 ? '=' : '<');
        }
        return text.Append(workersAdded).ToString();
    }

    private static void Describe(StringBuilder text, TaskState ts)
    {
        text.Append(ts.RunSpec.IsNone ? 'n' : 's').Append(ts.HasLostDependencies ? 'l' : 'd');
        text.Append(ts.ProcessingOn?.Name.ToString()).Append('/');
        text.AppendJoin(' ', ts.WhoHas.Select(ws => ws.Name)).Append('/');
        text.AppendJoin(' ', ts.WhoWants.Select(cs => cs.ClientKey[^1])).Append('/');
        text.AppendJoin(' ', ts.Dependencies.Select(t => t.Key)).Append('/');
        text.Append(ts.ExceptionBlame?.Key.ToString()).Append(ts.Details?.Suspicious);
    }
}
