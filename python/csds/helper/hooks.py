"""Scheduler plugins: which there are, what they want to see, and calling them."""
import asyncio
import inspect
import logging

logger = logging.getLogger("distributed.scheduler")

#: What the server reports only if a plugin wants to see it.
REPORTED = (
    "update_graph",
    "transition",
    "add_worker",
    "remove_worker",
    "add_client",
    "remove_client",
    "restart",
    "log_event",
)


class Plugins(dict):
    """Scheduler plugins by name: ``Scheduler.plugins``. The server is told what they want to see."""

    def __init__(self, session):
        super().__init__()
        self.session = session
        self.reported = []

    def __setitem__(self, name, plugin):
        super().__setitem__(name, plugin)
        self.subscribe()

    def __delitem__(self, name):
        super().__delitem__(name)
        self.subscribe()

    def pop(self, *args):
        plugin = super().pop(*args)
        self.subscribe()
        return plugin

    def subscribe(self):
        """Tells the server, if that changes anything, which hooks to report."""
        wanted = [hook for hook in REPORTED if any(implements(plugin, hook) for plugin in self.values())]
        if wanted != self.reported:
            self.reported = wanted
            self.session.call("csds_report", hooks=wanted)


def implements(plugin, hook):
    """Whether a plugin has a hook of its own; Dask's does nothing."""
    from distributed.diagnostics.plugin import SchedulerPlugin

    method = getattr(plugin, hook, None)
    return method is not None and getattr(method, "__func__", method) is not getattr(SchedulerPlugin, hook, None)


class Hooks:
    """Calls plugins for what the server reports, in its order."""

    def __init__(self, facade):
        self.facade = facade

    def take(self, events):
        """Calls the plugins for each event. A plugin that fails is logged, as Dask does."""
        self.facade.views.forget()
        for event in events:
            hook = event.pop("op")
            getattr(self, hook)(**event)

    def call(self, hook, *args, **kwargs):
        for plugin in list(self.facade.plugins.values()):
            if implements(plugin, hook):
                self.call_one(plugin, hook, *args, **kwargs)

    def call_one(self, plugin, hook, *args, **kwargs):
        try:
            result = getattr(plugin, hook)(*args, **kwargs)
        except Exception as exception:
            logger.exception(exception)
            return
        if inspect.isawaitable(result):
            task = asyncio.ensure_future(logged(result))
            self.facade.session.tasks.add(task)
            task.add_done_callback(self.facade.session.tasks.discard)

    def transition(self, key, start, finish, stimulus_id, **kwargs):
        """A task has moved."""
        self.call("transition", key, start, finish, stimulus_id=stimulus_id, **kwargs)

    def update_graph(self, tasks, annotations, **kwargs):
        """A client has submitted a graph."""
        by_name = {}
        for key, values in annotations.items():
            for name, value in deserialized(values).items():
                by_name.setdefault(name, {})[key] = value
        kwargs["keys"] = set(kwargs["keys"])
        if self.facade.packs_graphs:
            kwargs.update(restrictions={}, loose_restrictions=None, resources=None)
        self.call("update_graph", self.facade, tasks=list(tasks), annotations=by_name, **kwargs)

    def add_worker(self, worker):
        """A worker has come."""
        self.call("add_worker", scheduler=self.facade, worker=worker)

    def remove_worker(self, worker, stimulus_id):
        """A worker has gone. Plugins written for releases before 2023.7 take no ``stimulus_id``."""
        for plugin in list(self.facade.plugins.values()):
            if implements(plugin, "remove_worker"):
                parameters = inspect.signature(plugin.remove_worker).parameters.values()
                takes = any(p.kind is p.VAR_KEYWORD or p.name == "stimulus_id" for p in parameters)
                extra = {"stimulus_id": stimulus_id} if takes and not self.facade.packs_graphs else {}
                self.call_one(plugin, "remove_worker", scheduler=self.facade, worker=worker, **extra)

    def add_client(self, client):
        """A client has come."""
        self.call("add_client", scheduler=self.facade, client=client)

    def remove_client(self, client):
        """A client has gone."""
        self.call("remove_client", scheduler=self.facade, client=client)

    def restart(self):
        """The cluster restarts."""
        self.call("restart", self.facade)

    def log_event(self, topic, msg):
        """Something was logged under a topic."""
        self.call("log_event", topic, msg)


def deserialized(value):
    """A value that was carried through the scheduler."""
    from distributed.protocol import deserialize
    from distributed.protocol.serialize import Serialized

    return deserialize(value.header, value.frames) if isinstance(value, Serialized) else value


async def logged(awaitable):
    """Awaits; what goes wrong is logged."""
    try:
        await awaitable
    except Exception as exception:
        logger.exception(exception)
