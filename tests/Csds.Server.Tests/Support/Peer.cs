using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Csds.Protocol;

namespace Csds.Server.Tests;

/// <summary>A scripted peer on a real socket. Messages are given as JSON and sent as msgpack.</summary>
internal sealed class Peer : IDisposable
{
    private readonly FrameReader reader = new();
    private readonly byte[] buffer = new byte[64 * 1024];
    private int filled;

    private Peer(Socket socket) => Socket = socket;

    internal Socket Socket { get; }

    /// <summary>Connects without a handshake.</summary>
    internal static async Task<Peer> DialAsync(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return new Peer(socket);
    }

    /// <summary>Connects and shakes hands.</summary>
    internal static async Task<Peer> ConnectAsync(int port) => await ShakeHandsAsync(await DialAsync(port));

    /// <summary>Waits until the server connects to a listening socket, and shakes hands.</summary>
    internal static async Task<Peer> AcceptAsync(Socket listener) => await ShakeHandsAsync(new Peer(await listener.AcceptAsync()));

    private static async Task<Peer> ShakeHandsAsync(Peer peer)
    {
        await peer.SendAsync("""{"compression": null, "python": [3, 11, 2], "pickle-protocol": 5}""");
        using FrameGroup hello = await peer.ReadAsync() ?? throw new IOException("no handshake");
        Handshake.Read(hello);
        return peer;
    }

    internal async Task SendAsync(string json) => await SendRawAsync(Frame(json));

    internal async Task SendRawAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await Socket.SendAsync(bytes)..];
        }
    }

    /// <summary>The next message; null when the server has ended the connection.</summary>
    internal async Task<FrameGroup?> ReadAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            var sequence = new System.Buffers.ReadOnlySequence<byte>(buffer, 0, filled);
            bool complete = reader.TryRead(ref sequence, out FrameGroup? group);
            int left = (int)sequence.Length;
            Buffer.BlockCopy(buffer, filled - left, buffer, 0, left);
            filled = left;
            if (complete)
            {
                return group;
            }
            int read;
            try
            {
                read = await Socket.ReceiveAsync(buffer.AsMemory(filled), timeout.Token);
            }
            catch (SocketException)
            {
                return null;
            }
            if (read == 0)
            {
                return null;
            }
            filled += read;
        }
    }

    internal async Task<FrameGroup> AskAsync(string json)
    {
        await SendAsync(json);
        return await ReadAsync() ?? throw new IOException("the server ended the connection");
    }

    /// <summary>Waits until the server has ended the connection.</summary>
    internal async Task AssertClosedAsync()
    {
        while (await ReadAsync() is { } message)
        {
            message.Dispose();
        }
    }

    /// <summary>Registers as a worker and reads the answer.</summary>
    internal async Task RegisterWorkerAsync(string address)
    {
        using FrameGroup answer = await AskAsync($$$"""
            {"op": "register-worker", "reply": false, "address": "{{{address}}}", "status": "running", "server_id": "w", "name": "{{{address}}}",
             "nthreads": 1, "memory_limit": 0, "local_directory": "/tmp", "services": {}, "nanny": null, "pid": 1, "now": 0,
             "versions": {}, "metrics": {"memory": 0, "spilled_bytes": {"memory": 0, "disk": 0}}, "extra": {}, "resources": {},
             "keys": [], "nbytes": {}, "types": {}, "stimulus_id": "register"}
            """);
        Assert.Contains("OK", Text(answer), StringComparison.Ordinal);
    }

    /// <summary>Registers as a client and reads the first transfer.</summary>
    internal async Task RegisterClientAsync(string id)
    {
        using FrameGroup answer = await AskAsync($$$"""{"op": "register-client", "client": "{{{id}}}", "reply": false, "versions": {}}""");
        Assert.Contains("stream-start", Text(answer), StringComparison.Ordinal);
    }

    /// <summary>The msgpack frame with every byte as a character: enough to look for words in it.</summary>
    internal static string Text(FrameGroup message) => Encoding.Latin1.GetString(message[0].Span);

    internal static byte[] Frame(string json)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        FrameWriter.Write(output, Encode(json));
        return output.WrittenSpan.ToArray();
    }

    internal static byte[] Encode(string json)
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        using JsonDocument document = JsonDocument.Parse(json);
        Write(ref w, document.RootElement);
        w.End();
        return batch.Seal().ToArray();
    }

    public void Dispose() => Socket.Dispose();

    private static void Write(ref MessageWriter w, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                w.Map(element.EnumerateObject().Count());
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    w.Text(property.Name);
                    Write(ref w, property.Value);
                }
                break;
            case JsonValueKind.Array:
                w.List(element.GetArrayLength());
                foreach (JsonElement item in element.EnumerateArray())
                {
                    Write(ref w, item);
                }
                break;
            case JsonValueKind.String: w.Text(element.GetString()); break;
            case JsonValueKind.Number when element.TryGetInt64(out long integer): w.Int(integer); break;
            case JsonValueKind.Number: w.Float(element.GetDouble()); break;
            case JsonValueKind.True or JsonValueKind.False: w.Bool(element.GetBoolean()); break;
            default: w.Nil(); break;
        }
    }
}
