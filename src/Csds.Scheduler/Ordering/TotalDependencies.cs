using System.Numerics;

namespace Csds.Scheduler.Ordering;

/// <summary>
/// <c>total_dependencies</c> of Dask's <c>ndependencies</c>: one for the task itself and those of its dependencies
/// added up, so that a task reached over two ways counts twice.
/// </summary>
internal readonly struct TotalDependencies(Rows dependencies, int[] order) : WideNumbers.ICalculation<long[]>
{
    /// <summary>Numbers that compare as the totals do.</summary>
    internal static long[] Of(Rows dependencies, int[] order) =>
        WideNumbers.Calculate<TotalDependencies, long[]>(new TotalDependencies(dependencies, order));

    public long[] Run<T>(Action<T>? spend)
        where T : INumber<T> => WideNumbers.Comparable(Sum(dependencies, order, spend));

    /// <summary>The totals; <paramref name="order"/> has dependencies before dependents.</summary>
    internal static T[] Sum<T>(Rows dependencies, ReadOnlySpan<int> order, Action<T>? spend)
        where T : INumber<T>
    {
        T[] totals = new T[dependencies.Count];
        foreach (int node in order)
        {
            T total = T.One;
            foreach (int dependency in dependencies[node])
            {
                total = checked(total + totals[dependency]);
            }
            spend?.Invoke(total);
            totals[node] = total;
        }
        return totals;
    }
}
