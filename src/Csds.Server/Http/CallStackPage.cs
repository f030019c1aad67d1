using Csds.Protocol;

namespace Csds.Server;

/// <summary>Call stacks for people (row H10).</summary>
internal static class CallStackPage
{
    internal static async Task<string> WriteAsync(string title, Reactor reactor, CommPool pool, IReadOnlyList<Key> keys)
    {
        IReadOnlyList<(string Worker, Opaque Stacks)> workers = await new CallStacks(reactor, pool).GetAsync(keys).ConfigureAwait(false);
        if (workers.Count == 0)
        {
            return "<p>Task not actively running. It may be finished or not yet started</p>";
        }
        var page = new HtmlPage(title);
        foreach ((string worker, Opaque stacks) in workers)
        {
            page.Heading(worker);
            Write(page, new MessageReader(stacks));
        }
        return page.End();
    }

    private static void Write(HtmlPage page, MessageReader reader)
    {
        for (int count = reader.ReadMapHeader(); count > 0; count--)
        {
            page.Heading(reader.ReadKey().ToString());
            var lines = new string[reader.ReadSequenceHeader()];
            for (int i = 0; i < lines.Length; i++)
            {
                lines[i] = reader.ReadString();
            }
            page.Lines(lines);
        }
    }
}
