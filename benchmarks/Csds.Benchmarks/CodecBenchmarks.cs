using System.Buffers;
using BenchmarkDotNet.Attributes;
using Csds.Protocol;
using Csds.Scheduler;
using Csds.ZeroClient;
using Csds.ZeroWorker;

namespace Csds.Benchmarks;

/// <summary>Messages to and from bytes, per message.</summary>
public class CodecBenchmarks
{
    private const int Messages = 1000;

    private readonly byte[] key = Tokens.String("task-0000002a-7af5-4582-9d70-66a4ab58e1f9");
    private readonly byte[] stimulus = WorkerWriter.Stimulus("task-finished", 1000);
    private readonly MessageBatch batch = new();
    private readonly FrameBuffer wire = new();
    private readonly byte[] graph = GeneratedGraph.Build($"map-{Messages}").Wire;
    private byte[] reports = [];

    /// <summary>Writes what is read.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        Write_task_finished();
        reports = wire.WrittenSpan.ToArray();
    }

    /// <summary>A worker's report, frames included.</summary>
    [Benchmark(OperationsPerInvoke = Messages)]
    public void Write_task_finished()
    {
        for (int i = 0; i < Messages; i++)
        {
            WorkerWriter.TaskFinished(batch, key, 0, 999, 1000, stimulus, Dialect.Dask2022);
        }
        wire.Clear();
        FrameWriter.Write(wire, batch.Seal(), batch.Frames);
        batch.Clear();
    }

    /// <summary>A worker's report: cut out of the bytes, and read as the core reads it.</summary>
    [Benchmark(OperationsPerInvoke = Messages)]
    public int Read_task_finished()
    {
        var bytes = new ReadOnlySequence<byte>(reports);
        _ = new FrameReader().TryRead(ref bytes, out FrameGroup? frames);
        using (frames)
        {
            var reader = new MessageReader(frames!);
            int length = 0;
            for (int count = reader.ReadArrayHeader(); count > 0; count--)
            {
                length += TaskFinished.Read(ref reader).Key.Length;
            }
            return length;
        }
    }

    /// <summary>A graph of 2022's, per task: read, numbered and ordered.</summary>
    [Benchmark(OperationsPerInvoke = Messages)]
    public object Read_graph() => SubmittedGraph.Read(graph);
}
