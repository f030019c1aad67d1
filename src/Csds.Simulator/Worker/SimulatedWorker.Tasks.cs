using Csds.Protocol;
using Csds.Simulator.Checking;
using Csds.Simulator.Wire;

namespace Csds.Simulator.Worker;

/// <summary>What the scheduler wants done, and what becomes of it.</summary>
internal sealed partial class SimulatedWorker
{
    private void Compute(Message message)
    {
        Key key = message.Key;
        if (!tasks.TryGetValue(key, out WorkerTask? task))
        {
            tasks[key] = task = new WorkerTask(key) { State = data.ContainsKey(key) ? RunState.Memory : RunState.Error };
        }
        task.RunId = message["run_id"] as long? ?? -1;
        switch (task.State)
        {
            case RunState.Memory:
                SendFinished(task, task.RunId);
                break;
            case RunState.Cancelled:
                Resume(task);
                break;
            case RunState.Error:
                Prepare(task, message);
                break;
        }
    }

    private void Prepare(WorkerTask task, Message message)
    {
        var whoHas = (PythonDict)message["who_has"]!;
        task.Priority = [.. ((IEnumerable<object?>)message["priority"]!).Select(p => Convert.ToDouble(p, null))];
        task.Dependencies = [.. whoHas.Select(entry => Message.ToKey(entry.Key))];
        task.NeedsResource = message["resource_restrictions"] is PythonDict { Count: > 0 };
        task.State = RunState.Waiting;
        foreach ((object? dependency, object? holders) in whoHas)
        {
            Key key = Message.ToKey(dependency);
            if (!data.ContainsKey(key))
            {
                Get(key, Addresses(holders));
            }
        }
        FindReady();
    }

    // The run that was taken back goes on, as if nothing had happened.
    private void Resume(WorkerTask task)
    {
        task.Dependencies = []; // It took them when it began to run.
        task.State = seceded.Contains(task) ? RunState.LongRunning : RunState.Executing;
        if (task.State == RunState.LongRunning)
        {
            SendLongRunning(task, null);
        }
    }

    private void Free(IEnumerable<Key> keys)
    {
        foreach (Key key in keys)
        {
            data.Remove(key);
            fetches.Remove(key);
            if (!tasks.TryGetValue(key, out WorkerTask? task))
            {
                continue;
            }
            if (task.State is RunState.Executing or RunState.LongRunning or RunState.Cancelled)
            {
                task.State = RunState.Cancelled;
            }
            else
            {
                tasks.Remove(key);
            }
        }
        DropFetches();
    }

    // In one transfer the scheduler may free the input of a task before the task.
    private void CheckInput()
    {
        WorkerTask? task = tasks.Values.FirstOrDefault(t =>
            t.State is RunState.Ready or RunState.Executing && !Array.TrueForAll(t.Dependencies, data.ContainsKey));
        if (task is not null)
        {
            throw new SafetyException($"{Name} was told to free what {task.Key} needs, which is {task.State}");
        }
    }

    private void RemoveReplicas(IEnumerable<Key> keys)
    {
        foreach (Key key in keys)
        {
            if (!data.ContainsKey(key))
            {
                continue;
            }
            if (tasks.Values.Any(t => t.State is RunState.Executing or RunState.LongRunning && t.Dependencies.Contains(key)))
            {
                throw new SafetyException($"{Name} was told to remove the replica of {key} while it is read");
            }
            data.Remove(key);
            tasks.Remove(key);
        }
        LoseReady();
    }

    private void AnswerSteal(Message message)
    {
        WorkerTask? task = tasks.GetValueOrDefault(message.Key);
        string? state = task?.StateName ?? (data.ContainsKey(message.Key) ? "memory" : null);
        if (task is { State: RunState.Ready or RunState.Waiting })
        {
            tasks.Remove(task.Key);
            DropFetches();
        }
        Send(new Message("steal-response")
            .With("key", message.Key)
            .With("state", state)
            .With("stimulus_id", message["stimulus_id"]));
    }

    private void FindReady()
    {
        foreach (WorkerTask task in tasks.Values.Where(t => t.State == RunState.Waiting))
        {
            if (Array.TrueForAll(task.Dependencies, data.ContainsKey))
            {
                task.State = RunState.Ready;
            }
        }
    }

    // A replica that was fetched for a task is gone again: it has to be fetched once more.
    private void LoseReady()
    {
        foreach (WorkerTask task in tasks.Values.Where(t => t.State == RunState.Ready))
        {
            foreach (Key dependency in task.Dependencies.Where(d => !data.ContainsKey(d)))
            {
                task.State = RunState.Waiting;
                Get(dependency, []);
            }
        }
    }

    private void SendFinished(WorkerTask task, long runId)
    {
        double now = world.Clock.Now;
        Message message = WithRun(new Message("task-finished").With("key", task.Key), runId)
            .With("nbytes", data[task.Key])
            .With("type", "type"u8.ToArray())
            .With("typename", "int")
            .With("metadata", new PythonDict())
            .With("startstops", new List<object?>
            {
                new PythonDict().With("action", "compute").With("start", task.Started).With("stop", now),
            })
            .With("status", "OK")
            .With("stimulus_id", $"task-finished-{task.Key}");
        Send(message);
        if (world.HasFaults && world.Random.Chance(world.Profile.DuplicateReports))
        {
            Send(message);
        }
    }

    private void SendLongRunning(WorkerTask task, double? seconds)
    {
        Message message = new Message("long-running").With("key", task.Key).With("compute_duration", seconds);
        if (world.Profile.Options.Dialect.LongRunningRunIds)
        {
            message.With("run_id", task.RunId);
        }
        Send(message.With("stimulus_id", $"secede-{task.Key}"));
    }

    private Message WithRun(Message message, long runId) =>
        world.Profile.Options.Dialect.RunIds ? message.With("run_id", runId) : message;
}
