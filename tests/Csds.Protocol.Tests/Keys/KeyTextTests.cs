using System.Buffers;
using System.Globalization;
using System.Text;
using CsCheck;
using Nerdbank.MessagePack;
using Xunit;

namespace Csds.Protocol.Tests.Keys;

public sealed class KeyTextTests
{
    [Fact]
    public void Keys_print_as_Python_prints_them()
    {
        foreach (RecordedKey key in RecordedKeys.Rows)
        {
            Assert.Equal(key.Text, KeyText.Str(key.Token));
        }
    }

    [Fact]
    public void What_is_a_str_is_its_own_text()
    {
        foreach (RecordedKey key in RecordedKeys.Rows)
        {
            bool isStr = KeyText.TryGetStr(key.Token, out ReadOnlySpan<byte> text);
            Assert.Equal(isStr ? key.Text : "", Encoding.UTF8.GetString(text));
            Assert.Equal(!isStr, key.Text == KeyText.Repr(key.Token));
        }
    }

    [Theory]
    [InlineData("x", "'x'")]
    [InlineData("it's", "\"it's\"")]
    [InlineData("it's \"x\"", "'it\\'s \"x\"'")]
    [InlineData("a\tb\\", "'a\\tb\\\\'")]
    public void Repr_of_a_str_is_quoted(string text, string expected) =>
        Assert.Equal(expected, KeyText.Repr(Pack((ref MessagePackWriter w) => w.Write(text))));

    [Fact]
    public void Characters_are_printable_as_in_Python()
    {
        bool[] printable = RecordedKeys.Characters("isprintable");
        for (int c = 0; c < printable.Length; c++)
        {
            if (Rune.IsValid(c))
            {
                string text = new Rune(c).ToString();
                string repr = KeyText.Repr(Pack((ref MessagePackWriter w) => w.Write(text)));
                bool asIs = repr.Contains(text, StringComparison.Ordinal) && c != '\\';
                Assert.True(asIs == (printable[c] && c != '\\'), $"U+{c:X4}");
            }
        }
    }

    [Fact]
    public void Floats_read_back_as_the_same_number() =>
        Gen.Double.Sample(value =>
        {
            string text = KeyText.Str(Pack((ref MessagePackWriter w) => w.Write(value)));
            return double.IsFinite(value)
                ? double.Parse(text, CultureInfo.InvariantCulture).Equals(value)
                : text is "nan" or "inf" or "-inf";
        });

    [Fact]
    public void Deeply_nested_tuples_print()
    {
        const int Depth = 200_000;
        byte[] token = [.. Enumerable.Repeat((byte)0x91, Depth), 0x01];
        string text = KeyText.Str(token);
        Assert.Equal((3 * Depth) + 1, text.Length);
        Assert.EndsWith(",),),)", text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_a_key_is_a_protocol_error()
    {
        byte[][] broken =
        [
            [], [0x80], [0xc7, 0, 1], [0xa5, 0x41], [0x92, 0x01], [0xdd, 0xff, 0xff, 0xff, 0xff, 1], [0xc1], [0xcb, 0],
        ];
        foreach (byte[] token in broken)
        {
            Assert.Throws<ProtocolException>(() => KeyText.Str(token));
        }
    }

    [Fact]
    public void Any_bytes_print_or_are_a_protocol_error() =>
        Gen.Byte.Array[0, 40].Sample(token =>
        {
            try
            {
                KeyText.Str(token);
                KeySplit.Prefix(token);
                KeySplit.Group(token);
            }
            catch (ProtocolException)
            {
            }
        });

    private delegate void Write(ref MessagePackWriter writer);

    private static byte[] Pack(Write write)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(output);
        write(ref writer);
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }
}
