namespace Csds.Simulator.Experiments;

/// <summary>What became of an experiment under a policy.</summary>
/// <param name="Makespan">Seconds from the submission until the client has heard of the last result.</param>
/// <param name="TransferredBytes">Bytes that workers fetched from each other.</param>
/// <param name="Transfers">How often they did.</param>
/// <param name="Steals">Tasks that were asked for by idle workers.</param>
public sealed record Outcome(double Makespan, long TransferredBytes, long Transfers, long Steals);
