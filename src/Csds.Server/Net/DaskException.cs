using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>An error that the peer sees as the Python exception <c>module.name(message)</c> (row W29).</summary>
public sealed class DaskException(string module, string name, string message) : Exception(message)
{
    /// <summary>The peer's view of an error: its own if it is one, else RuntimeError mostly.</summary>
    public static DaskException From(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error switch
        {
            DaskException own => own,
            TimeoutException => Timeout(error.Message),
            IOException => new DaskException("builtins", "OSError", error.Message), // A worker was lost, not the peer.
            _ => new DaskException("builtins", "RuntimeError", error.Message),
        };
    }

    /// <summary>What Dask raises where a peer cannot be reached, or a connection breaks.</summary>
    public static DaskException OfComm(IOException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error is ConnectFailedException
            ? From(error)
            : new DaskException("distributed.comm.core", "CommClosedError", error.Message);
    }

    /// <summary>Python's ValueError.</summary>
    public static DaskException ValueError(string message) => new("builtins", "ValueError", message);

    /// <summary>Python's KeyError.</summary>
    public static DaskException KeyError(string message) => new("builtins", "KeyError", message);

    /// <summary>Python's TimeoutError.</summary>
    public static DaskException Timeout(string message) => new("asyncio.exceptions", "TimeoutError", message);

    /// <summary>The exception as Python prints it.</summary>
    public string Repr() => $"{name}({Key.FromString(Message).Repr()})";

    /// <summary>The pickled exception.</summary>
    public byte[] Pickle() => PickleWriter.Exception(module, name, Message);

    /// <summary>Writes the answer <c>uncaught-error</c>.</summary>
    public void Write(MessageBatch reply)
    {
        ArgumentNullException.ThrowIfNull(reply);
        MessageWriter w = reply.Single();
        new PythonError(module, name, Message).Write(ref w, "uncaught-error"u8);
        w.End();
    }
}
