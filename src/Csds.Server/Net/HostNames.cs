using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Csds.Server;

/// <summary>Addresses of this machine: Dask's <c>get_ip</c>, <c>get_ip_interface</c> and <c>ensure_ip</c>.</summary>
public static class HostNames
{
    /// <summary>The address by which this machine reaches others: <c>get_ip</c> or <c>get_ipv6</c>.</summary>
    public static string OutwardAddress(AddressFamily family)
    {
        bool v6 = family == AddressFamily.InterNetworkV6;
        try
        {
            // Connecting a datagram socket sends nothing; it only chooses the interface.
            using var socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(IPAddress.Parse(v6 ? "2001:4860:4860::8888" : "8.8.8.8"), 80);
            return ((IPEndPoint)socket.LocalEndPoint!).Address.ToString();
        }
        catch (SocketException)
        {
            return (v6 ? IPAddress.IPv6Loopback : IPAddress.Loopback).ToString();
        }
    }

    /// <summary>The IPv4 address of a network interface.</summary>
    /// <exception cref="FormatException">There is no such interface, or it has no such address.</exception>
    public static string AddressOf(string name)
    {
        NetworkInterface[] all = NetworkInterface.GetAllNetworkInterfaces();
        NetworkInterface found = all.FirstOrDefault(n => n.Name == name) ?? throw new FormatException(
            $"'{name}' is not a valid network interface. Valid network interfaces are: ['{string.Join("', '", all.Select(n => n.Name))}']");
        return found.GetIPProperties().UnicastAddresses
            .Select(a => a.Address).FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork)?.ToString()
            ?? throw new FormatException($"interface '{name}' doesn't have an IPv4 address");
    }

    /// <summary>The addresses of a host, an IPv4 one first if there is any.</summary>
    /// <exception cref="FormatException">The host is not known.</exception>
    public static IReadOnlyList<IPAddress> Resolve(string host)
    {
        if (IPAddress.TryParse(host, out IPAddress? ip))
        {
            return [ip];
        }
        try
        {
            return [.. Dns.GetHostAddresses(host).Distinct().OrderBy(a => a.AddressFamily != AddressFamily.InterNetwork)];
        }
        catch (SocketException error)
        {
            throw new FormatException($"--host {host}: {error.Message}");
        }
    }
}
