using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Csds.Epoll;

/// <summary>
/// Waits for many sockets on one thread, by Linux's epoll. A wait and a receive are all that a message costs, and nothing is
/// allocated: half of what .NET's asynchronous sockets take.
/// </summary>
/// <remarks>Sockets may be added, changed and removed by any thread; one thread waits.</remarks>
public sealed partial class Poller : IDisposable
{
    /// <summary>Sockets of one wait. All that they bring is in memory at once, and for more of them ArrayPool keeps no arrays.</summary>
    private const int MaxEvents = 64;

    private const int InterruptedCall = 4;
    private const int CloseOnExec = 0x80000; // Child processes have no business with it.

    // struct epoll_event is packed on x86-64 only.
    private static readonly int dataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int eventSize = dataOffset + 8;

    private readonly int handle = Checked(epoll_create1(CloseOnExec));
    private readonly byte[] events = new byte[MaxEvents * 16];
    private readonly Lock gate = new();

    // By the socket's number, which the system keeps small.
    private IPolled?[] watched = new IPolled?[64];

    private enum Operation
    {
        Add = 1,
        Delete = 2,
        Modify = 3,
    }

    /// <summary>Begins to watch a socket, which from now on does not block.</summary>
    public void Add(IPolled item, Readiness interest)
    {
        ArgumentNullException.ThrowIfNull(item);
        item.Socket.Blocking = false;
        int number = Number(item);
        lock (gate)
        {
            if (number >= watched.Length)
            {
                Array.Resize(ref watched, Math.Max(number + 1, 2 * watched.Length));
            }
            watched[number] = item;
            Control(Operation.Add, number, interest);
        }
    }

    /// <summary>Watches a socket for something else.</summary>
    public void Change(IPolled item, Readiness interest)
    {
        ArgumentNullException.ThrowIfNull(item);
        Control(Operation.Modify, Number(item), interest);
    }

    /// <summary>No longer watches a socket, which is still open. It may be told something that it was just ready for.</summary>
    public void Remove(IPolled item)
    {
        ArgumentNullException.ThrowIfNull(item);
        int number = Number(item);
        lock (gate)
        {
            Control(Operation.Delete, number, Readiness.None);
            watched[number] = null;
        }
    }

    /// <summary>Waits until something is ready, at most <paramref name="milliseconds"/> (-1: for ever), and tells those concerned.</summary>
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
            // An earlier event of this round may have removed it.
            Volatile.Read(ref watched)[MemoryMarshal.Read<int>(entry[dataOffset..])]?.OnReady((Readiness)MemoryMarshal.Read<uint>(entry));
        }
    }

    /// <summary>Closes all sockets that are watched.</summary>
    public void Dispose()
    {
        foreach (IPolled? item in watched)
        {
            item?.Socket.Dispose();
        }
        _ = close(handle);
    }

    private static int Number(IPolled item) => (int)item.Socket.SafeHandle.DangerousGetHandle();

    private void Control(Operation operation, int number, Readiness interest)
    {
        Span<byte> entry = stackalloc byte[16];
        entry.Clear();
        MemoryMarshal.Write(entry, (uint)interest);
        MemoryMarshal.Write(entry[dataOffset..], (long)number);
        Checked(epoll_ctl(handle, (int)operation, number, entry));
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
