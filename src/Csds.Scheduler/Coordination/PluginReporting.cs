namespace Csds.Scheduler;

/// <summary>Who plugins are reported to.</summary>
public static class PluginReporting
{
    /// <summary>Reports these hooks to a stream from now on, and no others any more.</summary>
    /// <param name="s">The state.</param>
    /// <param name="connection">The host's number of the stream.</param>
    /// <param name="hooks">What to report; none: nothing.</param>
    public static void ReportToPlugins(this SchedulerState s, long connection, PluginHooks hooks)
    {
        ArgumentNullException.ThrowIfNull(s);
        s.Observers.RemoveAll(o => o is PluginReports);
        s.Topics.Logged = null;
        if (hooks == PluginHooks.None)
        {
            return;
        }
        var reports = new PluginReports(s, connection, hooks);
        s.Observers.Add(reports);
        if (hooks.HasFlag(PluginHooks.LogEvent))
        {
            s.Topics.Logged = reports.EventLogged;
        }
    }
}
