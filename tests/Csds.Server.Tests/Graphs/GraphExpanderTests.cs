using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server.Tests.Graphs;

/// <summary>What is done to a graph once it is flat.</summary>
public class GraphExpanderTests
{
    /// <summary>What is wanted is sorted by an order of the client's if that is one, and all of it is kept whatever is in its place.</summary>
    [Theory]
    [InlineData(new[] { 2, 0, 1 }, new[] { 0, 2, 1 })]
    [InlineData(new[] { 5, 0, 3 }, new[] { 0, 2, 1 })]
    [InlineData(new[] { 1, 1, 0 }, new[] { 0, 1, 2 })]
    [InlineData(new[] { -1, -7, -3 }, new[] { 0, 1, 2 })]
    [InlineData(new[] { int.MaxValue, 0, int.MinValue }, new[] { 0, 1, 2 })]
    public async Task What_is_wanted_comes_in_the_clients_order(int[] places, int[] expected)
    {
        Key[] keys = [Key.FromString("a"), Key.FromString("b"), Key.FromString("c")];
        var graph = new GraphMaterialized
        {
            Keys = keys,
            DependencyOffsets = [0, 0, 0, 0],
            Dependencies = [],
            RunSpecs = new RunSpec[3],
        };
        var update = new GraphUpdate
        {
            Client = "client",
            Keys = keys,
            InternalPriority = keys.Zip(places).ToDictionary(pair => pair.First, pair => pair.Second),
        };
        var expander = new GraphExpander(Dialect.Newest, (_, _) => throw new NotSupportedException());
        GraphMaterialized expanded =
            await expander.ExpandAsync(Opaque.Nil, new GraphMessage(update, graph), TestContext.Current.CancellationToken);
        Assert.True(expanded.OrderIsGiven);
        Assert.Equal(places, expanded.Order);
        Assert.Equal(expected, expanded.Requested);
    }
}
