"""csds-scheduler as a process that SpecCluster can start."""

import asyncio
import contextlib
import ctypes
import json
import logging
import os
import shlex
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import dask
from distributed.deploy.spec import ProcessInterface
from distributed.security import Security

logger = logging.getLogger(__name__)

CHECKOUT = Path(__file__).parent.parent.parent
NAME = "csds-scheduler"

#: Keyword arguments of Scheduler that are settings in Dask's configuration.
SETTINGS = {
    "allowed_failures": "distributed.scheduler.allowed-failures",
    "blocked_handlers": "distributed.scheduler.blocked-handlers",
    "contact_address": "distributed.scheduler.contact-address",
    "idle_timeout": "distributed.scheduler.idle-timeout",
    "preload": "distributed.scheduler.preload",
    "preload_argv": "distributed.scheduler.preload-argv",
    "validate": "distributed.scheduler.validate",
    "worker_ttl": "distributed.scheduler.worker-ttl",
}

#: ... and those that are options of the command line.
OPTIONS = {
    "host": "--host",
    "port": "--port",
    "interface": "--interface",
    "protocol": "--protocol",
    "dashboard_address": "--dashboard-address",
    "http_prefix": "--dashboard-prefix",
}

#: ... and those that mean nothing here, if they are not set.
OBJECTS = ("services", "service_kwargs", "extensions", "plugins", "jupyter", "transition_counter_max")


def find_scheduler():
    """The command of csds-scheduler: configured as ``csds.scheduler``, on PATH, or built in this checkout."""
    if configured := dask.config.get("csds.scheduler", None):
        return shlex.split(configured)
    built = [CHECKOUT / "out" / NAME, CHECKOUT / "artifacts/bin/Csds.Server/release" / NAME]
    for path in [shutil.which(NAME), *built]:
        if path and os.access(path, os.X_OK):
            return [str(path)]
    raise FileNotFoundError(
        f"{NAME} was not found: put it on PATH, build it in {CHECKOUT}, or set `csds.scheduler` in Dask's configuration"
    )


class SchedulerProcess(ProcessInterface):
    """A csds-scheduler on this machine, for the ``scheduler`` of a SpecCluster.

    >>> SpecCluster(scheduler={"cls": SchedulerProcess, "options": {}}, workers={...})

    Takes the keyword arguments of ``distributed.Scheduler`` that make sense for another process, and

    command:
        how to start it, as a list of words; otherwise see `find_scheduler`
    python:
        command of the Python that has the workers' Dask; otherwise this one
    config:
        Dask configuration for the process, on top of what is set here
    silence_logs:
        level below which it logs nothing; False: as configured
    timeout:
        seconds that it may take to start
    """

    def __init__(self, command=None, python=None, config=None, silence_logs=False, timeout=60, **kwargs):
        super().__init__()
        self.process = None
        self.security = kwargs.pop("security", None) or Security()
        if isinstance(self.security, dict):
            self.security = Security(**self.security)
        self.scheduler_file = kwargs.pop("scheduler_file", None)
        self.contact_address = kwargs.get("contact_address") or dask.config.get("distributed.scheduler.contact-address", None)
        self._command = list(command or find_scheduler()) + ["--python", python or shlex.quote(sys.executable)]
        self._same_python = python is None
        self._timeout = timeout
        self._config = dict(config or {})
        self._silence_logs = silence_logs
        self._last_lines = []
        self._temporary = None
        self._output = None
        self._take(kwargs)

    def _take(self, kwargs):
        if not kwargs.pop("dashboard", True):
            self._command.append("--no-dashboard")
        for name, value in kwargs.items():
            if name in SETTINGS:
                if value is not None:
                    self._config[SETTINGS[name]] = value
            elif name in OPTIONS:
                if value is not None:
                    self._command += [OPTIONS[name], self._text(value)]
            elif name not in OBJECTS:
                raise TypeError(f"{type(self).__name__} got an unexpected keyword argument {name!r}")
            elif value:
                raise TypeError(f"{NAME} is another process and cannot take {name}={value!r}")
        if kwargs.get("dashboard_address", "") is None:
            self._command += ["--dashboard-address", ":0"]
        if "port" not in kwargs:
            self._command += ["--port", "0"]

    @staticmethod
    def _text(value):
        return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)

    async def start(self):
        if self.scheduler_file is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="csds-")
            self.scheduler_file = os.path.join(self._temporary.name, "scheduler.json")
        self.process = await asyncio.create_subprocess_exec(
            *self._command,
            "--scheduler-file",
            self.scheduler_file,
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment(),
            start_new_session=True,  # Ctrl-C is for this process, which then closes the cluster
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
        self._output = asyncio.ensure_future(self._show_output())
        try:
            identity = await asyncio.wait_for(self._identity(), self._timeout)
        except BaseException as error:
            await self.close()
            if isinstance(error, asyncio.TimeoutError):
                raise RuntimeError(f"{NAME} did not start within {self._timeout} s\n{''.join(self._last_lines)}") from None
            raise
        self.address = identity["address"]
        await super().start()

    async def close(self):
        if self.process is not None:
            if self.process.returncode is None:
                await self._stop()
            await self._output
            self.process = None
        if self._temporary is not None:
            self._temporary.cleanup()
        await super().close()

    async def _stop(self):
        # It may have been told to end already.
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), 10)
        except asyncio.TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()

    async def _identity(self):
        while self.process.returncode is None:
            with contextlib.suppress(OSError, json.JSONDecodeError):
                return json.loads(Path(self.scheduler_file).read_text())
            await asyncio.sleep(0.02)
        await self._output
        raise RuntimeError(f"{NAME} ended with {self.process.returncode}\n{''.join(self._last_lines)}")

    async def _show_output(self):
        while line := await self.process.stderr.readline():
            text = line.decode(errors="replace")
            self._last_lines = [*self._last_lines, text][-20:]
            sys.stderr.write(text)

    def _environment(self):
        config = json.loads(json.dumps(dask.config.config, default=str))
        for name in ("ca-file", "ciphers", "min-version", "max-version", "scheduler.cert", "scheduler.key"):
            value = getattr(self.security, "tls_" + name.replace("-", "_").replace(".", "_"), None)
            if value is not None and "version" not in name:
                dask.config.set({f"distributed.comm.tls.{name}": value}, config=config)
        dask.config.set({"distributed.comm.require-encryption": self.security.require_encryption}, config=config)
        if self._silence_logs:
            level = self._silence_logs
            dask.config.set({"logging": {"distributed": level if isinstance(level, str) else int(level)}}, config=config)
        dask.config.set(self._config, config=config)
        variables = {name: value for name, value in os.environ.items() if not _is_configuration(name)}
        if self._same_python:
            # Graphs refer to modules that only a script's own path leads to, as the scheduler within it would find.
            variables["PYTHONPATH"] = os.pathsep.join(path or os.getcwd() for path in sys.path)
        return {**variables, "DASK_INTERNAL_INHERIT_CONFIG": dask.config.serialize(config)}


def _is_configuration(variable):
    # Already part of what is handed over, where it may have been changed since.
    return variable.startswith("DASK_") and variable not in ("DASK_CONFIG", "DASK_ROOT_CONFIG")


def _end_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
