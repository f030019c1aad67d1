namespace Csds.Scheduler;

/// <summary>Where a task remembers its place in the one set of a kind that it may be in.</summary>
public interface ITaskPlace
{
    /// <summary>Its slot plus one; 0: it is in no such set.</summary>
    static abstract ref int Of(TaskState ts);
}
