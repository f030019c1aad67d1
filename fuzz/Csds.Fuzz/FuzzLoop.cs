using System.Diagnostics;

namespace Csds.Fuzz;

/// <summary>Runs a target on inputs that a seed determines.</summary>
public sealed class FuzzLoop
{
    private readonly FuzzTarget target;
    private readonly Random random;
    private readonly Mutator mutator;
    private readonly MessageMaker? maker;
    private readonly IReadOnlyList<byte[]> corpus;

    /// <summary>Prepares a loop. The corpus is what the inputs are made of, and must not be empty.</summary>
    public FuzzLoop(string target, int seed, IReadOnlyList<byte[]> corpus)
    {
        this.target = FuzzTargets.All[target];
        this.corpus = corpus;
        random = new Random(seed);
        mutator = new Mutator(random, corpus);
        maker = target == "inbox" ? new MessageMaker(random) : null;
    }

    /// <summary>The input that was tried last.</summary>
    public byte[] Input { get; private set; } = [];

    /// <summary>Tries inputs for some time, or until one fails; answers how many were tried.</summary>
    public long Run(TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp();
        long count = 0;
        do
        {
            Input = Next();
            target(Input);
            count++;
        }
        while (Stopwatch.GetElapsedTime(start) < time);
        return count;
    }

    private byte[] Next()
    {
        if (maker is not null && random.Next(4) > 0)
        {
            byte[] made = maker.Make();
            return random.Next(4) == 0 ? mutator.Mutate(made) : made;
        }
        return mutator.Mutate(corpus[random.Next(corpus.Count)]);
    }
}
