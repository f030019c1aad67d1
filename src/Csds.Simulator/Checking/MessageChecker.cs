using Csds.Protocol;
using Csds.Scheduler;
using Csds.Simulator.Wire;

namespace Csds.Simulator.Checking;

/// <summary>What must hold for every message that leaves the core.</summary>
internal sealed class MessageChecker(SchedulerState core)
{
    private readonly HashSet<long> closed = [];
    private readonly HashSet<string> known = [];

    /// <summary>Whether the core has closed a stream.</summary>
    internal bool IsClosed(long connection) => closed.Contains(connection);

    /// <summary>Workers that leave within a turn may still be named in what was written before.</summary>
    internal void BeginTurn()
    {
        known.Clear();
        known.UnionWith(core.Workers.Sorted.Select(ws => ws.Address));
    }

    internal void Close(long connection) => closed.Add(connection);

    internal void Check(StreamPeer peer, List<Message> messages)
    {
        if (closed.Contains(peer.Connection))
        {
            throw new SafetyException($"a message for {peer}, who is gone: {messages[0]}");
        }
        known.UnionWith(core.Workers.Sorted.Select(ws => ws.Address));
        foreach (Message message in messages.Where(m => m.Op == "compute-task"))
        {
            CheckComputeTask(message);
        }
    }

    private void CheckComputeTask(Message message)
    {
        var whoHas = (PythonDict)message["who_has"]!;
        var nbytes = (PythonDict)message["nbytes"]!;
        foreach ((object? dependency, object? holders) in whoHas)
        {
            List<object?> addresses = [.. (IEnumerable<object?>)holders!];
            if (addresses.Count == 0)
            {
                throw new SafetyException($"nobody holds {Message.ToKey(dependency)}, which {message.Key} needs");
            }
            if (addresses.Find(a => !known.Contains((string)a!)) is { } stranger)
            {
                throw new SafetyException($"{Message.ToKey(dependency)} is said to be on {stranger}, which is gone");
            }
        }
        if (!whoHas.Select(e => Message.ToKey(e.Key)).SequenceEqual(nbytes.Select(e => Message.ToKey(e.Key))))
        {
            throw new SafetyException($"{message.Key} has sizes of other keys than those it needs");
        }
    }
}
