using Csds.Protocol;

namespace Csds.Server;

/// <summary>The versions of the packages that the helper's Python has (row R26).</summary>
public sealed class Versions(Opaque installed, UserCode userCode)
{
    /// <summary>Adds the operations to the table.</summary>
    public void AddTo(RpcTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Add("versions", VersionsAsync);
    }

    private Task VersionsAsync(RpcCall call)
    {
        if (new Arguments(call).Find("packages") is not null)
        {
            return userCode.ForwardAsync(call);
        }
        MessageWriter w = call.Reply.Single();
        w.Value(installed);
        w.End();
        return Task.CompletedTask;
    }
}
