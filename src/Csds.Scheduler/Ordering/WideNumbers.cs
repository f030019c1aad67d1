using System.Numerics;

namespace Csds.Scheduler.Ordering;

/// <summary>
/// Numbers that count paths double with every layer of a graph, and Python's integers have no end. Almost always 64
/// bits are enough; where they are not, arbitrary ones are tried, and beyond a budget of memory floating point.
/// </summary>
internal static class WideNumbers
{
    /// <summary>
    /// Stops a graph of many thousand layers from eating memory and time. Dask would take several times as much of
    /// both.
    /// </summary>
    private const long MaxCost = 256L << 20;

    /// <summary>A calculation that is the same for all kinds of numbers.</summary>
    internal interface ICalculation<out TResult>
    {
        TResult Run<T>(Action<T>? spend)
            where T : INumber<T>;
    }

    // Of a struct: native code would look for a generic method of an interface in its tables, which takes as long as ten tasks.
    internal static TResult Calculate<TCalculation, TResult>(TCalculation calculation)
        where TCalculation : struct, ICalculation<TResult>
    {
        try
        {
            return calculation.Run<long>(null);
        }
        catch (OverflowException)
        {
        }
        try
        {
            long cost = 0;
            return calculation.Run<BigInteger>(number =>
            {
                // Bytes, and something for the time that multiplying them takes.
                long size = number.GetByteCount();
                cost += size + (size * size / 2048);
                if (cost > MaxCost)
                {
                    throw new OverflowException();
                }
            });
        }
        catch (OverflowException)
        {
            return calculation.Run<double>(null);
        }
    }

    /// <summary>
    /// Numbers that compare as <paramref name="values"/> do: themselves where they fit, otherwise their ranks.
    /// </summary>
    internal static long[] Comparable<T>(T[] values)
        where T : INumber<T>
    {
        if (values is long[] fitting)
        {
            return fitting;
        }
        int[] byValue = new int[values.Length];
        for (int i = 0; i < byValue.Length; i++)
        {
            byValue[i] = i;
        }
        Array.Sort(byValue, (x, y) => values[x].CompareTo(values[y]));
        long[] ranks = new long[values.Length];
        for (int i = 1; i < byValue.Length; i++)
        {
            bool isLarger = values[byValue[i]].CompareTo(values[byValue[i - 1]]) != 0;
            ranks[byValue[i]] = ranks[byValue[i - 1]] + (isLarger ? 1 : 0);
        }
        return ranks;
    }
}
