using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>What Python code sees of Dask's <c>TaskState</c>.</summary>
public static class TaskView
{
    /// <summary>Writes the keys of all tasks, in the order of their creation.</summary>
    public static void WriteKeys(ref MessageWriter w, SchedulerState s)
    {
        ArgumentNullException.ThrowIfNull(s);
        w.List(s.Tasks.Count);
        foreach (TaskState ts in s.Tasks.Tasks.OrderBy(ts => ts.Insertion))
        {
            w.Key(ts.Key);
        }
    }

    /// <summary>Writes tasks as a list of maps; None stands for one that is not there.</summary>
    public static void Write(ref MessageWriter w, SchedulerState s, IReadOnlyList<Key> keys)
    {
        ArgumentNullException.ThrowIfNull(s);
        ArgumentNullException.ThrowIfNull(keys);
        w.List(keys.Count);
        foreach (Key key in keys)
        {
            if (s.Tasks.Find(key) is { } ts)
            {
                Write(ref w, ts);
            }
            else
            {
                w.Nil();
            }
        }
    }

    private static void Write(ref MessageWriter w, TaskState ts)
    {
        w.Map(32);
        w.FieldToken("key"u8, ts.Key.Token);
        w.Field("state"u8, ts.State.ToText());
        w.Text("priority"u8);
        WritePriority(ref w, ts.Priority);
        w.Field("nbytes"u8, ts.NBytes);
        w.Field("type"u8, ts.Type);
        w.Field("run_id"u8, ts.RunId);
        w.Field("actor"u8, ts.Actor);
        w.Field("has_lost_dependencies"u8, ts.HasLostDependencies);
        w.Field("group_key"u8, ts.Group.Name);
        w.Field("prefix_key"u8, ts.Prefix.Name);
        w.Field("is_task"u8, !ts.RunSpec.IsNone);
        Attributes.Tasks(ref w, "dependencies"u8, ts.Dependencies.ToArray());
        Attributes.Tasks(ref w, "dependents"u8, ts.Dependents.ToArray());
        Attributes.Tasks(ref w, "waiting_on"u8, ts.WaitingOn.ToArray());
        Attributes.Tasks(ref w, "waiters"u8, ts.Waiters.ToArray());
        Attributes.Workers(ref w, "who_has"u8, ts.WhoHas.ToArray());
        Attributes.Texts(ref w, "who_wants"u8, [.. ts.WhoWants.ToArray().Select(cs => cs.ClientKey)]);
        w.Field("processing_on"u8, ts.ProcessingOn?.Address);
        w.Text("run_spec"u8);
        ts.RunSpec.WriteValue(ref w);
        WriteDetails(ref w, ts);
    }

    private static void WriteDetails(ref MessageWriter w, TaskState ts)
    {
        TaskDetails details = ts.Details ?? new TaskDetails();
        w.Text("annotations"u8);
        if (details.Annotations is { } annotations)
        {
            w.Value(annotations);
        }
        else
        {
            w.Map(0);
        }
        w.Field("retries"u8, details.Retries);
        w.Field("suspicious"u8, details.Suspicious);
        w.Field("loose_restrictions"u8, details.LooseRestrictions);
        Attributes.Texts(ref w, "worker_restrictions"u8, details.WorkerRestrictions);
        Attributes.Keys(ref w, "host_restrictions"u8, details.HostRestrictions);
        w.Text("resource_restrictions"u8);
        w.Token(details.ResourceRestrictions is { } resources ? resources.Token.Span : [0x80]);
        w.Field("exception"u8, details.Exception);
        w.Field("traceback"u8, details.Traceback);
        w.Field("exception_text"u8, details.ExceptionText ?? "");
        w.Field("traceback_text"u8, details.TracebackText ?? "");
        w.Text("exception_blame"u8);
        w.Token(details.ExceptionBlame is { } blame ? blame.Key.Token : Tokens.Nil);
        Attributes.Texts(ref w, "erred_on"u8, details.ErredOn);
    }

    private static void WritePriority(ref MessageWriter w, Priority priority)
    {
        if (priority.IsSet)
        {
            priority.Write(ref w);
        }
        else
        {
            w.Nil();
        }
    }
}
