"""Schedulers, nannies, workers and clients as processes of their own, each with its log."""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import distributed

HERE = Path(__file__).parent
RELEASE = tuple(int(part) for part in distributed.__version__.split(".")[:2])
"""Dask's release as (year, month)."""

BUILT_SCHEDULER = HERE.parent.parent / "artifacts/bin/Csds.Server/release/csds-scheduler"
SCHEDULER = os.environ.get("CSDS_SCHEDULER") or str(BUILT_SCHEDULER)
IS_STOCK = SCHEDULER == "stock"

LIVING = []
"""Every cluster that is not closed, for the report of a failed test."""


def eventually(condition, timeout=15):
    """Waits until condition() is true, and returns its value; the last one when time is up."""
    deadline = time.monotonic() + timeout
    while not (value := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return value


@contextlib.contextmanager
def replicas_stay(client):
    """Stops the active memory manager meanwhile: every two seconds it drops replicas that nothing needs."""
    client.amm.stop()
    try:
        yield
    finally:
        client.amm.start()


class Process:
    """A process, with its children, in a group that can be killed as a whole."""

    def __init__(self, command, log, environment=None):
        self.log = Path(log)
        # Workers, and a scheduler that loads graphs, import the modules of the tests.
        environment = {**os.environ, **(environment or {}), "PYTHONPATH": _with_tests(os.environ.get("PYTHONPATH"))}
        with self.log.open("wb") as output:
            self._popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=self.log.parent,
                start_new_session=True,
            )
        self.pid = self._popen.pid

    def running(self):
        return self._popen.poll() is None

    def wait(self, timeout=15):
        """The exit code."""
        return self._popen.wait(timeout)

    def terminate(self):
        self._popen.terminate()

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()


def _with_tests(path):
    return str(HERE) if not path else f"{HERE}{os.pathsep}{path}"


def scheduler_command():
    """How the scheduler under test is started, with the Python of the tests."""
    if IS_STOCK:
        return [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    return [*shlex.split(SCHEDULER), "--python", sys.executable]


def python(code, log, *arguments):
    """A process that runs Python code."""
    return Process([sys.executable, "-c", code, *map(str, arguments)], log)


class Cluster:
    """A scheduler and the workers that a test adds."""

    def __init__(self, directory, options=(), security=None, environment=None, **config):
        """
        options: more arguments for the scheduler
        security: what clients need to connect
        environment: more variables for the scheduler
        config: names below `distributed.scheduler`, such as allowed_failures
        """
        self.security = security
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.workers = []
        self._clients = contextlib.ExitStack()
        self._told = {}
        LIVING.append(self)

        scheduler_file = self.directory / "scheduler.json"
        command = [*scheduler_command(), "--host", "127.0.0.1", "--port", "0", "--dashboard-address", ":0"]
        command += ["--scheduler-file", str(scheduler_file), *options]
        environment = dict(environment or {})
        environment |= {f"DASK_DISTRIBUTED__SCHEDULER__{name.upper()}": str(value) for name, value in config.items()}
        self.scheduler = Process(command, self.directory / "scheduler.log", environment)

        def identity():
            if not self.scheduler.running():
                raise RuntimeError(f"the scheduler has ended:\n{self.logs()}")
            with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
                return json.loads(scheduler_file.read_text())

        self.identity = eventually(identity)
        if not self.identity:
            raise RuntimeError(f"the scheduler does not write its file:\n{self.logs()}")
        self.address = self.identity["address"]

    def client(self, **options):
        options.setdefault("security", self.security)
        return self._clients.enter_context(distributed.Client(self.address, **options))

    def add_worker(self, name, *options, nthreads=1, wait=True):
        """Starts `dask worker` (a nanny and its worker) and waits until the worker is there."""
        command = [sys.executable, "-m", "distributed.cli.dask_worker", self.address, "--name", name]
        command += ["--nthreads", str(nthreads), "--local-directory", str(self.directory), *options]
        worker = Process(command, self.directory / f"{name}.log")
        self.workers.append(worker)
        if wait:
            self.wait_for_workers(name)
        return worker

    def wait_for_workers(self, *names):
        with distributed.Client(self.address, set_as_default=False, security=self.security) as client:
            if not eventually(lambda: set(names) <= worker_addresses(client).keys(), timeout=30):
                raise RuntimeError(f"{names} did not all start:\n{self.logs()}")
        # A nanny hears of its worker's start last, and gives up if that is gone by then.
        time.sleep(0.3)

    def http_address(self):
        return f"http://127.0.0.1:{self.identity['services']['dashboard']}"

    def forget_logs(self):
        """From here on, logs() tells only what is new."""
        self._told = {log: log.stat().st_size for log in self.directory.glob("*.log")}

    def logs(self):
        parts = []
        for log in sorted(self.directory.glob("*.log")):
            with log.open("rb") as file:
                file.seek(self._told.get(log, 0))
                parts.append(f"--- {log}\n{file.read().decode(errors='replace')}")
        return "\n".join(parts)

    def close(self):
        try:
            self._clients.close()
        finally:
            for process in [*self.workers, self.scheduler]:
                process.kill()
            LIVING.remove(self)


def worker_addresses(client):
    """The workers that the scheduler has, by name."""
    workers = client.scheduler_info()["workers"]
    return {worker["name"]: address for address, worker in workers.items()}


def wait_until_known(client, futures):
    """What has been submitted is on its way; after this the scheduler has it."""
    keys = {future.key for future in futures}
    assert eventually(lambda: keys <= client.who_has().keys())
