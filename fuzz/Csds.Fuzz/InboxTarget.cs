using Csds.Protocol;
using Csds.Scheduler;
using Nerdbank.MessagePack;

namespace Csds.Fuzz;

/// <summary>
/// Messages to a scheduler that is at work: the input is a byte that chooses the dialect, and msgpack values one behind the
/// other. A list is a transfer of a stream, a map a request; workers and clients take turns. After each value the invariants
/// hold, and what was sent is well-formed, whatever was received.
/// </summary>
public static class InboxTarget
{
    private static readonly Dialect[] dialects = [Dialect.Dask2022, Dialect.Dask2024, Dialect.Newest];

    /// <summary>Feeds all values to a new scheduler.</summary>
    public static void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }
        var cluster = new LiveCluster(dialects[input[0] % dialects.Length]);
        using FrameGroup message = Frames.Behind(input[1..]);
        var reader = new MessageReader(message);
        while (!reader.End)
        {
            MessageReader value = reader.Peek();
            if (value.NextType == MessagePackType.Array)
            {
                cluster.Transfer(value);
            }
            else
            {
                cluster.Request(value);
            }
            cluster.EndTurn();
            if (!TrySkip(ref reader))
            {
                break; // No msgpack: the connection would end here.
            }
        }
        cluster.EveryoneLeaves();
    }

    private static bool TrySkip(ref MessageReader reader)
    {
        try
        {
            reader.Skip();
            return true;
        }
        catch (Exception error) when (MessageReader.IsProtocolError(error))
        {
            return false;
        }
    }
}
