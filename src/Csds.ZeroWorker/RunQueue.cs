using Csds.Protocol;

namespace Csds.ZeroWorker;

/// <summary>A task that takes time.</summary>
internal sealed record RunningTask(byte[] Key, long RunId)
{
    /// <summary>When it began, in seconds since 1970; 0 while it waits for a thread.</summary>
    public double Started { get; set; }

    /// <summary>Taken back by the scheduler.</summary>
    public bool Cancelled { get; set; }
}

/// <summary>The tasks of one worker that wait for a thread, or run: used only where tasks take time.</summary>
internal sealed class RunQueue(int threads)
{
    private readonly PriorityQueue<RunningTask, double[]> waiting = new(Comparer<double[]>.Create(
        static (a, b) => a.AsSpan().SequenceCompareTo(b)));

    private readonly Dictionary<ulong, RunningTask> tasks = [];
    private int running;

    /// <summary>Puts a task behind those of better priority; a task that is there already stays where it is.</summary>
    public void Add(ulong hash, RunningTask task, ReadOnlyMemory<byte> priority)
    {
        if (tasks.TryAdd(hash, task))
        {
            waiting.Enqueue(task, ReadPriority(priority));
        }
    }

    /// <summary>The task with a key; null if it is not here.</summary>
    public RunningTask? Find(ulong hash) => tasks.GetValueOrDefault(hash);

    /// <summary>Takes a task back. One that runs goes on holding its thread, as Dask's cancelled tasks do.</summary>
    public void Cancel(ulong hash)
    {
        if (tasks.Remove(hash, out RunningTask? task))
        {
            task.Cancelled = true;
        }
    }

    /// <summary>The next task to begin, if a thread is free.</summary>
    public RunningTask? Begin(double now)
    {
        while (running < threads && waiting.TryDequeue(out RunningTask? task, out _))
        {
            if (!task.Cancelled)
            {
                task.Started = now;
                running++;
                return task;
            }
        }
        return null;
    }

    /// <summary>A task's time is over; whether its result counts.</summary>
    public bool End(ulong hash, RunningTask task)
    {
        running--;
        return !task.Cancelled && tasks.Remove(hash);
    }

    private static double[] ReadPriority(ReadOnlyMemory<byte> token)
    {
        var reader = new MessageReader(token);
        var priority = new double[reader.ReadArrayHeader()];
        for (int i = 0; i < priority.Length; i++)
        {
            priority[i] = reader.ReadDouble();
        }
        return priority;
    }
}
