using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// The four fields that 2022's compute-task has for what is to be run (rows V6, S84): a task comes with <c>function</c>,
/// <c>args</c> and perhaps <c>kwargs</c>, or with <c>run_spec</c> alone, and what it lacks is sent as None.
/// </summary>
public static class SplitFields
{
    /// <summary>Number of fields.</summary>
    internal const int Count = 4;

    // A map of one entry, whose key is a str of eight bytes.
    private static readonly byte[] runSpecHead = [0x81, 0xa8, .. "run_spec"u8];

    // Shared by all tasks whose run_spec lies in frames; told by being the same memory.
    private static readonly ReadOnlyMemory<byte> serializedRunSpec = WithName(Opaque.SerializedToken.Span);

    /// <summary>Writes all four.</summary>
    internal static void Write(ref MessageWriter w, RunSpec runSpec)
    {
        if (runSpec.Function is { } function)
        {
            w.Token(function.Fields);
            w.Token(runSpec.Arguments.Span);
        }
        else
        {
            Write(ref w, runSpec.Fields!);
        }
    }

    /// <summary>Writes a task's value as it was in the packed graph.</summary>
    public static void WriteTask(ref MessageWriter w, RunSpec runSpec)
    {
        if (runSpec.Fields is not { } fields)
        {
            runSpec.WriteValue(ref w);
            return;
        }
        var reader = new MessageReader(fields);
        bool isRunSpec = reader.ReadMapHeader() == 1 && reader.ReadUtf8().SequenceEqual("run_spec"u8);
        w.Value(isRunSpec ? reader.ReadOpaque() : fields);
    }

    /// <summary>Writes the map of function and arguments of a call.</summary>
    internal static void WriteCall(ref MessageWriter w, RunSpec call)
    {
        var reader = new MessageReader(call.Arguments);
        reader.Skip();
        ReadOnlySpan<byte> args = reader.ReadToken();
        reader.Skip();
        bool hasKwargs = !reader.TryReadNil();
        w.Map(hasKwargs ? 3 : 2);
        w.FieldToken("function"u8, call.Function!.Token);
        w.FieldToken("args"u8, args);
        if (hasKwargs)
        {
            w.FieldToken("kwargs"u8, reader.ReadToken());
        }
    }

    private static void Write(ref MessageWriter w, Opaque fields)
    {
        int firstFrame = w.Carry(fields);
        if (fields.Token.Equals(serializedRunSpec))
        {
            w.Text("run_spec"u8);
            w.Token(fields.Token[runSpecHead.Length..], firstFrame);
            w.FieldToken("function"u8, Tokens.Nil);
            w.FieldToken("args"u8, Tokens.Nil);
            w.FieldToken("kwargs"u8, Tokens.Nil);
            return;
        }
        bool runSpec = false, function = false, args = false, kwargs = false;
        var reader = new MessageReader(fields);
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            ReadOnlySpan<byte> name = reader.ReadUtf8();
            runSpec |= name.SequenceEqual("run_spec"u8);
            function |= name.SequenceEqual("function"u8);
            args |= name.SequenceEqual("args"u8);
            kwargs |= name.SequenceEqual("kwargs"u8);
            w.Text(name);
            w.Token(reader.ReadTokenMemory(), firstFrame);
        }
        WriteMissing(ref w, "run_spec"u8, runSpec);
        WriteMissing(ref w, "function"u8, function);
        WriteMissing(ref w, "args"u8, args);
        WriteMissing(ref w, "kwargs"u8, kwargs);
    }

    /// <summary>Makes the fields of a task from its value in a packed graph.</summary>
    /// <remarks>A map is a function with arguments; everything else is a run_spec.</remarks>
    internal static Opaque FromValue(Opaque value)
    {
        if (value.Frames.Length == 0 && IsFunctionMap(value))
        {
            return value;
        }
        return new Opaque(value.IsSerialized ? serializedRunSpec : WithName(value.Token.Span), value.Frames);
    }

    private static byte[] WithName(ReadOnlySpan<byte> value) => [.. runSpecHead, .. value];

    private static bool IsFunctionMap(Opaque value)
    {
        var reader = new MessageReader(value);
        return reader.NextType == Nerdbank.MessagePack.MessagePackType.Map && reader.ReadMapHeader() is (2 or 3)
            && reader.ReadUtf8().SequenceEqual("function"u8);
    }

    private static void WriteMissing(ref MessageWriter w, ReadOnlySpan<byte> name, bool present)
    {
        if (!present)
        {
            w.FieldToken(name, Tokens.Nil);
        }
    }
}
