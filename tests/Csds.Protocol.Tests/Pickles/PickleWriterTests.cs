using Csds.Simulator.Wire;

namespace Csds.Protocol.Tests.Pickles;

/// <summary>Pickles by their bytes. Csds.Server.Tests lets Python load them.</summary>
public static class PickleWriterTests
{
    /// <summary>An exception is its class, called with its arguments.</summary>
    [Fact]
    public static void An_exception() => Assert.Equal(
        "8004" + Text("builtins") + Text("ValueError") + "9328" + Text("no") + "74522e",
        Convert.ToHexStringLower(PickleWriter.Exception("builtins", "ValueError", "no")));

    /// <summary>Numbers of every size, an unsigned one of 64 bits included.</summary>
    [Theory]
    [InlineData("00", "4b00")]
    [InlineData("ccff", "4bff")]
    [InlineData("cd0100", "4a00010000")]
    [InlineData("ff", "4affffffff")]
    [InlineData("d280000000", "4a00000080")]
    [InlineData("ce80000000", "8a080000008000000000")]
    [InlineData("d38000000000000000", "8a080000000000000080")]
    [InlineData("cf7fffffffffffffff", "8a08ffffffffffffff7f")]
    [InlineData("cf8000000000000001", "8a09010000000000008000")]
    [InlineData("cfffffffffffffffff", "8a09ffffffffffffffff00")]
    public static void Integers(string token, string pickle)
    {
        var reader = new MessageReader(Convert.FromHexString(token));
        Assert.Equal($"8004{pickle}2e", Convert.ToHexStringLower(new PickleWriter().Value(ref reader).ToArray()));
    }

    /// <summary>What Python has no value for is refused.</summary>
    [Fact]
    public static void An_extension_is_refused() => Assert.Throws<ProtocolException>(() =>
    {
        var reader = new MessageReader(new byte[] { 0xd4, 1, 2 });
        new PickleWriter().Value(ref reader);
    });

    /// <summary>A pickle for a peer that loads it on arrival is one frame with a header.</summary>
    [Fact]
    public static void A_pickled_value()
    {
        Opaque value = Pickled.Value("pickle"u8);
        Assert.Equal("<pickle>", PythonText.Repr(value));
        Assert.Single(value.Frames);
    }

    private static string Text(string text) => $"58{text.Length:x2}000000{Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(text))}";
}
