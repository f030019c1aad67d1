using System.Runtime.CompilerServices;

namespace Csds.Fuzz.Tests;

/// <summary>A few seconds of each target. What ran longer and failed has an input in <c>regressions</c>.</summary>
public static class FuzzTests
{
    /// <summary>The targets.</summary>
    public static TheoryData<string> Targets() => [.. FuzzTargets.All.Keys];

    /// <summary>The inputs that once failed.</summary>
    public static TheoryData<string> Regressions() =>
        [.. Directory.GetFiles(Folder("regressions"), "*.bin").Select(path => Path.GetFileNameWithoutExtension(path)!)
            .Order(StringComparer.Ordinal)];

    /// <summary>A seed, a target, some seconds.</summary>
    [Theory]
    [MemberData(nameof(Targets))]
    public static void Bears_anything(string target)
    {
        string[] recordings = Directory.GetFiles(Folder("../Csds.Protocol.Tests/Frames/recorded"), "*.bin", SearchOption.AllDirectories);
        Array.Sort(recordings, StringComparer.Ordinal);
        byte[][] corpus = Corpus.For(target, recordings);
        Assert.All(corpus, input => FuzzTargets.All[target](input));
        var loop = new FuzzLoop(target, seed: 1, corpus);
        Exception? error = Record.Exception(() => loop.Run(TimeSpan.FromSeconds(2)));
        Assert.True(error is null, $"{target} fails on {Convert.ToHexString(loop.Input)}: {error}");
    }

    /// <summary>What layers are made of is worth damaging only if it is understood.</summary>
    [Fact]
    public static void Made_up_layers_are_read() => Assert.All(LayerTarget.Seeds(), input => Assert.NotEqual(0, LayerTarget.TryRead(input)?.Count ?? 0));

    /// <summary>Names begin with their target's.</summary>
    [Theory]
    [MemberData(nameof(Regressions))]
    public static void Bears_what_once_failed(string name) =>
        FuzzTargets.All[name.Split('-')[0]](File.ReadAllBytes(Path.Combine(Folder("regressions"), name + ".bin")));

    private static string Folder(string name, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, name);
}
