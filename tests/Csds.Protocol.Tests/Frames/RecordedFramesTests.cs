using System.Buffers;
using System.Buffers.Binary;
using Csds.Simulator.Wire;

namespace Csds.Protocol.Tests.Frames;

/// <summary>What real clients, workers and schedulers of three generations put on their connections.</summary>
public static class RecordedFramesTests
{
    /// <summary>All recordings.</summary>
    public static TheoryData<string> Recordings() => [.. Recording.Names()];

    /// <summary>
    /// Messages mean what the text beside the recording says. With <c>CSDS_REWRITE=1</c> the texts are rewritten.
    /// </summary>
    [Theory]
    [MemberData(nameof(Recordings))]
    public static void Reads_what_was_meant(string name)
    {
        Recording recording = Recording.Load(name);
        string actual = string.Concat(recording.Messages().Select(message => RecordingText.Of(message) + "\n"));
        if (Environment.GetEnvironmentVariable("CSDS_REWRITE") == "1")
        {
            File.WriteAllText(recording.TextPath, actual);
            return;
        }
        Assert.Equal(File.ReadAllText(recording.TextPath), actual);
    }

    /// <summary>Decoded to values and encoded again, everything is what it was, but for the size that opens a message.</summary>
    [Theory]
    [MemberData(nameof(Recordings))]
    public static void Writes_the_same_bytes(string name)
    {
        Recording recording = Recording.Load(name);
        int at = 0;
        foreach (FrameGroup message in recording.Messages())
        {
            byte[] again = Encode(message);
            int length = again.Length;
            Assert.Equal(recording.Bytes[(at + 8)..(at + length)], again[8..]);
            // Releases from 2023.11 announce less than what follows.
            Assert.InRange(BinaryPrimitives.ReadInt64LittleEndian(recording.Bytes.AsSpan(at)), 0, length - 8);
            Assert.Equal(length - 8, BinaryPrimitives.ReadInt64LittleEndian(again));
            at += length;
        }
        Assert.Equal(recording.Bytes.Length, at);
    }

    /// <summary>Every connection begins with a handshake.</summary>
    [Theory]
    [MemberData(nameof(Recordings))]
    public static void Begins_with_a_handshake(string name) =>
        Assert.InRange(Handshake.Read(Recording.Load(name).Messages()[0]).PickleProtocol, 4, 5);

    /// <summary>A message is there when its last byte is, and not before.</summary>
    [Theory]
    [MemberData(nameof(Recordings))]
    public static void Is_the_same_byte_by_byte(string name)
    {
        Recording recording = Recording.Load(name);
        var reader = new FrameReader();
        var received = new List<FrameGroup>();
        byte[] pending = [];
        foreach (byte next in recording.Bytes)
        {
            var sequence = new ReadOnlySequence<byte>([.. pending, next]);
            if (reader.TryRead(ref sequence, out FrameGroup? message))
            {
                Assert.True(sequence.IsEmpty && reader.IsAtBoundary);
                received.Add(message);
            }
            pending = sequence.ToArray();
        }
        AssertSame(recording.Messages(), received);
    }

    /// <summary>Wherever the bytes are cut in two, the messages are the same.</summary>
    [Theory]
    [MemberData(nameof(Recordings))]
    public static void Is_the_same_cut_anywhere(string name)
    {
        Recording recording = Recording.Load(name);
        List<FrameGroup> expected = recording.Messages();
        for (int cut = 0; cut <= recording.Bytes.Length; cut += cut < 1000 ? 1 : 7)
        {
            AssertSame(expected, Recording.Cut(Segments.Of(recording.Bytes[..cut], recording.Bytes[cut..])));
        }
    }

    private static byte[] Encode(FrameGroup message)
    {
        var reader = new MessageReader(message);
        object? value = ValueReader.Read(ref reader);
        var batch = new MessageBatch();
        MessageWriter writer = batch.Single();
        ValueWriter.Write(ref writer, value);
        writer.End();
        return Envelope.Frame(batch);
    }

    private static void AssertSame(List<FrameGroup> expected, List<FrameGroup> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        foreach ((FrameGroup one, FrameGroup other) in expected.Zip(actual))
        {
            Assert.Equal(one.Count, other.Count);
            for (int i = 0; i < one.Count; i++)
            {
                Assert.True(one[i].Span.SequenceEqual(other[i].Span));
            }
        }
    }
}
