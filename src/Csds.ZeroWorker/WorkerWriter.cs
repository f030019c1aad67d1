using System.Globalization;
using Csds.Protocol;

namespace Csds.ZeroWorker;

/// <summary>What a worker writes, with the fields and in the order of Dask's own workers of each release.</summary>
internal static class WorkerWriter
{
    // pickle.dumps(int), and what sizeof says of a small int.
    private static readonly byte[] intType =
        [0x80, 0x04, 0x95, 20, 0, 0, 0, 0, 0, 0, 0, 0x8c, 8, .. "builtins"u8, 0x94, 0x8c, 3, .. "int"u8, 0x94, 0x93, 0x94, (byte)'.'];

    private const int IntBytes = 28;
    private const long ThreadIdent = 140_123_456_789_012;

    /// <summary>pickle.dumps(1): every result.</summary>
    internal static ReadOnlySpan<byte> Result => [0x80, 0x04, (byte)'K', 1, (byte)'.'];

    /// <summary>A stimulus, named as workers name theirs.</summary>
    internal static byte[] Stimulus(string name, double now) =>
        Tokens.String(string.Create(CultureInfo.InvariantCulture, $"{name}-{now:R}"));

    /// <summary>Row W45.</summary>
    internal static void RegisterWorker(
        MessageBatch batch, string address, int nthreads, double now, Dialect dialect, Opaque versions)
    {
        MessageWriter w = batch.Single();
        w.Map(dialect.WorkersRegisterKeys ? 21 : 18);
        w.Field("op"u8, "register-worker"u8);
        w.Field("reply"u8, false);
        w.Field("address"u8, address);
        w.Field("status"u8, "init"u8);
        if (dialect.WorkersRegisterKeys)
        {
            w.Text("keys"u8);
            w.List(0);
            w.Text("nbytes"u8);
            w.Map(0);
            w.Text("types"u8);
            w.Map(0);
        }
        w.Field("nthreads"u8, nthreads);
        w.Field("name"u8, address);
        w.Field("now"u8, now);
        w.Text("resources"u8);
        w.Map(0);
        w.Field("memory_limit"u8, 8L << 30);
        w.Field("local_directory"u8, "/tmp/dask-worker-space/zero"u8);
        w.Text("services"u8);
        w.Map(0);
        w.FieldToken("nanny"u8, Tokens.Nil);
        w.Field("pid"u8, Environment.ProcessId);
        w.Field("versions"u8, versions);
        w.Text("metrics"u8);
        Metrics(ref w, now, 0, dialect);
        w.Text("extra"u8);
        w.Map(0);
        w.FieldToken("stimulus_id"u8, Stimulus("worker-connect", now));
        w.Field("server_id"u8, $"Worker-{address}");
        w.End();
    }

    /// <summary>Row R6.</summary>
    internal static void Heartbeat(MessageBatch batch, string address, double now, int executing, Dialect dialect)
    {
        MessageWriter w = batch.Single();
        w.Map(6);
        w.Field("op"u8, "heartbeat_worker"u8);
        w.Field("address"u8, address);
        w.Field("now"u8, now);
        w.Text("metrics"u8);
        Metrics(ref w, now, executing, dialect);
        w.Text("executing"u8);
        w.Map(0);
        w.Text("extensions"u8);
        w.Map(0);
        w.End();
    }

    /// <summary>WS9: a worker registers as <c>init</c>, and gets no tasks before it says that it runs.</summary>
    internal static void Running(MessageBatch batch, double now)
    {
        MessageWriter w = batch.Add();
        w.Map(3);
        w.Field("op"u8, "worker-status-change"u8);
        w.Field("status"u8, "running"u8);
        w.FieldToken("stimulus_id"u8, Stimulus("worker-status-change", now));
        w.End();
    }

    /// <summary>WS1.</summary>
    internal static void TaskFinished(
        MessageBatch batch, ReadOnlySpan<byte> key, long runId, double start, double stop,
        ReadOnlySpan<byte> stimulus, Dialect dialect)
    {
        MessageWriter w = batch.Add();
        w.Map(dialect.RunIds ? 11 : 10);
        w.FieldToken("key"u8, key);
        if (dialect.RunIds)
        {
            w.Field("run_id"u8, runId);
        }
        w.Field("nbytes"u8, IntBytes);
        w.Text("type"u8);
        w.Bytes(intType);
        w.Field("typename"u8, "int"u8);
        w.Text("metadata"u8);
        w.Map(0);
        w.Field("thread"u8, ThreadIdent);
        w.Text("startstops"u8);
        w.List(1);
        w.Map(3);
        w.Field("action"u8, "compute"u8);
        w.Field("start"u8, start);
        w.Field("stop"u8, stop);
        w.Field("op"u8, "task-finished"u8);
        w.FieldToken("stimulus_id"u8, stimulus);
        w.Field("status"u8, "OK"u8);
        w.End();
    }

    /// <summary>WS4.</summary>
    internal static void AddKeys(MessageBatch batch, List<ReadOnlyMemory<byte>> keys, ReadOnlySpan<byte> stimulus)
    {
        MessageWriter w = batch.Add();
        w.Map(3);
        w.Text("keys"u8);
        w.List(keys.Count);
        foreach (ReadOnlyMemory<byte> key in keys)
        {
            w.Token(key.Span);
        }
        w.Field("op"u8, "add-keys"u8);
        w.FieldToken("stimulus_id"u8, stimulus);
        w.End();
    }

    /// <summary>WS11.</summary>
    internal static void StealResponse(MessageBatch batch, ReadOnlySpan<byte> key, string? state, ReadOnlySpan<byte> stimulus)
    {
        MessageWriter w = batch.Add();
        w.Map(4);
        w.FieldToken("key"u8, key);
        w.Field("state"u8, state);
        w.Field("op"u8, "steal-response"u8);
        w.FieldToken("stimulus_id"u8, stimulus);
        w.End();
    }

    private static void Metrics(ref MessageWriter w, double now, int executing, Dialect dialect)
    {
        w.Map(dialect.HeartbeatDigests ? 13 : 12);
        w.Text("task_counts"u8);
        w.Map(1);
        w.Field("executing"u8, executing);
        w.Text("bandwidth"u8);
        w.Map(3);
        w.Field("total"u8, 100_000_000);
        w.Text("workers"u8);
        w.Map(0);
        w.Text("types"u8);
        w.Map(0);
        if (dialect.HeartbeatDigests)
        {
            w.Text("digests_total_since_heartbeat"u8);
            w.Map(0);
        }
        w.Field("managed_bytes"u8, 0);
        Numbers(ref w, "spilled_bytes"u8, ["memory", "disk"]);
        Numbers(ref w, "transfer"u8,
            ["incoming_bytes", "incoming_count", "incoming_count_total", "outgoing_bytes", "outgoing_count", "outgoing_count_total"]);
        w.Field("event_loop_interval"u8, 0.02);
        w.Field("cpu"u8, 1.9);
        w.Field("memory"u8, 70_000_000);
        w.Field("time"u8, now);
        Numbers(ref w, "host_net_io"u8, ["read_bps", "write_bps"]);
        Numbers(ref w, "host_disk_io"u8, ["read_bps", "write_bps"]);
        w.Field("num_fds"u8, 24);
    }

    private static void Numbers(ref MessageWriter w, ReadOnlySpan<byte> name, string[] entries)
    {
        w.Text(name);
        w.Map(entries.Length);
        foreach (string entry in entries)
        {
            w.Text(entry);
            w.Int(0);
        }
    }
}
