using Csds.Protocol;
using Csds.Scheduler;
using Csds.Simulator.Wire;

namespace Csds.Fuzz;

/// <summary>
/// Makes up messages whose ops and fields exist, with values that mostly fit: what random bytes would never become.
/// </summary>
internal sealed class MessageMaker(Random random)
{
    private static readonly string[] workerOps = [.. Inbox.WorkerOps.Order(StringComparer.Ordinal)];
    private static readonly string[] clientOps = [.. Inbox.ClientOps.Order(StringComparer.Ordinal)];
    private static readonly string[] requestOps =
        [.. Requests.Ops.Order(StringComparer.Ordinal), "update-graph", "register-worker", "heartbeat_worker"];

    private static readonly string[] names =
        ["key", "keys", "run_id", "nbytes", "typename", "startstops", "stimulus_id", "exception", "traceback", "status", "client", "force",
         "reason", "msg", "name", "names", "timeout", "worker", "workers", "who_has", "data", "value", "topic", "state", "compute_duration",
         "id", "lease_id", "lease_ids", "max_leases", "lease_timeout", "locks", "num_locks", "maxsize", "batch", "override", "uid",
         "default", "measure", "interval", "address", "nthreads", "memory_limit", "metrics", "executing", "now", "event_name", "metadata",
         "user_priority", "priority", "actors", "fifo_timeout", "retries", "submitting_task", "annotations", "resources", "nanny"];

    /// <summary>An input for the inbox: some transfers and requests.</summary>
    internal byte[] Make()
    {
        var bytes = new List<byte> { (byte)random.Next(3) };
        for (int count = 1 + random.Next(12); count > 0; count--)
        {
            bytes.AddRange(random.Next(3) == 0 ? Token(Message(requestOps)) : Token(Transfer()));
        }
        return [.. bytes];
    }

    private List<object?> Transfer()
    {
        string[] ops = random.Next(2) == 0 ? workerOps : clientOps;
        return [.. Enumerable.Range(0, 1 + random.Next(5)).Select(_ => (object?)Message(ops))];
    }

    private PythonDict Message(string[] ops)
    {
        PythonDict message = new PythonDict().With("op", Pick(ops));
        foreach (string name in names.Where(_ => random.Next(3) > 0))
        {
            message.With(name, random.Next(40) == 0 ? Junk(2) : Value(name));
        }
        return message;
    }

    private object? Value(string name) => name switch
    {
        "key" or "submitting_task" => Pick(Vocabulary.Keys),
        "keys" => random.Next(3) == 0 ? new PythonSet(SomeKeys()) : SomeKeys(),
        "run_id" => (long)random.Next(-1, 12),
        "nbytes" when random.Next(2) == 0 => Sizes(),
        "nbytes" or "memory_limit" => random.NextInt64(-1, 1L << random.Next(1, 62)),
        "startstops" => new List<object?> { new PythonDict().With("action", "compute").With("start", Time()).With("stop", Time()) },
        "exception" or "traceback" or "data" or "value" or "default" or "msg" => random.Next(2) == 0 ? Placeholder() : Junk(1),
        "status" => Pick<object?>(["running", "paused", "closing", "closing_gracefully", "init", "closed", "OK", "error"]),
        "state" => Pick<object?>(["executing", "ready", "waiting", "memory", "constrained", "released", null, "flight", "long-running"]),
        "client" => Pick<object?>(["ann", "bob", "fire-and-forget", "nobody", "queue-q", "variable-v"]),
        "worker" or "address" or "nanny" => Address(),
        "workers" or "locks" or "names" or "lease_ids" => new List<object?> { Address(), Name() },
        "who_has" => WhoHas(),
        "name" or "id" or "lease_id" or "uid" or "topic" or "event_name" => Name(),
        "force" or "override" => random.Next(2) == 0,
        "metrics" => new PythonDict().With("memory", random.NextInt64(2000)).With("cpu", 0.5),
        "executing" => new PythonDict().With(Pick(Vocabulary.Keys), Time()),
        "annotations" or "metadata" or "resources" => Junk(2),
        "timeout" or "lease_timeout" or "interval" or "compute_duration" or "now" or "fifo_timeout" =>
            Pick<object?>([null, 0.0, 1.5, 30L, -1.0, Time()]),
        "stimulus_id" or "typename" or "reason" or "measure" => Pick<object?>(["a", "b", "process"]),
        _ => (long)random.Next(-1, 5),
    };

    // Values that fit nowhere.
    private object? Junk(int depth) => random.Next(depth > 0 ? 12 : 9) switch
    {
        0 => null,
        1 => random.Next(2) == 0,
        2 => random.NextInt64(long.MinValue, long.MaxValue),
        3 => Pick<object?>([double.NaN, double.PositiveInfinity, -0.0, 1e308, -1e308, 0.5]),
        4 => "",
        5 => new string('é', random.Next(40)),
        6 => new byte[random.Next(40)],
        7 => Placeholder(),
        8 => new PythonDict(),
        9 => new List<object?> { Junk(depth - 1), Junk(depth - 1) },
        10 => new PythonDict().With(Junk(depth - 1), Junk(depth - 1)),
        _ => new PythonSet([Junk(depth - 1)]),
    };

    private List<object?> SomeKeys() => [.. Enumerable.Range(0, random.Next(4)).Select(_ => Pick(Vocabulary.Keys))];

    private PythonDict Sizes() => new PythonDict().With(Pick(Vocabulary.Keys), random.NextInt64(100)).With("s", 1L);

    private PythonDict WhoHas() => new PythonDict().With(Pick(Vocabulary.Keys), new List<object?> { Address() });

    private PythonDict Placeholder() => new PythonDict().With("__Serialized__", Pick<object?>([1L, 3L, 5L, 6L, 7L]));

    private object? Name() => Pick<object?>(["n", "m", 1L, new List<object?> { "n", 1L }]);

    private string Address() => Pick(["tcp://a:1", "tcp://b:1", "tcp://c:1", "tcp://d:1", "nonsense", ""]);

    private double Time() => 1000 + (random.NextDouble() * 100);

    private T Pick<T>(IReadOnlyList<T> items) => items[random.Next(items.Count)];

    private static byte[] Token(object? value) => Simulator.Wire.Message.ToKey(value).Token.ToArray();
}
