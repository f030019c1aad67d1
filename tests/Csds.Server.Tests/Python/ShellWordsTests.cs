using Xunit;

namespace Csds.Server.Tests.Python;

public sealed class ShellWordsTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData("  \t ", new string[0])]
    [InlineData("python3", new[] { "python3" })]
    [InlineData("  conda run  -n dask python ", new[] { "conda", "run", "-n", "dask", "python" })]
    [InlineData("'/opt/my python/bin/python' -X dev", new[] { "/opt/my python/bin/python", "-X", "dev" })]
    [InlineData("\"/opt/my python/bin/python\"", new[] { "/opt/my python/bin/python" })]
    [InlineData(@"/opt/my\ python/bin/python", new[] { "/opt/my python/bin/python" })]
    [InlineData("a''b 'c'\"d\" ''", new[] { "ab", "cd", "" })]
    [InlineData(@"'\' ""\""""", new[] { @"\", "\"" })]
    public void Splits_like_a_shell(string command, string[] words) => Assert.Equal(words, ShellWords.Split(command));

    [Theory]
    [InlineData("'python3")]
    [InlineData("python3 \"")]
    [InlineData("python3 \\")]
    public void Refuses_what_a_shell_would_ask_to_complete(string command) =>
        Assert.Throws<FormatException>(() => ShellWords.Split(command));

    [Fact]
    public void A_command_has_a_program() => Assert.Throws<FormatException>(() => PythonCommand.Parse(" "));
}
