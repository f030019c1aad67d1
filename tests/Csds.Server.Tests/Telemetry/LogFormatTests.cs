using Microsoft.Extensions.Logging;
using Xunit;

namespace Csds.Server.Tests;

/// <summary>Lines of the log look as Python's <c>logging</c> would have them.</summary>
public static class LogFormatTests
{
    private static readonly LogRecord record = new(
        DateTimeOffset.UnixEpoch.AddSeconds(1.25), "distributed.scheduler", LogLevel.Warning, "50 % done");

    [Theory]
    [InlineData("%(name)s - %(levelname)s - %(message)s", "distributed.scheduler - WARNING - 50 % done")]
    [InlineData("%(levelname)-10s|%(levelno)5d|", "WARNING   |   30|")]
    [InlineData("%(created)f %(msecs)d", "1.250000 250")]
    [InlineData("100 %% %(threadName)s.", "100 % .")]
    public static void Fields_are_filled_in(string format, string line) => Assert.Equal(line, new LogFormat(format).Format(record));
}
