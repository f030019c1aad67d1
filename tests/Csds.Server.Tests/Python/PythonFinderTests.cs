using Xunit;

namespace Csds.Server.Tests.Python;

/// <summary>The finder looks at environment variables and runs candidates: here these are shell scripts.</summary>
public sealed class PythonFinderTests : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("csds-finder-");
    private readonly Dictionary<string, string> variables = [];

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public async Task What_the_user_names_is_taken_as_it_is()
    {
        variables["CSDS_PYTHON"] = Script("variable/python", 0);
        PythonCommand found = await FindAsync("'/not there/python' -X dev");
        Assert.Equal("/not there/python", found.FileName);
        Assert.Equal(["-X", "dev"], found.Arguments);
    }

    [Fact]
    public async Task The_variable_comes_before_the_active_environment()
    {
        variables["CSDS_PYTHON"] = "wrapper my-python";
        variables["VIRTUAL_ENV"] = Environment("venv", 0);
        Assert.Equal("wrapper my-python", (await FindAsync()).ToString());
    }

    [Theory]
    [InlineData("VIRTUAL_ENV")]
    [InlineData("CONDA_PREFIX")]
    public async Task The_active_environment_comes_before_the_path(string variable)
    {
        variables[variable] = Environment("env", 0);
        variables["PATH"] = OnPath("bin", 0);
        Assert.Equal(Path.Combine(directory.FullName, "env", "bin", "python"), (await FindAsync()).FileName);
    }

    [Fact]
    public async Task An_environment_without_Dask_is_passed_over()
    {
        variables["VIRTUAL_ENV"] = Environment("venv", 3);
        variables["PATH"] = $"{directory.FullName}/nothing-here:{OnPath("first", 0)}:{OnPath("second", 0)}";
        Assert.Equal(Path.Combine(directory.FullName, "first", "python3"), (await FindAsync()).FileName);
    }

    [Fact]
    public async Task Only_the_first_python3_on_the_path_counts_and_then_the_systems()
    {
        variables["PATH"] = $"{OnPath("first", 3)}:{OnPath("second", 0)}";
        string system = Script("system/python3", 0);
        Assert.Equal(system, (await FindAsync(system: system)).FileName);
    }

    [Fact]
    public async Task All_that_was_tried_is_listed()
    {
        variables["VIRTUAL_ENV"] = Path.Combine(directory.FullName, "gone");
        variables["CONDA_PREFIX"] = Environment("conda", 3);
        variables["PATH"] = OnPath("bin", 1, "echo something is broken >&2");
        string system = Script("system/python3", 3);
        HelperException error = await Assert.ThrowsAsync<HelperException>(() => FindAsync(system: system));
        string[] expected =
        [
            "gone/bin/python (VIRTUAL_ENV): does not exist",
            "conda/bin/python (CONDA_PREFIX): has no distributed",
            "bin/python3 (PATH): exit code 1: something is broken",
            "system/python3 (the system's): has no distributed",
            "--python",
        ];
        Assert.All(expected, text => Assert.Contains(text, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_systems_python_is_not_tried_twice()
    {
        variables["PATH"] = OnPath("bin", 3);
        string same = Path.Combine(directory.FullName, "bin", "python3");
        HelperException error = await Assert.ThrowsAsync<HelperException>(() => FindAsync(system: same));
        Assert.Equal(2, error.Message.Split("has no distributed").Length);
    }

    [Fact]
    public async Task A_python_that_reads_its_input_does_not_hang()
    {
        variables["PATH"] = OnPath("bin", 0, "cat");
        Assert.EndsWith("bin/python3", (await FindAsync()).FileName, StringComparison.Ordinal);
    }

    private Task<PythonCommand> FindAsync(string? named = null, string? system = null) =>
        new PythonFinder(variables.GetValueOrDefault, system ?? Path.Combine(directory.FullName, "no-system-python"))
            .FindAsync(named, TestContext.Current.CancellationToken);

    private string Environment(string name, int exitCode)
    {
        Script($"{name}/bin/python", exitCode);
        return Path.Combine(directory.FullName, name);
    }

    private string OnPath(string name, int exitCode, string body = "") =>
        Path.GetDirectoryName(Script($"{name}/python3", exitCode, body))!;

    private string Script(string name, int exitCode, string body = "")
    {
        string path = Path.Combine(directory.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, $"#!/bin/sh\n{body}\nexit {exitCode}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        return path;
    }
}
