using Csds.Protocol;
using Csds.Simulator.Wire;

namespace Csds.Simulator.Worker;

/// <summary>Dependencies that come from other workers.</summary>
internal sealed partial class SimulatedWorker
{
    private const double FindMissingSeconds = 0.5;

    private readonly Dictionary<Key, Fetch> fetches = new(KeyComparer.Instance);

    private static List<string> Addresses(object? holders) => [.. ((IEnumerable<object?>)holders!).Cast<string>()];

    private void Get(Key key, List<string> whoHas)
    {
        if (!fetches.TryGetValue(key, out Fetch? fetch))
        {
            fetches[key] = fetch = new Fetch(key);
        }
        fetch.WhoHas = whoHas;
        Try(fetch);
    }

    private void Try(Fetch fetch)
    {
        if (fetch.InFlight || !IsAlive)
        {
            return;
        }
        fetch.InFlight = true;
        fetch.WhoHas.Remove(Address);
        if (fetch.WhoHas.Count == 0)
        {
            world.Clock.After(FindMissingSeconds, () => WhenAwake(() => AskAgain(fetch)));
            return;
        }
        string peer = world.Random.Pick(fetch.WhoHas);
        world.Clock.After(world.Random.Exponential(world.Profile.Latency), () =>
        {
            long? bytes = world.FindWorker(peer) is { } holder && holder.data.TryGetValue(fetch.Key, out long n) ? n : null;
            world.Clock.After(world.FetchSeconds(bytes), () => WhenAwake(() => Arrive(fetch, peer, bytes)));
        });
    }

    private void Arrive(Fetch fetch, string peer, long? bytes)
    {
        fetch.InFlight = false;
        if (!IsWanted(fetch))
        {
            return;
        }
        if (bytes is null)
        {
            fetch.WhoHas.Remove(peer);
            Try(fetch);
            return;
        }
        fetches.Remove(fetch.Key);
        data[fetch.Key] = bytes.Value;
        if (tasks.TryGetValue(fetch.Key, out WorkerTask? task) && task.State is RunState.Waiting or RunState.Ready)
        {
            // It was to be computed here as well.
            task!.State = RunState.Memory;
            SendFinished(task, task.RunId);
        }
        else
        {
            Send(new Message("add-keys").With("keys", new List<object?> { fetch.Key }).With("stimulus_id", "gathered"));
        }
        FindReady();
        StartTasks();
    }

    private void AskAgain(Fetch fetch)
    {
        fetch.InFlight = false;
        if (!IsWanted(fetch))
        {
            return;
        }
        if (fetch.WhoHas.Count > 0)
        {
            Try(fetch);
            return;
        }
        fetch.InFlight = true;
        Send(new Message("request-refresh-who-has").With("keys", new List<object?> { fetch.Key }).With("stimulus_id", "find-missing"));
        world.Clock.After(FindMissingSeconds, () => WhenAwake(() => AskAgain(fetch)));
    }

    private void UpdateWhoHas(PythonDict whoHas)
    {
        foreach ((object? name, object? holders) in whoHas)
        {
            if (fetches.TryGetValue(Message.ToKey(name), out Fetch? fetch))
            {
                fetch.WhoHas = Addresses(holders);
            }
        }
    }

    private void ForgetPeer(string address)
    {
        foreach (Fetch fetch in fetches.Values)
        {
            fetch.WhoHas.Remove(address);
        }
    }

    private bool IsWanted(Fetch fetch) => fetches.TryGetValue(fetch.Key, out Fetch? current) && ReferenceEquals(current, fetch);

    // What no task waits for any more is not fetched.
    private void DropFetches()
    {
        foreach (Key key in fetches.Keys.ToArray())
        {
            if (!tasks.Values.Any(t => t.State == RunState.Waiting && t.Dependencies.Contains(key)))
            {
                fetches.Remove(key);
            }
        }
    }
}
