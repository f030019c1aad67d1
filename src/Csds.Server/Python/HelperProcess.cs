using System.Buffers;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using Csds.Protocol;
using Microsoft.Extensions.Logging;
using Nerdbank.MessagePack;

namespace Csds.Server;

/// <summary>
/// One helper: a Python process that is asked through its standard input and answers through its standard output. One
/// request at a time; once something has gone wrong it is of no further use.
/// </summary>
internal sealed class HelperProcess : IAsyncDisposable
{
    /// <summary>How long the output of a process that has ended is waited for: children may hold it open.</summary>
    private static readonly TimeSpan grace = TimeSpan.FromSeconds(2);

    private readonly Process process;
    private readonly HelperOptions options;
    private readonly HelperOutput log;
    private readonly PipeReader input;
    private readonly FrameReader frames = new();
    private readonly Task exited;
    private HelperMemory? memory;
    private string? stopped;
    private long requests;

    private HelperProcess(Process process, HelperOptions options, ILogger logger)
    {
        this.process = process;
        this.options = options;
        log = new HelperOutput(process.StandardError, logger);
        var buffers = new StreamPipeReaderOptions(bufferSize: 256 * 1024);
        input = PipeReader.Create(process.StandardOutput.BaseStream, buffers);
        exited = process.WaitForExitAsync(CancellationToken.None);
        log.Start();
    }

    /// <summary>The process.</summary>
    internal int Id => process.Id;

    /// <summary>False once the process has ended or was told to.</summary>
    internal bool IsAlive => stopped is null && !exited.IsCompleted;

