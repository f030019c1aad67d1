using System.Globalization;
using Csds.Fuzz;

// usage: Csds.Fuzz TARGET [--seconds N] [--seed N] [FILE OR FOLDER...]
//
// Runs a target (frames, messages, layers, inbox) on inputs made of recordings (*.bin, searched for in the folders given) for some
// seconds (60), or on the input files themselves with --replay. An input that fails is written to failed-TARGET.input.
var options = new Dictionary<string, int> { ["--seconds"] = 60, ["--seed"] = 1 };
string[] known = [.. FuzzTargets.All.Keys];
if (args.Length == 0 || !known.Contains(args[0]))
{
    await Console.Error.WriteLineAsync($"usage: Csds.Fuzz {string.Join('|', known)} [--replay] [--seconds N] [--seed N] FILE|FOLDER...");
    return 2;
}
string target = args[0];
bool replay = args.Contains("--replay");
var paths = new List<string>();
for (int i = 1; i < args.Length; i++)
{
    if (options.ContainsKey(args[i]))
    {
        options[args[i]] = int.Parse(args[++i], CultureInfo.InvariantCulture);
    }
    else if (args[i] != "--replay")
    {
        paths.AddRange(Directory.Exists(args[i]) ? Directory.GetFiles(args[i], "*.bin", SearchOption.AllDirectories) : [args[i]]);
    }
}
if (replay)
{
    paths.ForEach(path => FuzzTargets.All[target](File.ReadAllBytes(path)));
    Console.WriteLine($"{paths.Count} inputs replayed");
    return 0;
}
paths.Sort(StringComparer.Ordinal);
var loop = new FuzzLoop(target, options["--seed"], Corpus.For(target, paths));
try
{
    Console.WriteLine($"{target}: {loop.Run(TimeSpan.FromSeconds(options["--seconds"]))} inputs");
    return 0;
}
catch (Exception error) when (error is not OutOfMemoryException)
{
    await File.WriteAllBytesAsync($"failed-{target}.input", loop.Input);
    Console.WriteLine($"{target} fails on failed-{target}.input, {loop.Input.Length} bytes: {error}");
    return 1;
}
