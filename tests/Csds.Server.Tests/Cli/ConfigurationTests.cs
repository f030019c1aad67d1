using Csds.Protocol;
using Csds.Scheduler;
using Microsoft.Extensions.Logging;

namespace Csds.Server.Tests;

/// <summary>What is made of Dask's configuration.</summary>
public sealed class ConfigurationTests
{
    [Fact]
    public void Settings_of_comms()
    {
        ServerSettings settings = ServerSettings.Read(
            Read("""
                {"distributed": {"comm": {"timeouts": {"connect": "7s", "tcp": 11}, "socket_backlog": 5, "require-encryption": null},
                 "scheduler": {"blocked-handlers": ["feed"]}}, "csds": {"max-message-size": "1 MiB"}}
                """), new SchedulerArguments { TlsCaFile = "x" }, null);
        Assert.Equal(TimeSpan.FromSeconds(7), settings.ConnectTimeout);
        Assert.Equal(TimeSpan.FromSeconds(11), settings.TcpTimeout);
        Assert.Equal(5, settings.SocketBacklog);
        Assert.Equal(1 << 20, settings.FrameLimits.MaxBytes);
        Assert.Contains("feed", settings.BlockedHandlers);
        Assert.True(settings.RequireEncryption, "it follows from the command line");
        Assert.Null(settings.Tls);
    }

    [Fact]
    public void The_policy_is_the_command_lines_or_the_configurations()
    {
        string Name(string config, string? argument) =>
            OptionsFromConfiguration.ReadPolicy(Read(config), new SchedulerArguments { Policy = argument }).Name;
        Assert.Equal("dask", Name("{}", null));
        Assert.Equal("b-level", Name("""{"csds": {"policy": "b-level"}}""", null));
        Assert.Equal("random", Name("""{"csds": {"policy": "b-level"}}""", "random"));
        FormatException error = Assert.Throws<FormatException>(() => Name("""{"csds": {"policy": "nonsense"}}""", null));
        Assert.Equal(
            "`csds.policy` must be one of dask, random, round-robin, least-occupancy, b-level, t-level; got nonsense", error.Message);
    }

    [Fact]
    public void Settings_of_the_core()
    {
        SchedulerOptions options = OptionsFromConfiguration.Read(
            Read("""
                {"distributed": {"scheduler": {"worker-saturation": "inf", "work-stealing-interval": 250, "validate": 1,
                 "work-stealing": 0, "transition-log-length": null, "worker-ttl": null}}}
                """), new SchedulerArguments { IdleTimeout = "2 minutes" }, Dialect.Dask2022);
        Assert.Equal(double.PositiveInfinity, options.WorkerSaturation);
        Assert.Equal(0.25, options.WorkStealingInterval);
        Assert.True(options.Validate);
        Assert.False(options.WorkStealing);
        Assert.Equal(int.MaxValue, options.TransitionLogLength);
        Assert.Null(options.WorkerTtl);
        Assert.Equal(120, options.IdleTimeout);
    }

    [Fact]
    public void Pickle_cannot_be_forbidden_any_more()
    {
        Configuration config = Read("""{"distributed": {"scheduler": {"pickle": false}}}""");
        Assert.Throws<FormatException>(() => OptionsFromConfiguration.Read(config, new SchedulerArguments(), Dialect.Newest));
    }

    [Fact]
    public void Levels_of_loggers_are_inherited()
    {
        var levels = new LogLevels();
        Assert.True(levels.IsEnabled("distributed.scheduler", LogLevel.Information));
        Assert.False(levels.IsEnabled("distributed.scheduler", LogLevel.Debug));
        levels.Configure(Read("""{"logging": {"distributed": "error", "distributed.scheduler": "debug"}}"""));
        Assert.True(levels.IsEnabled("distributed.scheduler", LogLevel.Debug));
        Assert.False(levels.IsEnabled("distributed.core", LogLevel.Warning));
        Assert.False(levels.IsEnabled("Csds.Server.Reactor", LogLevel.Warning));
        levels.Configure(Read("""{"logging": {"version": 1, "loggers": {"distributed.core": {"level": "INFO", "handlers": ["x"]}}}}"""));
        Assert.True(levels.IsEnabled("distributed.core", LogLevel.Information));
        Assert.Throws<FormatException>(() => levels.Configure(Read("""{"logging": {"distributed": "loud"}}""")));
    }

    private static Configuration Read(string json) => new(new Opaque(Peer.Encode(json)));
}
