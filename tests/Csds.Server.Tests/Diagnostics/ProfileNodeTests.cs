using Csds.Protocol;
using Xunit;

namespace Csds.Server.Tests;

/// <summary>Profiles of several workers become one, as Dask's <c>profile.merge</c> makes it.</summary>
public static class ProfileNodeTests
{
    [Fact]
    public static void Counts_of_the_same_place_add_up()
    {
        ProfileNode merged = ProfileNode.Merge([Profile(5, ("f", 3), ("g", 2)), Profile(4, ("g", 4))]);
        Assert.Equal(9, merged.Count);
        Assert.Equal([3, 6], merged.Children.Select(c => c.Count));
        Assert.Equal(["f", "g"], merged.Children.Select(c => Tokens.Text(c.Identifier)));
    }

    [Fact]
    public static void A_single_profile_stays_as_it_is()
    {
        Opaque profile = Profile(5, ("f", 3));
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        ProfileNode.Merge([profile]).Write(ref w);
        w.End();
        Assert.Equal(profile.Token.ToArray(), batch.Seal().ToArray());
    }

    [Fact]
    public static void Nothing_seen_is_an_empty_root()
    {
        ProfileNode root = ProfileNode.Merge([]);
        Assert.Equal(0, root.Count);
        Assert.Empty(root.Children);
        Assert.Equal("root", Tokens.Text(root.Identifier));
    }

    private static Opaque Profile(long count, params (string Name, long Count)[] children)
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        w.Map(4);
        w.Field("description"u8, "all");
        w.Text("children"u8);
        w.Map(children.Length);
        foreach ((string name, long seen) in children)
        {
            w.Text(name);
            w.Map(4);
            w.Field("description"u8, name);
            w.Text("children"u8);
            w.Map(0);
            w.Field("count"u8, seen);
            w.Field("identifier"u8, name);
        }
        w.Field("count"u8, count);
        w.Field("identifier"u8, "root");
        w.End();
        return batch.ToOpaque();
    }
}
