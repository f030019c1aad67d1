using System.Runtime.CompilerServices;

namespace Csds.Tidy.Tests;

/// <summary>The files of the repository that people write.</summary>
internal static class SourceTree
{
    private static readonly string[] folders =
        ["src", "tests", "fuzz", "benchmarks", "python", "scripts", "docs", "examples", "web"];

    private static readonly string[] generated = ["bin", "obj", "artifacts", "node_modules", "__pycache__", "dist", "recorded"];

    /// <summary>Where the repository lies.</summary>
    internal static string Root { get; } = FindRoot();

    /// <summary>Paths of all files with an extension, such as <c>.cs</c>.</summary>
    internal static IEnumerable<string> Files(string extension) => folders
        .Select(folder => Path.Combine(Root, folder))
        .Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateFiles(folder, "*" + extension, SearchOption.AllDirectories))
        .Concat(Directory.EnumerateFiles(Root, "*" + extension))
        .Where(path => !Path.GetRelativePath(Root, path).Split(Path.DirectorySeparatorChar).Any(generated.Contains))
        .Order(StringComparer.Ordinal);

    /// <summary>The name of a file as messages give it.</summary>
    internal static string NameOf(string path) => Path.GetRelativePath(Root, path);

    private static string FindRoot([CallerFilePath] string here = "")
    {
        string? folder = Path.GetDirectoryName(here);
        while (folder is not null && !File.Exists(Path.Combine(folder, "Csds.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }
        return folder ?? throw new DirectoryNotFoundException("no Csds.slnx above the tests");
    }
}
