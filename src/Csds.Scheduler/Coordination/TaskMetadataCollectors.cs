using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Collects what workers say about tasks that clients submit meanwhile (row R42): Dask's
/// <c>CollectTaskMetaDataPlugin</c>, behind <c>get_task_metadata</c>.
/// </summary>
internal sealed class TaskMetadataCollectors(SchedulerState s)
{
    private readonly Dictionary<Key, Collector> collectors = new(KeyComparer.Instance);

    /// <summary>Number of collections under way.</summary>
    internal int Count => collectors.Count;

    /// <summary><c>start_task_metadata</c>. A collection of the same name begins anew.</summary>
    internal void Start(Request r)
    {
        if (collectors.Remove(r.Name, out Collector? former))
        {
            s.Observers.Remove(former);
        }
        var collector = new Collector();
        collectors[r.Name] = collector;
        s.Observers.Add(collector);
        s.Answer(r.Number);
    }

    /// <summary><c>stop_task_metadata</c>: metadata and states by key.</summary>
    internal void Stop(Request r)
    {
        if (!collectors.Remove(r.Name, out Collector? collector))
        {
            s.Refuse(r.Number, PythonError.ValueError(
                $"Expected to find exactly one CollectTaskMetaDataPlugin with name {r.Name} but found 0."));
            return;
        }
        s.Observers.Remove(collector);
        s.Answer(r.Number, Answers.Value((ref MessageWriter w) => collector.Write(ref w, s.Options.Dialect)));
    }

    private sealed class Collector : ISchedulerObserver
    {
        private readonly HashSet<TaskState> expected = [];
        private readonly List<(Key Key, Opaque? Metadata, TaskStateName State)> collected = [];

        public void GraphSubmitted(IEnumerable<TaskState> requested) => expected.UnionWith(requested);

        public void Moved(TaskState ts, TaskStateName start, ref TransitionContext context)
        {
            if (ts.State is TaskStateName.Memory or TaskStateName.Erred)
            {
                if (expected.Remove(ts))
                {
                    collected.Add((ts.Key, context.Finished.Metadata, ts.State));
                }
            }
            else if (ts.State == TaskStateName.Forgotten)
            {
                expected.Remove(ts);
            }
        }

        internal void Write(ref MessageWriter w, Dialect dialect)
        {
            w.Map(2);
            w.Text("metadata"u8);
            w.Map(collected.Count);
            foreach ((Key key, Opaque? metadata, _) in collected)
            {
                w.Key(key);
                if (metadata is null && dialect.PackedGraphs)
                {
                    w.Map(0);
                }
                else
                {
                    w.Value(metadata);
                }
            }
            w.Text("state"u8);
            w.Map(collected.Count);
            foreach ((Key key, _, TaskStateName state) in collected)
            {
                w.Key(key);
                w.Text(state.ToText());
            }
        }
    }
}
