using System.Buffers;
using System.Buffers.Binary;
using CsCheck;

namespace Csds.Protocol.Tests.Frames;

/// <summary>Cutting a stream into messages, and preludes that lie.</summary>
public static class FrameReaderTests
{
    /// <summary>Random messages, in random pieces, come out as they went in.</summary>
    [Fact]
    public static void Any_messages_in_any_pieces() =>
        Gen.Select(Gen.Byte.Array[0, 40].Array[1, 6].Array[1, 5], Gen.Int[1, 50].Array[1, 20]).Sample((messages, sizes) =>
        {
            byte[] stream = [.. messages.SelectMany(Frame)];
            var reader = new FrameReader();
            var received = new List<byte[][]>();
            byte[] pending = [];
            int piece = 0;
            for (int at = 0; at < stream.Length;)
            {
                int end = Math.Min(stream.Length, at + sizes[piece++ % sizes.Length]);
                var sequence = Segments.Of(pending, stream[at..end]);
                at = end;
                while (reader.TryRead(ref sequence, out FrameGroup? message))
                {
                    received.Add([.. Enumerable.Range(0, message.Count).Select(i => message[i].ToArray())]);
                    message.Dispose();
                }
                pending = sequence.ToArray();
            }
            Assert.True(reader.IsAtBoundary && pending.Length == 0);
            Assert.Equal(messages, received);
        });

    /// <summary>Bytes of any kind give messages, or wait for more, or are refused; nothing else happens.</summary>
    [Fact]
    public static void Any_bytes() => Gen.Select(Gen.Byte.Array[0, 64], Gen.Int[0, 3]).Sample((bytes, zeros) =>
    {
        // Small counts are what random bytes would never be.
        byte[] stream = zeros == 0 ? bytes : [.. bytes.AsSpan(0, bytes.Length / 2), .. new byte[8 * zeros], .. bytes];
        var sequence = new ReadOnlySequence<byte>(stream);
        var reader = new FrameReader();
        try
        {
            while (reader.TryRead(ref sequence, out FrameGroup? message))
            {
                Assert.True(message.Frames.ToArray().Sum(f => (long)f.Length) <= stream.Length);
                message.Dispose();
            }
        }
        catch (ProtocolException)
        {
        }
    });

    /// <summary>Large messages take another way, frame by frame.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2_000_003)]
    public static void Large_frames(int piece)
    {
        byte[][] frames = [[1], new byte[3_000_000], [], new byte[piece == 1 ? 300_000 : 1_000_000]];
        new Random(1).NextBytes(frames[1]);
        byte[] stream = Frame(frames);
        var reader = new FrameReader();
        FrameGroup? message = null;
        byte[] pending = [];
        int at = 0;
        // One byte at a time for the prelude only.
        while (message is null)
        {
            int end = Math.Min(stream.Length, at + (at < 100 || piece > 1 ? piece : 70_001));
            var sequence = Segments.Of(pending, stream[at..end]);
            at = end;
            reader.TryRead(ref sequence, out message);
            pending = sequence.ToArray();
        }
        Assert.Equal(stream.Length, at);
        Assert.Equal(frames, message.Frames.ToArray().Select(f => f.ToArray()));
    }

    /// <summary>Memory that large messages have in turn belongs to one at a time.</summary>
    [Theory]
    [InlineData(1_500_000)]
    [InlineData(6_300_000)]
    [InlineData(20_000_000)]
    public static void Large_ones_do_not_share_memory(int size)
    {
        SpareFrame.Touch();
        for (int i = 0; i < 3; i++)
        {
            byte[][] contents = [Content(i, size), Content(i + 10, size), Content(i + 20, size)];
            FrameGroup[] messages = [.. contents.Select(content => Read(Frame([content]))!)];
            for (int k = 0; k < messages.Length; k++)
            {
                Assert.True(messages[k][0].Span.SequenceEqual(contents[k]));
                messages[k].Dispose();
            }
        }
    }

    /// <summary>The msgpack of a million tasks does not stay in anybody's heap: it is gone with its message.</summary>
    [Fact]
    public static void The_largest_go_with_their_message()
    {
        byte[] msgpack = new byte[20_000_000];
        new Random(1).NextBytes(msgpack);
        byte[] stream = Frame(msgpack, [1, 2, 3]);
        var reader = new FrameReader();
        // Nothing is left of what does not become complete, and the next message is not disturbed.
        var beginning = new ReadOnlySequence<byte>(stream, 0, 18_000_000);
        Assert.False(reader.TryRead(ref beginning, out _));
        reader.Abandon();
        Assert.True(reader.IsAtBoundary);

        FrameGroup? message = null;
        byte[] pending = [];
        for (int at = 0; message is null; at += 700_001)
        {
            var sequence = Segments.Of(pending, stream[at..Math.Min(stream.Length, at + 700_001)]);
            reader.TryRead(ref sequence, out message);
            pending = sequence.ToArray();
        }
        ReadOnlyMemory<byte> first = message[0], second = message[1];
        Assert.True(first.Span.SequenceEqual(msgpack));
        message.Dispose();
        message.Dispose();
        Assert.Throws<ObjectDisposedException>(() => first.Span[0]);
        Assert.Equal([1, 2, 3], second.ToArray());
    }

