using System.Diagnostics;
using Csds.Protocol;
using Xunit;

namespace Csds.Server.Tests.Python;

/// <summary>What our pickles are to Python.</summary>
public sealed class PicklesInPythonTests
{
    private const string Load = """
        import pickle, sys
        for line in sys.stdin:
            print(repr(pickle.loads(bytes.fromhex(line))))
        """;

    [Fact]
    public async Task Python_loads_what_was_meant()
    {
        (byte[] Pickle, string Repr)[] cases =
        [
            (PickleWriter.Exception("builtins", "ValueError", "no 'such' thing", "é\n"), "ValueError(\"no 'such' thing\", 'é\\n')"),
            (PickleWriter.Exception("builtins", "KeyError"), "KeyError()"),
            (new PickleWriter().None().ToArray(), "None"),
            (new PickleWriter().StrOrNone(null).ToArray(), "None"),
            (new PickleWriter().Mark().Bool(true).Bool(false).List().ToArray(), "[True, False]"),
            (new PickleWriter().Mark().Int(0).Int(-1).Int(long.MinValue).Int(long.MaxValue).Tuple().ToArray(),
                "(0, -1, -9223372036854775808, 9223372036854775807)"),
            (new PickleWriter().Mark().Int(255).Int(256).Int(int.MinValue).Int(1L + int.MaxValue).Int(-1L + int.MinValue).Tuple().ToArray(),
                "(255, 256, -2147483648, 2147483648, -2147483649)"),
            (new PickleWriter().None().Restart().Mark().Str("日本"u8).List().ToArray(), "['日本']"),
            (new PickleWriter().Mark().Float(0.1).Float(double.PositiveInfinity).Tuple().ToArray(), "(0.1, inf)"),
            (new PickleWriter().Bytes([0, 255]).ToArray(), "b'\\x00\\xff'"),
            (new PickleWriter().Mark().Str("a").Int(1).Dict().ToArray(), "{'a': 1}"),
            (new PickleWriter().EmptySet().Mark().Int(7).AddItems().ToArray(), "{7}"),
            (new PickleWriter().Global("collections", "OrderedDict").Mark().Tuple().NewObject().ToArray(), "OrderedDict()"),
            (new PickleWriter().Global("fractions", "Fraction").Mark().Int(1).Int(3).Tuple().Reduce().ToArray(), "Fraction(1, 3)"),
            (OfValue("81a16192c0cfffffffffffffffff"), "{'a': (None, 18446744073709551615)}"),
            (OfValue("93c3cb3ff8000000000000c40161"), "(True, 1.5, b'a')"),
            (new PickleWriter().Value(Key.FromString("x-1")).ToArray(), "'x-1'"),
        ];
        Assert.Equal(cases.Select(c => c.Repr), await LoadAsync(cases.Select(c => Convert.ToHexString(c.Pickle))));
    }

    private static byte[] OfValue(string token)
    {
        var reader = new MessageReader(Convert.FromHexString(token));
        return new PickleWriter().Value(ref reader).ToArray();
    }

    private static async Task<string[]> LoadAsync(IEnumerable<string> pickles)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        PythonCommand python = await new PythonFinder(Environment.GetEnvironmentVariable).FindAsync(null, cancel);
        var start = new ProcessStartInfo(python.FileName, [.. python.Arguments, "-X", "utf8", "-c", Load])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        foreach (string pickle in pickles)
        {
            await process.StandardInput.WriteLineAsync(pickle);
        }
        process.StandardInput.Close();
        string output = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return output.TrimEnd('\n').Split('\n');
    }
}
