using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Tasks in a dump: Dask's <c>TaskState._to_dict_no_nest</c>.</summary>
internal sealed class TaskDump
{
    private readonly Dialect dialect;
    private readonly DumpFields<TaskState> fields;

    internal TaskDump(Dialect dialect, IReadOnlySet<string> exclude)
    {
        this.dialect = dialect;
        fields = new DumpFields<TaskState>(exclude, [.. Run(), .. Graph(), .. Restrictions(), .. Failure()]);
    }

    internal void Write(TaskState ts, ref MessageWriter w) => fields.Write(ts, ref w);

    private IEnumerable<(string Name, DumpField<TaskState> Write)> Run()
    {
        yield return ("key", (TaskState ts, ref MessageWriter w) => DumpText.Value(ts.Key, ref w));
        yield return ("state", (TaskState ts, ref MessageWriter w) => w.Text(ts.State.ToText()));
        yield return ("priority", (TaskState ts, ref MessageWriter w) => WritePriority(ts, ref w));
        if (!dialect.CallableRunSpecs)
        {
            // recursive_to_dict passes over what can be called.
            yield return ("run_spec", (TaskState ts, ref MessageWriter w) => w.Text(ts.RunSpec.IsNone ? null : "<run_spec>"));
        }
        if (dialect.RunIds)
        {
            yield return ("run_id", (TaskState ts, ref MessageWriter w) => WriteRunId(ts, ref w));
        }
        yield return ("nbytes", (TaskState ts, ref MessageWriter w) => w.Int(ts.NBytes));
        yield return ("type", (TaskState ts, ref MessageWriter w) => w.Text(ts.Type));
        yield return ("actor", (TaskState ts, ref MessageWriter w) => w.Bool(ts.Actor));
        yield return ("processing_on", (TaskState ts, ref MessageWriter w) => DumpText.Repr(ts.ProcessingOn, ref w));
        yield return ("group", (TaskState ts, ref MessageWriter w) => w.Text(GroupDump.Repr(ts.Group)));
        yield return ("group_key", (TaskState ts, ref MessageWriter w) => w.Text(ts.Group.Name));
        yield return ("prefix", (TaskState ts, ref MessageWriter w) => w.Text(GroupDump.Repr(ts.Prefix)));
    }

    private IEnumerable<(string Name, DumpField<TaskState> Write)> Graph()
    {
        bool unset = dialect.UnsetIsNone;
        yield return ("dependencies", (TaskState ts, ref MessageWriter w) => DumpText.Reprs(ts.Dependencies.ToArray(), false, ref w));
        yield return ("dependents", (TaskState ts, ref MessageWriter w) => DumpText.Reprs(ts.Dependents.ToArray(), false, ref w));
        yield return ("waiting_on", (TaskState ts, ref MessageWriter w) => DumpText.Reprs(ts.WaitingOn.ToArray(), unset, ref w));
        yield return ("waiters", (TaskState ts, ref MessageWriter w) => DumpText.Reprs(ts.Waiters.ToArray(), unset, ref w));
        yield return ("who_has", (TaskState ts, ref MessageWriter w) => DumpText.Reprs(ts.WhoHas.ToArray(), unset, ref w));
        yield return ("who_wants", (TaskState ts, ref MessageWriter w) => DumpText.Reprs(ts.WhoWants.ToArray(), unset, ref w));
        yield return ("has_lost_dependencies", (TaskState ts, ref MessageWriter w) => w.Bool(ts.HasLostDependencies));
    }

    private IEnumerable<(string Name, DumpField<TaskState> Write)> Restrictions()
    {
        yield return ("annotations", (TaskState ts, ref MessageWriter w) => WriteAnnotations(ts, ref w));
        yield return ("host_restrictions", (TaskState ts, ref MessageWriter w) => WriteHosts(ts, ref w));
        yield return ("worker_restrictions", (TaskState ts, ref MessageWriter w) => WriteWorkers(ts, ref w));
        yield return ("resource_restrictions", (TaskState ts, ref MessageWriter w) => WriteResources(ts, ref w));
        yield return ("loose_restrictions", (TaskState ts, ref MessageWriter w) => w.Bool(ts.Details?.LooseRestrictions ?? false));
    }

    private IEnumerable<(string Name, DumpField<TaskState> Write)> Failure()
    {
        string? none = dialect.UnsetIsNone ? null : "";
        yield return ("retries", (TaskState ts, ref MessageWriter w) => w.Int(ts.Details?.Retries ?? 0));
        yield return ("suspicious", (TaskState ts, ref MessageWriter w) => w.Int(ts.Details?.Suspicious ?? 0));
        yield return ("exception", (TaskState ts, ref MessageWriter w) => DumpText.Carried(ts.Details?.Exception, ref w));
        yield return ("traceback", (TaskState ts, ref MessageWriter w) => DumpText.Carried(ts.Details?.Traceback, ref w));
        yield return ("exception_text", (TaskState ts, ref MessageWriter w) => w.Text(ts.Details?.ExceptionText ?? none));
        yield return ("traceback_text", (TaskState ts, ref MessageWriter w) => w.Text(ts.Details?.TracebackText ?? none));
        yield return ("exception_blame", (TaskState ts, ref MessageWriter w) => DumpText.Repr(ts.ExceptionBlame, ref w));
        yield return ("erred_on", (TaskState ts, ref MessageWriter w) => WriteErredOn(ts, ref w));
    }

    private static void WritePriority(TaskState ts, ref MessageWriter w)
    {
        if (ts.Priority.IsSet)
        {
            ts.Priority.Write(ref w);
        }
        else
        {
            w.Nil();
        }
    }

    private static void WriteRunId(TaskState ts, ref MessageWriter w)
    {
        if (ts.RunId < 0)
        {
            w.Nil();
        }
        else
        {
            w.Int(ts.RunId);
        }
    }

    private static void WriteAnnotations(TaskState ts, ref MessageWriter w)
    {
        if (ts.Details?.Annotations is { } annotations)
        {
            DumpText.Carried(annotations, ref w);
        }
        else
        {
            w.Map(0);
        }
    }

    private static void WriteHosts(TaskState ts, ref MessageWriter w)
    {
        if (ts.Details?.HostRestrictions is not { } hosts)
        {
            w.Nil();
            return;
        }
        w.List(hosts.Count);
        foreach (Key host in hosts)
        {
            DumpText.Value(host, ref w);
        }
    }

    private static void WriteWorkers(TaskState ts, ref MessageWriter w)
    {
        if (ts.Details?.WorkerRestrictions is { } workers)
        {
            DumpText.Texts(workers, ref w);
        }
        else
        {
            w.Nil();
        }
    }

    private void WriteResources(TaskState ts, ref MessageWriter w)
    {
        if (ts.Details?.ResourceRestrictions is { } resources)
        {
            DumpText.Numbers([.. resources.Amounts], ref w);
        }
        else if (dialect.UnsetIsNone)
        {
            w.Nil();
        }
        else
        {
            w.Map(0);
        }
    }

    private void WriteErredOn(TaskState ts, ref MessageWriter w)
    {
        if (ts.Details?.ErredOn is { } workers)
        {
            DumpText.Texts(workers, ref w);
        }
        else if (dialect.UnsetIsNone)
        {
            w.Nil();
        }
        else
        {
            w.List(0);
        }
    }
}
