using System.Buffers.Binary;
using System.Text;
using Csds.Protocol;
using Csds.Simulator.Wire;

namespace Csds.Scheduler.Tests.Scenarios;

/// <summary>Messages in few words: fields that say nothing are left out, stimulus ids among them.</summary>
internal static class MessageText
{
    private static readonly string[] hidden = ["op", "key", "keys", "stimulus_id", "span_id"];

    // What compute-task always has and what seldom matters.
    private static readonly Dictionary<string, string> usual = new()
    {
        ["annotations"] = "{}",
        ["actor"] = "False",
        ["resource_restrictions"] = "None",
        ["who_has"] = "{}",
        ["nbytes"] = "{}",
        ["traceback"] = "None",
    };

    internal static string Brief(Message message)
    {
        var words = new List<string> { message.Op };
        if (message.Has("key"))
        {
            words.Add(Name(message.Key));
        }
        if (message.Has("keys"))
        {
            words.AddRange(message.Keys.Select(Name));
        }
        foreach ((object? name, object? value) in message.Fields)
        {
            string text = value is byte[] and [0x80, 4, ..] ? Pickle((byte[])value) : PythonText.Repr(value);
            bool says = !hidden.Contains(name) && name is not "run_spec" && usual.GetValueOrDefault((string)name!) != text;
            if (says)
            {
                words.Add($"{name}={text}");
            }
        }
        return string.Join(' ', words);
    }

    // The texts in a pickle of our own, in their order.
    private static string Pickle(ReadOnlySpan<byte> pickle)
    {
        var texts = new List<string>();
        for (int i = 2; i + 5 < pickle.Length; i++)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(pickle[(i + 1)..]);
            if (pickle[i] == 'X' && length >= 0 && length < pickle.Length - i - 5)
            {
                texts.Add(Encoding.UTF8.GetString(pickle.Slice(i + 5, length)));
                i += 4 + length;
            }
        }
        return $"pickle({string.Join(" ", texts.Take(8))}{(texts.Count > 8 ? " ..." : "")})";
    }

    /// <summary>A key as transcripts write it.</summary>
    internal static string Name(Key key) => key.ToString().Replace(", ", ",", StringComparison.Ordinal);
}
