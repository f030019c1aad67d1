using System.Globalization;
using Csds.Protocol;
using Csds.Scheduler.Tests.Scenarios;
using Xunit;

namespace Csds.Scheduler.Tests.Coordination;

/// <summary>
/// A join of two P2P shuffles, on workers that do what Dask's do, while workers die at random: it ends, and until then no
/// output task runs without its data.
/// </summary>
public sealed class ShuffleRestartTests
{
    private const int Partitions = 4;

    private readonly ScenarioWorld world = new();
    private Random random = new(0);
    private int requests;
    private int workers;

    private Shuffles Shuffles => world.State.Coordination.Shuffles;

    public static TheoryData<int> Seeds { get; } = new(Enumerable.Range(0, 40));

    [Theory]
    [MemberData(nameof(Seeds))]
    public void JoinEndsAlthoughWorkersAreLost(int seed)
    {
        random = new Random(seed);
        Do("options allowed-failures=100");
        for (int i = 0; i < 3; i++)
        {
            AddWorker();
        }
        Do("client ann");
        Submit();
        int toLose = random.Next(6);
        for (int step = 0; step < 2000 && !IsDone(); step++)
        {
            if (toLose > 0 && random.Next(12) == 0)
            {
                toLose--;
                Replace(Pick(world.Workers.Keys.Order(StringComparer.Ordinal).ToArray()));
                continue;
            }
            TaskState[] processing = [.. world.State.Tasks.Tasks.Where(ts => ts.ProcessingOn is not null).OrderBy(ts => ts.Insertion)];
            Assert.NotEmpty(processing);
            Run(Pick(processing));
        }
        Assert.True(IsDone());
        Do("releases ann " + string.Join(' ', Enumerable.Range(0, Partitions).Select(i => $"u{i}")));
        Assert.Equal(0, world.State.Tasks.Count);
        Assert.Empty(Shuffles.Active);
        Assert.Equal(0, Shuffles.Known);
    }

    private void Submit()
    {
        var graph = new Command("graph ann want=" + string.Join(',', Enumerable.Range(0, Partitions).Select(i => $"u{i}")));
        foreach (string side in (string[])["l", "r"])
        {
            for (int i = 0; i < Partitions; i++)
            {
                graph.Body.Add($"source-{side}{i}");
                graph.Body.Add($"{side}{i}: source-{side}{i}");
            }
            string inputs = string.Join(' ', Enumerable.Range(0, Partitions).Select(i => $"{side}{i}"));
            graph.Body.Add($"shuffle-barrier-{side}: {inputs} shuffle={Partitions}");
        }
        graph.Body.AddRange(Enumerable.Range(0, Partitions).Select(i => $"u{i}: shuffle-barrier-l shuffle-barrier-r"));
        world.Turn([graph]);
    }

    // What a worker does with a task.
    private void Run(TaskState ts)
    {
        string key = ts.Key.ToString();
        string worker = world.NameOf(ts.ProcessingOn!);
        if (key[0] is 'l' or 'r')
        {
            Do($"asks {++requests} shuffle_get_or_create shuffle_id={key[0]} key={key} worker={ts.ProcessingOn!.Address}");
            Assert.True(Shuffles.Find(Key.FromString(key[..1]))?.Has(ts.ProcessingOn.Address));
        }
        else if (key[0] == 'u' && SendToItsData(ts, int.Parse(key[1..], CultureInfo.InvariantCulture)))
        {
            return;
        }
        Do($"finished {worker} {key}");
    }

    // True if the task had been sent to the wrong worker.
    private bool SendToItsData(TaskState ts, int partition)
    {
        ShuffleRun? left = Shuffles.Find(Key.FromString("l")), right = Shuffles.Find(Key.FromString("r"));
        Assert.NotNull(left);
        Assert.NotNull(right);
        Assert.Equal(left.WorkerFor, right.WorkerFor);
        string wanted = left.WorkerFor[partition];
        WorkerState on = ts.ProcessingOn!;
        if (on.Address == wanted)
        {
            return false;
        }
        Do($"asks {++requests} shuffle_restrict_task id=l run_id={left.RunId} key={ts.Key} worker={wanted}");
        Do($"reschedule {world.NameOf(on)} {ts.Key}");
        Assert.Equal(wanted, ts.ProcessingOn?.Address);
        return true;
    }

    private bool IsDone() => Enumerable.Range(0, Partitions)
        .All(i => world.State.Tasks.Find(Key.FromString($"u{i}"))?.State == TaskStateName.Memory);

    private void Replace(string worker)
    {
        if (random.Next(2) == 0)
        {
            AddWorker();
        }
        world.Now += 1; // Two losses at one instant would have one cause.
        Do($"worker-stream-ended {worker}");
        world.Workers.Remove(worker);
        if (world.Workers.Count < 2)
        {
            AddWorker();
        }
    }

    private void AddWorker()
    {
        string threads = random.Next(1, 3).ToString(CultureInfo.InvariantCulture);
        Do($"worker w{workers++} threads={threads}");
    }

    private T Pick<T>(T[] items) => items[random.Next(items.Length)];

    private void Do(string command) => world.Turn([new Command(command)]);
}
