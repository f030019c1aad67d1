using System.Text.Unicode;
using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>
/// Reads the values that the state of a packed layer is made of. One of another type than Dask packs is no error, but false:
/// only Python knows what it means.
/// </summary>
internal static class StateFields
{
    /// <summary>Reads the value of a field; false if there is no such field, or if it is of another type.</summary>
    internal delegate bool FieldReader(string field, ref MessageReader state);

    /// <summary>Reads a map of so many fields, all of them known.</summary>
    internal static bool TryReadFields(this ref MessageReader state, int fields, FieldReader read)
    {
        int entries = state.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (!read(state.ReadString(), ref state))
            {
                return false;
            }
        }
        return entries == fields;
    }

    /// <summary>Reads a str that is not empty, as UTF-8.</summary>
    internal static bool TryReadText(this ref MessageReader state, out byte[] text)
    {
        text = [];
        if (state.NextType != MessagePackType.String)
        {
            return false;
        }
        ReadOnlySpan<byte> utf8 = state.ReadUtf8();
        if (!Utf8.IsValid(utf8))
        {
            throw new ProtocolException("a text is no UTF-8");
        }
        text = utf8.ToArray();
        return text.Length > 0;
    }

    /// <summary>Reads a list, tuple or set of str, as their tokens.</summary>
    internal static bool TryReadTexts(this ref MessageReader state, out byte[][] tokens)
    {
        tokens = [];
        if (!state.TryReadSequence(out int count))
        {
            return false;
        }
        byte[][] found = new byte[count][];
        for (int i = 0; i < count; i++)
        {
            if (state.NextType != MessagePackType.String)
            {
                return false;
            }
            found[i] = state.ReadToken().ToArray();
        }
        tokens = found;
        return true;
    }

    /// <summary>Reads an int that is not negative.</summary>
    internal static bool TryReadCount(this ref MessageReader state, out int count)
    {
        count = 0;
        if (state.NextType != MessagePackType.Integer || state.ReadInt64() is not (>= 0 and <= int.MaxValue and var number))
        {
            return false;
        }
        count = (int)number;
        return true;
    }

    /// <summary>Reads a list, tuple or set of ints that are not negative.</summary>
    internal static bool TryReadCounts(this ref MessageReader state, out int[] counts)
    {
        counts = [];
        if (!state.TryReadSequence(out int length))
        {
            return false;
        }
        int[] found = new int[length];
        for (int i = 0; i < length; i++)
        {
            if (!state.TryReadCount(out found[i]))
            {
                return false;
            }
        }
        counts = found;
        return true;
    }

    /// <summary>Reads a list, tuple or set of such.</summary>
    internal static bool TryReadManyCounts(this ref MessageReader state, out int[][] counts)
    {
        counts = [];
        if (!state.TryReadSequence(out int length))
        {
            return false;
        }
        int[][] found = new int[length][];
        for (int i = 0; i < length; i++)
        {
            if (!state.TryReadCounts(out int[] each))
            {
                return false;
            }
            found[i] = each;
        }
        counts = found;
        return true;
    }

    /// <summary>Reads a bool, and nothing that is only as good as one to Python.</summary>
    internal static bool TryReadBool(this ref MessageReader state, out bool value)
    {
        value = false;
        if (state.NextType != MessagePackType.Boolean)
        {
            return false;
        }
        value = state.ReadBoolean();
        return true;
    }

    /// <summary>Reads a value that the client serialized, with its frames.</summary>
    internal static bool TryReadSerialized(this ref MessageReader state, out Opaque value)
    {
        value = state.NextType == MessagePackType.Map ? state.ReadOpaque() : Opaque.Nil;
        return value.IsSerialized;
    }

    /// <summary>Reads the header of a list, tuple or set.</summary>
    internal static bool TryReadSequence(this ref MessageReader state, out int count)
    {
        count = state.NextType is MessagePackType.Array or MessagePackType.Map ? state.ReadSequenceHeader() : -1;
        return count >= 0;
    }
}
