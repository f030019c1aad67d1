using System.Net.Sockets;
using System.Net;
using Csds.Epoll;
using Csds.Protocol;

namespace Csds.ZeroWorker;

/// <summary>
/// The port that all workers of the process are reached on. Their addresses differ in the host: all of 127.0.0.0/8 is
/// this machine, and ten thousand listening sockets would be more than a process may open.
/// </summary>
internal sealed class DataServer : IPolled
{
    private readonly Poller poller;
    private readonly Statistics statistics;

    /// <summary>Opens the port.</summary>
    internal DataServer(Poller poller, Statistics statistics)
    {
        this.poller = poller;
        this.statistics = statistics;
        Socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        Socket.Listen(512);
        poller.Add(this, Readiness.Input);
    }

    /// <inheritdoc/>
    public Socket Socket { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>The contact address of worker <paramref name="number"/>, counted from 0.</summary>
    public string AddressOf(int number)
    {
        int n = number + 1; // 127.0.0.1 itself is the first.
        return new CommAddress("tcp", $"127.{n >> 16}.{(n >> 8) & 255}.{n & 255}", ((IPEndPoint)Socket.LocalEndPoint!).Port).ToString();
    }

    /// <inheritdoc/>
    public void OnReady(Readiness ready) => _ = new DataLink(poller, Socket.Accept(), statistics);

    /// <summary>Answers requests: every result is the number one.</summary>
    private sealed class DataLink(Poller poller, Socket socket, Statistics statistics) : Link(poller, socket)
    {
        private readonly MessageBatch reply = new();
        private bool acknowledging;

        protected override void Receive(FrameGroup message)
        {
            if (acknowledging)
            {
                acknowledging = false; // The text "OK" that follows data.
                return;
            }
            (string op, List<Key> keys) = Read(message);
            MessageWriter w = reply.Single();
            if (op == "get_data")
            {
                statistics.GetData++;
                acknowledging = true;
                WriteData(ref w, keys);
            }
            else
            {
                w.Nil();
            }
            w.End();
            Send(reply);
        }

        private static (string Op, List<Key> Keys) Read(FrameGroup message)
        {
            string op = "";
            var keys = new List<Key>();
            var reader = new MessageReader(message);
            int entries = reader.ReadMapHeader();
            for (int i = 0; i < entries; i++)
            {
                switch (reader.ReadString())
                {
                    case "op":
                        op = reader.ReadString();
                        break;
                    case "keys":
                        int count = reader.TryReadNil() ? 0 : reader.ReadSequenceHeader();
                        for (int k = 0; k < count; k++)
                        {
                            keys.Add(reader.ReadKey());
                        }
                        break;
                    default:
                        reader.Skip();
                        break;
                }
            }
            return (op, keys);
        }

        private static void WriteData(ref MessageWriter w, List<Key> keys)
        {
            w.Map(2);
            w.Field("status"u8, "OK"u8);
            w.Text("data"u8);
            w.Map(keys.Count);
            foreach (Key key in keys)
            {
                w.Key(key);
                w.Value(Pickled.Value(WorkerWriter.Result));
            }
        }
    }
}
