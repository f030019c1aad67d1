using Csds.Protocol;

namespace Csds.Server;

/// <summary>
/// A place in a program with the number of times that it was seen there, and the places called from it: the states of
/// Dask's <c>profile</c> module.
/// </summary>
public sealed class ProfileNode
{
    private static readonly byte[] root = Tokens.String("root");

    private readonly Dictionary<Key, ProfileNode> children = new(KeyComparer.Instance);

    private ProfileNode(byte[] identifier, byte[] description)
    {
        Identifier = identifier;
        Description = description;
    }

    /// <summary>What it is known by, as a token.</summary>
    public byte[] Identifier { get; private set; }

    /// <summary>File, name and line, as a token.</summary>
    public byte[] Description { get; private set; }

    /// <summary>How often it was seen.</summary>
    public long Count { get; private set; }

    /// <summary>What it calls, by identifier.</summary>
    public IReadOnlyCollection<ProfileNode> Children => children.Values;

    /// <summary>Dask's <c>create</c>: the root of a profile where nothing was seen.</summary>
    public static ProfileNode Create()
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        w.Map(4);
        w.Field("filename"u8, ""u8);
        w.Field("name"u8, ""u8);
        w.Field("line_number"u8, 0);
        w.Field("line"u8, ""u8);
        w.End();
        return new ProfileNode(root, batch.Seal().ToArray());
    }

    /// <summary>Dask's <c>merge</c>: several profiles of the same root as one.</summary>
    /// <param name="states">The profiles, as workers send them.</param>
    /// <exception cref="ProtocolException">One of them is no profile.</exception>
    public static ProfileNode Merge(IEnumerable<Opaque> states)
    {
        ArgumentNullException.ThrowIfNull(states);
        ProfileNode? merged = null;
        foreach (Opaque state in states)
        {
            merged ??= new ProfileNode([], []);
            var reader = new MessageReader(state);
            merged.Take(ref reader);
        }
        return merged ?? Create();
    }

    /// <summary>Writes it as Dask's clients expect it.</summary>
    public void Write(ref MessageWriter w)
    {
        w.Map(4);
        w.FieldToken("description"u8, Description);
        w.Text("children"u8);
        w.Map(children.Count);
        foreach ((Key identifier, ProfileNode child) in children)
        {
            w.Key(identifier);
            child.Write(ref w);
        }
        w.Field("count"u8, Count);
        w.FieldToken("identifier"u8, Identifier);
    }

    // Nesting is bounded by the reader: the whole value was passed over before.
    private void Take(ref MessageReader reader)
    {
        int entries = reader.ReadMapHeader();
        for (int i = 0; i < entries; i++)
        {
            switch (reader.ReadString())
            {
                case "count": Count += reader.ReadInt64(); break;
                case "identifier": Identifier = FirstOf(Identifier, reader.ReadToken()); break;
                case "description": Description = FirstOf(Description, reader.ReadToken()); break;
                case "children": TakeChildren(ref reader); break;
                default: reader.Skip(); break;
            }
        }
    }

    private void TakeChildren(ref MessageReader reader)
    {
        int count = reader.ReadMapHeader();
        for (int i = 0; i < count; i++)
        {
            Key identifier = reader.ReadKey();
            if (!children.TryGetValue(identifier, out ProfileNode? child))
            {
                children[identifier] = child = new ProfileNode([], []);
            }
            child.Take(ref reader);
        }
    }

    private static byte[] FirstOf(byte[] known, ReadOnlySpan<byte> token) => known.Length > 0 ? known : token.ToArray();
}
