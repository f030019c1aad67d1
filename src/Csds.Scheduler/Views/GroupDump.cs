using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Task groups in a dump.</summary>
internal sealed class GroupDump
{
    private readonly DumpFields<TaskGroup> fields;

    internal GroupDump(Dialect dialect, IReadOnlySet<string> exclude) =>
        fields = new DumpFields<TaskGroup>(exclude, Fields(dialect));

    /// <summary>A group or prefix as Python shows it, with the states that it has tasks in.</summary>
    internal static string Repr(TaskCollection tasks)
    {
        IEnumerable<string> states = Enum.GetValues<TaskStateName>()
            .Where(state => tasks.CountOf(state) > 0)
            .Select(state => $"{state.ToText()}: {tasks.CountOf(state)}");
        return $"<{tasks.Name}: {string.Join(' ', states)}>";
    }

    internal void Write(TaskGroup tg, ref MessageWriter w) => fields.Write(tg, ref w);

    private static IEnumerable<(string Name, DumpField<TaskGroup> Write)> Fields(Dialect dialect)
    {
        yield return ("name", (TaskGroup tg, ref MessageWriter w) => w.Text(tg.Name));
        yield return ("prefix", (TaskGroup tg, ref MessageWriter w) => w.Text(Repr(tg.Prefix)));
        yield return ("states", (TaskGroup tg, ref MessageWriter w) => WriteStates(tg, ref w));
        yield return ("dependencies", (TaskGroup tg, ref MessageWriter w) => DumpText.Texts([.. tg.Dependencies.Select(Repr)], ref w));
        yield return ("nbytes_total", (TaskGroup tg, ref MessageWriter w) => w.Int(tg.NBytesTotal));
        yield return ("types", (TaskGroup tg, ref MessageWriter w) => DumpText.Texts([.. tg.Types.Keys], ref w));
        yield return ("duration", (TaskGroup tg, ref MessageWriter w) => w.Float(tg.DurationMicroseconds / 1e6));
        yield return ("all_durations", (TaskGroup tg, ref MessageWriter w) => DumpText.Numbers(
            [.. tg.AllDurations.Select(d => KeyValuePair.Create(d.Key, d.Value / 1e6))], ref w));
        yield return ("start", (TaskGroup tg, ref MessageWriter w) => w.Float(tg.Start));
        yield return ("stop", (TaskGroup tg, ref MessageWriter w) => w.Float(tg.Stop));
        yield return ("last_worker", (TaskGroup tg, ref MessageWriter w) => DumpText.Repr(tg.LastWorker, ref w));
        yield return ("last_worker_tasks_left", (TaskGroup tg, ref MessageWriter w) => w.Int(tg.LastWorkerTasksLeft));
        if (dialect.Spans)
        {
            yield return ("span_id", (TaskGroup tg, ref MessageWriter w) => w.Text(tg.Span?.Id));
            yield return ("done", (TaskGroup tg, ref MessageWriter w) => w.Bool(tg.Done));
        }
    }

    private static void WriteStates(TaskGroup tg, ref MessageWriter w)
    {
        TaskStateName[] states = Enum.GetValues<TaskStateName>();
        w.Map(states.Length);
        foreach (TaskStateName state in states)
        {
            w.Text(state.ToText());
            w.Int(tg.CountOf(state));
        }
    }
}
