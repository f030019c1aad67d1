using Csds.Protocol;
using Csds.Scheduler.Ordering;
using Xunit;

namespace Csds.Scheduler.Tests.Ordering;

/// <summary>Our orders are those of Dask, for graphs that its collections build and for made-up ones.</summary>
public sealed class RecordedOrderTests
{
    public static TheoryData<string> Kinds => ["array", "bag", "dataframe", "delayed", "synthetic"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Order_of_2022_12(string kind) => Check(kind, new DaskVersion(2022, 12, 1));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Order_of_2024_12(string kind) => Check(kind, new DaskVersion(2024, 12, 1));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Order_of_2026_7(string kind) => Check(kind, new DaskVersion(2026, 7, 1));

    private static void Check(string kind, DaskVersion version)
    {
        var different = new List<string>();
        int graphs = 0;
        foreach (RecordedGraph graph in RecordedGraph.Load(kind))
        {
            graphs++;
            int[] order = TaskOrder.Compute(version, graph.ToGraph(), graph.Keys, graph.External);
            if (!graph.Order(version.ToString()).SequenceEqual(order))
            {
                different.Add(graph.Name + (graph.IsStable(version.ToString()) ? "" : " (Dask itself varies)"));
            }
        }
        Assert.True(graphs > 0);
        Assert.True(different.Count == 0, $"{different.Count} of {graphs} differ: {string.Join(", ", different)}");
    }
}
