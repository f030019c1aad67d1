using System.Runtime.InteropServices;
using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Puts the helper's answers to <c>expand</c> together.</summary>
internal sealed class GraphExpansion
{
    private readonly List<ReadOnlyMemory<byte>> shared = [];
    private GraphMaterialized? graph;
    private Failure? failure;
    private int filled;

    /// <summary>Takes one answer; answers whether it was the last one.</summary>
    /// <exception cref="ProtocolException">The answer is broken.</exception>
    internal bool Take(HelperAnswer answer)
    {
        switch (answer.Op)
        {
            case "structure":
                graph = ReadStructure(answer);
                return false;
            case "shared-frames":
                for (int i = 1; i <= answer.FrameCount; i++)
                {
                    shared.Add(answer.Frame(i).ToArray());
                }
                return false;
            case "run-specs":
                ReadRunSpecs(answer);
                return false;
            case "expanded":
                return graph is not null && filled == graph.Count
                    ? true
                    : throw new ProtocolException("tasks are missing in the helper's answer");
            case "failed":
                failure = HelperFailure.Read(answer);
                return true;
            default:
                throw new ProtocolException($"the helper answered {answer.Op}");
        }
    }

    /// <summary>The graph, after the last answer.</summary>
    /// <exception cref="GraphExpansionException">The graph cannot be expanded.</exception>
    internal GraphMaterialized Result() => failure is null ? graph! : throw new GraphExpansionException(failure);

    private static GraphMaterialized ReadStructure(HelperAnswer answer)
    {
        var columns = new GraphColumns(answer);
        Key[] keys = columns.Keys("keys"), external = columns.Keys("external");
        int all = keys.Length + external.Length;
        int[] dependencies = columns.Numbers("dependencies", all);
        return new GraphMaterialized
        {
            Keys = keys,
            External = external,
            DependencyOffsets = columns.Offsets("dependency_counts", keys.Length, dependencies.Length),
            Dependencies = dependencies,
            Requested = columns.Numbers("wanted", all),
            Flags = columns.Flags("flags", keys.Length),
            Annotations = columns.Annotations(keys.Length),
            Shuffles = columns.Shuffles(keys.Length),
            RunSpecs = new RunSpec[keys.Length],
        };
    }

    private void ReadRunSpecs(HelperAnswer answer)
    {
        string form = "";
        int start = -1, count = 0;
        MessageReader header = answer.Header;
        int entries = header.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            switch (header.ReadString())
            {
                case "form": form = header.ReadString(); break;
                case "start": start = header.ReadInt32(); break;
                case "count": count = header.ReadInt32(); break;
                default: header.Skip(); break;
            }
        }
        if (graph is null || start != filled || count < 0 || count > graph.Count - filled)
        {
            throw new ProtocolException("the helper's answer has tasks in the wrong place");
        }
        ReadOnlySpan<uint> sizes = MemoryMarshal.Cast<byte, uint>(answer.Frame(1).Span);
        ReadOnlySpan<uint> extra = answer.FrameCount > 2 ? MemoryMarshal.Cast<byte, uint>(answer.Frame(3).Span) : [];
        if (sizes.Length != count)
        {
            throw new ProtocolException("the helper's answer has not the tasks that it announces");
        }
        var reader = new RunSpecReader(form == "pickle", sizes, answer.Frame(2).Span, extra, shared);
        reader.Read(graph.RunSpecs.AsSpan(start, count));
        filled += count;
    }
}
