namespace Csds.Fuzz;

/// <summary>
/// Something that must bear any bytes: it returns, whatever they are. What it throws, and whatever ends the process, is a
/// defect.
/// </summary>
public delegate void FuzzTarget(ReadOnlySpan<byte> input);
