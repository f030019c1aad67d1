namespace Csds.Simulator;

/// <summary>The one source of chance in a simulation: everything follows from its seed.</summary>
public sealed class Randomness(int seed)
{
    private readonly Random random = new(seed);

    /// <summary>True with a probability.</summary>
    public bool Chance(double probability) => random.NextDouble() < probability;

    /// <summary>A whole number from <paramref name="low"/> to <paramref name="high"/>, both included.</summary>
    public int Between(int low, int high) => random.Next(low, high + 1);

    /// <summary>A number from <paramref name="low"/> to <paramref name="high"/>.</summary>
    public double Between(double low, double high) => low + ((high - low) * random.NextDouble());

    /// <summary>A time that is mostly short and sometimes long, with this mean.</summary>
    public double Exponential(double mean) => -mean * Math.Log(1 - random.NextDouble());

    /// <summary>One of some things.</summary>
    public T Pick<T>(IReadOnlyList<T> items) => items[random.Next(items.Count)];
}
