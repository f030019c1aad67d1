using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Scheduler;

/// <summary>
/// What <c>update-graph</c> and <c>update-graph-hlg</c> say besides the graph itself (rows CS1 to CS4), in all
/// generations.
/// </summary>
public sealed class GraphUpdate
{
    /// <summary>Who submits.</summary>
    public required string Client { get; init; }

    /// <summary>The keys that the client wants.</summary>
    public required Key[] Keys { get; init; }

    /// <summary>Static order given by the client, unless it was read with the graph; null: computed here.</summary>
    public IReadOnlyDictionary<Key, int>? InternalPriority { get; init; }

    /// <summary>The task from which the graph is submitted; none for a client of its own.</summary>
    public Key SubmittingTask { get; init; }

    /// <summary>The user's priority for all tasks.</summary>
    public double UserPriority { get; init; }

    /// <summary>The user's priority by key.</summary>
    public IReadOnlyDictionary<Key, double>? UserPriorities { get; init; }

    /// <summary>All wanted keys are actors.</summary>
    public bool AllActors { get; init; }

    /// <summary>Keys that are actors.</summary>
    public Key[] Actors { get; init; } = [];

    /// <summary>Seconds within which submissions count as one generation.</summary>
    public double FifoTimeout { get; init; }

    /// <summary>The lines of the user's code that submit the graph, as the client sends them; null: none.</summary>
    public Opaque? Code { get; init; }

    /// <summary>What 2022's clients may say about tasks beside annotations: restrictions, resources, retries.</summary>
    public IReadOnlyDictionary<Key, TaskAnnotations> Extra { get; init; } = new Dictionary<Key, TaskAnnotations>();

    /// <summary>What caused it, as a token; null: made up.</summary>
    public byte[]? StimulusId { get; init; }

    /// <summary>Reads the message from its map on.</summary>
    /// <param name="m">The message.</param>
    /// <param name="client">The client that has sent it; it may name another.</param>
    /// <param name="graph">Reads the graph; null: it is passed over.</param>
    public static GraphUpdate Read(ref MessageReader m, string client, IGraphReader? graph = null)
    {
        Key[] keys = [], actors = [];
        Dictionary<Key, int>? internalPriority = null;
        Dictionary<Key, double>? userPriorities = null;
        Key submittingTask = default;
        double userPriority = 0, fifoTimeout = 0;
        bool allActors = false;
        byte[]? stimulus = null;
        Opaque? code = null;
        int entries = m.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            string name = m.ReadString();
            switch (name)
            {
                case "client": client = m.ReadStringOrNull() ?? client; break;
                case "keys": keys = KeyFields.ReadKeys(ref m, graph); break;
                case "priority" or "internal_priority":
                    if (graph?.TryRead(name, ref m) != true)
                    {
                        internalPriority = ReadOrder(ref m);
                    }
                    break;
                case "submitting_task": submittingTask = m.TryReadNil() ? default : m.ReadKey(); break;
                case "user_priority": ReadPriority(ref m, ref userPriority, ref userPriorities); break;
                case "actors": ReadActors(ref m, ref allActors, ref actors); break;
                case "fifo_timeout": fifoTimeout = ReadSeconds(ref m); break;
                case "stimulus_id": stimulus = m.TryReadNil() ? null : m.ReadToken().ToArray(); break;
                case "code": code = m.TryReadNil() ? null : m.ReadOpaque(); break;
                default:
                    if (graph?.TryRead(name, ref m) != true)
                    {
                        m.Skip();
                    }
                    break;
            }
        }
        return new GraphUpdate
        {
            Client = client,
            Keys = keys,
            InternalPriority = internalPriority,
            SubmittingTask = submittingTask,
            UserPriority = userPriority,
            UserPriorities = userPriorities,
            AllActors = allActors,
            Actors = actors,
            FifoTimeout = fifoTimeout,
            StimulusId = stimulus,
            Code = code,
        };
    }

    /// <summary>The graph in the order that the client gives; the same if it gives none.</summary>
    public GraphMaterialized InGivenOrder(GraphMaterialized graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return InternalPriority is { } given
            ? graph with { Order = Array.ConvertAll(graph.Keys, k => given.GetValueOrDefault(k)), OrderIsGiven = true }
            : graph;
    }

    private static Dictionary<Key, int>? ReadOrder(ref MessageReader m)
    {
        if (m.TryReadNil())
        {
            return null;
        }
        int entries = m.ReadMapHeader();
        var order = new Dictionary<Key, int>(entries, KeyComparer.Instance);
        for (int i = 0; i < entries; i++)
        {
            Key key = m.ReadKey();
            order[key] = m.ReadInt32();
        }
        return order.Count == 0 ? null : order;
    }

    private static void ReadPriority(ref MessageReader m, ref double all, ref Dictionary<Key, double>? byKey)
    {
        if (m.NextType != MessagePackType.Map)
        {
            all = m.TryReadNil() ? 0 : m.ReadDouble();
            return;
        }
        byKey = new Dictionary<Key, double>(KeyComparer.Instance);
        int entries = m.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            Key key = m.ReadKey();
            byKey[key] = m.ReadDouble();
        }
    }

    private static void ReadActors(ref MessageReader m, ref bool all, ref Key[] actors)
    {
        if (m.NextType is MessagePackType.Boolean or MessagePackType.Nil)
        {
            all = m.ReadBoolean();
            return;
        }
        actors = KeyFields.ReadKeys(ref m);
    }

    private static double ReadSeconds(ref MessageReader m)
    {
        if (m.TryReadNil())
        {
            return 0;
        }
        return m.NextType == MessagePackType.String
            ? TimeDelta.Parse(m.ReadString()) ?? throw new ProtocolException("fifo_timeout is no duration")
            : m.ReadDouble();
    }
}
