using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Csds.ZeroWorker;

/// <summary>Something with a socket that <see cref="Poller"/> watches.</summary>
internal interface IPolled
{
    /// <summary>The socket, which does not block.</summary>
    Socket Socket { get; }

    /// <summary>There is something to read, or the peer is gone.</summary>
    void OnReadable();

    /// <summary>There is room to write again.</summary>
    void OnWritable();
}

/// <summary>
/// Waits for many sockets on one thread, by Linux's epoll: an instrument that carries ten thousand workers beside the
/// scheduler that it measures must cost little itself.
/// </summary>
internal sealed partial class Poller : IDisposable
{
    private const int MaxEvents = 256;
    private const int InterruptedCall = 4;

    // struct epoll_event is packed on x86-64 only.
    private static readonly int dataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int eventSize = dataOffset + 8;

    private readonly int handle = Checked(epoll_create1(0));
    private readonly byte[] events = new byte[MaxEvents * 16];
    private readonly Dictionary<int, IPolled> watched = [];

    private enum Operation
    {
        Add = 1,
        Delete = 2,
        Modify = 3,
    }

    [Flags]
    private enum Readiness
    {
        In = 1,
        Out = 4,
        Error = 8,
        HangUp = 16,
    }

    /// <summary>Number of sockets.</summary>
    public int Count => watched.Count;

    /// <summary>Begins to watch for input.</summary>
    public void Add(IPolled item)
    {
        item.Socket.Blocking = false;
        watched[Number(item)] = item;
        Control(Operation.Add, item, Readiness.In);
    }

    /// <summary>Watches for room to write, or no longer.</summary>
    public void WantWritable(IPolled item, bool wanted) =>
        Control(Operation.Modify, item, wanted ? Readiness.In | Readiness.Out : Readiness.In);

    /// <summary>Closes a socket and forgets it.</summary>
    public void Remove(IPolled item)
    {
        if (watched.Remove(Number(item)))
        {
            Control(Operation.Delete, item, Readiness.In);
            item.Socket.Dispose();
        }
    }

    /// <summary>Waits until something is ready, at most <paramref name="milliseconds"/>, and tells those concerned.</summary>
    public void Wait(int milliseconds)
    {
        int count = epoll_wait(handle, events, MaxEvents, milliseconds);
        if (count < 0)
        {
            int error = Marshal.GetLastPInvokeError();
            count = error == InterruptedCall ? 0 : throw new Win32Exception(error);
        }
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = events.AsSpan(i * eventSize, eventSize);
            var ready = (Readiness)MemoryMarshal.Read<uint>(entry);
            // An earlier event of this round may have removed it.
            if (!watched.TryGetValue(MemoryMarshal.Read<int>(entry[dataOffset..]), out IPolled? item))
            {
                continue;
            }
            if ((ready & (Readiness.In | Readiness.Error | Readiness.HangUp)) != 0)
            {
                item.OnReadable();
            }
            if ((ready & Readiness.Out) != 0)
            {
                item.OnWritable();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IPolled item in watched.Values)
        {
            item.Socket.Dispose();
        }
        _ = close(handle);
    }

    private static int Number(IPolled item) => (int)item.Socket.SafeHandle.DangerousGetHandle();

    private void Control(Operation operation, IPolled item, Readiness interest)
    {
        Span<byte> entry = stackalloc byte[16];
        entry.Clear();
        MemoryMarshal.Write(entry, (uint)interest);
        MemoryMarshal.Write(entry[dataOffset..], (long)Number(item));
        Checked(epoll_ctl(handle, (int)operation, Number(item), entry));
    }

    private static int Checked(int result) =>
        result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int handle, int operation, int socket, Span<byte> entry);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(int handle, Span<byte> events, int maxEvents, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int handle);
}
