"""The scheduler as a command: its options, its configuration, what it says and how it ends."""

import os
import shlex
import signal
import socket
import subprocess
import urllib.request

import distributed
import pytest

import clusters


def run(*options, **environment):
    """Runs the scheduler to its end: its exit code and what it said."""
    command = [*clusters.scheduler_command(), *options]
    environment = {**os.environ, **environment}
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, env=environment)
    return ended.returncode, ended.stdout.decode()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.csds
def test_version():
    code, said = run("--version")
    assert code == 0
    assert said.startswith("csds-scheduler, version ")


@pytest.mark.parametrize(
    "options, message",
    [
        (["--nonsense", "3"], "Error: No such option: --nonsense"),
        (["nonsense"], "Error: Got unexpected extra argument: (nonsense)"),
        (["--tls-cert", "/no/such/file"], "Error: Invalid value for '--tls-cert': Path '/no/such/file' does not exist."),
        (["--use-xheaders", "perhaps"], "Error: Invalid value for '--use-xheaders': 'perhaps' is not a valid boolean."),
        (["--host"], "Error: Option '--host' requires an argument."),
    ],
)
def test_usage_errors(options, message):
    code, said = run(*options)
    assert code == 2
    assert message in said.replace("No such option '--", "No such option: --").replace("--nonsense'", "--nonsense")


@pytest.mark.parametrize(
    "options, message",
    [
        (["--protocol", "tcp,ws", "--port", "0"], "--protocol and --port must both be lists of equal length"),
        (["--host", "127.0.0.1:5000", "--port", "5001"], "port number given twice in options: host 127.0.0.1:5000 and port 5001"),
        (["--interface", "nonsense", "--port", "0"], "'nonsense' is not a valid network interface. Valid network interfaces are: ["),
        (["--protocol", "nonsense", "--port", "0"], "unknown address scheme 'nonsense' (known schemes: ["),
        (["--protocol", "tls", "--port", "0"], "TLS expects a `ssl_context` argument"),
    ],
)
def test_options_that_make_no_sense(options, message):
    code, said = run("--dashboard-address", ":0", *options)
    assert code == 1
    assert message in said


def test_configuration_that_makes_no_sense():
    code, said = run("--port", "0", DASK_DISTRIBUTED__SCHEDULER__WORKER_SATURATION="0")
    assert code == 1
    assert "`distributed.scheduler.worker-saturation` must be" in said


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_signals(new_cluster, sent):
    cluster = new_cluster()
    worker = cluster.add_worker("alice")
    cluster.scheduler._popen.send_signal(sent)
    assert cluster.scheduler.wait() == 0
    assert worker.wait() == 0
    log = cluster.logs()
    assert f"Received signal {sent.name} ({sent})" in log
    assert "Scheduler closing all comms" in log
    assert f"Stopped scheduler at '{cluster.address}'" in log
    assert "End scheduler" in log


def test_a_signal_that_was_ignored_at_the_start(new_cluster):
    """As in background jobs of shells that have no job control."""
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        cluster = new_cluster()
    finally:
        signal.signal(signal.SIGINT, former)
    cluster.scheduler._popen.send_signal(signal.SIGINT)
    assert cluster.scheduler.wait() == 0
    assert "Received signal SIGINT" in cluster.logs()


def test_files(new_cluster, tmp_path):
    pid_file = tmp_path / "pid"
    cluster = new_cluster(options=["--pid-file", str(pid_file)])
    assert int(pid_file.read_text()) == cluster.scheduler.pid
    cluster.scheduler.terminate()
    assert cluster.scheduler.wait() == 0
    assert not pid_file.exists()
    assert not (cluster.directory / "scheduler.json").exists()


def test_idle_timeout():
    code, said = run("--port", "0", "--dashboard-address", ":0", "--idle-timeout", "1s")
    assert code == 0
    assert "End scheduler" in said


def test_a_port_that_is_taken(new_cluster):
    cluster = new_cluster()
    port = cluster.address.split(":")[-1]
    code, said = run("--host", "127.0.0.1", "--port", port, "--dashboard-address", ":0")
    assert code == 1
    assert "address already in use" in said.lower()
    if not clusters.IS_STOCK:
        assert "   at " not in said, "a stack trace helps nobody here"


def test_an_http_port_that_is_taken(new_cluster):
    with socket.socket() as listener:
        listener.bind(("", 0))
        listener.listen()
        port = listener.getsockname()[1]
        cluster = new_cluster(options=["--dashboard-address", f":{port}"])
        assert f"Port {port} is already in use." in cluster.logs()
        assert cluster.identity["services"]["dashboard"] != port or clusters.IS_STOCK


@pytest.mark.csds
@pytest.mark.parametrize("protocol", ["tcp", "ws"])
def test_one_port_for_comms_and_http(new_cluster, protocol):
    """Websockets can share it; for others HTTP goes elsewhere."""
    port = free_port()
    cluster = new_cluster(options=["--protocol", protocol, "--port", str(port), "--dashboard-address", f"127.0.0.1:{port}"])
    assert cluster.address == f"{protocol}://127.0.0.1:{port}"
    assert cluster.client().nthreads() == {}
    assert (cluster.identity["services"]["dashboard"] == port) == (protocol == "ws")
    clusters.eventually(lambda: "Scheduler at:" in cluster.logs())
    assert (f"Port {port} is already in use." in cluster.logs()) == (protocol == "tcp")
    assert urllib.request.urlopen(f"{cluster.http_address()}/health").read() == b"ok"


def test_interface(new_cluster):
    cluster = new_cluster(options=["--host", "", "--interface", "lo"])
    assert cluster.address.startswith("tcp://127.0.0.1:")


@pytest.mark.parametrize("host", ["[::1]", "localhost", "tcp://localhost"])
def test_hosts(new_cluster, host):
    if host == "[::1]" and not has_ipv6():
        pytest.skip("no IPv6")
    cluster = new_cluster(options=["--host", host])
    assert cluster.client().nthreads() == {}


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_all_interfaces(new_cluster):
    port = free_port()
    cluster = new_cluster(options=["--host", "", "--port", str(port)])
    for host in ["127.0.0.1", "localhost", cluster.address.split("//")[1].split(":")[0]]:
        with distributed.Client(f"{host}:{port}") as client:
            assert client.nthreads() == {}


def test_configuration_files(new_cluster, tmp_path):
    (tmp_path / "dask.yaml").write_text(
        """
        worker-ttl: 7 minutes    # an old name
        distributed:
          scheduler:
            idle-timeout: 1s
        logging:
          distributed.scheduler: warning
        """
    )
    cluster = new_cluster(environment={"DASK_CONFIG": str(tmp_path)})
    assert cluster.scheduler.wait() == 0, "it was idle"
    assert "Scheduler at" not in cluster.logs()


@pytest.mark.csds
def test_without_a_usable_python(tmp_path):
    ended = subprocess.run(
        [*shlex.split(clusters.SCHEDULER), "--python", "/no/such/python", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
    )
    assert ended.returncode == 1
    assert b"csds-scheduler: /no/such/python cannot be started" in ended.stdout
