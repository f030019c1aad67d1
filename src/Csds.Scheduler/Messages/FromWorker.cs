using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Reads the smaller messages of a worker's stream and hands them to their stimuli.</summary>
internal static class FromWorker
{
    /// <summary>WS3.</summary>
    internal static void ReleaseWorkerData(SchedulerState s, WorkerState ws, ref MessageReader m)
    {
        var fields = KeyFields.Read(ref m);
        s.ReleaseWorkerData(ws, fields.Key, fields.StimulusId);
    }

    /// <summary>WS4.</summary>
    internal static void AddKeys(SchedulerState s, WorkerState ws, ref MessageReader m)
    {
        var fields = KeyFields.Read(ref m);
        s.AddKeys(ws, fields.KeysReader, fields.StimulusId);
    }

    /// <summary>WS5.</summary>
    internal static void LongRunning(SchedulerState s, WorkerState ws, ref MessageReader m)
    {
        var fields = KeyFields.Read(ref m);
        s.LongRunning(ws, fields.Key, fields.RunId, fields.ComputeDuration, fields.StimulusId);
    }

    /// <summary>WS6.</summary>
    internal static void Reschedule(SchedulerState s, WorkerState ws, ref MessageReader m)
    {
        var fields = KeyFields.Read(ref m);
        s.Reschedule(ws, fields.Key, fields.StimulusId);
    }

    /// <summary>WS10.</summary>
    internal static void RequestRefreshWhoHas(SchedulerState s, WorkerState ws, ref MessageReader m)
    {
        var fields = KeyFields.Read(ref m);
        s.RequestRefreshWhoHas(ws, fields.Keys, fields.StimulusId);
    }

    /// <summary>WS9.</summary>
    internal static void WorkerStatusChange(SchedulerState s, WorkerState ws, ref MessageReader m)
    {
        string? status = null;
        byte[] stimulus = Tokens.String("");
        int entries = m.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            ReadOnlySpan<byte> name = m.ReadUtf8();
            if (name.SequenceEqual("status"u8))
            {
                status = m.ReadString();
            }
            else if (name.SequenceEqual("stimulus_id"u8))
            {
                stimulus = m.ReadToken().ToArray();
            }
            else
            {
                m.Skip();
            }
        }
        WorkerStatus parsed = WorkerStatuses.Parse(Required.Field(status, "worker-status-change", "status"))
            ?? throw new ProtocolException($"unknown worker status '{status}'");
        s.WorkerStatusChange(ws, parsed, stimulus);
    }

    /// <summary>WS11.</summary>
    internal static void StealResponse(SchedulerState s, WorkerState ws, ref MessageReader m)
    {
        ReadOnlySpan<byte> key = default;
        string? state = null;
        byte[] stimulus = Tokens.String("");
        int entries = m.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            switch (m.ReadString())
            {
                case "key": key = m.ReadToken(); break;
                case "state": state = m.ReadStringOrNull(); break;
                case "stimulus_id": stimulus = m.ReadToken().ToArray(); break;
                default: m.Skip(); break;
            }
        }
        s.Stealing.Confirm(ws, Required.Field(key, "steal-response", "key"), state, stimulus);
    }

    /// <summary>WS8: an event; a map gets the entry <c>worker</c>.</summary>
    internal static void LogEvent(SchedulerState s, WorkerState ws, ref MessageReader m) =>
        EventMessage.Read(ref m).Publish(s, ws);
}
