using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Reads the graph in a message while the rest of the message is read.</summary>
public interface IGraphReader
{
    /// <summary>Reads the value of a field that is about the graph; false, and nothing is read, if it is another field.</summary>
    /// <exception cref="ProtocolException">The value is malformed.</exception>
    bool TryRead(string name, ref MessageReader reader);

    /// <summary>The key with a token: the graph's own, if it has it.</summary>
    Key KeyOf(ReadOnlySpan<byte> token);
}
