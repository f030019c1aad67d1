using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>One thing that a worker did for a task: an item of <c>startstops</c> (row WS1).</summary>
/// <param name="Action">What: <c>compute</c>, <c>transfer</c>, <c>disk-read</c>, ...</param>
/// <param name="Start">Seconds since 1970.</param>
/// <param name="Stop">Seconds since 1970.</param>
public readonly record struct StartStop(string Action, double Start, double Stop)
{
    /// <summary>Reads one from its map on.</summary>
    public static StartStop Read(ref MessageReader reader)
    {
        string action = "";
        double start = 0, stop = 0;
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            switch (reader.ReadString())
            {
                case "action": action = reader.ReadString(); break;
                case "start": start = reader.ReadDouble(); break;
                case "stop": stop = reader.ReadDouble(); break;
                default: reader.Skip(); break;
            }
        }
        return new StartStop(action, start, stop);
    }

    /// <summary>When the last of them ended, in seconds since 1970; 0 without any.</summary>
    internal static double LastEnd(ReadOnlyMemory<byte> startStops)
    {
        double end = 0;
        var reader = new MessageReader(startStops);
        int count = startStops.IsEmpty ? 0 : reader.ReadArrayHeader();
        for (int i = 0; i < count; i++)
        {
            int entries = reader.ReadMapHeader();
            for (int field = 0; field < entries; field++)
            {
                if (reader.ReadUtf8().SequenceEqual("stop"u8))
                {
                    end = Math.Max(end, reader.ReadDouble());
                }
                else
                {
                    reader.Skip();
                }
            }
        }
        return end;
    }
}
