using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Measures the cluster's memory now and then, for a client (rows R54, X11): Dask's <c>MemorySamplerExtension</c>. It
/// ends with the client.
/// </summary>
internal sealed class MemorySamplers(SchedulerState s)
{
    private readonly Dictionary<Key, Sampler> samplers = new(KeyComparer.Instance);

    /// <summary>Number of samplers that run.</summary>
    internal int Count => samplers.Count;

    /// <summary><c>memory_sampler_start</c>: the sampler's name.</summary>
    internal void Start(Request r)
    {
        if (MemoryMeasures.Find(r.Measure, s.Options.Dialect) is not { } measure)
        {
            s.Refuse(r.Number, new PythonError(
                "builtins", "AttributeError", $"'MemoryState' object has no attribute '{r.Measure}'"));
            return;
        }
        if (!(r.Interval > 0))
        {
            s.Refuse(r.Number, PythonError.ValueError("Periodic callback must have a positive callback_time"));
            return;
        }
        Span<byte> random = stackalloc byte[16];
        s.Random.NextBytes(random);
        string name = new Guid(random).ToString();
        var sampler = new Sampler(r.Client, measure, r.Interval);
        samplers.Add(Key.FromString(name), sampler);
        Sample(sampler);
        s.Answer(r.Number, Opaque.FromString(name));
    }

    /// <summary><c>memory_sampler_stop</c>: the samples, (seconds since 1970, bytes).</summary>
    internal void Stop(Request r)
    {
        if (!samplers.Remove(r.Key, out Sampler? sampler))
        {
            s.Refuse(r.Number, PythonError.KeyError(r.Key));
            return;
        }
        s.Deadlines.Cancel(sampler.Next!);
        s.Answer(r.Number, Answers.Value((ref MessageWriter w) =>
        {
            w.List(sampler.Samples.Count);
            foreach ((double time, long bytes) in sampler.Samples)
            {
                w.List(2);
                w.Float(time);
                w.Int(bytes);
            }
        }));
    }

    /// <summary>A client is gone.</summary>
    internal void Forget(ClientState client)
    {
        foreach ((Key name, Sampler sampler) in samplers.ToArray())
        {
            if (sampler.Client == client.ClientKey)
            {
                samplers.Remove(name);
                s.Deadlines.Cancel(sampler.Next!);
            }
        }
    }

    private void Sample(Sampler sampler)
    {
        sampler.Samples.Add((s.Now, sampler.Measure(MemoryState.Sum(s.Workers.Sorted))));
        sampler.Next = s.Deadlines.Add(s.Now + sampler.Interval, () => Sample(sampler));
    }

    private sealed class Sampler(string client, Func<MemoryState, long> measure, double interval)
    {
        internal string Client => client;

        internal Func<MemoryState, long> Measure => measure;

        internal double Interval => interval;

        internal List<(double Time, long Bytes)> Samples { get; } = [];

        internal Deadline? Next { get; set; }
    }
}
