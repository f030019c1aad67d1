using System.Collections.Concurrent;
using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.Extensions.Logging;

namespace Csds.Server;

/// <summary>
/// The Python helpers: expands graphs, one per helper at a time, first come first served. A helper that crashes, hangs
/// or takes too much memory costs the graph that it had, and nothing else.
/// </summary>
public sealed class HelperPool : IAsyncDisposable
{
    private readonly HelperOptions options;
    private readonly HelperSlot[] slots;
    private readonly SemaphoreSlim free;
    private readonly HelperEnvironment environment;

    // The one used last is used next: as many processes run as are really needed at once.
    private readonly ConcurrentStack<HelperSlot> idle = new();

    private HelperPool(PythonCommand python, HelperOptions options, ILoggerFactory loggers)
    {
        this.options = options;
        environment = new HelperEnvironment(options, loggers.CreateLogger("csds.helper"));
        slots = new HelperSlot[Math.Max(1, options.Processes)];
        for (int i = slots.Length - 1; i >= 0; i--)
        {
            slots[i] = new HelperSlot(python, options, TimeProvider.System, loggers);
            idle.Push(slots[i]);
        }
        free = new SemaphoreSlim(slots.Length);
        Python = python;
    }

    /// <summary>The Python that the helpers run in.</summary>
    public PythonCommand Python { get; }

    /// <summary>Finds the Python to use and starts a helper there; others are started when they are needed.</summary>
    /// <param name="python">The command that the user names, or null: see <see cref="PythonFinder"/>.</param>
    /// <param name="loggers">For the helpers' output.</param>
    /// <param name="cancel">Gives up.</param>
    /// <param name="options">Bounds, or null for the usual ones.</param>
    /// <exception cref="HelperException">There is no usable Python; the message says what was tried.</exception>
    /// <exception cref="FormatException">The named command cannot be split into words.</exception>
    public static async Task<HelperPool> StartAsync(
        string? python, ILoggerFactory loggers, CancellationToken cancel, HelperOptions? options = null)
    {
        var finder = new PythonFinder(Environment.GetEnvironmentVariable);
        PythonCommand command = await finder.FindAsync(python, cancel).ConfigureAwait(false);
        var pool = new HelperPool(command, options ?? new HelperOptions(), loggers);
        try
        {
            await pool.slots[0].ReadyAsync(cancel).ConfigureAwait(false);
            return pool;
        }
        catch
        {
            await pool.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>What the helpers' Dask is and how it is configured.</summary>
    /// <exception cref="HelperException">No helper can be started.</exception>
    public async Task<HelperConfiguration> ConfigureAsync()
    {
        await slots[0].ReadyAsync(CancellationToken.None).ConfigureAwait(false);
        return slots[0].Configuration!;
    }

    /// <summary>
    /// Makes the graph of an <c>update-graph*</c> message flat, as the stock scheduler of the installed release does.
    /// The static order is not part of it.
    /// </summary>
    /// <param name="message">The whole message.</param>
    /// <param name="cancel">Gives up; a helper that is at it is stopped.</param>
    /// <exception cref="GraphExpansionException">
    /// It cannot be expanded: Dask's own error, or a RuntimeError that says what became of the helper.
    /// </exception>
    public async Task<GraphMaterialized> ExpandAsync(Opaque message, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(message);
        try
        {
            return await WithSlotAsync(slot => ExpandAsync(slot, message, mayRepeat: true, cancel), cancel).ConfigureAwait(false);
        }
        catch (HelperException error)
        {
            throw new GraphExpansionException(HelperFailure.FromText(error.Message));
        }
    }

    /// <summary>Writes a dump of the cluster's state, as <c>distributed.cluster_dump.write_state</c> does.</summary>
    /// <param name="arguments">A map: <c>url</c>, <c>format</c> and options of <c>fsspec</c>.</param>
    /// <param name="state">The dump.</param>
    /// <returns>What went wrong, as Python says it; null if nothing did.</returns>
    /// <exception cref="HelperException">The helper cannot be started, or ended.</exception>
    public async Task<Failure?> WriteDumpAsync(Opaque arguments, Opaque state)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(state);
        Failure? failure = null;
        ReadOnlyMemory<byte>[] body = [arguments.Token, state.Token];
        var request = new HelperRequest("write_state", "writing the cluster's state", options.RequestTimeout, body);
        return await WithSlotAsync(
            async slot =>
            {
                HelperProcess process = await slot.ReadyAsync(CancellationToken.None).ConfigureAwait(false);
                try
                {
                    await environment.ApplyAsync(process, CancellationToken.None).ConfigureAwait(false);
                    await process.AskAsync(request, answer =>
                    {
                        failure = answer.Op == "failed" ? HelperFailure.Read(answer) : null;
                        return true;
                    }, CancellationToken.None).ConfigureAwait(false);
                }
                catch (HelperLostException error)
                {
                    slot.Lost(error.Message);
                    throw;
                }
                return failure;
            },
            CancellationToken.None).ConfigureAwait(false);
    }

    private async Task<T> WithSlotAsync<T>(Func<HelperSlot, Task<T>> work, CancellationToken cancel)
    {
        await free.WaitAsync(cancel).ConfigureAwait(false);
        if (!idle.TryPop(out HelperSlot? slot))
        {
            throw new InvalidOperationException("a free helper is missing from the pool");
        }
        try
        {
            return await work(slot).ConfigureAwait(false);
        }
        finally
        {
            idle.Push(slot);
            free.Release();
        }
    }

    /// <summary>Lets every helper import what another one can, before it expands its next graph.</summary>
    /// <param name="change">A msgpack map: directories and files, see docs/helper-protocol.md.</param>
    public void Share(ReadOnlyMemory<byte> change) => environment.Add(change);

    /// <summary>Ends all helpers.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(slots.Select(slot => slot.DisposeAsync().AsTask())).ConfigureAwait(false);
    }

    private async Task<GraphMaterialized> ExpandAsync(
        HelperSlot slot, Opaque message, bool mayRepeat, CancellationToken cancel)
    {
        HelperProcess helper = await slot.ReadyAsync(cancel).ConfigureAwait(false);
        var expansion = new GraphExpansion();
        try
        {
            await environment.ApplyAsync(helper, cancel).ConfigureAwait(false);
            ReadOnlyMemory<byte>[] body = [message.Token, .. message.Frames];
            var request = new HelperRequest("expand", "expanding the graph", options.RequestTimeout, body);
            await helper.AskAsync(request, expansion.Take, cancel).ConfigureAwait(false);
        }
        catch (HelperLostException error)
        {
            slot.Lost(error.Message);
            if (error.Untouched && mayRepeat)
            {
                return await ExpandAsync(slot, message, mayRepeat: false, cancel).ConfigureAwait(false);
            }
            throw;
        }
        catch (OperationCanceledException)
        {
            slot.Lost("A helper was stopped, since its client is gone");
            throw;
        }
        return expansion.Result();
    }
}
