using Csds.Protocol;

namespace Csds.Server;

/// <summary>What the helper says about the Dask that is installed with it.</summary>
/// <param name="Distributed">The release of distributed.</param>
/// <param name="Versions">Packages and host as Dask's <c>get_versions()</c> reports them (row R26).</param>
/// <param name="Config">Dask's effective configuration: nested maps of plain values.</param>
/// <param name="WorkerPlugins">Pickles of the plugins that a scheduler of this release gives workers (row W47).</param>
/// <param name="TlsCiphers">Numbers of the cipher suites that <c>distributed.comm.tls.ciphers</c> allows; null: not set.</param>
public sealed record HelperConfiguration(
    DaskVersion Distributed, Opaque Versions, Opaque Config, IReadOnlyDictionary<string, byte[]> WorkerPlugins,
    IReadOnlyList<int>? TlsCiphers)
{
    internal static HelperConfiguration Read(HelperAnswer answer)
    {
        DaskVersion? distributed = null;
        Opaque versions = Opaque.Nil, config = Opaque.Nil;
        var plugins = new Dictionary<string, byte[]>();
        int[]? ciphers = null;
        MessageReader header = answer.Header;
        int entries = header.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            switch (header.ReadString())
            {
                case "distributed": distributed = DaskVersion.TryParse(header.ReadString()); break;
                case "versions": versions = header.ReadOpaque(); break;
                case "config": config = header.ReadOpaque(); break;
                case "worker_plugins": ReadPlugins(ref header, plugins); break;
                case "tls_ciphers": ciphers = header.TryReadNil() ? null : ReadNumbers(ref header); break;
                default: header.Skip(); break;
            }
        }
        return distributed is { } version
            ? new HelperConfiguration(version, versions, config, plugins, ciphers)
            : throw new HelperException("The helper's distributed has no version number.");
    }

    private static int[] ReadNumbers(ref MessageReader header)
    {
        var numbers = new int[header.ReadArrayHeader()];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = header.ReadInt32();
        }
        return numbers;
    }

    private static void ReadPlugins(ref MessageReader header, Dictionary<string, byte[]> plugins)
    {
        int entries = header.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            string name = header.ReadString();
            plugins[name] = header.ReadBytes().ToArray();
        }
    }
}
