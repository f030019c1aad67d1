using System.Globalization;
using Csds.Protocol;

namespace Csds.Scheduler.Tests.Scenarios;

/// <summary>The state in words, one line for each task and each worker, so that every change shows.</summary>
internal sealed class Snapshot
{
    private readonly SortedDictionary<string, string> lines = new(StringComparer.Ordinal);

    internal static Snapshot Empty { get; } = new();

    internal static Snapshot Take(ScenarioWorld world)
    {
        var snapshot = new Snapshot();
        foreach (TaskState ts in world.State.Tasks.Tasks)
        {
            snapshot.lines["  " + MessageText.Name(ts.Key)] = Describe(world, ts);
        }
        foreach (WorkerState ws in world.State.Workers.Sorted)
        {
            snapshot.lines["  worker " + world.NameOf(ws)] = Describe(world, ws);
        }
        return snapshot;
    }

    internal IEnumerable<string> ChangesSince(Snapshot earlier)
    {
        foreach (string gone in earlier.lines.Keys.Where(k => !lines.ContainsKey(k)))
        {
            yield return $"{gone}: gone";
        }
        foreach ((string what, string how) in lines)
        {
            if (!earlier.lines.TryGetValue(what, out string? before) || before != how)
            {
                yield return $"{what}: {how}";
            }
        }
    }

    private static string Describe(ScenarioWorld world, TaskState ts)
    {
        var words = new List<string> { ts.State.ToText() };
        void Add(string what, IEnumerable<string> names)
        {
            string all = string.Join(' ', names);
            if (all.Length > 0)
            {
                words.Add($"{what} {all}");
            }
        }
        Add("on", ts.ProcessingOn is { } on ? [world.NameOf(on) + (ts.LongRunning ? " (seceded)" : "")] : []);
        Add("waiting for", ts.WaitingOn.Select(t => MessageText.Name(t.Key)));
        Add("held by", ts.WhoHas.Select(world.NameOf));
        Add("bytes", ts.NBytes >= 0 ? [ts.NBytes.ToString(CultureInfo.InvariantCulture)] : []);
        Add("wanted by", ts.WhoWants.Select(cs => cs.ClientKey));
        Add("needed by", ts.Waiters.Select(t => MessageText.Name(t.Key)));
        Add("because of", ts.ExceptionBlame is { } blame ? [MessageText.Name(blame.Key)] : []);
        Add("sent by its shuffle to", ts.Details is { BeforeShuffle: not null } sent ? sent.WorkerRestrictions!.Select(world.Shorten) : []);
        Add("retries", ts.Details is { Retries: > 0 } retried ? [retried.Retries.ToString(CultureInfo.InvariantCulture)] : []);
        Add("suspicious", ts.Details is { Suspicious: > 0 } suspect ? [suspect.Suspicious.ToString(CultureInfo.InvariantCulture)] : []);
        Add("lost", ts.HasLostDependencies ? ["dependencies"] : []);
        return string.Join(", ", words);
    }

    private static string Describe(ScenarioWorld world, WorkerState ws)
    {
        SchedulerState s = world.State;
        var words = new List<string> { ws.Status.ToText() };
        void Add(string what, bool holds)
        {
            if (holds)
            {
                words.Add(what);
            }
        }
        Add("processing " + Keys(ws.Processing), !ws.Processing.IsEmpty);
        Add($"holding {Keys(ws.HasWhat)} ({ws.NBytes} bytes)", !ws.HasWhat.IsEmpty);
        Add("actors " + Keys(ws.Actors), !ws.Actors.IsEmpty);
        double occupancy = s.Occupancy.Of(ws);
        Add(string.Create(CultureInfo.InvariantCulture, $"occupancy {occupancy:0.######}"), occupancy != 0);
        Add("idle", s.Workers.Idle.Contains(ws));
        Add("saturated", s.Workers.Saturated.Contains(ws));
        Add($"{ws.SlotsCounted} open", s.Workers.OpenSlots.Contains(ws) && !double.IsInfinity(s.Options.WorkerSaturation));
        string used = string.Join(' ', ws.UsedResources.Where(r => r.Value != 0).Select(r => $"{r.Key}:{r.Value}"));
        Add("using " + used, used.Length > 0);
        return string.Join(", ", words);
    }

    private static string Keys(IEnumerable<TaskState> tasks) => string.Join(' ', tasks.Select(t => MessageText.Name(t.Key)));
}
