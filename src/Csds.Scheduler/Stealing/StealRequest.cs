namespace Csds.Scheduler;

/// <summary>A worker was asked to give up a task; until it answers, both workers' occupancies are corrected.</summary>
/// <param name="Victim">Who has the task.</param>
/// <param name="Thief">Who is to have it.</param>
/// <param name="VictimDuration">Seconds that the victim is relieved of.</param>
/// <param name="ThiefDuration">Seconds that the thief takes on.</param>
/// <param name="StimulusId">Names the request, as a token: answers to older ones are stale.</param>
internal sealed record StealRequest(
    WorkerState Victim, WorkerState Thief, double VictimDuration, double ThiefDuration, byte[] StimulusId);
