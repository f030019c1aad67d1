namespace Csds.Simulator.Wire;

/// <summary>A Python set, in the order of the wire.</summary>
public sealed class PythonSet : List<object?>
{
    /// <summary>An empty set.</summary>
    public PythonSet()
    {
    }

    /// <summary>A set of these items.</summary>
    public PythonSet(IEnumerable<object?> items) : base(items)
    {
    }
}
