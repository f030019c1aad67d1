using System.Diagnostics;
using System.Net.Sockets;
using System.Net;
using Csds.Epoll;

namespace Csds.ZeroWorker;

/// <summary>What exchanges of the same size cost this machine when nobody thinks about them.</summary>
/// <param name="PerSecond">Exchanges per second, over all connections.</param>
/// <param name="CpuUs">Processor microseconds of an exchange on the answering side.</param>
/// <param name="RoundTripUs">Microseconds of a round trip on one connection alone.</param>
internal sealed record EchoFloorResult(double PerSecond, double CpuUs, double RoundTripUs);

/// <summary>
/// A server and a client on a thread each, with as many connections as there would be workers: the server takes the place of
/// a scheduler that only reads reports and writes tasks. No scheduler that speaks to each worker by itself can be faster here.
/// </summary>
internal static class EchoFloor
{
    private const int ReportBytes = 281; // task-finished of 2022.12
    private const int TaskBytes = 855; // compute-task and free-keys
    private const int ChunkBytes = 256 * 1024;

    /// <summary>Measures for so many seconds, or until there was an exchange.</summary>
    public static EchoFloorResult Measure(double seconds, int connections, int tasks)
    {
        (double perSecond, double cpu) = Exchange(seconds, connections, tasks);
        (double alone, _) = Exchange(seconds / 2, 1, 1);
        return new EchoFloorResult(Math.Round(perSecond), Math.Round(cpu * 1e6, 2), Math.Round(1e6 / alone, 1));
    }

    private static (double PerSecond, double Cpu) Exchange(double seconds, int connections, int tasks)
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(connections);
        using var clients = new Poller();
        using var servers = new Poller();
        var peers = new List<Echo>();
        for (int i = 0; i < connections; i++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Connect(listener.LocalEndPoint!);
            peers.Add(new Echo(socket, tasks * TaskBytes, tasks * ReportBytes));
            clients.Add(peers[i], Readiness.Input);
            servers.Add(new Echo(listener.Accept(), tasks * ReportBytes, tasks * TaskBytes), Readiness.Input);
        }
        bool over = false;
        double cpu = 0;
        var serving = new Thread(() =>
        {
            double before = ThreadSeconds();
            while (!Volatile.Read(ref over))
            {
                servers.Wait(10);
            }
            cpu = ThreadSeconds() - before;
        });
        serving.Start();
        var time = Stopwatch.StartNew();
        peers.ForEach(p => p.Answer());
        while (time.Elapsed.TotalSeconds < seconds || peers.TrueForAll(p => p.Exchanges == 0))
        {
            clients.Wait(10);
        }
        double elapsed = time.Elapsed.TotalSeconds;
        Volatile.Write(ref over, true);
        serving.Join();
        long exchanges = peers.Sum(p => p.Exchanges);
        return (exchanges / elapsed, cpu / exchanges);
    }

    // What the kernel says of this thread alone, in nanoseconds.
    private static double ThreadSeconds() =>
        double.Parse(File.ReadAllText("/proc/thread-self/schedstat").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture) / 1e9;

    private sealed class Echo(Socket socket, int expected, int answer) : IPolled
    {
        private readonly byte[] buffer = new byte[Math.Max(answer, ChunkBytes)];
        private int received;

        public Socket Socket => socket;

        public long Exchanges { get; private set; }

        public void Answer() => socket.Send(buffer.AsSpan(0, answer));

        public void OnReady(Readiness ready)
        {
            received += socket.Receive(buffer, SocketFlags.None, out _);
            if (received >= expected)
            {
                received = 0;
                Exchanges++;
                Answer();
            }
        }
    }
}
