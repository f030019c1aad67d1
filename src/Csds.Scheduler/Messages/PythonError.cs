using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>An error that a peer sees as the Python exception <c>module.name(message)</c>.</summary>
/// <param name="Module">The exception's module.</param>
/// <param name="Name">Its class.</param>
/// <param name="Message">Its only argument.</param>
public sealed record PythonError(string Module, string Name, string Message)
{
    /// <summary>Writes it as Dask's <c>error_message</c> does, without a traceback.</summary>
    /// <param name="w">At a value.</param>
    /// <param name="status"><c>error</c>: for whoever looks at the answer; <c>uncaught-error</c>: raised when it arrives.</param>
    public void Write(ref MessageWriter w, ReadOnlySpan<byte> status)
    {
        w.Map(6);
        w.Field("status"u8, status);
        w.Text("exception"u8);
        w.Bytes(PickleWriter.Exception(Module, Name, Message));
        w.FieldToken("traceback"u8, Tokens.Nil);
        w.Field("text"u8, Message);
        w.Field("exception_text"u8, $"{Name}({Key.FromString(Message).Repr()})");
        w.Field("traceback_text"u8, "");
    }

    /// <summary>The timeout of <c>asyncio</c>, which says nothing.</summary>
    internal static PythonError TimedOut { get; } = new("asyncio.exceptions", "TimeoutError", "");

    internal static PythonError ValueError(string message) => new("builtins", "ValueError", message);

    internal static PythonError TypeError(string message) => new("builtins", "TypeError", message);

    internal static PythonError RuntimeError(string message) => new("builtins", "RuntimeError", message);

    internal static PythonError AssertionError(string message) => new("builtins", "AssertionError", message);

    internal static PythonError KeyError(Key key) => new("builtins", "KeyError", key.ToString());

    internal static PythonError KeyError(string message) => new("builtins", "KeyError", message);
}
