using System.Text;
using Csds.Protocol;

namespace Csds.Server;

/// <summary>The helper's Python source, which travels inside this assembly.</summary>
internal static class HelperSources
{
    private const string Prefix = "helper/";
    private const string Package = "csds_helper";

    /// <summary>The program for <c>python -c</c>: it reads <see cref="StartMessage"/> and runs that.</summary>
    internal static string Bootstrap { get; } = Encoding.UTF8.GetString(Read(Prefix + "bootstrap.py"));

    /// <summary>The first message: names of modules, one per line, and then their sources.</summary>
    internal static ReadOnlyMemory<byte>[] StartMessage { get; } = BuildStartMessage();

    private static ReadOnlyMemory<byte>[] BuildStartMessage()
    {
        var names = new List<string>();
        var frames = new List<ReadOnlyMemory<byte>> { default };
        foreach (string resource in typeof(HelperSources).Assembly.GetManifestResourceNames())
        {
            if (resource.StartsWith(Prefix, StringComparison.Ordinal) && resource != Prefix + "bootstrap.py")
            {
                names.Add(ModuleName(resource));
                frames.Add(Read(resource));
            }
        }
        frames[0] = Encoding.UTF8.GetBytes(string.Join('\n', names));
        return [.. frames];
    }

    private static string ModuleName(string resource)
    {
        string module = resource[Prefix.Length..^".py".Length].Replace('/', '.');
        return module == "__init__" ? Package : $"{Package}.{module}";
    }

    private static byte[] Read(string resource)
    {
        using Stream stream = typeof(HelperSources).Assembly.GetManifestResourceStream(resource)
            ?? throw new ProtocolException($"{resource} is missing in this build");
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
