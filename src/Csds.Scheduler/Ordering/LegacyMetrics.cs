using System.Numerics;

namespace Csds.Scheduler.Ordering;

/// <summary>
/// <c>graph_metrics</c> and <c>partition_keys</c> of dask.order until 2023.12.0. Numbers that may grow without bound
/// are held as something that compares alike, see <see cref="WideNumbers"/>.
/// </summary>
internal sealed class LegacyMetrics
{
    private readonly Func<int, int, Int128, Int128, bool> exceeds;

    private LegacyMetrics(
        long[] totalDependencies,
        Spread spread,
        Ends<long> ends,
        long[] partitionKeys,
        Func<int, int, Int128, Int128, bool> exceeds)
    {
        TotalDependencies = totalDependencies;
        MinHeights = spread.MinHeights;
        MaxHeights = spread.MaxHeights;
        TotalDependents = ends.TotalDependents;
        MinDependencies = ends.MinDependencies;
        MaxDependencies = ends.MaxDependencies;
        PartitionKeys = partitionKeys;
        this.exceeds = exceeds;
    }

    /// <summary>Work below a task, itself included.</summary>
    internal long[] TotalDependencies { get; }

    /// <summary>Work above a task, itself included.</summary>
    internal long[] TotalDependents { get; }

    /// <summary>The smallest total of dependencies of the final tasks that a task leads to.</summary>
    internal long[] MinDependencies { get; }

    /// <summary>The largest total of dependencies of the final tasks that a task leads to.</summary>
    internal long[] MaxDependencies { get; }

    /// <summary>The shortest way to a final task.</summary>
    internal int[] MinHeights { get; }

    /// <summary>The longest way to a final task.</summary>
    internal int[] MaxHeights { get; }

    /// <summary>What decides whether a dependent is run at once, next or later.</summary>
    internal long[] PartitionKeys { get; }

    /// <summary><paramref name="order"/> has dependencies before dependents.</summary>
    internal static LegacyMetrics Of(Rows dependencies, Rows dependents, int[] order) =>
        WideNumbers.Calculate<Calculation, LegacyMetrics>(new Calculation(dependencies, dependents, order));

    /// <summary>
    /// Whether <paramref name="factor"/> partition keys of one task exceed <paramref name="otherFactor"/> of another.
    /// </summary>
    internal bool Exceeds(int task, Int128 factor, int other, Int128 otherFactor) =>
        exceeds(task, other, factor, otherFactor);

    private readonly record struct Spread(int[] MinHeights, int[] MaxHeights);

    private readonly record struct Ends<T>(T[] TotalDependents, T[] MinDependencies, T[] MaxDependencies)
        where T : INumber<T>;

    private readonly struct Calculation(Rows dependencies, Rows dependents, int[] order)
        : WideNumbers.ICalculation<LegacyMetrics>
    {
        public LegacyMetrics Run<T>(Action<T>? spend)
            where T : INumber<T>
        {
            T[] totals = Ordering.TotalDependencies.Sum(dependencies, order, spend);
            Spread spread = Heights();
            Ends<T> ends = FinalTasks(totals, spend);
            T[] keys = new T[totals.Length];
            for (int task = 0; task < keys.Length; task++)
            {
                T missing = checked(ends.MinDependencies[task] - totals[task] + T.One);
                T above = checked(ends.TotalDependents[task] - T.CreateChecked(spread.MinHeights[task]));
                keys[task] = checked(missing * above);
                spend?.Invoke(keys[task]);
            }
            var comparable = new Ends<long>(
                WideNumbers.Comparable(ends.TotalDependents),
                WideNumbers.Comparable(ends.MinDependencies),
                WideNumbers.Comparable(ends.MaxDependencies));
            return new LegacyMetrics(
                WideNumbers.Comparable(totals), spread, comparable, WideNumbers.Comparable(keys), Comparison(keys));
        }

        private static Func<int, int, Int128, Int128, bool> Comparison<T>(T[] keys)
            where T : INumber<T>
        {
            if (keys is long[] fitting)
            {
                return (task, other, factor, otherFactor) => factor * fitting[task] > otherFactor * fitting[other];
            }
            return (task, other, factor, otherFactor) =>
                T.CreateSaturating(factor) * keys[task] > T.CreateSaturating(otherFactor) * keys[other];
        }

        private Spread Heights()
        {
            var spread = new Spread(new int[order.Length], new int[order.Length]);
            for (int i = order.Length - 1; i >= 0; i--)
            {
                int task = order[i];
                ReadOnlySpan<int> row = dependents[task];
                int min = row.IsEmpty ? 0 : int.MaxValue;
                int max = 0;
                foreach (int dependent in row)
                {
                    min = Math.Min(min, 1 + spread.MinHeights[dependent]);
                    max = Math.Max(max, 1 + spread.MaxHeights[dependent]);
                }
                spread.MinHeights[task] = min;
                spread.MaxHeights[task] = max;
            }
            return spread;
        }

        private Ends<T> FinalTasks<T>(T[] totals, Action<T>? spend)
            where T : INumber<T>
        {
            // A final task is its own end; the others only ever read what they got from their dependents.
            var ends = new Ends<T>(new T[order.Length], (T[])totals.Clone(), (T[])totals.Clone());
            for (int i = order.Length - 1; i >= 0; i--)
            {
                int task = order[i];
                T total = T.One;
                ReadOnlySpan<int> row = dependents[task];
                if (!row.IsEmpty)
                {
                    ends.MinDependencies[task] = ends.MinDependencies[row[0]];
                    ends.MaxDependencies[task] = ends.MaxDependencies[row[0]];
                }
                foreach (int dependent in row)
                {
                    total = checked(total + ends.TotalDependents[dependent]);
                    ends.MinDependencies[task] = T.Min(ends.MinDependencies[task], ends.MinDependencies[dependent]);
                    ends.MaxDependencies[task] = T.Max(ends.MaxDependencies[task], ends.MaxDependencies[dependent]);
                }
                spend?.Invoke(total);
                ends.TotalDependents[task] = total;
            }
            return ends;
        }
    }
}
