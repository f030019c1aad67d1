using System.Runtime.InteropServices;
using Csds.Scheduler;

namespace Csds.Policies;

/// <summary>
/// Who holds how much of one task's input: nothing that outlives a decision, kept so as not to be made anew for each.
/// </summary>
/// <remarks>
/// One pass over the dependencies counts what each holder has; what it lacks is the rest. To ask each holder in turn
/// would take the square of the number of dependencies, which a final sum over 10,000 results has.
/// </remarks>
internal sealed class HeldInput
{
    private readonly Dictionary<WorkerState, long> bytes = [];

    /// <summary>Bytes of the whole input.</summary>
    internal long Total { get; private set; }

    /// <summary>Counts for a task.</summary>
    /// <param name="state">The state.</param>
    /// <param name="task">The task.</param>
    /// <param name="allowed">The workers that matter; null: every running one.</param>
    internal void Count(SchedulerState state, TaskState task, IReadOnlySet<WorkerState>? allowed)
    {
        Total = 0;
        bytes.Clear();
        foreach (TaskState dependency in task.Dependencies)
        {
            long nbytes = state.NBytesOf(dependency);
            Total += nbytes;
            foreach (WorkerState holder in dependency.WhoHas)
            {
                if (allowed?.Contains(holder) ?? holder.Status == WorkerStatus.Running)
                {
                    CollectionsMarshal.GetValueRefOrAddDefault(bytes, holder, out _) += nbytes;
                }
            }
        }
    }

    /// <summary>The holders with the bytes that each of them has.</summary>
    public Dictionary<WorkerState, long>.Enumerator GetEnumerator() => bytes.GetEnumerator();
}
