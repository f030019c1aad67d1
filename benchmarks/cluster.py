"""Processes of one measurement: a scheduler, csds or Dask's own, and its workers. All are gone at the end."""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
BUILT = ROOT / "artifacts/bin"
NATIVE = ROOT / "artifacts/native/csds-scheduler"
CACHE = pathlib.Path(os.environ.get("CSDS_CACHE", pathlib.Path.home() / ".cache/csds")) / "bench"
ZERO_WORKER = BUILT / "Csds.ZeroWorker/release/csds-zero-worker"
ZERO_CLIENT = BUILT / "Csds.ZeroClient/release/csds-zero-client"

# Newer releases would shuffle outside of the scheduler; a worker's own pages and lists of tasks cost only the machine.
ENVIRONMENT = {
    "DASK_DATAFRAME__SHUFFLE__METHOD": "tasks",
    "OMP_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def csds():
    """The csds-scheduler that is measured: CSDS_SCHEDULER, else the native one if it is newer than all sources."""
    if named := os.environ.get("CSDS_SCHEDULER"):
        return named
    newest = max(f.stat().st_mtime for f in (ROOT / "src").rglob("*.cs"))
    if NATIVE.exists() and NATIVE.stat().st_mtime > newest:
        return str(NATIVE)
    return str(BUILT / "Csds.Server/release/csds-scheduler")


def is_native(scheduler):
    return not pathlib.Path(scheduler).with_suffix(".dll").exists()


class Cluster:
    """A scheduler in a folder of its own; `with Cluster(...) as cluster`."""

    def __init__(self, server, python, policy=None, timeout=300):
        self.server, self.python, self.policy, self.timeout = server, python, policy, timeout
        self.processes = []

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="csds-bench-")
        try:
            self._start_scheduler()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind, error, _):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if error is not None:
            for log in ("scheduler.log", "workers.log"):
                if (file := self.path / log).exists():
                    error.add_note(f"{log}: {file.read_text()[-2000:]}")
        self.folder.cleanup()

    @property
    def path(self):
        return pathlib.Path(self.folder.name)

    def start(self, *command, output):
        self.processes.append(subprocess.Popen(
            [*map(str, command)], stdin=subprocess.DEVNULL, stdout=open(self.path / output, "w"), stderr=subprocess.STDOUT,
            cwd=self.path, env=os.environ | ENVIRONMENT))
        return self.processes[-1]

    def _start_scheduler(self):
        port, pages = free_ports(2)
        self.address, self.pages = f"tcp://127.0.0.1:{port}", f"http://127.0.0.1:{pages}"
        self.binary = None if self.server == "stock" else csds()
        command = [*self.python, "-m", "distributed.cli.dask_scheduler"] if self.server == "stock" else [
            self.binary, "--python", " ".join(self.python)]
        if self.policy and self.server != "stock":
            command += ["--policy", self.policy]
        self.begun = begun = time.monotonic()
        self.scheduler = self.start(
            *command, "--host", "127.0.0.1", "--port", port, "--dashboard-address", f"127.0.0.1:{pages}", output="scheduler.log")
        while not accepts(port):
            if self.scheduler.poll() is not None or time.monotonic() > begun + self.timeout:
                raise RuntimeError("the scheduler did not start")
            time.sleep(0.001)
        self.startup = time.monotonic() - begun

    def first_answer(self):
        """Seconds from the start until a connection has been answered: with the scheduler's part of the handshake."""
        with socket.create_connection(self.address.removeprefix("tcp://").split(":"), timeout=self.timeout) as probe:
            if not probe.recv(1):
                raise RuntimeError("the scheduler has let go of a connection")
        return time.monotonic() - self.begun

    def start_zero_workers(self, case):
        lose = ["--lose", case["workers"] // 2, "--lose-at", case["lose_at"]] if case.get("lose_at") else []
        self.zero = self.start(
            ZERO_WORKER, self.address, "--workers", case["workers"], "--nthreads", case["nthreads"], "--duration", case["duration"],
            "--batch-interval", case["batch"], *lose, output="workers.log")
        self._eventually("workers.log", "registered")

    def start_real_workers(self, count):
        self.start(*self.python, "-m", "distributed.cli.dask_worker", self.address, "--nworkers", count, "--nthreads", 1,
                   "--no-dashboard", "--memory-limit", "2GB", "--local-directory", self.path, output="workers.log")

    def measure(self, *arguments):
        """What csds-zero-client says; it measures the scheduler with its children."""
        client = subprocess.run(
            [*map(str, [ZERO_CLIENT, self.address, "--watch", self.scheduler.pid, "--pages", self.pages, *arguments])],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=self.timeout)
        if client.returncode:
            raise RuntimeError(client.stderr)
        return json.loads(client.stdout)

    def stop_zero_workers(self):
        """What the workers have seen."""
        self.zero.send_signal(signal.SIGTERM)
        self.zero.wait(60)
        return json.loads((self.path / "workers.log").read_text().splitlines()[-1])

    def _eventually(self, name, pattern):
        deadline = time.monotonic() + self.timeout
        while time.monotonic() < deadline:
            if re.search(pattern, (self.path / name).read_text()):
                return
            if any(process.poll() is not None for process in self.processes):
                raise RuntimeError("a process has ended")
            time.sleep(0.02)
        raise TimeoutError(f"{name} does not say {pattern!r}")


def free_ports(count):
    """Different ones: all are held until the last one is found."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
