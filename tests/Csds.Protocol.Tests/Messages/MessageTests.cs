using System.Buffers;
using CsCheck;
using Csds.Simulator.Wire;
using Nerdbank.MessagePack;

namespace Csds.Protocol.Tests.Messages;

/// <summary>Writing and reading messages, carried values with their frames above all.</summary>
public static class MessageTests
{
    /// <summary>Random values come out as they went in, wherever their frames came to lie.</summary>
    [Fact]
    public static void Any_values() => PythonValues.Any.Array[1, 4].Sample(values =>
    {
        var batch = new MessageBatch();
        foreach (object? value in values)
        {
            MessageWriter writer = batch.Add();
            ValueWriter.Write(ref writer, value);
            writer.End();
        }
        using FrameGroup message = Envelope.Cut(Envelope.Frame(batch));
        var reader = new MessageReader(message);
        Assert.Equal(values.Length, reader.ReadArrayHeader());
        foreach (object? value in values)
        {
            Assert.Equal(PythonText.Repr(value), PythonText.Repr(ValueReader.Read(ref reader)));
        }
        Assert.True(reader.End);
    });

    /// <summary>A value is carried from message to message, as a whole, with its frames numbered anew each time.</summary>
    [Fact]
    public static void Any_value_carried() => Gen.Select(PythonValues.Any, PythonValues.Any).Sample((first, second) =>
    {
        byte[] transfer = Envelope.Pack(
            new Message("a").With("x", first).With("y", second), new Message("b").With("y", second).With("x", first));
        var batch = new MessageBatch();
        using (FrameGroup message = Envelope.Cut(transfer))
        {
            var reader = new MessageReader(message);
            Opaque[] carried = [ReadNext(ref reader), reader.ReadOpaque()];
            foreach (Opaque opaque in carried.Reverse())
            {
                MessageWriter writer = batch.Add();
                writer.Value(opaque);
                writer.End();
            }
        }
        List<Message> received = Envelope.Unpack(Envelope.Frame(batch));
        Assert.Equal(PythonText.Repr(first), PythonText.Repr(received[1]["x"]));
        Assert.Equal(PythonText.Repr(second), PythonText.Repr(received[0]["y"]));
        Assert.Equal(["b", "a"], received.Select(m => m.Op));

        static Opaque ReadNext(ref MessageReader reader)
        {
            reader.ReadArrayHeader();
            return reader.ReadOpaque();
        }
    });

    /// <summary>Values that were carried separately can be parts of a message that has other frames before them.</summary>
    [Fact]
    public static void Parts_of_a_carried_value()
    {
        Opaque pair = Carry(new List<object?> { Payload.Serialized("one"u8.ToArray()), Payload.Serialized("two"u8.ToArray()) });
        var batch = new MessageBatch();
        MessageWriter writer = batch.Add();
        writer.Map(2);
        writer.Field("before"u8, Payload.Serialized("zero"u8.ToArray()));
        writer.Text("parts"u8);
        int firstFrame = writer.Carry(pair);
        writer.Token(pair.Token, firstFrame);
        writer.End();
        using FrameGroup message = Envelope.Cut(Envelope.Frame(batch));
        var reader = new MessageReader(message);
        reader.ReadArrayHeader();
        Assert.Equal("{'before': <zero>, 'parts': [<one>, <two>]}", PythonText.Repr(ValueReader.Read(ref reader)));
    }

