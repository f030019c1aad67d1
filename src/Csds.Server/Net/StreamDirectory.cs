using System.Collections.Concurrent;

namespace Csds.Server;

/// <summary>The connections that are streams of workers or clients, by the number that the core knows them by.</summary>
public sealed class StreamDirectory
{
    private readonly ConcurrentDictionary<long, Connection> connections = new();

    /// <summary>The connection with a number; null if it is gone.</summary>
    public Connection? Find(long number) => connections.GetValueOrDefault(number);

    /// <summary>Every stream.</summary>
    public ICollection<Connection> All => connections.Values;

    internal void Add(Connection connection) => connections[connection.Number] = connection;

    internal void Remove(Connection connection) => connections.TryRemove(connection.Number, out _);
}
