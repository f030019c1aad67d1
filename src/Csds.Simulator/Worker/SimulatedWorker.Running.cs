using Csds.Simulator.Checking;
using Csds.Simulator.Wire;

namespace Csds.Simulator.Worker;

/// <summary>Threads that run tasks.</summary>
internal sealed partial class SimulatedWorker
{
    private readonly HashSet<WorkerTask> seceded = [];

    // Runs go on after they were taken back, and hold their threads.
    private int BusyThreads => tasks.Values.Count(t =>
        t.State == RunState.Executing || (t.State == RunState.Cancelled && !seceded.Contains(t)));

    private void StartTasks()
    {
        while (IsAlive && !paused && !frozen && BusyThreads < threads && MostUrgent() is { } task)
        {
            Start(task);
        }
    }

    private WorkerTask? MostUrgent()
    {
        bool resourceTaken = tasks.Values.Any(t =>
            t.NeedsResource && t.State is RunState.Executing or RunState.LongRunning or RunState.Cancelled);
        WorkerTask? best = null;
        foreach (WorkerTask task in tasks.Values)
        {
            bool mayRun = task.State == RunState.Ready && !(task.NeedsResource && resourceTaken);
            if (mayRun && (best is null || IsMoreUrgent(task, best)))
            {
                best = task;
            }
        }
        return best;
    }

    private static bool IsMoreUrgent(WorkerTask a, WorkerTask b)
    {
        for (int i = 0; i < a.Priority.Count; i++)
        {
            if (a.Priority[i] != b.Priority[i])
            {
                return a.Priority[i] < b.Priority[i];
            }
        }
        return false;
    }

    private void Start(WorkerTask task)
    {
        if (!Array.TrueForAll(task.Dependencies, data.ContainsKey))
        {
            throw new SafetyException($"{Name} runs {task.Key} without its dependencies");
        }
        if (task.NeedsResource && !HasResource)
        {
            throw new SafetyException($"{Name} has not what {task.Key} needs");
        }
        task.State = RunState.Executing;
        task.Started = world.Clock.Now;
        double seconds = world.SecondsOf(task.Key);
        long runId = task.RunId;
        if (world.Random.Chance(world.Profile.Secedes))
        {
            world.Clock.After(seconds / 2, () => WhenAwake(() => Secede(task)));
        }
        world.Clock.After(seconds, () => WhenAwake(() =>
        {
            Stop(task, runId);
            StartTasks();
        }));
    }

    private void Secede(WorkerTask task)
    {
        seceded.Add(task);
        if (task.State == RunState.Executing)
        {
            task.State = RunState.LongRunning;
            SendLongRunning(task, world.Clock.Now - task.Started);
        }
        StartTasks();
    }

    private void Stop(WorkerTask task, long runId)
    {
        seceded.Remove(task);
        if (world.IsKiller(task.Key))
        {
            Die(abruptly: world.Random.Chance(0.5));
        }
        else if (task.State == RunState.Cancelled)
        {
            tasks.Remove(task.Key);
            DropFetches();
        }
        else if (world.HasFaults && world.Random.Chance(world.Profile.Reschedules))
        {
            tasks.Remove(task.Key);
            Send(new Message("reschedule").With("key", task.Key).With("stimulus_id", "reschedule"));
        }
        else if (world.HasFaults && world.Random.Chance(world.Profile.TaskErrors))
        {
            task.State = RunState.Error;
            Send(WithRun(new Message("task-erred").With("key", task.Key), runId)
                .With("exception", Payload.Serialized("exception"u8.ToArray()))
                .With("traceback", null)
                .With("exception_text", "Boom()")
                .With("traceback_text", "")
                .With("status", "error")
                .With("stimulus_id", $"task-erred-{task.Key}"));
        }
        else
        {
            task.State = RunState.Memory;
            data[task.Key] = world.BytesOf(task.Key);
            SendFinished(task, runId);
            FindReady();
        }
    }
}
