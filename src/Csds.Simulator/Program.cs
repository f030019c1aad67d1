using System.Globalization;
using Csds.Policies;
using Csds.Simulator;
using Csds.Simulator.Experiments;

// The one place that talks to people: usage is `Csds.Simulator [first seed] [number of seeds] [trace] [name of a policy]`, or
// `Csds.Simulator compare GRAPH [setting=value]... [name of a policy]...`.
#pragma warning disable RS0030
if (args is ["compare", ..])
{
    try
    {
        foreach (string line in Comparison.Run(args[1..]))
        {
            Console.WriteLine(line);
        }
        return 0;
    }
    catch (FormatException error)
    {
        Console.Error.WriteLine(error.Message);
        return 2;
    }
}
int first = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 0;
int count = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
string policy = PolicyTable.Names.FirstOrDefault(args.Contains) ?? PolicyTable.Default;
int failures = 0;
for (int seed = first; seed < first + count; seed++)
{
    try
    {
        Report report = new World(seed, PolicyTable.Create(policy)) { Trace = args.Contains("trace") ? Console.WriteLine : null }.Run();
        if (count == 1 || seed % 100 == 0)
        {
            Console.WriteLine(report);
        }
    }
    catch (Exception error) when (error is not OutOfMemoryException)
    {
        failures++;
        Console.WriteLine($"seed {seed} fails: {error.GetType().Name}: {error.Message}");
        if (count == 1)
        {
            Console.WriteLine(error.StackTrace);
        }
    }
}
Console.WriteLine($"{count - failures} seeds passed, {failures} failed");
return failures == 0 ? 0 : 1;
