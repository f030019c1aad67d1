using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Simulator.Wire;

/// <summary>Decodes values, with the frames that they refer to.</summary>
internal static class ValueReader
{
    internal static object? Read(ref MessageReader reader)
    {
        switch (reader.NextType)
        {
            case MessagePackType.Nil:
                reader.TryReadNil();
                return null;
            case MessagePackType.Boolean:
                return reader.ReadBoolean();
            case MessagePackType.Integer:
                return reader.ReadInt64();
            case MessagePackType.Float:
                return reader.ReadDouble();
            case MessagePackType.String:
                return reader.ReadString();
            case MessagePackType.Binary:
                return reader.ReadBytes().ToArray();
            case MessagePackType.Array:
                var items = new List<object?>();
                for (int count = reader.ReadArrayHeader(); count > 0; count--)
                {
                    items.Add(Read(ref reader));
                }
                return items;
            case MessagePackType.Map:
                return ReadMap(ref reader);
            default:
                throw new ProtocolException($"{reader.NextType} is no Python value");
        }
    }

    private static object? ReadMap(ref MessageReader reader)
    {
        MessageReader whole = reader.Peek();
        var dict = new PythonDict();
        for (int count = reader.ReadMapHeader(); count > 0; count--)
        {
            object? key = Read(ref reader);
            dict.Add(new(key, Read(ref reader)));
        }
        return dict switch
        {
            [{ Key: "__Serialized__" or "__Pickled__", Value: long }] => whole.ReadOpaque(),
            [{ Key: "__Set__" }, { Key: "as-list", Value: List<object?> items }] => new PythonSet(items),
            _ => dict,
        };
    }
}
