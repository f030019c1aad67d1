using Csds.Protocol;

namespace Csds.Scheduler;

/// <summary>Refuses messages that lack a field.</summary>
internal static class Required
{
    internal static ReadOnlySpan<byte> Field(ReadOnlySpan<byte> value, string op, string field) =>
        value.IsEmpty ? throw new ProtocolException($"{op} lacks {field}") : value;

    internal static T Field<T>(T? value, string op, string field)
        where T : class => value ?? throw new ProtocolException($"{op} lacks {field}");
}
