using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>The events of an <see cref="EventStream"/> as Dask's <c>WebsocketPlugin</c> words them (row H17).</summary>
internal static class EventJson
{
    // Dask's, by bokeh's Viridis.
    private static readonly string[] palette =
    [
        "#440154", "#471669", "#472A79", "#433C84", "#3C4D8A", "#355D8C", "#2E6C8E", "#287A8E", "#23898D",
        "#1E978A", "#20A585", "#2EB27C", "#45BF6F", "#64CB5D", "#88D547", "#AFDC2E", "#D7E219", "#FDE724",
    ];

    /// <summary>The messages of an event: one for each thing that a worker did in a run, else a single one.</summary>
    internal static IReadOnlyList<byte[]> Write(string name, Opaque data)
    {
        if (name != "transition")
        {
            return [Message(name, data, null, default)];
        }
        (ReadOnlyMemory<byte> startStops, string compute) = ReadRun(data);
        var messages = new List<byte[]>();
        var reader = new MessageReader(startStops);
        for (int parts = reader.ReadArrayHeader(); parts > 0; parts--)
        {
            ReadOnlyMemory<byte> part = reader.ReadTokenMemory();
            var action = new MessageReader(part);
            messages.Add(Message(name, data, ColorOf(StartStop.Read(ref action).Action, compute), part));
        }
        return messages;
    }

    // When what was done, and the colour of computing.
    private static (ReadOnlyMemory<byte> StartStops, string Color) ReadRun(Opaque data)
    {
        ReadOnlyMemory<byte> startStops = default;
        string kind = "";
        bool succeeded = false;
        var reader = new MessageReader(data);
        for (int entries = reader.ReadMapHeader(); entries > 0; entries--)
        {
            switch (reader.ReadString())
            {
                case "startstops": startStops = reader.ReadTokenMemory(); break;
                case "status": succeeded = reader.ReadString() == "OK"; break;
                case "key": kind = KeySplit.Prefix(reader.ReadToken()); break;
                default: reader.Skip(); break;
            }
        }
        return (startStops, succeeded ? ColorOfKind(kind) : "black");
    }

    private static byte[] Message(string name, Opaque data, string? color, ReadOnlyMemory<byte> part)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            WriteEntries(json, new MessageReader(data));
            if (color is not null)
            {
                json.WriteString("color", color);
                WriteEntries(json, new MessageReader(part));
            }
            json.WriteString("name", name);
            json.WriteEndObject();
        }
        return bytes.WrittenSpan.ToArray();
    }

    // Pickles are of no use to those who read JSON.
    private static void WriteEntries(Utf8JsonWriter json, MessageReader reader)
    {
        for (int entries = reader.ReadMapHeader(); entries > 0; entries--)
        {
            string field = reader.ReadString();
            if (field is "type" or "exception" or "traceback")
            {
                reader.Skip();
                continue;
            }
            json.WritePropertyName(field);
            JsonPages.Write(json, ref reader);
        }
    }

    private static string ColorOf(string action, string compute) => action switch
    {
        "transfer" => "red",
        "disk-write" or "disk-read" => "orange",
        "compute" => compute,
        _ => "gray",
    };

#pragma warning disable CA5351 // No secret: the digest picks a colour, and Dask's must come out.
    private static string ColorOfKind(string kind) =>
        palette[BinaryPrimitives.ReadUInt32BigEndian(MD5.HashData(Tokens.Utf8.GetBytes(kind))) % (uint)palette.Length];
#pragma warning restore CA5351
}
