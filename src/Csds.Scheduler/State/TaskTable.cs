using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// All tasks by key, all groups and prefixes by name. A task is looked up once per message, by the bytes of the key in
/// the frame.
/// </summary>
public sealed class TaskTable
{
    private readonly Dictionary<Key, TaskState> tasks = new(KeyComparer.Instance);
    private readonly Dictionary<Key, TaskState>.AlternateLookup<ReadOnlySpan<byte>> byToken;
    private readonly Dictionary<Key, TaskGroup> groups = new(KeyComparer.Instance);
    private readonly Dictionary<Key, TaskGroup>.AlternateLookup<ReadOnlySpan<byte>> groupsByName;
    private readonly Dictionary<string, TaskPrefix> prefixes = [];
    private readonly IReadOnlyDictionary<string, double> defaultDurations;
    private long created;
    private long createdGroups;

    internal TaskTable(IReadOnlyDictionary<string, double> defaultDurations)
    {
        this.defaultDurations = defaultDurations;
        byToken = tasks.GetAlternateLookup<ReadOnlySpan<byte>>();
        groupsByName = groups.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>Number of tasks.</summary>
    public int Count => tasks.Count;

    /// <summary>The tasks, in no particular order.</summary>
    public IEnumerable<TaskState> Tasks => tasks.Values;

    /// <summary>The groups, in no particular order.</summary>
    public IReadOnlyCollection<TaskGroup> Groups => groups.Values;

    /// <summary>The prefixes, in order of creation.</summary>
    public IReadOnlyCollection<TaskPrefix> Prefixes => prefixes.Values;

    /// <summary>Told of each task that is created, while somebody waits for one.</summary>
    internal Action<TaskState>? Created { get; set; }

    /// <summary>Finds a task by its key's token.</summary>
    public bool TryGet(ReadOnlySpan<byte> keyToken, [NotNullWhen(true)] out TaskState? ts) =>
        byToken.TryGetValue(keyToken, out ts);

    /// <summary>Finds a task; null if there is none.</summary>
    public TaskState? Find(ReadOnlySpan<byte> keyToken) => byToken.TryGetValue(keyToken, out TaskState? ts) ? ts : null;

    /// <summary>Finds a task; null if there is none.</summary>
    public TaskState? Find(Key key) => tasks.GetValueOrDefault(key);

    /// <summary>
    /// The task with a key. If there is none, it is created as Dask's <c>new_task</c> does: released, with its group and prefix.
    /// </summary>
    /// <exception cref="ProtocolException">There is none, and no Dask key looks like this.</exception>
    internal TaskState GetOrCreate(Key key, out bool isNew)
    {
        ref TaskState? ts = ref CollectionsMarshal.GetValueRefOrAddDefault(tasks, key, out bool isKnown);
        isNew = !isKnown;
        if (isNew)
        {
            try
            {
                ts = new TaskState(key, GroupOf(key), created++);
            }
            catch
            {
                tasks.Remove(key);
                throw;
            }
            Created?.Invoke(ts);
        }
        return ts!;
    }

    internal void Remove(TaskState ts) => tasks.Remove(ts.Key);

    internal void RemoveIfDone(TaskGroup group)
    {
        if (group.AllForgotten && groups.Remove(group.NameUtf8))
        {
            group.Prefix.Remove(group);
            group.LetGo();
        }
    }

    internal void EnsureCapacity(int more) => tasks.EnsureCapacity(tasks.Count + more);

    internal void Clear()
    {
        tasks.Clear();
        foreach (TaskGroup group in groups.Values)
        {
            group.LetGo();
        }
        groups.Clear();
        prefixes.Clear();
    }

    private TaskGroup GroupOf(Key key)
    {
        ReadOnlySpan<byte> name = KeySplit.GroupUtf8(key.Token);
        if (groupsByName.TryGetValue(name, out TaskGroup? group))
        {
            return group;
        }
        string prefixName = KeySplit.Prefix(key.Token);
        if (!prefixes.TryGetValue(prefixName, out TaskPrefix? prefix))
        {
            double? duration = defaultDurations.TryGetValue(prefixName, out double seconds) ? seconds : null;
            prefix = new TaskPrefix(prefixName, duration, prefixes.Count);
            prefixes.Add(prefixName, prefix);
        }
        var nameUtf8 = new Key(name.ToArray());
        group = new TaskGroup(nameUtf8, prefix, createdGroups++);
        groups.Add(nameUtf8, group);
        return group;
    }
}
