using Xunit;

namespace Csds.Protocol.Tests.Keys;

public sealed class KeyOrderTests
{
    [Fact]
    public void Keys_compare_as_in_Python()
    {
        foreach ((byte[] left, byte[] right, int? expected) in RecordedKeys.Pairs)
        {
            int? order = KeyOrder.TryCompare(left, right, out int c) ? Math.Sign(c) : null;
            Assert.True(expected == order, $"{KeyText.Str(left)} and {KeyText.Str(right)}: {order}, not {expected}");
        }
    }

    [Fact]
    public void Comparing_deep_tuples_takes_no_stack()
    {
        byte[] deep = [.. Enumerable.Repeat((byte)0x91, 200_000), 0x01];
        byte[] deeper = [.. Enumerable.Repeat((byte)0x91, 200_000), 0x02];
        Assert.True(KeyOrder.TryCompare(deep, deeper, out int order));
        Assert.True(order < 0);
    }
}
