using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Tasks as they are: what <c>Layer.__dask_distributed_pack__</c> sends, and the flat form of older messages.</summary>
internal static class MaterializedLayer
{
    /// <inheritdoc cref="LayerReader"/>
    internal static bool TryRead(ref MessageReader state, LayerTasks tasks)
    {
        int entries = state.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            ReadOnlySpan<byte> name = state.ReadUtf8();
            if (name.SequenceEqual("dsk"u8))
            {
                if (!TryReadTasks(ref state, tasks))
                {
                    return false;
                }
            }
            else if (name.SequenceEqual("dependencies"u8))
            {
                ReadDependencies(ref state, tasks.Graph);
            }
            else
            {
                state.Skip();
            }
        }
        return true;
    }

    /// <summary>Reads tasks by key; false if there are too many.</summary>
    internal static bool TryReadTasks(ref MessageReader reader, LayerTasks tasks)
    {
        int count = reader.ReadMapHeader();
        if (!tasks.TryExpect(count))
        {
            return false;
        }
        for (int i = 0; i < count; i++)
        {
            int name = tasks.Graph.Add(reader.ReadKeyToken());
            tasks.Define(name, tasks.Calls.TryReadCall(ref reader) ?? RunSpec.FromPacked(reader.ReadOpaque()));
            if (tasks.IsReadForGood)
            {
                reader.GiveUpRead();
            }
        }
        return true;
    }

    /// <summary>Reads what tasks depend on, by key; None says nothing.</summary>
    internal static void ReadDependencies(ref MessageReader reader, FlatGraph graph)
    {
        if (reader.TryReadNil())
        {
            return;
        }
        int tasks = reader.ReadMapHeader();
        for (int i = 0; i < tasks; i++)
        {
            ReadOnlySpan<byte> task = reader.ReadKeyToken();
            int count = reader.ReadSequenceHeader();
            if (count == 0)
            {
                continue;
            }
            int name = graph.Name(task);
            for (int k = 0; k < count; k++)
            {
                graph.Connect(name, graph.Name(reader.ReadKeyToken()));
            }
        }
    }
}