    /// <summary>Starts one.</summary>
    /// <exception cref="HelperException">It cannot be started, or ends at once; the message says why.</exception>
    internal static async Task<HelperProcess> StartAsync(
        PythonCommand python, HelperOptions options, ILogger logger, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(python.FileName, [.. python.Arguments, "-c", HelperSources.Bootstrap])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Win32Exception error)
        {
            process.Dispose();
            throw new HelperException($"{python} cannot be started: {error.Message}");
        }
        var helper = new HelperProcess(process, options, logger);
        try
        {
            await helper.StartedAsync(cancel).ConfigureAwait(false);
            return helper;
        }
        catch (Exception error)
        {
            await Task.WhenAny(helper.log.Completed, Task.Delay(grace, CancellationToken.None)).ConfigureAwait(false);
            await helper.DisposeAsync().ConfigureAwait(false);
            throw error is HelperLostException
                ? new HelperException($"{error.Message} ({python})\n{helper.log.LastLines}".TrimEnd())
                : error;
        }
    }

    /// <summary>
    /// Sends a request and hands every answer to <paramref name="take"/>, until that says that it was the last one.
    /// </summary>
    /// <param name="request">What to do.</param>
    /// <param name="take">Takes one answer; answers whether it was the last one.</param>
    /// <param name="cancel">Gives up, which stops the process.</param>
    /// <exception cref="HelperLostException">The process ended, took too long or too much memory.</exception>
    internal async Task AskAsync(HelperRequest request, Func<HelperAnswer, bool> take, CancellationToken cancel)
    {
        string doing = request.Doing;
        long number = ++requests;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(request.Timeout);
        memory?.Start();
        try
        {
            await WriteAsync(Header(number, request.Op), request.Body, doing, limit.Token).ConfigureAwait(false);
            bool last = false;
            while (!last)
            {
                using FrameGroup message = await ReadAsync(doing, limit.Token).ConfigureAwait(false);
                var answer = new HelperAnswer(message);
                last = answer.Request == number
                    ? take(answer)
                    : throw new ProtocolException($"the helper answered request {answer.Request} instead of {number}");
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            Stop($"it took longer than {Seconds(request.Timeout)}");
            throw new HelperLostException(Ending(doing), untouched: false);
        }
        catch (Exception error) when (error is not HelperLostException)
        {
            Stop(error.Message);
            throw MessageReader.IsProtocolError(error)
                ? new HelperLostException(Ending(doing), untouched: false)
                : error;
        }
        finally
        {
            memory?.Stop();
        }
    }

    /// <summary>Sends a message of a conversation, behind the ones before it. One caller at a time.</summary>
    /// <param name="header">A msgpack map.</param>
    /// <param name="body">The frames after it.</param>
    /// <param name="doing">What the conversation is for, see <see cref="HelperRequest"/>.</param>
    /// <exception cref="HelperLostException">The process has ended.</exception>
    internal Task SendAsync(ReadOnlyMemory<byte> header, IReadOnlyList<ReadOnlyMemory<byte>> body, string doing) =>
        WriteAsync(header, body, doing, CancellationToken.None);

    /// <summary>Waits for the next message of a conversation.</summary>
    /// <exception cref="HelperLostException">The process has ended.</exception>
    internal Task<FrameGroup> ReceiveAsync(string doing) => ReadAsync(doing, CancellationToken.None);

    /// <summary>How much of what helpers have in common this one knows, see <see cref="HelperEnvironment"/>.</summary>
    internal int EnvironmentsApplied { get; set; }

    /// <summary>Kills the process.</summary>
    /// <param name="reason">Why, for the one who waits for its answer.</param>
    internal void Stop(string reason)
    {
        stopped ??= reason;
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception error) when (error is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has just ended by itself.
        }
    }

    /// <summary>Ends the process; it gets a moment to do so by itself when its input is closed.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It is gone.
        }
        if (await Task.WhenAny(exited, Task.Delay(grace)).ConfigureAwait(false) != exited)
        {
            Stop("the scheduler closes");
            await exited.ConfigureAwait(false);
        }
        memory?.Dispose();
        process.Dispose();
    }

    private async Task StartedAsync(CancellationToken cancel)
    {
        const string Doing = "starting";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(options.StartTimeout);
        try
        {
            ReadOnlyMemory<byte>[] start = HelperSources.StartMessage;
            await WriteAsync(start[0], start[1..], Doing, limit.Token).ConfigureAwait(false);
            using FrameGroup message = await ReadAsync(Doing, limit.Token).ConfigureAwait(false);
            var answer = new HelperAnswer(message);
            if (answer.Op != "started")
            {
                throw new ProtocolException("it does not speak the helper's protocol");
            }
            memory = Watch(answer);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            Stop($"it took longer than {Seconds(options.StartTimeout)}");
            throw new HelperLostException(Ending(Doing), untouched: false);
        }
        catch (Exception error) when (MessageReader.IsProtocolError(error))
        {
            Stop(error.Message);
            throw new HelperLostException(Ending(Doing), untouched: false);
        }
    }

    // The process that was started may be a wrapper around the one whose memory counts.
    private HelperMemory Watch(HelperAnswer started)
    {
        int watched = process.Id;
        MessageReader header = started.Header;
        int entries = header.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            if (header.ReadString() != "pid")
            {
                header.Skip();
            }
            else if (header.ReadInt32() is var own && HelperMemory.IsHelper(own))
            {
                watched = own;
            }
        }
        string tooMuch = $"it used more than {Size(options.MemoryLimit)} of memory";
        return new HelperMemory(watched, options.MemoryLimit, () => Stop(tooMuch));
    }

    private ReadOnlyMemory<byte> Header(long request, string op)
    {
        var buffer = new FrameBuffer();
        var writer = new MessagePackWriter(buffer);
        writer.WriteMapHeader(3);
        writer.Write("id");
        writer.Write(request);
        writer.Write("op");
        writer.Write(op);
        writer.Write("validate");
        writer.Write(options.Validate);
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private async Task WriteAsync(
        ReadOnlyMemory<byte> first, IReadOnlyList<ReadOnlyMemory<byte>> others, string doing, CancellationToken cancel)
    {
        Stream output = process.StandardInput.BaseStream;
        var prelude = new FrameBuffer();
        FrameWriter.WritePrelude(prelude, first.Length, others);
        prelude.Write(first.Span);
        try
        {
            await output.WriteAsync(prelude.WrittenMemory, cancel).ConfigureAwait(false);
            foreach (ReadOnlyMemory<byte> frame in others)
            {
                await output.WriteAsync(frame, cancel).ConfigureAwait(false);
            }
            await output.FlushAsync(cancel).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            await WaitForEndAsync().ConfigureAwait(false);
            // The helper reads a request to its end before it looks at it.
            throw new HelperLostException(Ending(doing), untouched: stopped is null);
        }
    }

    private async Task<FrameGroup> ReadAsync(string doing, CancellationToken cancel)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task<FrameGroup?> reading = ReadMessageAsync(over.Token);
        if (!reading.IsCompleted && await Task.WhenAny(reading, exited).ConfigureAwait(false) == exited)
        {
            over.CancelAfter(grace);
        }
        try
        {
            if (await reading.ConfigureAwait(false) is { } message)
            {
                return message;
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // It has ended, and something else keeps its pipe open.
        }
        await WaitForEndAsync().ConfigureAwait(false);
        throw new HelperLostException(Ending(doing), untouched: false);
    }

    private async Task<FrameGroup?> ReadMessageAsync(CancellationToken cancel)
    {
        while (true)
        {
            ReadResult result = await input.ReadAsync(cancel).ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = result.Buffer;
            bool complete = frames.TryRead(ref buffer, out FrameGroup? message);
            input.AdvanceTo(buffer.Start, complete ? buffer.Start : buffer.End);
            if (complete || result.IsCompleted)
            {
                return message;
            }
        }
    }

    // The pipe is closed: the process is ending, or it is broken and has to.
    private async Task WaitForEndAsync()
    {
        if (await Task.WhenAny(exited, Task.Delay(grace)).ConfigureAwait(false) != exited)
        {
            Stop("it closed its output");
            await exited.ConfigureAwait(false);
        }
    }

    private string Ending(string doing)
    {
        if (stopped is { } reason)
        {
            return $"csds helper process was stopped while {doing}: {reason}";
        }
        int code = process.ExitCode;
        string how = code > 128 ? $"signal {code - 128}{SignalName(code - 128)}" : $"exit code {code}";
        return $"csds helper process died ({how}) while {doing}";
    }

    private static string SignalName(int signal) => signal switch
    {
        6 => ", SIGABRT",
        7 => ", SIGBUS",
        9 => ", SIGKILL: perhaps the system was out of memory",
        11 => ", SIGSEGV",
        15 => ", SIGTERM",
        _ => "",
    };

    private static string Seconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds} seconds");

    private static string Size(long bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.##} GiB");
}
