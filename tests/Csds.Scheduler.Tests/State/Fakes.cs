using Csds.Protocol;

namespace Csds.Scheduler.Tests.State;

/// <summary>Tasks and workers without a scheduler around them.</summary>
internal sealed class Fakes
{
    private readonly TaskTable tasks = new(new Dictionary<string, double>());
    private long workers;

    internal TaskState Task(int number) => Task("t", number);

    internal TaskState Task(string group, int number) => tasks.GetOrCreate(Key.FromString($"{group}-{number}"), out _);

    internal WorkerState Worker(int port, int threads = 1, string versions = "")
    {
        string address = $"tcp://10.0.0.1:{port}";
        var registration = new WorkerRegistration
        {
            Address = address, Name = Key.FromString(address), NThreads = threads, Versions = Opaque.FromString(versions),
        };
        return new WorkerState(registration, 0, workers++);
    }
}
