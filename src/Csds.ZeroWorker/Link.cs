using System.Buffers;
using System.Net.Sockets;
using Csds.Epoll;
using Csds.Protocol;

namespace Csds.ZeroWorker;

/// <summary>One comm on the poller: whole messages in, batches out.</summary>
internal abstract class Link : IPolled
{
    // All links are served by one thread, so one buffer does for what arrives.
    private static readonly byte[] shared = new byte[256 * 1024];

    private readonly Poller poller;
    private readonly FrameReader reader = new();
    private readonly FrameBuffer output = new();
    private byte[] leftOver = [];
    private int sent;
    private bool stalled;

    protected Link(Poller poller, Socket socket)
    {
        this.poller = poller;
        Socket = socket;
        socket.NoDelay = true;
        poller.Add(this, Readiness.Input);
        var hello = new MessageBatch();
        Handshake.Write(hello);
        Send(hello);
    }

    /// <inheritdoc/>
    public Socket Socket { get; }

    /// <summary>Whether the peer or this side has ended the comm.</summary>
    public bool Closed { get; private set; }

    private bool ShookHands { get; set; }

    /// <inheritdoc/>
    public void OnReady(Readiness ready)
    {
        if ((ready & ~Readiness.Output) != 0)
        {
            Read();
        }
        if (ready.HasFlag(Readiness.Output) && !Closed)
        {
            stalled = false;
            poller.Change(this, Readiness.Input);
            Flush();
        }
    }

    private void Read()
    {
        int length;
        do
        {
            leftOver.CopyTo(shared, 0);
            int received = Socket.Receive(shared.AsSpan(leftOver.Length), SocketFlags.None, out SocketError error);
            if (error == SocketError.WouldBlock)
            {
                return;
            }
            if (error != SocketError.Success || received == 0)
            {
                Close();
                return;
            }
            length = leftOver.Length + received;
            leftOver = [];
            Cut(new ReadOnlySequence<byte>(shared, 0, length));
        }
        while (length == shared.Length && !Closed);
    }

    /// <summary>Ends the comm.</summary>
    public void Close()
    {
        if (!Closed)
        {
            Closed = true;
            poller.Remove(this);
            Socket.Dispose();
            OnClosed();
        }
    }

    /// <summary>Handles a message that came after the handshake.</summary>
    protected abstract void Receive(FrameGroup message);

    /// <summary>Everything that had arrived is handled.</summary>
    protected virtual void Received()
    {
    }

    /// <summary>The comm is over.</summary>
    protected virtual void OnClosed()
    {
    }

    /// <summary>Puts a batch behind what waits, sends what the peer takes, and empties the batch.</summary>
    protected void Send(MessageBatch batch)
    {
        if (!Closed)
        {
            FrameWriter.Write(output, batch.Seal(), batch.Frames);
            if (!stalled)
            {
                Flush();
            }
        }
        batch.Clear();
    }

    private void Flush()
    {
        while (sent < output.Length)
        {
            int count = Socket.Send(output.WrittenSpan[sent..], SocketFlags.None, out SocketError error);
            if (error == SocketError.WouldBlock)
            {
                stalled = true;
                poller.Change(this, Readiness.Input | Readiness.Output);
                return;
            }
            if (error != SocketError.Success)
            {
                Close();
                return;
            }
            sent += count;
        }
        output.Clear();
        sent = 0;
    }

    private void Cut(ReadOnlySequence<byte> bytes)
    {
        while (!Closed && reader.TryRead(ref bytes, out FrameGroup? message))
        {
            using (message)
            {
                if (ShookHands)
                {
                    Receive(message);
                }
                else
                {
                    _ = Handshake.Read(message);
                    ShookHands = true;
                }
            }
        }
        leftOver = bytes.IsEmpty ? [] : bytes.ToArray();
        if (!Closed)
        {
            Received();
        }
    }
}
