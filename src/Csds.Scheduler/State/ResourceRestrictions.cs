using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Amounts of resources, by name, with the map as the user spelled it for the way to the worker.</summary>
/// <param name="Amounts">Required amounts, at least one.</param>
/// <param name="Token">The same as a msgpack map.</param>
public sealed record ResourceRestrictions(IReadOnlyList<KeyValuePair<string, double>> Amounts, ReadOnlyMemory<byte> Token)
{
    /// <summary>Reads a map of resource names and amounts; null if it is empty.</summary>
    /// <exception cref="ProtocolException">An amount is no number.</exception>
    public static ResourceRestrictions? Read(ref MessageReader reader)
    {
        ReadOnlyMemory<byte> token = reader.Peek().ReadTokenMemory();
        int entries = reader.ReadMapHeader();
        var amounts = new KeyValuePair<string, double>[entries];
        for (int i = 0; i < entries; i++)
        {
            amounts[i] = new(reader.ReadString(), reader.ReadDouble());
        }
        return entries == 0 ? null : new ResourceRestrictions(amounts, token.ToArray());
    }
}
