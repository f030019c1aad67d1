namespace Csds.Simulator.Client;

/// <summary>What a client knows of a key that it holds.</summary>
internal enum FutureState
{
    /// <summary>Nothing yet, or lost and computed again.</summary>
    Pending,

    /// <summary>In memory somewhere.</summary>
    Finished,

    /// <summary>Failed.</summary>
    Error,

    /// <summary>Nobody will compute it.</summary>
    Cancelled,
}
