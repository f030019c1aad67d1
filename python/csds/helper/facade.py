"""What user code gets as ``dask_scheduler``: the scheduler as far as Python can be given it.

Code that people write for Dask's scheduler reads its state, calls its methods, adds plugins and handlers. State is
looked up in the server (``views.py``), methods become requests to it, and what belongs to this process (plugins,
handlers, the event loop, attributes that users set) is kept here. What is missing says so.
"""
import asyncio
import dis
import functools
import inspect
import logging
import os
import sys

from . import hooks, preloads, views
from .handlers import Handlers

logger = logging.getLogger("distributed.scheduler")

#: Methods whose requests have another name.
REQUESTS = {"get_events": "events", "get_who_has": "who_has", "get_has_what": "has_what", "get_ncores": "ncores"}


class SchedulerFacade:
    """Stands for ``distributed.Scheduler``."""

    def __init__(self, session, start):
        from distributed.core import Status

        own = self.__dict__
        own.update(
            session=session,
            id=start["id"],
            address=start["address"],
            services=start["services"],
            requests=frozenset(start["operations"]),
            packs_graphs=hasattr(scheduler_class(), "update_graph_hlg"),
            status=Status.running,
            name=None,
            extensions={},
            periodic_callbacks={},
            time_started=start["started"],
            views=views.Views(self, session),
            hooks=hooks.Hooks(self),
            plugins=hooks.Plugins(session),
            handlers=Handlers(self, session),
            shared_path=list(sys.path),
            shared_files=[],
            profile_history=(),
            shared_directory=directory(),
        )
        own["preloads"] = preloads.Preloads(self, start)

    @property
    def __class__(self):
        # ``isinstance(dask_scheduler, Scheduler)`` is what libraries ask.
        return scheduler_class()

    def __repr__(self):
        return scheduler_class().__repr__(self)

    def __getattr__(self, name):
        if name in views.SCHEDULER:
            return views.SCHEDULER[name](self.views)
        op = REQUESTS.get(name, name)
        method = getattr(scheduler_class(), name, None)
        if callable(method) and op in self.requests:
            return self.request(op, method)
        if name.startswith("__") or not knows(name):
            raise AttributeError("'Scheduler' object has no attribute %r" % name)
        raise AttributeError("csds does not offer Scheduler.%s to Python code" % name)

    def __setattr__(self, name, value):
        if name not in self.__dict__ and (name in views.SCHEDULER or knows(name)):
            raise AttributeError("csds does not let Python code set Scheduler.%s" % name)
        self.__dict__[name] = value

    def request(self, op, method):
        """A method that asks the server; with the parameters that Dask's has, and awaitable where that is."""
        signature = inspect.signature(method)

        def arguments(args, kwargs):
            bound = signature.bind(self, *args, **kwargs).arguments
            for parameter in signature.parameters.values():
                if parameter.kind is parameter.VAR_KEYWORD:
                    bound.update(bound.pop(parameter.name, {}))
            bound.pop("self", None)
            bound.pop("comm", None)
            return bound

        if inspect.iscoroutinefunction(inspect.unwrap(method)):

            @functools.wraps(method)
            async def ask(*args, **kwargs):
                try:
                    return await self.session.call_async(op, **arguments(args, kwargs))
                finally:
                    self.views.forget()

        else:

            @functools.wraps(method)
            def ask(*args, **kwargs):
                try:
                    return self.session.call(op, **arguments(args, kwargs))
                finally:
                    self.views.forget()

        return ask

    @property
    def address_safe(self):
        return self.address

    @property
    def scheduler(self):
        return self

    @property
    def loop(self):
        """The tornado loop of this process."""
        from tornado.ioloop import IOLoop

        return IOLoop.current()

    io_loop = loop

    @functools.cached_property
    def _ongoing_background_tasks(self):
        from distributed.core import AsyncTaskGroup

        return AsyncTaskGroup()

    @functools.cached_property
    def monitor(self):
        """Measures the server's process."""
        import psutil
        from distributed.system_monitor import SystemMonitor
        from tornado.ioloop import PeriodicCallback

        monitor = SystemMonitor()
        if psutil.pid_exists(self.session.start["pid"]):
            monitor.proc = psutil.Process(self.session.start["pid"])
        callback = self.periodic_callbacks["monitor"] = PeriodicCallback(monitor.update, 500)
        callback.start()
        return monitor

    @functools.cached_property
    def local_directory(self):
        """A directory of this process; uploaded files go there."""
        import dask
        from distributed.diskutils import WorkSpace

        base = dask.config.get("temporary-directory", None) or os.getcwd()
        space = WorkSpace(os.path.join(base, "dask-scratch-space"))
        self.__dict__["work_directory"] = space.new_work_dir(prefix="scheduler-")
        return self.work_directory.dir_path

    def log_event(self, topic, msg):
        """Logs an event under one topic or several."""
        self.session.call("log_event", topic=topic, msg=msg)

    def versions(self, packages=None):
        """The packages of this Python."""
        from distributed.versions import get_versions

        return get_versions(packages=packages)

    async def close(self, timeout=None, reason="unknown", **kwargs):
        """Closes the scheduler."""
        await self.session.call_async("terminate")

    async def upload_file(self, filename, data, load=True):
        """Writes a file to this process's directory and imports it, for later graphs too."""
        result = await scheduler_class().upload_file(self, filename, data, load=load)
        if load:
            self.shared_files.append(os.path.join(self.local_directory, filename))
        return result

    def run_function(self, comm, function, args=(), kwargs=None, wait=True):
        """``Client.run_on_scheduler``."""
        self.views.forget()
        return scheduler_class().run_function(self, comm, function, args=args, kwargs=kwargs, wait=wait)

    async def feed(self, comm, function=None, setup=None, teardown=None, interval="1s", **kwargs):
        """Sends what a function of the client's answers, again and again (progress bars)."""
        return await scheduler_class().feed(self, comm, function, setup, teardown, interval, **kwargs)

    def add_plugin(self, plugin, *, idempotent=False, name=None, **kwargs):
        """Adds a plugin."""
        scheduler_class().add_plugin(self, plugin, idempotent=idempotent, name=name, **kwargs)

    def remove_plugin(self, name=None, **kwargs):
        """Removes a plugin."""
        scheduler_class().remove_plugin(self, name, **kwargs)

    async def register_scheduler_plugin(self, plugin, name=None, idempotent=None):
        """Adds a plugin that a client has sent."""
        await scheduler_class().register_scheduler_plugin(self, plugin, name=name, idempotent=idempotent)

    async def unregister_scheduler_plugin(self, name):
        """Removes a plugin."""
        self.remove_plugin(name)

    async def closing(self):
        """The scheduler closes: what plugins and preloads want to do then."""
        from distributed.core import Status

        self.__dict__["status"] = Status.closing
        plugins = list(self.plugins.values())
        await asyncio.gather(*[attempt(plugin.before_close) for plugin in plugins if hasattr(plugin, "before_close")])
        await self.preloads.teardown()
        await asyncio.gather(*[attempt(plugin.close) for plugin in plugins if hasattr(plugin, "close")])
        self.__dict__["status"] = Status.closed
        if "work_directory" in self.__dict__:
            self.work_directory.release()

    def new_environment(self):
        """What other helpers need to import what this process now can."""
        path = [entry for entry in sys.path if entry not in self.shared_path]
        self.shared_path.extend(path)
        files, self.shared_files[:] = list(self.shared_files), []
        former, self.__dict__["shared_directory"] = self.shared_directory, directory()
        moved = self.shared_directory != former
        return {"path": path, "files": files, "directory": self.shared_directory if moved else None}

    def event_loop_profile(self, start=None, stop=None):
        """Where the event loop of this process spends its time."""
        from distributed.profile import get_profile

        return get_profile(self.profile_history, start=start, stop=stop)

    def may_go(self, key=None):
        """Which workers may be closed (``workers_to_close``), with the number of each one's group."""
        if isinstance(key, bytes):
            from distributed.protocol import pickle

            key = pickle.loads(key)
        workers = list(self.workers.values())
        for plugin in list(self.plugins.values()):
            if hasattr(plugin, "valid_workers_downscaling"):
                workers = plugin.valid_workers_downscaling(self, workers)
        groups = {}
        return {ws.address: groups.setdefault(key(ws) if key else ws.address, len(groups)) for ws in workers}

    def workers_to_close(self, memory_ratio=None, n=None, key=None, minimum=None, target=None, attribute="address"):
        """Which workers may be closed at little cost. The server need not ask for their groups: it would wait for us."""
        arguments = {"memory_ratio": memory_ratio, "n": n, "minimum": minimum, "target": target, "attribute": attribute}
        return list(self.session.call("workers_to_close", groups=self.may_go(key), **arguments))

    def share_environment(self):
        """Has the helpers that expand graphs import from where this process now does."""
        environment = self.new_environment()
        if any(environment.values()):
            self.session.call("csds_share", **environment)


@functools.lru_cache(None)
def scheduler_class():
    """The installed release's."""
    from distributed.scheduler import Scheduler

    return Scheduler


def directory():
    """The directory that this process works in; None if it was deleted."""
    try:
        return os.getcwd()
    except OSError:
        return None


def knows(name):
    """Whether Dask's scheduler has an attribute of the name."""
    return name in attributes()


@functools.lru_cache(None)
def attributes():
    """The names of all attributes of Dask's scheduler, those that ``__init__`` sets included."""
    names = set()
    for cls in scheduler_class().__mro__:
        names.update(vars(cls), getattr(cls, "__annotations__", {}))
        if inspect.isfunction(vars(cls).get("__init__")):
            code = dis.get_instructions(cls.__init__)
            names.update(step.argval for step in code if step.opname == "STORE_ATTR")
    return names


async def attempt(function):
    """Calls a plugin; what goes wrong is logged."""
    try:
        await function()
    except Exception:
        logger.exception("Plugin call failed during scheduler.close")
