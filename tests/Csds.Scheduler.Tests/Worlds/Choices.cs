namespace Csds.Scheduler.Tests.Worlds;

/// <summary>
/// Enumerates all small inputs: a program that asks for choices is run again and again, until every sequence of choices
/// was taken once. In the manner of TigerBeetle's exhaustigen.
/// </summary>
internal sealed class Choices
{
    private readonly List<(int Value, int Bound)> path = [];
    private int position;
    private bool started;

    /// <summary>The program is beyond the choices that an earlier run has taken as well: what happens now is new.</summary>
    internal bool IsFresh => position >= path.Count;

    /// <summary>Goes to the next sequence; false if there is none.</summary>
    internal bool Next()
    {
        position = 0;
        if (!started)
        {
            started = true;
            return true;
        }
        while (path.Count > 0)
        {
            (int value, int bound) = path[^1];
            path.RemoveAt(path.Count - 1);
            if (value + 1 < bound)
            {
                path.Add((value + 1, bound));
                return true;
            }
        }
        return false;
    }

    /// <summary>A number from 0 to <paramref name="bound"/> - 1.</summary>
    internal int Pick(int bound)
    {
        if (position == path.Count)
        {
            path.Add((0, bound));
        }
        return path[position++].Value;
    }

    public override string ToString() => string.Join(' ', path.Select(p => p.Value));
}
