using System.Text;
using Csds.Protocol;

namespace Csds.Scheduler.Tests;

/// <summary>2022's run specs: calls share what they have in common, and are written as they came.</summary>
public class SplitRunSpecsTests
{
    private readonly SplitRunSpecs specs = new();

    [Fact]
    public void A_call_is_written_as_it_came()
    {
        byte[] plain = Call("f", "a"), withKwargs = Call("g", "b", "k");
        RunSpec first = Read(plain), second = Read(withKwargs);
        specs.Complete();
        Assert.Equal(plain, Task(first));
        Assert.Equal(withKwargs, Task(second));
    }

    [Fact]
    public void Compute_task_gets_all_four_fields()
    {
        RunSpec spec = Read(Call("f", "a"));
        specs.Complete();
        byte[] fields = Written((ref MessageWriter w) => SplitFields.Write(ref w, spec));
        byte[] expected = Written((ref MessageWriter w) =>
        {
            w.FieldToken("run_spec"u8, Tokens.Nil);
            w.Text("function"u8);
            w.Bytes("f"u8);
            w.Text("args"u8);
            w.Bytes("a"u8);
            w.FieldToken("kwargs"u8, Tokens.Nil);
        });
        Assert.Equal(expected, fields);
    }

    [Fact]
    public void Calls_of_one_function_share_it()
    {
        RunSpec first = Read(Call("f", "a")), other = Read(Call("g", "a")), again = Read(Call("f", "b"));
        specs.Complete();
        Assert.Same(first.Function, again.Function);
        Assert.NotSame(first.Function, other.Function);
        Assert.Same(first.Function!.Arguments, other.Function!.Arguments);
    }

    [Fact]
    public void Many_calls_are_written_as_they_came()
    {
        byte[][] calls = [.. Enumerable.Range(0, 5000).Select(i => Call($"f{i % 3}", $"some more text in the arguments, number {i}"))];
        RunSpec[] read = [.. calls.Select(Read)];
        specs.Complete();
        Assert.Equal(calls, read.Select(Task));
        Assert.True(read.Select(spec => spec.Function).Distinct().Count() > 3, "all in one array");
    }

    /// <summary>Megabytes of arguments live no longer than their task, and its neighbours share theirs as ever.</summary>
    [Fact]
    public void A_call_with_large_arguments_shares_nothing()
    {
        byte[][] calls = [Call("f", "a"), Call("f", new string('x', 100_000), "k"), Call("f", "b")];
        RunSpec[] read = [.. calls.Select(Read)];
        specs.Complete();
        Assert.Equal(calls, read.Select(Task));
        Assert.NotSame(read[0].Function!.Arguments, read[1].Function!.Arguments);
        Assert.Equal(read[1].Arguments.Length, read[1].Function!.Arguments.Length);
        Assert.Same(read[0].Function, read[2].Function);
    }

    [Fact]
    public void What_is_no_call_of_something_pickled_is_left_alone()
    {
        byte[] list = Written((ref MessageWriter w) => w.List(0));
        byte[] text = Written((ref MessageWriter w) =>
        {
            w.Map(2);
            w.Field("function"u8, "text"u8);
            w.Text("args"u8);
            w.Bytes("a"u8);
        });
        byte[] other = Written((ref MessageWriter w) =>
        {
            w.Map(2);
            w.Text("function"u8);
            w.Bytes("f"u8);
            w.Text("others"u8);
            w.Bytes("a"u8);
        });
        foreach (byte[] value in new[] { list, text, other })
        {
            var reader = new MessageReader(value);
            Assert.Null(specs.TryReadCall(ref reader));
            Assert.Equal(value, reader.ReadToken().ToArray());
        }
    }

    private RunSpec Read(byte[] call)
    {
        var reader = new MessageReader(call);
        RunSpec spec = specs.TryReadCall(ref reader) ?? throw new InvalidOperationException("no call");
        Assert.True(reader.End);
        return spec;
    }

    private static byte[] Call(string function, string args, string? kwargs = null) => Written((ref MessageWriter w) =>
    {
        w.Map(kwargs is null ? 2 : 3);
        w.Text("function"u8);
        w.Bytes(Encoding.ASCII.GetBytes(function));
        w.Text("args"u8);
        w.Bytes(Encoding.ASCII.GetBytes(args));
        if (kwargs is not null)
        {
            w.Text("kwargs"u8);
            w.Bytes(Encoding.ASCII.GetBytes(kwargs));
        }
    });

    private static byte[] Task(RunSpec spec) => Written((ref MessageWriter w) => SplitFields.WriteTask(ref w, spec));

    private delegate void Write(ref MessageWriter w);

    private static byte[] Written(Write write)
    {
        var batch = new MessageBatch();
        MessageWriter w = batch.Single();
        write(ref w);
        w.End();
        return batch.Seal().ToArray();
    }
}
