using CsCheck;
using Xunit;

namespace Csds.Scheduler.Tests.State;

/// <summary>Sums by name against a dictionary.</summary>
public static class TallyTests
{
    /// <summary>Whatever is added and looked at in between, sums are those of the dictionary.</summary>
    [Fact]
    public static void Adds_as_a_dictionary_does() =>
        Gen.Select(Gen.Int[0, 3], Gen.Long[-3, 5], Gen.Bool).Array[0, 60].Sample(steps =>
        {
            string[] names = ["compute", "transfer", "disk-read", "other"];
            var tally = new Tally();
            var model = new Dictionary<string, long>();
            foreach ((int index, long change, bool look) in steps)
            {
                // The same text need not be the same object.
                string name = look ? names[index] : new string(names[index]);
                tally.Add(name, change);
                model[name] = model.GetValueOrDefault(name) + change;
                if (model[name] == 0 && change < 0)
                {
                    model.Remove(name);
                }
                if (look)
                {
                    Assert.Equal(model.OrderBy(p => p.Key), tally.Sums.OrderBy(p => p.Key));
                }
            }
            Assert.Equal(model.OrderBy(p => p.Key), tally.Sums.OrderBy(p => p.Key));
        });
}