    /// <summary>A batch that was emptied is as good as new.</summary>
    [Fact]
    public static void A_batch_is_used_again()
    {
        var batch = new MessageBatch();
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i <= round; i++)
            {
                MessageWriter writer = batch.Add();
                writer.Value(Payload.Serialized(new byte[] { (byte)('a' + i) }));
                writer.End();
            }
            Assert.Equal(round + 1, batch.Count);
            Assert.Equal(2 * (round + 1), batch.Frames.Count);
            byte[] bytes = Envelope.Frame(batch);
            Assert.Equal(batch.Bytes, bytes.Length - (8 * (batch.Frames.Count + 3)));
            batch.Clear();
            Assert.Equal(0, batch.Count);
        }
    }

    /// <summary>Messages that differ in the items of their last list alone are one; whatever comes between them ends it.</summary>
    [Fact]
    public static void Lists_of_equal_messages_grow_together()
    {
        var batch = new MessageBatch();
        for (int round = 0; round < 2; round++)
        {
            Grow(batch, "s", "a");
            Grow(batch, "s", "b");
            Grow(batch, "t", "c");
            Grow(batch, "t", "d");
            Grow(batch, "t", "e");
            MessageWriter other = batch.Add();
            other.Map(1);
            other.Field("op"u8, "other");
            other.End();
            Grow(batch, "t", "f");
            Assert.Equal(4, batch.Count);
            Assert.Equal(
                ["s: ['a', 'b']", "t: ['c', 'd', 'e']", ": ", "t: ['f']"],
                Envelope.Unpack(Envelope.Frame(batch)).Select(
                    m => m.Op == "other" ? ": " : $"{m["stimulus_id"]}: {PythonText.Repr(m["keys"])}"));
            batch.Clear();
        }
    }

    private static void Grow(MessageBatch batch, string stimulus, string key)
    {
        MessageWriter writer = batch.Add();
        writer.Map(3);
        writer.Field("op"u8, "free-keys");
        writer.Field("stimulus_id"u8, stimulus);
        writer.Text("keys"u8);
        writer.GrowingList();
        writer.Text(key);
        writer.End();
    }

    /// <summary>Placeholders that lead nowhere.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(2)]
    [InlineData(int.MaxValue)]
    public static void Placeholders_that_lead_nowhere_are_refused(int index)
    {
        byte[] token = Token(new PythonDict().With("__Serialized__", (long)index));
        using var message = new FrameGroup(token, Token(new PythonDict().With("num-sub-frames", 0L)));
        Assert.Throws<ProtocolException>(() => new MessageReader(message).ReadOpaque());
    }

    /// <summary>Headers that announce more frames than there are, or fewer than none.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public static void Headers_that_lie_are_refused(int subFrames)
    {
        byte[] token = Token(new PythonDict().With("__Serialized__", 1L));
        using var message = new FrameGroup(token, Token(new PythonDict().With("num-sub-frames", (long)subFrames)));
        Assert.Throws<ProtocolException>(() => new MessageReader(message).ReadOpaque());
    }

    /// <summary>A dict that only looks like a placeholder is none.</summary>
    [Fact]
    public static void A_dict_of_two_is_no_placeholder()
    {
        PythonDict dict = new PythonDict().With("__Serialized__", 7L).With("x", 1L);
        Assert.Equal(PythonText.Repr(dict), PythonText.Repr(Envelope.Unpack(Envelope.Pack(new Message("a").With("x", dict)))[0]["x"]));
    }

    /// <summary>Nesting as deep as no message is.</summary>
    [Theory]
    [InlineData("91")]
    [InlineData("81c0")]
    [InlineData("82c0c0c0")]
    public static void Deep_nesting_is_refused(string level)
    {
        byte[] token = [.. Enumerable.Repeat(Convert.FromHexString(level), 300_000).SelectMany(b => b), 0xc0];
        foreach (FrameGroup message in (FrameGroup[])[new FrameGroup(token), new FrameGroup(token, new byte[] { 0x80 })])
        {
            AssertRefused(() => new MessageReader(message).ReadToken());
            AssertRefused(() => new MessageReader(message).ReadOpaque());
            AssertRefused(() => new MessageReader(message).ReadKey());
            Skip(message); // What nobody looks at may be as deep as it likes; it is only stepped over.
        }

        static void Skip(FrameGroup message)
        {
            var reader = new MessageReader(message);
            reader.Skip();
            Assert.True(reader.End);
        }
    }

    /// <summary>Text that is no UTF-8 is passed on to nobody.</summary>
    [Theory]
    [InlineData("a1ff")]
    [InlineData("91a1ff")]
    [InlineData("81a1ffc0")]
    [InlineData("81a17891a2c328")]
    public static void Text_that_is_no_text_is_refused(string hex)
    {
        byte[] token = Convert.FromHexString(hex);
        AssertRefused(() => new MessageReader(token).ReadToken());
        AssertRefused(() => new MessageReader(token).ReadKey());
        AssertRefused(() => new MessageReader(new FrameGroup(token)).ReadOpaque());
    }

    /// <summary>What cannot be a key, on any level.</summary>
    [Fact]
    public static void What_is_no_key_is_refused()
    {
        object?[] keys = ["a", 1L, 2.5, null, true, new byte[] { 1 }, new List<object?>(), new List<object?> { "a", new List<object?> { 1L } }];
        object?[] others = [new PythonDict(), new List<object?> { "a", new PythonDict() }, new PythonSet(["a"])];
        Assert.All(keys, value => Assert.Equal(Message.ToKey(value), new MessageReader(Token(value)).ReadKey()));
        Assert.All(others, value => AssertRefused(() => new MessageReader(Token(value)).ReadKey()));
        AssertRefused(() => new MessageReader(new byte[] { 0xd4, 1, 2 }).ReadKey());
    }

    /// <summary>Counts that the bytes behind them cannot fill cost nothing.</summary>
    [Theory]
    [InlineData(0xdd)]
    [InlineData(0xdf)]
    [InlineData(0xdb)]
    [InlineData(0xc6)]
    [InlineData(0xc9)]
    public static void Absurd_counts_are_refused(byte code)
    {
        byte[] token = [code, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3];
        AssertRefused(() => new MessageReader(token).ReadToken());
        AssertRefused(() => new MessageReader(token).ReadArrayHeader());
        AssertRefused(() => new MessageReader(token).ReadSequenceHeader());
        AssertRefused(() => new MessageReader(token).ReadMapHeader());
        AssertRefused(() => new MessageReader(token).ReadUtf8());
        AssertRefused(() => new MessageReader(token).ReadBytes());
    }

    /// <summary>A message may end anywhere.</summary>
    [Fact]
    public static void Truncated_messages_are_refused()
    {
        byte[] token = Token(new PythonDict().With("op", "x").With("keys", new PythonSet(["a", 1L, 2.5])).With("b", new byte[300]));
        for (int length = 0; length < token.Length; length++)
        {
            byte[] part = token[..length];
            AssertRefused(() => new MessageReader(part).Skip());
        }
    }

    /// <summary>Reading what is not there.</summary>
    [Fact]
    public static void Other_types_are_refused()
    {
        byte[] text = Tokens.String("text"), number = Tokens.Int(1), floating = [0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0];
        AssertRefused(() => new MessageReader(text).ReadInt64());
        AssertRefused(() => new MessageReader(text).ReadDouble());
        AssertRefused(() => new MessageReader(text).ReadBoolean());
        AssertRefused(() => new MessageReader(text).ReadMapHeader());
        AssertRefused(() => new MessageReader(text).ReadSequenceHeader());
        AssertRefused(() => new MessageReader(number).ReadString());
        AssertRefused(() => new MessageReader(number).ReadBytes());
        AssertRefused(() => new MessageReader(Tokens.Nil).ReadBytes());
        AssertRefused(() => new MessageReader(Tokens.Int(1L << 40)).ReadInt32());
        AssertRefused(() => new MessageReader(floating).ReadInt64());
        AssertRefused(() => new MessageReader(new byte[] { 0xa1, 0xff }).ReadString());
    }

    /// <summary>Sets, and what only looks like one.</summary>
    [Fact]
    public static void Sets()
    {
        var reader = new MessageReader(Token(new PythonSet([1L, 2L])));
        Assert.Equal(2, reader.ReadSequenceHeader());
        AssertRefused(() => new MessageReader(Token(new PythonDict().With("__Set__", true))).ReadSequenceHeader());
        AssertRefused(() => new MessageReader(Token(new PythonDict().With("a", 1L).With("b", 2L))).ReadSequenceHeader());
        AssertRefused(() => new MessageReader(Token(new PythonDict().With("__Set__", true).With("b", 2L))).ReadSequenceHeader());
    }

    /// <summary>What Python counts as true.</summary>
    [Fact]
    public static void Truth()
    {
        Assert.False(new MessageReader(Tokens.Nil).ReadBoolean());
        Assert.False(new MessageReader(Tokens.Int(0)).ReadBoolean());
        Assert.True(new MessageReader(Tokens.Int(2)).ReadBoolean());
        Assert.Equal(2, new MessageReader(Token(2.9)).ReadInt64());
        Assert.Equal(3.0, new MessageReader(Tokens.Int(3)).ReadDouble());
        Assert.Equal(MessagePackType.Nil, new MessageReader(Tokens.Nil).NextType);
    }

    /// <summary>Handshakes that are none.</summary>
    [Fact]
    public static void Handshakes()
    {
        var batch = new MessageBatch();
        Handshake.Write(batch);
        Assert.Equal(5, Handshake.Read(Envelope.Cut(Envelope.Frame(batch))).PickleProtocol);
        Assert.Equal(4, Handshake.Read(new FrameGroup(Token(
            new PythonDict().With("compression", "lz4").With("pickle-protocol", 4L).With("later", new PythonDict())))).PickleProtocol);
        AssertRefused(() => Handshake.Read(new FrameGroup(Token(new PythonDict()))));
        AssertRefused(() => Handshake.Read(new FrameGroup(Token(new PythonDict().With("pickle-protocol", null)))));
        AssertRefused(() => Handshake.Read(new FrameGroup(Tokens.String("hello"))));
        AssertRefused(() => Handshake.Read(new FrameGroup()));
    }

    private static byte[] Token(object? value) => Message.ToKey(value).Token.ToArray();

    private static Opaque Carry(object? value)
    {
        using FrameGroup message = Envelope.Cut(Envelope.PackOne(new Message("x").With("value", value)));
        var reader = new MessageReader(message);
        reader.ReadMapHeader();
        reader.Skip();
        reader.Skip();
        reader.Skip();
        return reader.ReadOpaque();
    }

    private static void AssertRefused(Action read)
    {
        Exception? error = Record.Exception(read);
        Assert.NotNull(error);
        Assert.True(MessageReader.IsProtocolError(error), error.ToString());
    }
}
