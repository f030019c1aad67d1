using Csds.Simulator.Client;
using Csds.Simulator.Worker;

namespace Csds.Simulator;

/// <summary>What goes wrong, once a second, with the probabilities of the profile.</summary>
internal sealed class Faults(World world)
{
    private const double MaxPause = 20;

    internal void Start() => world.Clock.After(1, Strike);

    private void Strike()
    {
        if (!world.HasFaults)
        {
            return;
        }
        foreach (SimulatedWorker worker in world.Workers.ToArray())
        {
            Strike(worker);
        }
        foreach (SimulatedClient client in world.Clients.Where(c => c.IsAlive).ToArray())
        {
            Strike(client);
        }
        world.Clock.After(1, Strike);
    }

    private void Strike(SimulatedWorker worker)
    {
        Profile profile = world.Profile;
        if (world.Random.Chance(profile.WorkerDeaths))
        {
            worker.Die(abruptly: world.Random.Chance(0.5));
            world.Clock.After(world.Random.Between(0, MaxPause), () => world.AddWorker());
        }
        else if (world.Random.Chance(profile.WorkerPauses))
        {
            worker.SetPaused(true);
            world.Clock.After(world.Random.Between(0, MaxPause), () => worker.SetPaused(false));
        }
        else if (world.Random.Chance(profile.WorkerFreezes))
        {
            worker.Freeze(world.Random.Between(1, 3 * profile.Options.WorkerTtl ?? 1));
        }
        else if (world.Random.Chance(profile.Drops))
        {
            worker.DropSomething();
        }
    }

    private void Strike(SimulatedClient client)
    {
        Profile profile = world.Profile;
        if (world.Random.Chance(profile.ClientDeaths))
        {
            client.Die();
            world.AddClient();
        }
        else if (world.Random.Chance(profile.Cancels))
        {
            client.CancelSomething();
        }
        else if (world.Random.Chance(profile.Releases))
        {
            client.ReleaseSomething();
        }
        else if (world.Random.Chance(profile.TaskErrors))
        {
            client.RetrySomething();
        }
    }
}
