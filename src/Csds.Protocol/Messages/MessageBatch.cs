using System.Buffers.Binary;

namespace Csds.Protocol;

/// <summary>
/// Messages for one peer that leave together: Dask's <c>BatchedSend</c> without its timer (row W36). Messages are
/// written into it as msgpack at once; frames that they refer to are kept by reference. Also used for the single
/// value that answers an RPC.
/// </summary>
/// <param name="capacity">Bytes that there is room for at first.</param>
public sealed class MessageBatch(int capacity = FrameBuffer.SmallBytes)
{
    private const byte Array32 = 0xdd;
    private const int HeaderBytes = 5;

    // Some hundred tasks of ordinary size. What comes behind goes into another batch: a buffer that doubles to
    // hold megabytes leaves as much to the collector again, and the peer can begin with the first ones.
    private const int FullBytes = 60 * 1024;

    private readonly FrameBuffer token = new(capacity);
    private readonly List<ReadOnlyMemory<byte>> frames = [];
    private bool isList;
    private long frameBytes;

    // Where the message that is being written begins.
    private int messageStart;

    // The growing list at the end of the last message, what comes before it in that message, and where it ends; 0: none.
    private int headStart;
    private int growingStart;
    private int growingEnd;
    private int growingItems;
    private bool endsInGrowingList;

    /// <summary>Number of messages written so far.</summary>
    public int Count { get; private set; }

    /// <summary>The frames after the msgpack frame.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Frames => frames;

    /// <summary>Bytes that this batch will put on the wire, the prelude left out.</summary>
    public long Bytes => token.Length + frameBytes;

    /// <summary>Whether further messages should go into another batch.</summary>
    public bool IsFull => Bytes >= FullBytes;

    /// <summary>Whether all messages so far may wait for others to the same peer: <see cref="MessageWriter.End"/>.</summary>
    public bool CanWait { get; private set; } = true;

    /// <summary>Makes room for what a batch should hold at most.</summary>
    public void ExpectToBeFilled() => token.GetSpan(FullBytes);

    /// <summary>
    /// Begins a message of a stream, where every transfer is a list of messages. The caller writes one value and ends
    /// with <see cref="MessageWriter.End"/>.
    /// </summary>
    public MessageWriter Add()
    {
        if (Count == 0)
        {
            // The list's length is known when the batch is sealed.
            token.GetSpan(HeaderBytes)[..HeaderBytes].Clear();
            token.Advance(HeaderBytes);
            isList = true;
        }
        return Begin();
    }

    /// <summary>Begins the one value that an RPC is answered with, or a request of our own.</summary>
    public MessageWriter Single() => Begin();

    /// <summary>Completes the msgpack frame. Nothing may be added afterwards.</summary>
    public ReadOnlyMemory<byte> Seal()
    {
        if (isList)
        {
            WriteListHeader(token.WrittenSpan, Count);
        }
        return token.WrittenMemory;
    }

    /// <summary>Empties the batch for its next use.</summary>
    public void Clear()
    {
        token.Clear();
        frames.Clear();
        isList = false;
        Count = 0;
        CanWait = true;
        frameBytes = 0;
        growingEnd = 0;
        endsInGrowingList = false;
    }

    /// <summary>A copy of the content as a value of its own, for tests and for what is sent more than once.</summary>
    public Opaque ToOpaque() => new(Seal().ToArray(), [.. frames]);

    internal int AddFrame(ReadOnlyMemory<byte> frame)
    {
        frames.Add(frame);
        frameBytes += frame.Length;
        return frames.Count;
    }

    internal int FrameCount => frames.Count + 1;

    internal void Ended(bool canWait)
    {
        Count++;
        CanWait &= canWait;
        growingEnd = endsInGrowingList ? token.Length : 0;
        endsInGrowingList = false;
    }

    /// <summary>The value of the last field, and the only list of the message, follows: see <see cref="MessageWriter.GrowingList"/>.</summary>
    internal void BeginGrowingList()
    {
        ReadOnlySpan<byte> written = token.WrittenSpan;
        if (growingEnd > 0 && growingEnd == messageStart && written[messageStart..].SequenceEqual(written[headStart..growingStart]))
        {
            token.Truncate(messageStart);
            Count--; // It counts already.
            growingItems++;
        }
        else
        {
            headStart = messageStart;
            growingStart = token.Length;
            growingItems = 1;
            token.GetSpan(HeaderBytes);
            token.Advance(HeaderBytes);
        }
        WriteListHeader(token.WrittenSpan[growingStart..], growingItems);
        endsInGrowingList = true;
    }

    private MessageWriter Begin()
    {
        messageStart = token.Length;
        return new MessageWriter(this, token);
    }

    private static void WriteListHeader(Span<byte> header, int items)
    {
        header[0] = Array32;
        BinaryPrimitives.WriteUInt32BigEndian(header[1..], (uint)items);
    }
}