    /// <summary>What has been read of a large message need not stay in memory; what comes behind it does.</summary>
    [Fact]
    public static void What_was_read_can_be_given_up()
    {
        byte[] first = Content(1, 15_000_000), second = Content(2, 15_000_000);
        using FrameGroup message = Read(Frame([.. Tokens.Bytes(first), .. Tokens.Bytes(second)]))!;
        var reader = new MessageReader(message);
        Assert.True(reader.ReadBytes().Span.SequenceEqual(first));
        reader.GiveUpRead();
        reader.GiveUpRead();
        if (OperatingSystem.IsLinux())
        {
            Assert.Equal(-1, message[0].Span[7_000_000..14_000_000].IndexOfAnyExcept((byte)0));
        }
        Assert.True(reader.ReadBytes().Span.SequenceEqual(second));
        Assert.True(reader.End);
    }

    /// <summary>Preludes that no message can have.</summary>
    [Theory]
    [InlineData(0UL, 1UL << 63)]
    [InlineData(0UL, ulong.MaxValue)]
    [InlineData(1UL << 63, (1UL << 24) + 1)]
    [InlineData(0UL, 1UL, 1UL << 63)]
    [InlineData(0UL, 1UL, ulong.MaxValue)]
    [InlineData(0UL, 2UL, 1UL, 1UL << 31)]
    public static void Impossible_preludes_are_refused(params ulong[] numbers)
    {
        byte[] prelude = Prelude(numbers);
        Assert.Throws<ProtocolException>(() => Read(prelude));
    }

    /// <summary>The sum of the frames is bounded as well as each of them.</summary>
    [Fact]
    public static void A_message_may_be_too_large_as_a_whole()
    {
        var reader = new FrameReader(new FrameLimits(10, 1000));
        var sequence = new ReadOnlySequence<byte>(Prelude(0, 2, 600, 401));
        ProtocolException error = Assert.Throws<ProtocolException>(() => reader.TryRead(ref sequence, out _));
        Assert.Equal("a message announces 1001 bytes, more than 1000", error.Message);
    }

    /// <summary>What is announced costs nothing; only what arrives does.</summary>
    [Theory]
    [InlineData(0UL, 1UL << 24)]
    [InlineData(0UL, 1UL, 0x7fffffc7UL)]
    [InlineData(0UL, 3UL, 0x7fffffc7UL, 0x7fffffc7UL, 0x7fffffc7UL)]
    public static void Announcements_take_no_memory(params ulong[] numbers)
    {
        byte[] bytes = [.. Prelude(numbers), 1, 2, 3];
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Null(Read(bytes));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2_000_000);
    }

    /// <summary>A message without frames is none to speak of, and breaks nothing.</summary>
    [Fact]
    public static void No_frames()
    {
        FrameGroup message = Read(Prelude(8, 0))!;
        Assert.Equal(0, message.Count);
        Assert.Throws<ProtocolException>(() => { new MessageReader(message); });
    }

    /// <summary>Giving memory back twice does no harm.</summary>
    [Fact]
    public static void Dispose_twice()
    {
        FrameGroup message = Read(Frame([1, 2, 3]))!;
        message.Dispose();
        message.Dispose();
    }

    /// <summary>What is taken out of a message stays as it is when others use the message's memory, be it small or large.</summary>
    [Theory]
    [InlineData(100)]
    [InlineData(400_000)]
    public static void What_is_kept_stays(int size)
    {
        byte[] header = [0x81, 0xae, .. "num-sub-frames"u8, 1];
        byte[] content = Content(1, size);
        byte[] msgpack = [0x92, .. Opaque.SerializedToken.Span, .. Opaque.SerializedToken.Span];
        FrameGroup message = Read(Frame(msgpack, header, content))!;
        var reader = new MessageReader(message);
        reader.ReadArrayHeader();
        Opaque value = reader.ReadOpaque();
        Opaque rest = reader.Rest();
        var again = new MessageReader(new Opaque(rest.Token.ToArray(), rest.Frames));
        Opaque second = again.ReadOpaque();
        message.Dispose();
        using FrameGroup other = Read(Frame(new byte[msgpack.Length], new byte[header.Length], new byte[size]))!;
        foreach (Opaque kept in new[] { value, second })
        {
            Assert.Equal(header, kept.Frames[0].ToArray());
            Assert.Equal(content, kept.Frames[1].ToArray());
        }
    }

    private static FrameGroup? Read(byte[] bytes)
    {
        var sequence = new ReadOnlySequence<byte>(bytes);
        return new FrameReader().TryRead(ref sequence, out FrameGroup? message) ? message : null;
    }

    private static byte[] Content(int seed, int size)
    {
        byte[] content = new byte[size];
        new Random(seed).NextBytes(content);
        return content;
    }

    private static byte[] Frame(params byte[][] frames)
    {
        var output = new ArrayBufferWriter<byte>();
        FrameWriter.Write(output, frames[0], [.. frames[1..].Select(f => (ReadOnlyMemory<byte>)f)]);
        return output.WrittenSpan.ToArray();
    }

    private static byte[] Prelude(params ulong[] numbers)
    {
        byte[] bytes = new byte[8 * numbers.Length];
        for (int i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8 * i), numbers[i]);
        }
        return bytes;
    }
}
