namespace Csds.Protocol;

/// <summary>Python's <c>&lt;</c> of keys.</summary>
public static class KeyOrder
{
    private const double BeyondIntegers = 36893488147419103232.0; // 2^65

    /// <summary>
    /// Compares two keys; <paramref name="order"/> is 0 where neither is less. False where Python raises TypeError:
    /// <c>'a' &lt; 1</c>.
    /// </summary>
    public static bool TryCompare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, out int order)
    {
        var a = new KeyReader(left);
        var b = new KeyReader(right);
        // How many items are left of the tuples that are being compared; those around them wait on a stack of our own.
        (int A, int B) open = (1, 1);
        Stack<(int A, int B)>? outer = null;
        while (true)
        {
            while (open is { A: 0, B: 0 } && outer is { Count: > 0 })
            {
                open = outer.Pop();
            }
            if (open.A == 0 || open.B == 0)
            {
                order = open.A.CompareTo(open.B);
                return true;
            }
            open = (open.A - 1, open.B - 1);
            KeyPartKind kindA = a.Read(), kindB = b.Read();
            if (kindA == KeyPartKind.Tuple && kindB == KeyPartKind.Tuple)
            {
                (outer ??= new Stack<(int, int)>()).Push(open);
                open = (a.Count, b.Count);
            }
            else if (!TryCompareParts(kindA, ref a, kindB, ref b, out order))
            {
                return false;
            }
            else if (order != 0)
            {
                return true;
            }
        }
    }

    private static bool TryCompareParts(
        KeyPartKind kindA, ref KeyReader a, KeyPartKind kindB, ref KeyReader b, out int order)
    {
        order = 0;
        if (IsNumber(kindA) && IsNumber(kindB))
        {
            order = CompareNumbers(kindA, ref a, kindB, ref b);
            return true;
        }
        if (kindA == kindB && kindA is KeyPartKind.Str or KeyPartKind.Bytes)
        {
            // UTF-8 sorts as code points do. Most tuples that are compared begin with the same name.
            order = a.Content.SequenceEqual(b.Content) ? 0 : a.Content.SequenceCompareTo(b.Content);
            return true;
        }
        // None is equal to None, and a tuple looks no further; only alone they cannot be compared.
        return kindA == KeyPartKind.None && kindB == KeyPartKind.None;
    }

    private static bool IsNumber(KeyPartKind kind) =>
        kind is KeyPartKind.Integer or KeyPartKind.LargeInteger or KeyPartKind.Float or KeyPartKind.Bool;

    private static int CompareNumbers(KeyPartKind kindA, ref KeyReader a, KeyPartKind kindB, ref KeyReader b)
    {
        if (kindA == KeyPartKind.Integer && kindB == KeyPartKind.Integer)
        {
            return a.Integer.CompareTo(b.Integer); // Mostly; larger ones and floats need more.
        }
        if (kindA == KeyPartKind.Float && kindB == KeyPartKind.Float)
        {
            return a.Float < b.Float ? -1 : a.Float > b.Float ? 1 : 0;
        }
        if (kindA == KeyPartKind.Float)
        {
            return -Compare(Integer(kindB, ref b), a.Float);
        }
        return kindB == KeyPartKind.Float
            ? Compare(Integer(kindA, ref a), b.Float)
            : Integer(kindA, ref a).CompareTo(Integer(kindB, ref b));
    }

    private static Int128 Integer(KeyPartKind kind, ref KeyReader reader) =>
        kind == KeyPartKind.LargeInteger ? (ulong)reader.Integer : reader.Integer;

    /// <summary>Exact, as in Python: rounding the integer to a float would make neighbours equal.</summary>
    private static int Compare(Int128 integer, double number)
    {
        if (double.IsNaN(number))
        {
            return 0;
        }
        if (Math.Abs(number) >= BeyondIntegers)
        {
            return number > 0 ? -1 : 1;
        }
        double floor = Math.Floor(number);
        int order = integer.CompareTo((Int128)floor);
        return order == 0 && number > floor ? -1 : order;
    }
}
