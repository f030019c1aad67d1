namespace Csds.Server.Tests;

/// <summary>What the command line makes of its arguments.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public void Without_options_everything_has_Dasks_defaults()
    {
        (int code, SchedulerArguments? arguments) = Parse();
        Assert.Equal(0, code);
        Assert.NotNull(arguments);
        Assert.Equal("", arguments.Host);
        Assert.Empty(arguments.Ports);
        Assert.Equal(":8787", arguments.DashboardAddress);
        Assert.True(arguments.Dashboard);
        Assert.False(arguments.SaysTls);
    }

    [Fact]
    public void Lists_are_split_at_commas()
    {
        SchedulerArguments arguments = Valid("--protocol", "tcp,ws", "--port=1,0", "--interface", "lo,eth0");
        Assert.Equal(["tcp", "ws"], arguments.Protocols);
        Assert.Equal([1, 0], arguments.Ports);
        Assert.Equal(["lo", "eth0"], arguments.Interfaces);
    }

    [Fact]
    public void The_last_of_several_counts()
    {
        Assert.Equal([2], Valid("--port", "1", "--port", "2").Ports);
        Assert.False(Valid("--dashboard", "--no-dashboard").Dashboard);
        Assert.True(Valid("--no-dashboard", "--dashboard").Dashboard);
    }

    [Fact]
    public void What_is_unknown_belongs_to_a_preload()
    {
        SchedulerArguments arguments = Valid("--preload", "a.py", "--preload", "b", "--passthrough", "foobar", "--port", "0");
        Assert.Equal(["a.py", "b"], arguments.Preload);
        Assert.Equal(["--passthrough", "foobar"], arguments.PreloadArgv);
        Assert.Equal([0], arguments.Ports);
    }

    [Theory]
    [InlineData("--nonsense")]
    [InlineData("nonsense")]
    [InlineData("-h")]
    [InlineData("@file")]
    [InlineData("--port")]
    [InlineData("--port", "70000")]
    [InlineData("--port", "1,")]
    [InlineData("--tls-key", "/no/such/file")]
    [InlineData("--use-xheaders", "perhaps")]
    [InlineData("--idle-timeout", "perhaps")]
    [InlineData("--jupyter")]
    [InlineData("--policy", "perhaps")]
    public void Nonsense_is_refused(params string[] arguments)
    {
        (int code, SchedulerArguments? parsed) = Parse(arguments);
        Assert.Equal(2, code);
        Assert.Null(parsed);
    }

    [Theory]
    [InlineData("--show")]
    [InlineData("--no-show")]
    [InlineData("--no-jupyter")]
    [InlineData("--use-xheaders", "true")]
    [InlineData("--pid-file", "")]
    public void What_has_no_effect_is_accepted(params string[] arguments) => Valid(arguments);

    private static SchedulerArguments Valid(params string[] arguments)
    {
        (int code, SchedulerArguments? parsed) = Parse(arguments);
        Assert.Equal(0, code);
        return parsed ?? throw new InvalidOperationException("nothing was run");
    }

    private static (int Code, SchedulerArguments? Arguments) Parse(params string[] arguments)
    {
        SchedulerArguments? parsed = null;
        int code = CommandLine.Invoke(arguments, (a, _) =>
        {
            parsed = a;
            return Task.FromResult(0);
        });
        return (code, parsed);
    }
}
