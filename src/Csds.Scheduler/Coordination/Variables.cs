using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// Variables by name (row X6): Dask's <c>VariableExtension</c>. A future that was handed out is held until the client
/// has confirmed it, or is gone, even if the variable has another value by then.
/// </summary>
internal sealed class Variables(SchedulerState s)
{
    private readonly Dictionary<Key, SharedValue> values = new(KeyComparer.Instance);
    private readonly Dictionary<Key, WaitingLine<Getter>> getters = new(KeyComparer.Instance);
    private readonly Dictionary<(Key Variable, Key Key), Dictionary<string, string>> handedOut = [];
    private long tokens;

    /// <summary>Number of variables that have a value.</summary>
    internal int Count => values.Count;

    /// <summary>Number of futures that clients have got and not confirmed.</summary>
    internal int Unconfirmed => handedOut.Count;

    /// <summary><c>variable_set</c>: waits for the future to be known.</summary>
    internal void Set(Request r)
    {
        double? deadline = s.Coordination.Waiting.After(r.Timeout);
        s.Coordination.AwaitedKeys.WaitFor(r.Number, r.Key, deadline, () =>
        {
            if (!r.Key.IsNone)
            {
                s.Hold(PseudoClients.Variable(r.Name), r.Key);
            }
            Key old = values.GetValueOrDefault(r.Name).Key;
            values[r.Name] = SharedValue.Of(r);
            LetGoIfUnused(r.Name, old);
            s.Answer(r.Number);
            if (getters.Remove(r.Name, out WaitingLine<Getter>? line))
            {
                foreach (Getter getter in line.ToArray())
                {
                    s.Coordination.Waiting.Answer(getter, HandOut(r.Name, getter.Client));
                }
            }
        });
    }

    /// <summary><c>variable_get</c>: waits until the variable has a value.</summary>
    internal void Get(Request r)
    {
        if (values.ContainsKey(r.Name))
        {
            s.Answer(r.Number, HandOut(r.Name, r.Client));
            return;
        }
        if (!getters.TryGetValue(r.Name, out WaitingLine<Getter>? line))
        {
            getters[r.Name] = line = new WaitingLine<Getter>();
        }
        var getter = new Getter(this, r.Number, r.Name, r.Client);
        line.Join(getter);
        s.Coordination.Waiting.Add(getter, s.Coordination.Waiting.After(r.Timeout));
    }

    /// <summary><c>variable-future-release</c>, <c>variable-future-received-confirm</c> (row CS14): the client has the future.</summary>
    internal void FutureReceived(ClientState client, Key name, Key key, string token)
    {
        if (s.Options.Dialect.ConfirmsReceivedFutures)
        {
            s.ClientDesiresKeys([key], client.ClientKey);
        }
        if (!handedOut.TryGetValue((name, key), out Dictionary<string, string>? unconfirmed) || !unconfirmed.Remove(token))
        {
            s.CountStale("variable-future-release");
            return;
        }
        Confirmed(name, key, unconfirmed);
    }

    /// <summary><c>variable_delete</c> (row CS14).</summary>
    internal void Delete(Key name)
    {
        if (values.Remove(name, out SharedValue old))
        {
            LetGoIfUnused(name, old.Key);
        }
    }

    /// <summary>A client is gone, and will not confirm what it was given.</summary>
    internal void Forget(ClientState client)
    {
        foreach (((Key name, Key key), Dictionary<string, string> unconfirmed) in handedOut.ToArray())
        {
            foreach ((string token, string receiver) in unconfirmed.ToArray())
            {
                if (receiver == client.ClientKey)
                {
                    unconfirmed.Remove(token);
                }
            }
            Confirmed(name, key, unconfirmed);
        }
    }

    private Opaque HandOut(Key name, string client)
    {
        SharedValue value = values[name];
        if (value.Key.IsNone)
        {
            return Answers.Value((ref MessageWriter w) => value.Write(ref w, s, null));
        }
        if (!handedOut.TryGetValue((name, value.Key), out Dictionary<string, string>? unconfirmed))
        {
            handedOut[(name, value.Key)] = unconfirmed = [];
        }
        string token = $"{name}-{tokens++}";
        unconfirmed[token] = client;
        return Answers.Value((ref MessageWriter w) => value.Write(ref w, s, token));
    }

    private void Confirmed(Key name, Key key, Dictionary<string, string> unconfirmed)
    {
        if (unconfirmed.Count == 0)
        {
            handedOut.Remove((name, key));
            LetGoIfUnused(name, key);
        }
    }

    private void LetGoIfUnused(Key name, Key key)
    {
        if (!key.IsNone && values.GetValueOrDefault(name).Key != key && !handedOut.ContainsKey((name, key)))
        {
            s.LetGo(PseudoClients.Variable(name), key);
        }
    }

    private void RemoveIfEmpty(Key name)
    {
        if (getters.TryGetValue(name, out WaitingLine<Getter>? line) && line.Count == 0)
        {
            getters.Remove(name);
        }
    }

    private sealed class Getter(Variables owner, long number, Key name, string client)
        : WaitingRequest(number, PythonError.TimedOut)
    {
        internal string Client { get; } = client;

        internal override void GiveUp() => owner.RemoveIfEmpty(name);
    }
}
