using System.Buffers;
using System.Text.Json;
using Nerdbank.MessagePack;

namespace Csds.Scheduler.Tests.Ordering;

/// <summary>Makes msgpack tokens of keys written in JSON; arrays stand for tuples.</summary>
internal static class TestTokens
{
    internal static byte[] FromJson(JsonElement key)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(output);
        Write(ref writer, key);
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    private static void Write(ref MessagePackWriter writer, JsonElement key)
    {
        switch (key.ValueKind)
        {
            case JsonValueKind.String:
                writer.Write(key.GetString());
                break;
            case JsonValueKind.Number when key.TryGetInt64(out long integer):
                writer.Write(integer);
                break;
            case JsonValueKind.Number:
                writer.Write(key.GetDouble());
                break;
            default:
                writer.WriteArrayHeader(key.GetArrayLength());
                foreach (JsonElement item in key.EnumerateArray())
                {
                    Write(ref writer, item);
                }
                break;
        }
    }
}
