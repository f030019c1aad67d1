using Csds.Policies;
using Csds.Protocol;
using CsCheck;
using Xunit;

namespace Csds.Scheduler.Tests.Worlds;

/// <summary>
/// Long random histories of graphs that are too large to be enumerated. CsCheck shortens what fails, and names the seed.
/// </summary>
public static class RandomHistoryTests
{
    private static readonly Gen<(int Tasks, int[] Shape, int[] Steps, int Flags)> histories =
        Gen.Select(Gen.Int[1, 9], Gen.Int[0, 7].Array[1, 40], Gen.Int[0, 9999].Array[0, 60], Gen.Int[0, 15]);

    /// <summary>The state is consistent after every event, and in the end everybody has what he wants.</summary>
    [Fact]
    public static void Every_history_ends_well() =>
        histories.Sample(h => Play(h, null), iter: 1500);

    /// <summary>The same with every other policy: none can bring the core into disorder.</summary>
    [Theory]
    [MemberData(nameof(OtherPolicies))]
    public static void Every_history_ends_well_with_other_policies(string policy) =>
        histories.Sample(h => Play(h, null, policy), iter: 300);

    /// <summary>Every policy but Dask's.</summary>
    public static TheoryData<string> OtherPolicies() => [.. PolicyTable.Names.Where(name => name != PolicyTable.Default)];

    /// <summary>Histories that went wrong once: a task waited for one that had failed and was to be tried again, but was not.</summary>
    [Theory]
    [InlineData("1pq00diEQhM2")]
    public static void Histories_that_went_wrong_end_well(string seed) =>
        histories.Sample(h => Play(h, null), seed: seed, iter: 1);

    /// <summary>The same events give the same bytes, message for message and peer for peer.</summary>
    [Fact]
    public static void The_same_history_gives_the_same_bytes() =>
        histories.Sample(
            h =>
            {
                var first = new List<string>();
                var second = new List<string>();
                Play(h, first);
                Play(h, second);
                Assert.Equal(first, second);
            },
            iter: 200);

    private static void Play((int Tasks, int[] Shape, int[] Steps, int Flags) history, List<string>? bytes, string policy = PolicyTable.Default)
    {
        (int tasks, int[] shape, int[] steps, int flags) = history;
        var rules = new WorldRules
        {
            Options = new()
            {
                Dialect = (flags & 4) == 0 ? Dialect.Newest : (flags & 8) == 0 ? Dialect.Dask2024 : Dialect.Dask2022,
                WorkerSaturation = (flags & 1) == 0 ? 1.1 : 0.1,
                AllowedFailures = 1,
            },
            Policy = policy,
            Producers = (flags & 1) != 0,
            OneGroup = (flags & 2) != 0,
            MaxWorkers = 6,
            Clients = 2,
            Replicas = true,
            Oddities = true,
            Retirements = true,
        };
        SmallGraph graph = SmallGraph.FromNumbers(tasks, shape);
        var world = new SmallWorld(graph, rules, (peer, batch) => bytes?.Add(Describe(peer, batch)));
        var happened = new List<Step>();
        try
        {
            foreach (int number in steps)
            {
                List<Step> possible = world.Steps();
                if (possible.Count > 0)
                {
                    happened.Add(possible[number % possible.Count]);
                    happened[^1].Happen();
                    world.Settle();
                    Invariants.CheckAll(world.State);
                }
            }
            world.RunToTheEnd();
        }
        catch (Exception error)
        {
            throw new InvalidOperationException(
                $"{error.Message}\nin {graph}, {rules.Options.Dialect.Version}, {policy}\nafter {string.Join("\n", happened.Select(s => s.Name()))}"
                + $"\nstory {string.Join("\n", world.State.Story.Entries.TakeLast(40))}", error);
        }
    }

    private static string Describe(StreamPeer peer, MessageBatch batch) =>
        $"{peer} {Convert.ToHexString(batch.Seal().Span)} {string.Join(' ', batch.Frames.Select(f => Convert.ToHexString(f.Span)))}";
}
