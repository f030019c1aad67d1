using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Applies annotations to tasks (rows S36, S70): Dask's <c>_apply_annotations</c>.</summary>
internal static class GraphAnnotations
{
    /// <summary>Annotates a task of a graph if it is new; in 2022, whether it is or not.</summary>
    internal static void Apply(SchedulerState s, GraphUpdate update, GraphMerge merge, int number)
    {
        if (number >= merge.Graph.Count || (!s.Options.Dialect.PackedGraphs && !merge.IsNew(number)))
        {
            return;
        }
        TaskState ts = merge.StateOf(number)!;
        if (update.Extra.Count > 0 && update.Extra.TryGetValue(ts.Key, out TaskAnnotations? extra))
        {
            Apply(s, ts, extra);
        }
        if (merge.Graph.AnnotationsOf(number) is { } annotations)
        {
            Apply(s, ts, annotations);
        }
    }

    private static void Apply(SchedulerState s, TaskState ts, TaskAnnotations annotations)
    {
        if (ts.Details is null && annotations.Workers is not { Count: > 0 })
        {
            ts.ShareDetails(annotations.Details);
            return;
        }
        TaskDetails details = ts.EnsureDetails();
        details.Annotate(annotations);
        if (annotations.Workers is { Count: > 0 } workers)
        {
            Restrict(s, details, workers);
        }
    }

    /// <summary>Splits <c>workers=</c> into addresses, of workers known by name too, and hosts.</summary>
    internal static void Restrict(SchedulerState s, TaskDetails details, IEnumerable<Key> workers)
    {
        var addresses = new List<string>();
        var hosts = new List<Key>();
        foreach (Key worker in workers)
        {
            if (AddressOf(s, worker) is { } address)
            {
                addresses.Add(address);
            }
            else
            {
                hosts.Add(worker);
            }
        }
        details.WorkerRestrictions = addresses.Count > 0 ? addresses : null;
        details.HostRestrictions = hosts.Count > 0 ? hosts : null;
    }

    /// <summary>Dask's <c>coerce_address</c>: a worker's name or address as its address; null for a host.</summary>
    internal static string? AddressOf(SchedulerState s, Key worker)
    {
        if (s.Workers.FindByName(worker) is { } named)
        {
            return named.Address;
        }
        string text = worker.ToString();
        if (!CommAddress.TryParse(text, out CommAddress address))
        {
            return null;
        }
        return address.Host == "localhost" ? (address with { Host = "127.0.0.1" }).ToString() : address.ToString();
    }
}
