namespace Csds.Server;

/// <summary>The Python helper could not do what it was asked. The message is fit for a user.</summary>
public class HelperException(string message) : Exception(message);
