using CsCheck;
using Csds.Simulator.Wire;

namespace Csds.Protocol.Tests.Messages;

/// <summary>Random values as messages hold them, pickled ones among them.</summary>
internal static class PythonValues
{
    private static readonly Gen<object?> leaf = Gen.OneOf(
        Gen.Const((object?)null),
        Gen.Bool.Select(b => (object?)b),
        Gen.Long.Select(n => (object?)n),
        Gen.Int[-200, 200].Select(n => (object?)(long)n),
        Gen.Double.Select(d => (object?)d),
        Gen.String[0, 40].Where(s => s.All(c => !char.IsSurrogate(c))).Select(s => (object?)s),
        Gen.Byte.Array[0, 300].Select(b => (object?)b),
        Gen.Byte.Array[1, 9].Array[0, 3].Select(frames => (object?)Payload.Serialized([.. frames.Select(f => (ReadOnlyMemory<byte>)f)])));

    internal static Gen<object?> Any { get; } = Of(3);

    private static Gen<object?> Of(int depth)
    {
        if (depth == 0)
        {
            return leaf;
        }
        Gen<object?> inner = Of(depth - 1);
        return Gen.OneOf(
            leaf,
            inner.Array[0, 20].Select(items => (object?)items.ToList()),
            inner.Array[0, 3].Select(items => (object?)new PythonSet(items)),
            Gen.Select(Gen.String[Gen.Char['a', 'z'], 1, 8], inner).Array[0, 18].Select(Dict));
    }

    private static object? Dict((string Name, object? Value)[] entries)
    {
        var dict = new PythonDict();
        foreach ((string name, object? value) in entries)
        {
            dict.With(name, value);
        }
        return dict;
    }
}
