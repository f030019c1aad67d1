using Csds.Protocol;
using Csds.Scheduler;

namespace Csds.Server;

/// <summary>Errors on the way from the helper, or from its death, to a client.</summary>
internal static class HelperFailure
{
    /// <summary>Reads the answer <c>failed</c>: Dask's own error, as Dask would send it.</summary>
    internal static Failure Read(HelperAnswer answer)
    {
        string? exceptionText = null, tracebackText = null;
        int exceptionFrames = 0;
        MessageReader header = answer.Header;
        int entries = header.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            switch (header.ReadString())
            {
                case "exception_text": exceptionText = header.ReadStringOrNull(); break;
                case "traceback_text": tracebackText = header.ReadStringOrNull(); break;
                case "exception_frames": exceptionFrames = header.ReadInt32(); break;
                default: header.Skip(); break;
            }
        }
        if (exceptionFrames <= 0 || exceptionFrames >= answer.FrameCount)
        {
            return FromText(Text(answer));
        }
        Opaque exception = answer.Value(1, exceptionFrames);
        Opaque traceback = answer.Value(1 + exceptionFrames, answer.FrameCount - exceptionFrames);
        return new Failure(exception, traceback, exceptionText, tracebackText);
    }

    /// <summary>Type and text of the exception in the answer <c>failed</c>, for a log.</summary>
    internal static string Text(HelperAnswer answer)
    {
        MessageReader header = answer.Header;
        int entries = header.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (header.ReadString() == "text")
            {
                return header.ReadString();
            }
            header.Skip();
        }
        return "";
    }

    /// <summary>A failure that users see as a RuntimeError with this text.</summary>
    internal static Failure FromText(string text)
    {
        byte[] pickle = PickleWriter.Exception("builtins", "RuntimeError", text);
        return new Failure(Opaque.FromBytes(pickle), null, $"RuntimeError({Key.FromString(text).Repr()})", "");
    }
}
