using Csds.Protocol;
using Xunit;

namespace Csds.Server.Tests;

/// <summary>Keys are named in links by what Python's str() says.</summary>
public static class PythonLiteralTests
{
    [Theory]
    [InlineData("1")]
    [InlineData("-1.5")]
    [InlineData("('x', 1)")]
    [InlineData("('x',)")]
    [InlineData("((1, 2), ('x', 'y'))")]
    [InlineData("(\"'\", 1)")]
    [InlineData("('\"', 1)")]
    [InlineData("('(', ')', ',')")]
    [InlineData("('a\\nb', 1)")]
    [InlineData("()")]
    [InlineData("b'xy'")]
    public static void Reads_what_str_writes(string text)
    {
        byte[]? token = PythonLiteral.TryParse(text);
        Assert.NotNull(token);
        Assert.Equal(text, new Key(token).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("(")]
    [InlineData("('x'")]
    [InlineData("('x)")]
    [InlineData("1 2")]
    [InlineData("('x', y)")]
    public static void Anything_else_is_none(string text) => Assert.Null(PythonLiteral.TryParse(text));
}
