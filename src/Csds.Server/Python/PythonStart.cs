using Csds.Protocol;

namespace Csds.Server;

/// <summary>What the scheduler's Python is told when it starts: who the scheduler is, and what to preload.</summary>
internal static class PythonStart
{
    internal static ReadOnlyMemory<byte> Write(ServerSettings settings, SchedulerArguments arguments, RpcTable table)
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        w.Map(8);
        w.Field("id"u8, settings.Id);
        w.Field("address"u8, settings.Address);
        w.Field("started"u8, settings.Started);
        w.Field("pid"u8, Environment.ProcessId);
        w.Text("services"u8);
        w.Map(settings.Services.Count);
        foreach ((string name, int port) in settings.Services)
        {
            w.Text(name);
            w.Int(port);
        }
        Texts(ref w, "operations"u8, table.Operations);
        Texts(ref w, "preload"u8, arguments.Preload);
        Texts(ref w, "preload_argv"u8, arguments.PreloadArgv);
        w.End();
        return batch.Seal();
    }

    private static void Texts(ref MessageWriter w, ReadOnlySpan<byte> name, IReadOnlyCollection<string> texts)
    {
        w.Text(name);
        w.List(texts.Count);
        foreach (string text in texts)
        {
            w.Text(text);
        }
    }
}
