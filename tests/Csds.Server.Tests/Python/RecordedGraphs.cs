using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Csds.Protocol;

namespace Csds.Server.Tests.Python;

/// <summary>Messages with graphs, made by the Dask that the tests run with.</summary>
internal static class RecordedGraphs
{
    private static readonly ConcurrentDictionary<(int Tasks, string? Code), Task<Opaque>> recorded = new();

    /// <summary>
    /// A message with a chain of tasks <c>key-0</c>, <c>key-1</c>, ..., of which the last one is wanted.
    /// </summary>
    /// <param name="tasks">Number of tasks.</param>
    /// <param name="code">Python that runs when the message is loaded.</param>
    internal static Task<Opaque> ChainAsync(int tasks, string? code = null) =>
        recorded.GetOrAdd((tasks, code), key => RecordAsync(key.Tasks, key.Code));

    private static async Task<Opaque> RecordAsync(int tasks, string? code)
    {
        PythonCommand python = await new PythonFinder(Environment.GetEnvironmentVariable)
            .FindAsync(null, Xunit.TestContext.Current.CancellationToken);
        string[] arguments = [.. python.Arguments, Script(), tasks.ToString(CultureInfo.InvariantCulture)];
        var start = new ProcessStartInfo(python.FileName, code is null ? arguments : [.. arguments, code])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        using var output = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(output);
        await process.WaitForExitAsync();
        Xunit.Assert.Equal(0, process.ExitCode);
        var bytes = new ReadOnlySequence<byte>(output.ToArray());
        Xunit.Assert.True(new FrameReader().TryRead(ref bytes, out FrameGroup? frames));
        using (frames)
        {
            return new MessageReader(frames).ReadOpaque();
        }
    }

    private static string Script([CallerFilePath] string thisFile = "") =>
        Path.Combine(Path.GetDirectoryName(thisFile)!, "make_graph.py");
}
