using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Reads the messages of coordination primitives on streams (rows CS13 to CS16).</summary>
internal static class StreamCoordination
{
    internal static void QueueFutureRelease(SchedulerState s, ClientState cs, ref MessageReader m)
    {
        Fields fields = Read(ref m);
        s.Coordination.Queues.FutureRelease(cs, fields.Name, fields.Key);
    }

    internal static void QueueRelease(SchedulerState s, ClientState cs, ref MessageReader m) =>
        s.Coordination.Queues.Release(Read(ref m).Name);

    internal static void VariableFutureReceived(SchedulerState s, ClientState cs, ref MessageReader m)
    {
        Fields fields = Read(ref m);
        s.Coordination.Variables.FutureReceived(cs, fields.Name, fields.Key, fields.Token);
    }

    internal static void VariableDelete(SchedulerState s, ClientState cs, ref MessageReader m) =>
        s.Coordination.Variables.Delete(Read(ref m).Name);

    internal static void PublishFlush(SchedulerState s, ClientState cs, ref MessageReader m) =>
        s.Coordination.Flushes.Received(Read(ref m).Uid);

    internal static void PubSubAddSubscriber(SchedulerState s, ClientState cs, ref MessageReader m) =>
        s.Coordination.PubSub.AddSubscriber(cs, Read(ref m).Name);

    internal static void PubSubAddSubscriber(SchedulerState s, WorkerState ws, ref MessageReader m) =>
        s.Coordination.PubSub.AddSubscriber(ws, Read(ref m).Name);

    internal static void PubSubRemoveSubscriber(SchedulerState s, ClientState cs, ref MessageReader m) =>
        s.Coordination.PubSub.RemoveSubscriber(cs, Read(ref m).Name);

    internal static void PubSubRemoveSubscriber(SchedulerState s, WorkerState ws, ref MessageReader m) =>
        s.Coordination.PubSub.RemoveSubscriber(ws, Read(ref m).Name);

    internal static void PubSubRemovePublisher(SchedulerState s, WorkerState ws, ref MessageReader m) =>
        s.Coordination.PubSub.RemovePublisher(ws, Read(ref m).Name);

    internal static void PubSubMessage(SchedulerState s, ClientState cs, ref MessageReader m)
    {
        Fields fields = Read(ref m);
        s.Coordination.PubSub.Publish(fields.Name, fields.Message, fromClient: true);
    }

    internal static void PubSubMessage(SchedulerState s, WorkerState ws, ref MessageReader m)
    {
        Fields fields = Read(ref m);
        s.Coordination.PubSub.Publish(fields.Name, fields.Message, fromClient: false);
    }

    private static Fields Read(ref MessageReader m)
    {
        var fields = new Fields();
        for (int entries = m.ReadMapHeader(); entries > 0; entries--)
        {
            switch (m.ReadString())
            {
                case "name": fields.Name = m.ReadKey(); break;
                case "key": fields.Key = m.ReadKey(); break;
                case "token": fields.Token = m.ReadString(); break;
                case "uid": fields.Uid = m.ReadKey(); break;
                case "msg": fields.Message = m.ReadOpaque(); break;
                default: m.Skip(); break;
            }
        }
        return fields;
    }

    private sealed class Fields
    {
        internal Key Name { get; set; } = new(Tokens.Nil);

        internal Key Key { get; set; } = new(Tokens.Nil);

        internal string Token { get; set; } = "";

        internal Key Uid { get; set; } = new(Tokens.Nil);

        internal Opaque Message { get; set; } = Opaque.Nil;
    }
}
