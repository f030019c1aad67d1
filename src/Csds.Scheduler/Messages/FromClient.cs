using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Reads the messages of a client's stream and hands them to their stimuli.</summary>
internal static class FromClient
{
    /// <summary>CS5. The client may name another, such as <c>fire-and-forget</c>.</summary>
    internal static void DesiresKeys(SchedulerState s, ClientState cs, ref MessageReader m)
    {
        var fields = KeyFields.Read(ref m);
        s.ClientDesiresKeys(fields.Keys, fields.Client ?? cs.ClientKey);
    }

    /// <summary>CS6.</summary>
    internal static void ReleasesKeys(SchedulerState s, ClientState cs, ref MessageReader m)
    {
        var fields = KeyFields.Read(ref m);
        ClientState? owner = fields.Client is null ? cs : s.Clients.GetValueOrDefault(fields.Client);
        if (owner is null)
        {
            s.CountStale("client-releases-keys");
            return;
        }
        s.ClientReleasesKeys(fields.Keys, owner, s.Stimulus("client-releases-keys"));
    }

    /// <summary>CS7.</summary>
    internal static void ReportKey(SchedulerState s, ClientState cs, ref MessageReader m)
    {
        var fields = KeyFields.Read(ref m);
        if (s.Tasks.TryGet(fields.Key, out TaskState? ts))
        {
            s.ReportOnKey(ts, cs);
        }
        else
        {
            s.Outbox.To(cs).CancelledKeys([new Key(fields.Key.ToArray())], s.Options.Dialect);
        }
    }

    /// <summary>CS8.</summary>
    internal static void Heartbeat(SchedulerState s, ClientState cs, ref MessageReader m)
    {
        m.Skip();
        s.ClientHeartbeat(cs);
    }

    /// <summary>CS9.</summary>
    internal static void Close(SchedulerState s, ClientState cs, ref MessageReader m)
    {
        m.Skip();
        s.RemoveClient(cs, s.Now);
    }

    /// <summary>CS10.</summary>
    internal static void CancelKeys(SchedulerState s, ClientState cs, ref MessageReader m)
    {
        var fields = KeyFields.Read(ref m);
        s.Cancel(fields.Keys, fields.Client ?? cs.ClientKey, fields.Force, fields.Reason, fields.Message, s.Now);
    }

    /// <summary>CS11.</summary>
    internal static void SubscribeTopic(SchedulerState s, ClientState cs, ref MessageReader m) =>
        s.Topics.Subscribe(ReadTopic(ref m), cs);

    /// <summary>CS11.</summary>
    internal static void UnsubscribeTopic(SchedulerState s, ClientState cs, ref MessageReader m) =>
        s.Topics.Unsubscribe(ReadTopic(ref m), cs);

    /// <summary>CS12.</summary>
    internal static void UpdateData(SchedulerState s, ClientState cs, ref MessageReader m) =>
        s.UpdateData(Scheduler.UpdateData.Read(ref m), s.Now);

    /// <summary>CS17.</summary>
    internal static void LogEvent(SchedulerState s, ClientState cs, ref MessageReader m) =>
        EventMessage.Read(ref m).Publish(s, null);

    private static string ReadTopic(ref MessageReader m)
    {
        string? topic = null;
        int entries = m.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (m.ReadUtf8().SequenceEqual("topic"u8))
            {
                topic = m.ReadString();
            }
            else
            {
                m.Skip();
            }
        }
        return Required.Field(topic, "subscribe-topic", "topic");
    }
}
