using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>
/// When a task should run, compared element by element, smaller first: <c>(-user_priority, generation, order)</c>
/// (row S5). Whole numbers go to workers as ints, as Python has them (row W24).
/// </summary>
public readonly record struct Priority : IComparable<Priority>
{

    private readonly double user;
    private readonly double generation;
    private readonly int order;

    /// <summary>Creates a priority.</summary>
    /// <param name="user">The negated priority that the user gave; 0 by default, smaller runs earlier.</param>
    /// <param name="generation">Number of the submission; a task's own submissions get a little less than it.</param>
    /// <param name="order">Place in the graph's static order.</param>
    public Priority(double user, double generation, int order)
    {
        this.user = user;
        this.generation = generation;
        this.order = order;
        IsSet = true;
    }

    /// <summary>False for a task that never got one.</summary>
    public bool IsSet { get; }

    /// <summary>The first element: where sub-tasks' generations start from (row S78).</summary>
    public double First => user;

    /// <inheritdoc/>
    public int CompareTo(Priority other)
    {
        int result = user.CompareTo(other.user);
        if (result == 0)
        {
            result = generation.CompareTo(other.generation);
        }
        return result != 0 ? result : order.CompareTo(other.order);
    }

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator <(Priority left, Priority right) => left.CompareTo(right) < 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator >(Priority left, Priority right) => left.CompareTo(right) > 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator <=(Priority left, Priority right) => left.CompareTo(right) <= 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator >=(Priority left, Priority right) => left.CompareTo(right) >= 0;

    internal void Write(ref MessageWriter writer)
    {
        writer.List(3);
        WriteNumber(ref writer, user);
        WriteNumber(ref writer, generation);
        writer.Int(order);
    }

    private static void WriteNumber(ref MessageWriter writer, double value)
    {
        if (value == Math.Floor(value) && Math.Abs(value) < 1L << 53)
        {
            writer.Int((long)value);
        }
        else
        {
            writer.Float(value);
        }
    }
}
