namespace Csds.Simulator.Wire;

/// <summary>A Python dict, in order: keys may be anything, tuples included.</summary>
public sealed class PythonDict : List<KeyValuePair<object?, object?>>
{
    /// <summary>The value of an entry whose key is text; null without one.</summary>
    public object? this[string name] => Find(entry => name.Equals(entry.Key)).Value;

    /// <summary>Adds an entry.</summary>
    public PythonDict With(object? key, object? value)
    {
        Add(new(key, value));
        return this;
    }
}
