using System.Buffers;
using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Scheduler;

/// <summary>
/// Reads what the tasks of a graph of 2022 run, so that tasks with the same function share it: one object and one array
/// for some hundred tasks instead of several for each.
/// </summary>
public sealed class SplitRunSpecs
{
    /// <summary>Arguments that lie in one array at most, which lives as long as any of its tasks. Smaller than a large object.</summary>
    private const int ChunkBytes = 64 * 1024;

    private const int LargestHeader = 5;

    private static readonly byte[] argsName = [0xa4, .. "args"u8];
    private static readonly byte[] kwargsName = [0xa6, .. "kwargs"u8];

    private readonly Dictionary<Key, TaskFunction> functions = new(KeyComparer.Instance);
    private TaskFunction? last;

    // Borrowed, of at least ChunkBytes: what has been read since the last array was full.
    private byte[]? arguments;
    private int written;

    /// <summary>Reads a map of a pickled function and its arguments; null, and nothing is read, if it is anything else.</summary>
    /// <exception cref="ProtocolException">The value is malformed.</exception>
    public RunSpec? TryReadCall(ref MessageReader reader)
    {
        MessageReader call = reader.Peek();
        RunSpec? runSpec = ReadCall(ref call);
        if (runSpec is not null)
        {
            reader = call;
        }
        return runSpec;
    }

    /// <summary>A call of a pickled function, given as its token, with a pickled list or tuple of arguments.</summary>
    public RunSpec Call(ReadOnlySpan<byte> function, ReadOnlySpan<byte> args)
    {
        Span<byte> header = stackalloc byte[LargestHeader];
        MessagePackPrimitives.TryWriteBinHeader(header, (uint)args.Length, out int size);
        return Add(function, header[..size], args, Tokens.Nil);
    }

    /// <summary>Completes the run specs that were read; none of them may be used before.</summary>
    public void Complete()
    {
        if (arguments is null)
        {
            return;
        }
        byte[] chunk = arguments.AsSpan(0, written).ToArray();
        foreach (TaskFunction function in functions.Values)
        {
            function.Arguments = chunk;
        }
        functions.Clear();
        last = null;
        ArrayPool<byte>.Shared.Return(arguments);
        arguments = null;
        written = 0;
    }

    // Only what is pickled: anything else may refer to frames.
    private RunSpec? ReadCall(ref MessageReader reader)
    {
        int entries = reader.NextType == MessagePackType.Map ? reader.ReadMapHeader() : 0;
        if (entries is not (2 or 3))
        {
            return null;
        }
        ReadOnlySpan<byte> function = ReadPickle(ref reader, "function"u8);
        ReadOnlySpan<byte> args = function.IsEmpty ? [] : ReadPickle(ref reader, "args"u8);
        if (args.IsEmpty)
        {
            return null;
        }
        ReadOnlySpan<byte> kwargs = entries == 3 ? ReadPickle(ref reader, "kwargs"u8) : Tokens.Nil;
        return kwargs.IsEmpty ? null : Add(function, args, [], kwargs);
    }

    // The token of a field's value; empty if the next field is another one or not pickled.
    private static ReadOnlySpan<byte> ReadPickle(scoped ref MessageReader reader, ReadOnlySpan<byte> name) =>
        reader.NextType == MessagePackType.String && reader.ReadUtf8().SequenceEqual(name) && reader.NextType == MessagePackType.Binary
            ? reader.ReadToken()
            : [];

    // The token of the arguments comes in two parts.
    private RunSpec Add(ReadOnlySpan<byte> function, ReadOnlySpan<byte> args, ReadOnlySpan<byte> moreArgs, ReadOnlySpan<byte> kwargs)
    {
        int length = argsName.Length + args.Length + moreArgs.Length + kwargsName.Length + kwargs.Length;
        if (length > ChunkBytes)
        {
            // By itself, at once: a task that takes thousands of others has megabytes of arguments.
            byte[] own = GC.AllocateUninitializedArray<byte>(length);
            WriteFields(own, args, moreArgs, kwargs);
            return RunSpec.FromCall(new TaskFunction(function) { Arguments = own }, 0, length);
        }
        if (written + length > ChunkBytes)
        {
            Complete();
        }
        arguments ??= ArrayPool<byte>.Shared.Rent(ChunkBytes);
        int start = written;
        WriteFields(arguments.AsSpan(start), args, moreArgs, kwargs);
        written += length;
        return RunSpec.FromCall(FunctionOf(function), start, length);
    }

    private static void WriteFields(
        Span<byte> fields, ReadOnlySpan<byte> args, ReadOnlySpan<byte> moreArgs, ReadOnlySpan<byte> kwargs)
    {
        argsName.CopyTo(fields);
        fields = fields[argsName.Length..];
        args.CopyTo(fields);
        fields = fields[args.Length..];
        moreArgs.CopyTo(fields);
        fields = fields[moreArgs.Length..];
        kwargsName.CopyTo(fields);
        kwargs.CopyTo(fields[kwargsName.Length..]);
    }

    private TaskFunction FunctionOf(ReadOnlySpan<byte> token)
    {
        // Mostly it is the function of the task before.
        if (last is not null && last.Token.SequenceEqual(token))
        {
            return last;
        }
        var byToken = functions.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (!byToken.TryGetValue(token, out last))
        {
            last = new TaskFunction(token);
            byToken.TryAdd(token, last);
        }
        return last;
    }
}
