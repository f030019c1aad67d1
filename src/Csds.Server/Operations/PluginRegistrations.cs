using Csds.Protocol;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>
/// Plugins for workers and nannies (rows R37, R38): pickles that are never loaded here. Those that are there get them
/// at once, later ones when they register.
/// </summary>
public sealed partial class PluginRegistrations(
    PluginStore plugins, Broadcast broadcast, Dialect dialect, ILogger logger)
{
    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("register_worker_plugin", RegisterWorkerPluginAsync);
        table.Add("unregister_worker_plugin", UnregisterWorkerPluginAsync);
        table.Add("register_nanny_plugin", RegisterNannyPluginAsync);
        table.Add("unregister_nanny_plugin", UnregisterNannyPluginAsync);
    }

    private async Task RegisterWorkerPluginAsync(RpcCall call)
    {
        var arguments = new Arguments(call);
        (string name, Opaque plugin) = Named(arguments);
        LogRegisterWorkerPlugin(logger, name);
        if (IsIdempotent(arguments) && plugins.HasWorkerPlugin(name))
        {
            WriteNothing(call);
            return;
        }
        plugins.SetWorkerPlugin(name, Pickle(plugin));
        await SendAsync(call, "plugin-add", name, plugin, nanny: false).ConfigureAwait(false);
    }

    private async Task UnregisterWorkerPluginAsync(RpcCall call)
    {
        string name = new Arguments(call).Text("name") ?? "None";
        if (!plugins.RemoveWorkerPlugin(name))
        {
            throw DaskException.ValueError($"The worker plugin {name} does not exist");
        }
        await SendAsync(call, "plugin-remove", name, null, nanny: false).ConfigureAwait(false);
    }

    private async Task RegisterNannyPluginAsync(RpcCall call)
    {
        var arguments = new Arguments(call);
        (string name, Opaque plugin) = Named(arguments);
        LogRegisterNannyPlugin(logger, name);
        if (IsIdempotent(arguments) && plugins.HasNannyPlugin(name))
        {
            WriteNothing(call);
            return;
        }
        plugins.SetNannyPlugin(name, Pickle(plugin));
        // One that is between the two phases got its plugins before this one was stored, and cannot be asked yet.
        await plugins.NanniesStartedAsync().ConfigureAwait(false);
        await SendAsync(call, "plugin_add", name, plugin, nanny: true).ConfigureAwait(false);
    }

    private async Task UnregisterNannyPluginAsync(RpcCall call)
    {
        string name = new Arguments(call).Text("name") ?? "None";
        if (!plugins.RemoveNannyPlugin(name))
        {
            throw DaskException.ValueError($"The nanny plugin {name} does not exist");
        }
        await SendAsync(call, "plugin_remove", name, null, nanny: true).ConfigureAwait(false);
    }

    private static (string Name, Opaque Plugin) Named(Arguments arguments) =>
        (arguments.Text("name") ?? "None", arguments.Get("plugin"));

    // 2022 knows no idempotent: a plugin of the same name is always replaced.
    private bool IsIdempotent(Arguments arguments) =>
        !dialect.PackedGraphs && arguments.Bool("idempotent", otherwise: false);

    private static byte[] Pickle(Opaque plugin) => new MessageReader(plugin).ReadBytes().ToArray();

    private static void WriteNothing(RpcCall call)
    {
        MessageWriter w = call.Reply.Single();
        w.Map(0);
        w.End();
    }

    private async Task SendAsync(RpcCall call, string op, string name, Opaque? plugin, bool nanny)
    {
        (string, string)[] targets = await broadcast.TargetsAsync(null, null, nanny).ConfigureAwait(false);
        await broadcast.SendAsync(call.Reply, targets, Request(op, name, plugin), "raise").ConfigureAwait(false);
    }

    private static Opaque Request(string op, string name, Opaque? plugin)
    {
        var request = new MessageBatch();
        MessageWriter w = request.Single();
        w.Map(plugin is null ? 2 : 3);
        w.Field("op"u8, op);
        w.Field("name"u8, name);
        if (plugin is not null)
        {
            w.Field("plugin"u8, plugin);
        }
        w.End();
        return request.ToOpaque();
    }

    [LoggerMessage(EventId = 31, Level = LogLevel.Information, Message = "Registering Worker plugin {Name}")]
    private static partial void LogRegisterWorkerPlugin(ILogger logger, string name);

    [LoggerMessage(EventId = 32, Level = LogLevel.Information, Message = "Registering Nanny plugin {Name}")]
    private static partial void LogRegisterNannyPlugin(ILogger logger, string name);
}
