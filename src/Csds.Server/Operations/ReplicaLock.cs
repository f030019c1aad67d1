namespace Csds.Server;

/// <summary>
/// Keeps operations apart that move replicas (row S57): one at a time in 2022; later, several of the same kind at once if
/// that kind is <c>retire-workers</c> (Dask's <c>RLock</c>).
/// </summary>
public sealed class ReplicaLock
{
    private readonly Lock mutex = new();
    private readonly LinkedList<(object Owner, TaskCompletionSource Granted)> waiting = new();
    private object? owner;
    private int holders;

    /// <summary>Waits for the lock; disposing of the result gives it back.</summary>
    /// <param name="kind">Who has the same as the present holder comes in at once; null: nobody has.</param>
    public async Task<IDisposable> AcquireAsync(string? kind = null)
    {
        object who = kind ?? new object();
        Task granted = Task.CompletedTask;
        lock (mutex)
        {
            if (holders == 0 || who.Equals(owner))
            {
                owner = who;
                holders++;
            }
            else
            {
                var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                waiting.AddLast((who, source));
                granted = source.Task;
            }
        }
        await granted.ConfigureAwait(false);
        return new Held(this);
    }

    private void Release()
    {
        lock (mutex)
        {
            if (--holders > 0)
            {
                return;
            }
            owner = null;
            // The first in line, and everybody behind who may come in with him.
            for (LinkedListNode<(object Owner, TaskCompletionSource Granted)>? node = waiting.First; node is not null;)
            {
                LinkedListNode<(object Owner, TaskCompletionSource Granted)>? next = node.Next;
                if (holders == 0 || node.Value.Owner.Equals(owner))
                {
                    owner = node.Value.Owner;
                    holders++;
                    waiting.Remove(node);
                    node.Value.Granted.SetResult();
                }
                node = next;
            }
        }
    }

    private sealed class Held(ReplicaLock held) : IDisposable
    {
        private int released;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref released, 1) == 0)
            {
                held.Release();
            }
        }
    }
}
