"""What is seen of a scheduler whose Python takes its time to start, or never does."""

import shlex
import socket
import sys
import time

import distributed
import pytest

import clusters

pytestmark = pytest.mark.csds

SECONDS = 3


@pytest.fixture
def start(tmp_path):
    """Starts a scheduler with a Python that is a shell script; answers the process and its port once that is open."""
    processes = []

    def start(script, *options, environment=None):
        python = tmp_path / "python"
        python.write_text(f"#!/bin/sh\n{script}\n")
        python.chmod(0o755)
        port = free_port()
        command = [*shlex.split(clusters.SCHEDULER), "--python", str(python), "--dashboard-address", ":0", *options]
        processes.append(clusters.Process([*command, "--port", str(port)], tmp_path / "scheduler.log", environment))
        assert clusters.eventually(lambda: accepts(port), timeout=SECONDS), processes[-1].log.read_text()
        return processes[-1], port

    yield start
    for process in processes:
        process.kill()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def slow(then):
    return f"sleep {SECONDS}\n{then}"


def test_who_connects_while_python_starts_is_served(start):
    scheduler, port = start(slow(f'exec {shlex.quote(sys.executable)} "$@"'), "--host", "127.0.0.1")
    assert "Scheduler at" not in scheduler.log.read_text(), "it says so when it serves"
    begun = time.monotonic()
    with distributed.Client(f"tcp://127.0.0.1:{port}") as client:
        assert client.nthreads() == {}
    assert time.monotonic() - begun > SECONDS / 2, "Python was there too early for this test"
    log = scheduler.log.read_text()
    assert log.index("State start") < log.index(f"Scheduler at:     tcp://127.0.0.1:{port}") < log.index("Receive client connection")


def test_the_configuration_that_python_reads_says_what_is_spoken(start):
    _, port = start(
        slow(f'exec {shlex.quote(sys.executable)} "$@"'), "--host", "127.0.0.1",
        environment={"DASK_DISTRIBUTED__COMM__DEFAULT_SCHEME": "ws"})
    with distributed.Client(f"ws://127.0.0.1:{port}") as client:
        assert client.nthreads() == {}


def test_who_connects_to_a_scheduler_that_finds_no_dask_is_let_go(start):
    scheduler, port = start(slow("exit 7"), "--host", "127.0.0.1")
    with socket.create_connection(("127.0.0.1", port), timeout=10 * SECONDS) as early:
        early.sendall(b"hello")
        with pytest.raises(ConnectionResetError):
            early.recv(1)
    assert scheduler.wait() == 1
    log = scheduler.log.read_text()
    assert "csds-scheduler: csds helper process died (exit code 7) while starting" in log
    assert "Scheduler at" not in log


def test_a_signal_while_python_starts_ends_the_scheduler(start):
    scheduler, _ = start("exec sleep 100", "--host", "127.0.0.1")
    scheduler.terminate()
    assert scheduler.wait() == 0
