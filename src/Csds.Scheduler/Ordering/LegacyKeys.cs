namespace Csds.Scheduler.Ordering;

/// <summary>
/// The comparisons of dask.order until 2023.12.0. The tuples that Dask builds for them are compared field by field.
/// </summary>
internal sealed class LegacyKeys
{
    private readonly Rows dependencies;
    private readonly Rows dependents;
    private readonly LegacyMetrics metrics;
    private readonly int[] numNeeded;
    private readonly int[] initialDependents;
    private readonly KeyTies ties;

    internal LegacyKeys(Rows dependencies, Rows dependents, LegacyMetrics metrics, int[] numNeeded, KeyTies ties)
    {
        this.dependencies = dependencies;
        this.dependents = dependents;
        this.metrics = metrics;
        this.numNeeded = numNeeded;
        this.ties = ties;
        initialDependents = new int[dependents.Count];
        for (int task = 0; task < initialDependents.Length; task++)
        {
            initialDependents[task] = dependents.Length(task);
        }
        Initial = Comparer<int>.Create(CompareInitial);
        Dependents = Comparer<int>.Create(CompareDependents);
        DependentsReversed = Comparer<int>.Create((x, y) => CompareDependents(y, x));
        DependenciesReversed = Comparer<int>.Create((x, y) => CompareDependencies(y, x));
        FinishNow = Comparer<int>.Create(CompareFinishNow);
    }

    /// <summary><c>initial_stack_key</c>: where to begin.</summary>
    internal IComparer<int> Initial { get; }

    /// <summary><c>dependents_key</c>: which dependent to go for; saves memory first.</summary>
    internal IComparer<int> Dependents { get; }

    /// <summary>The best of <c>dependents_key</c> last.</summary>
    internal IComparer<int> DependentsReversed { get; }

    /// <summary>The best of <c>dependencies_key</c> last: which dependency to run first.</summary>
    internal IComparer<int> DependenciesReversed { get; }

    /// <summary><c>finish_now_key</c>: which ready final task to run first.</summary>
    internal IComparer<int> FinishNow { get; }

    /// <summary>Sorts by <c>initial_stack_key</c>.</summary>
    internal void SortInitial(Span<int> tasks)
    {
        // Thousands of independent tasks differ in nothing but their names: those are sorted in bulk.
        tasks.Sort((x, y) => CompareInitialNumbers(x, y) is var c && c != 0 ? c : x.CompareTo(y));
        for (int start = 0, end; start < tasks.Length; start = end)
        {
            end = start + 1;
            while (end < tasks.Length && CompareInitialNumbers(tasks[start], tasks[end]) == 0)
            {
                end++;
            }
            if (end - start > 1)
            {
                ties.Sort(tasks[start..end]);
            }
        }
    }

    private int CompareInitial(int x, int y) => CompareInitialNumbers(x, y) is var c && c != 0 ? c : CompareTies(x, y);

    private int CompareInitialNumbers(int x, int y)
    {
        int c = metrics.MaxDependencies[y].CompareTo(metrics.MaxDependencies[x]);
        c = c != 0 ? c : initialDependents[x] - metrics.MaxHeights[x] - (initialDependents[y] - metrics.MaxHeights[y]);
        c = c != 0 ? c : metrics.MinDependencies[x].CompareTo(metrics.MinDependencies[y]);
        c = c != 0 ? c : initialDependents[x] - metrics.MinHeights[x] - (initialDependents[y] - metrics.MinHeights[y]);
        c = c != 0 ? c : metrics.TotalDependents[y].CompareTo(metrics.TotalDependents[x]);
        return c != 0 ? c : initialDependents[x] - initialDependents[y];
    }

    private int CompareDependents(int x, int y)
    {
        int c = Growth(x) - Growth(y);
        c = c != 0 ? c : metrics.MinHeights[y] - metrics.MinHeights[x];
        return c != 0 ? c : CompareTies(x, y);
    }

    private int CompareDependencies(int x, int y)
    {
        int countX = dependents.Length(x), countY = dependents.Length(y);
        int c = metrics.MaxDependencies[y].CompareTo(metrics.MaxDependencies[x]);
        c = c != 0 ? c : countX + metrics.MaxHeights[x] - (countY + metrics.MaxHeights[y]);
        c = c != 0 ? c : metrics.MinDependencies[x].CompareTo(metrics.MinDependencies[y]);
        c = c != 0 ? c : countX + metrics.MinHeights[x] - (countY + metrics.MinHeights[y]);
        c = c != 0 ? c : metrics.TotalDependencies[y].CompareTo(metrics.TotalDependencies[x]);
        c = c != 0 ? c : Growth(x) - Growth(y);
        c = c != 0 ? c : countX - countY;
        c = c != 0 ? c : metrics.TotalDependents[x].CompareTo(metrics.TotalDependents[y]);
        return c != 0 ? c : CompareTies(x, y);
    }

    private int CompareFinishNow(int x, int y)
    {
        int c = dependencies.Length(y) - dependencies.Length(x);
        return c != 0 ? c : CompareTies(x, y);
    }

    /// <summary>By how much running a task changes the number of results in memory.</summary>
    private int Growth(int task) => dependents.Length(task) - dependencies.Length(task) + numNeeded[task];

    private int CompareTies(int x, int y) => x == y ? 0 : ties.Compare(x, y);
}
