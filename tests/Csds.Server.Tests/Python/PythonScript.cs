using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;

namespace Csds.Server.Tests.Python;

/// <summary>Scripts beside this file, run by the Python that the tests use.</summary>
internal static class PythonScript
{
    /// <summary>Runs a script; answers what it prints.</summary>
    internal static async Task<string> RunAsync(string script, ReadOnlyMemory<byte> input, CancellationToken cancel) =>
        Encoding.UTF8.GetString(await RunBytesAsync(script, input, cancel));

    /// <summary>Runs a script; answers what it writes.</summary>
    internal static async Task<byte[]> RunBytesAsync(string script, ReadOnlyMemory<byte> input, CancellationToken cancel)
    {
        (int code, byte[] output) = await RunAsync([PathOf(script)], input, cancel);
        Xunit.Assert.Equal(0, code);
        return output;
    }

    /// <summary>Whether there are some modules, named as in an import statement.</summary>
    internal static async Task<bool> CanImportAsync(string modules, CancellationToken cancel) =>
        (await RunAsync(["-c", $"import {modules}"], default, cancel)).Code == 0;

    private static async Task<(int Code, byte[] Output)> RunAsync(string[] arguments, ReadOnlyMemory<byte> input, CancellationToken cancel)
    {
        PythonCommand python = await new PythonFinder(Environment.GetEnvironmentVariable).FindAsync(null, cancel);
        var start = new ProcessStartInfo(python.FileName, [.. python.Arguments, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        using var output = new MemoryStream();
        Task copied = process.StandardOutput.BaseStream.CopyToAsync(output, cancel);
        await process.StandardInput.BaseStream.WriteAsync(input, cancel);
        process.StandardInput.Close();
        await copied;
        await process.WaitForExitAsync(cancel);
        return (process.ExitCode, output.ToArray());
    }

    private static string PathOf(string script, [CallerFilePath] string thisFile = "") =>
        Path.Combine(Path.GetDirectoryName(thisFile)!, script);
}
