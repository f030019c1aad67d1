using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Clients that are none: <c>queue-x</c>, <c>variable-x</c> and <c>published-x</c> hold keys for a queue, variable or dataset.</summary>
internal static class PseudoClients
{
    internal static string Queue(Key name) => $"queue-{name}";

    internal static string Variable(Key name) => $"variable-{name}";

    internal static string Published(Key name) => $"published-{name}";

    /// <summary>Lets a pseudo client want keys. It exists as long as it wants any.</summary>
    internal static void Hold(this SchedulerState s, string pseudoClient, params IReadOnlyCollection<Key> keys)
    {
        if (keys.Count > 0)
        {
            s.ClientDesiresKeys(keys, pseudoClient);
            RemoveIfIdle(s, pseudoClient);
        }
    }

    /// <summary>A pseudo client wants these keys no longer.</summary>
    internal static void LetGo(this SchedulerState s, string pseudoClient, params IReadOnlyCollection<Key> keys)
    {
        if (keys.Count > 0 && s.Clients.TryGetValue(pseudoClient, out ClientState? cs))
        {
            s.ClientReleasesKeys(keys, cs, s.Stimulus("client-releases-keys"));
            RemoveIfIdle(s, pseudoClient);
        }
    }

    private static void RemoveIfIdle(SchedulerState s, string pseudoClient)
    {
        if (s.Clients.TryGetValue(pseudoClient, out ClientState? cs) && cs is { WantsWhat.IsEmpty: true, Connection: 0 })
        {
            s.Clients.Remove(pseudoClient);
        }
    }
}
