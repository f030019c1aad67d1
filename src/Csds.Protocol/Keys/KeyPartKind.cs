namespace Csds.Protocol;

/// <summary>What a part of a key is to Python.</summary>
internal enum KeyPartKind
{
    /// <summary><c>None</c>.</summary>
    None,

    /// <summary><c>False</c> or <c>True</c>.</summary>
    Bool,

    /// <summary>An int that fits 64 bits with a sign.</summary>
    Integer,

    /// <summary>An int from 2^63 to 2^64 - 1.</summary>
    LargeInteger,

    /// <summary>A float.</summary>
    Float,

    /// <summary>A str.</summary>
    Str,

    /// <summary>A bytes value.</summary>
    Bytes,

    /// <summary>A tuple; its items follow.</summary>
    Tuple,
}
