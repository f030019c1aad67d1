using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>One transfer on a stream (rows W36, W37): a list of messages, or a single one.</summary>
internal abstract class StreamMessages(Connection comm, FrameGroup frames) : ReactorEvent
{
    public override void Run(SchedulerState state, double now)
    {
        using (frames)
        {
            var reader = new MessageReader(frames);
            if (reader.NextType != Nerdbank.MessagePack.MessagePackType.Array)
            {
                Receive(state, ref reader, now);
                return;
            }
            int count = reader.ReadArrayHeader();
            for (int i = 0; i < count; i++)
            {
                if (reader.NextType == Nerdbank.MessagePack.MessagePackType.String)
                {
                    return; // The text "OK" ends a batch.
                }
                if (IsCloseStream(reader))
                {
                    comm.CloseBehindOutput();
                    return;
                }
                Receive(state, ref reader, now);
            }
        }
    }

    public override void PeerAtFault(Exception error) => comm.AbortForFault(error.Message);

    public override void Failed(Exception error) => comm.Abort(error.Message);

    public override string ToString() => $"{GetType().Name} from {comm.RemoteAddress}";

    protected abstract void Receive(SchedulerState state, ref MessageReader reader, double now);

    private static bool IsCloseStream(MessageReader reader) =>
        reader.ReadMapHeader() == 1 && reader.ReadUtf8().SequenceEqual("op"u8)
        && reader.ReadUtf8().SequenceEqual("close-stream"u8);
}

/// <summary>A transfer from a worker.</summary>
internal sealed class WorkerMessages(WorkerState worker, Connection comm, FrameGroup frames) : StreamMessages(comm, frames)
{
    protected override void Receive(SchedulerState state, ref MessageReader reader, double now) =>
        state.Receive(worker, ref reader, now);
}

/// <summary>A transfer from a client.</summary>
internal sealed class ClientMessages(ClientState client, Connection comm, FrameGroup frames) : StreamMessages(comm, frames)
{
    protected override void Receive(SchedulerState state, ref MessageReader reader, double now) =>
        state.Receive(client, ref reader, now);
}
