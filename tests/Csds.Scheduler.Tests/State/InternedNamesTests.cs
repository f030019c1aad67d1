using System.Text;
using Xunit;

namespace Csds.Scheduler.Tests.State;

/// <summary>Names that come with every message.</summary>
public static class InternedNamesTests
{
    /// <summary>The same text is the same object, whatever it is made of.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("int")]
    [InlineData("Größe")]
    public static void The_same_text_is_the_same_object(string text)
    {
        var names = new InternedNames();
        string first = names.Intern(Encoding.UTF8.GetBytes(text));
        Assert.Equal(text, first);
        Assert.Same(first, names.Intern(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>Bytes that are no UTF-8 are read with replacements, as often as they come.</summary>
    [Fact]
    public static void What_is_no_text_can_come_again()
    {
        var names = new InternedNames();
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("\ufffd", names.Intern([0xff]));
            Assert.Equal("\ufffd", names.Intern([0xfe]));
        }
    }

    /// <summary>Long names are not kept.</summary>
    [Fact]
    public static void Long_names_are_not_kept()
    {
        var names = new InternedNames();
        byte[] utf8 = Encoding.UTF8.GetBytes(new string('x', 257));
        Assert.NotSame(names.Intern(utf8), names.Intern(utf8));
    }
}
