using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>The message <c>update-data</c> (rows CS12, R27): data that came from outside.</summary>
/// <param name="WhoHas">Addresses of the holders by key.</param>
/// <param name="NBytes">Sizes in bytes by key.</param>
/// <param name="Client">Who wants the data; null: nobody.</param>
public sealed record UpdateData(
    IReadOnlyList<KeyValuePair<Key, IReadOnlyList<string>>> WhoHas, IReadOnlyDictionary<Key, long> NBytes, string? Client)
{
    /// <summary>Reads the message from its map on.</summary>
    public static UpdateData Read(ref MessageReader m)
    {
        var whoHas = new List<KeyValuePair<Key, IReadOnlyList<string>>>();
        var nbytes = new Dictionary<Key, long>(KeyComparer.Instance);
        string? client = null;
        int entries = m.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            switch (m.ReadString())
            {
                case "who_has": ReadWhoHas(ref m, whoHas); break;
                case "nbytes": ReadNBytes(ref m, nbytes); break;
                case "client": client = m.ReadStringOrNull(); break;
                default: m.Skip(); break;
            }
        }
        return new UpdateData(whoHas, nbytes, client);
    }

    private static void ReadWhoHas(ref MessageReader m, List<KeyValuePair<Key, IReadOnlyList<string>>> whoHas)
    {
        int keys = m.ReadMapHeader();
        for (int i = 0; i < keys; i++)
        {
            Key key = m.ReadKey();
            var addresses = new string[m.ReadSequenceHeader()];
            for (int k = 0; k < addresses.Length; k++)
            {
                addresses[k] = m.ReadString();
            }
            whoHas.Add(new(key, addresses));
        }
    }

    private static void ReadNBytes(ref MessageReader m, Dictionary<Key, long> nbytes)
    {
        int keys = m.ReadMapHeader();
        for (int i = 0; i < keys; i++)
        {
            Key key = m.ReadKey();
            nbytes[key] = m.ReadInt64();
        }
    }
}
