namespace Csds.Scheduler;

/// <summary>
/// A pickled function of 2022's tasks, and what many tasks call it with: half a kilobyte that is not kept, and not taken
/// apart, for each task anew.
/// </summary>
internal sealed class TaskFunction
{
    // "run_spec": None, "function":
    private static readonly byte[] before = [0xa8, .. "run_spec"u8, 0xc0, 0xa8, .. "function"u8];

    private readonly byte[] fields;

    internal TaskFunction(ReadOnlySpan<byte> token) => fields = [.. before, .. token];

    /// <summary>The fields <c>run_spec</c>, which is None, and <c>function</c> of compute-task, as msgpack.</summary>
    internal ReadOnlySpan<byte> Fields => fields;

    /// <summary>The value of <c>function</c>, as msgpack.</summary>
    internal ReadOnlySpan<byte> Token => fields.AsSpan(before.Length);

    /// <summary>The fields <c>args</c> and <c>kwargs</c> of each task, one behind the other.</summary>
    internal byte[] Arguments { get; set; } = [];
}
