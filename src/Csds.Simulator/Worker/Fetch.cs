using Csds.Protocol;

namespace Csds.Simulator.Worker;

/// <summary>A dependency that a worker has to get from another.</summary>
internal sealed class Fetch(Key key)
{
    internal Key Key { get; } = key;

    /// <summary>Addresses of those who are said to have it.</summary>
    internal List<string> WhoHas { get; set; } = [];

    /// <summary>Somebody was asked.</summary>
    internal bool InFlight { get; set; }
}
