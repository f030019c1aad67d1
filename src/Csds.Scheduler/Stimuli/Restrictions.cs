using Csds.Protocol;
using Nerdbank.MessagePack;

namespace Csds.Scheduler;

/// <summary>Restricts tasks to workers, after they were submitted (row R32): Dask's <c>set_restrictions</c>.</summary>
internal static class Restrictions
{
    /// <summary>Takes addresses, one address or None by key. A task that is on its way stays where it is.</summary>
    internal static void Set(SchedulerState s, Request r)
    {
        var reader = new MessageReader(r.Worker);
        for (int count = reader.ReadMapHeader(); count > 0; count--)
        {
            Key key = reader.ReadKey();
            List<string>? addresses = ReadAddresses(ref reader);
            if (s.Tasks.Find(key) is not { } ts)
            {
                s.Refuse(r.Number, PythonError.KeyError(key));
                return;
            }
            ts.EnsureDetails().WorkerRestrictions = addresses;
        }
        s.Answer(r.Number);
    }

    private static List<string>? ReadAddresses(ref MessageReader reader)
    {
        if (reader.TryReadNil())
        {
            return null;
        }
        if (reader.NextType == MessagePackType.String)
        {
            return [reader.ReadString()];
        }
        var addresses = new List<string>();
        for (int count = reader.ReadSequenceHeader(); count > 0; count--)
        {
            addresses.Add(reader.ReadString());
        }
        return addresses;
    }
}
