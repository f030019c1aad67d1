using System.Collections.Concurrent;
using Csds.Protocol;

namespace Csds.Server;

/// <summary>Worker and nanny plugins: pickles by name that every worker or nanny gets (rows R37, R38, W46 to W48).</summary>
public sealed class PluginStore
{
    private readonly ConcurrentDictionary<string, byte[]> workerPlugins = new();
    private readonly ConcurrentDictionary<string, byte[]> nannyPlugins = new();
    private int startingNannies;
    private TaskCompletionSource nanniesStarted = Completed();

    /// <summary>Adds or replaces a worker plugin.</summary>
    public void SetWorkerPlugin(string name, byte[] pickle) => workerPlugins[name] = pickle;

    /// <summary>Removes a worker plugin; false if there is none of the name.</summary>
    public bool RemoveWorkerPlugin(string name) => workerPlugins.TryRemove(name, out _);

    /// <summary>Adds or replaces a nanny plugin.</summary>
    public void SetNannyPlugin(string name, byte[] pickle) => nannyPlugins[name] = pickle;

    /// <summary>Removes a nanny plugin; false if there is none of the name.</summary>
    public bool RemoveNannyPlugin(string name) => nannyPlugins.TryRemove(name, out _);

    /// <summary>Whether there is a worker plugin of the name.</summary>
    public bool HasWorkerPlugin(string name) => workerPlugins.ContainsKey(name);

    /// <summary>Whether there is a nanny plugin of the name.</summary>
    public bool HasNannyPlugin(string name) => nannyPlugins.ContainsKey(name);

    /// <summary>Writes the worker plugins as a map of names and pickles.</summary>
    public void WriteWorkerPlugins(ref MessageWriter w) => Write(ref w, workerPlugins);

    /// <summary>Writes the nanny plugins as a map of names and pickles.</summary>
    public void WriteNannyPlugins(ref MessageWriter w) => Write(ref w, nannyPlugins);

    /// <summary>A nanny is between the two phases of its registration, until the result is disposed.</summary>
    public IDisposable NannyStarting()
    {
        lock (nannyPlugins)
        {
            if (startingNannies++ == 0)
            {
                nanniesStarted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
        return new Starting(this);
    }

    /// <summary>Waits until no nanny is between the two phases.</summary>
    public Task NanniesStartedAsync()
    {
        lock (nannyPlugins)
        {
            return nanniesStarted.Task;
        }
    }

    private static void Write(ref MessageWriter w, ConcurrentDictionary<string, byte[]> plugins)
    {
        KeyValuePair<string, byte[]>[] entries = plugins.ToArray();
        w.Map(entries.Length);
        foreach ((string name, byte[] pickle) in entries)
        {
            w.Text(name);
            w.Bytes(pickle);
        }
    }

    private static TaskCompletionSource Completed()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }

    private sealed class Starting(PluginStore store) : IDisposable
    {
        public void Dispose()
        {
            lock (store.nannyPlugins)
            {
                if (--store.startingNannies == 0)
                {
                    store.nanniesStarted.SetResult();
                }
            }
        }
    }
}
