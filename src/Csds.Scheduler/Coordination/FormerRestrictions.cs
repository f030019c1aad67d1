namespace Csds.Scheduler;

/// <summary>What a task was restricted to before a shuffle sent it to the worker with its data.</summary>
/// <param name="Workers">Addresses; null: any worker.</param>
internal sealed record FormerRestrictions(IReadOnlyList<string>? Workers);
