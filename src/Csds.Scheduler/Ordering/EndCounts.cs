using System.Numerics;
using System.Runtime.Intrinsics;

namespace Csds.Scheduler.Ordering;

/// <summary>Counts the ends that nodes are connected to, 256 ends per pass, in memory that does not depend on how many.</summary>
internal static class EndCounts
{
    internal static int[] Count(Rows toward, ReadOnlySpan<int> order, int endCount, ReadOnlySpan<int> numbers)
    {
        int[] counts = new int[toward.Count];
        var reached = new Vector256<ulong>[toward.Count];
        for (int first = 0; first < endCount; first += Vector256<ulong>.Count * 64)
        {
            foreach (int node in order)
            {
                ReadOnlySpan<int> row = toward[node];
                Vector256<ulong> bits = row.IsEmpty ? Bit(numbers[node] - first) : default;
                foreach (int next in row)
                {
                    bits |= reached[next];
                }
                reached[node] = bits;
                for (int i = 0; i < Vector256<ulong>.Count; i++)
                {
                    counts[node] += BitOperations.PopCount(bits[i]);
                }
            }
        }
        return counts;
    }

    private static Vector256<ulong> Bit(int number) =>
        (uint)number < 256 ? Vector256<ulong>.Zero.WithElement(number / 64, 1UL << (number % 64)) : default;
}
