"""The scheduler's state, as Python code sees it: workers, tasks and clients, looked up in the server.

A view holds a key and looks everything else up. What was looked up is kept until the event loop goes round, so that
code which does not await sees one moment, as it does in Dask's scheduler.
"""
from collections.abc import Mapping

#: Tasks that are asked for at once.
CHUNK = 1000


class Views:
    """Everything that was looked up since the event loop went round."""

    def __init__(self, facade, session):
        self.facade = facade
        self.session = session
        self.known = {}

    def forget(self):
        """Whatever was looked up may have changed."""
        self.known = {}

    def keep(self, kind):
        """The table of what is known of one kind."""
        if not self.known:
            self.session.loop.call_soon_threadsafe(self.forget)
        return self.known.setdefault(kind, {})

    def scheduler(self):
        """The scheduler's own attributes."""
        table = self.keep("scheduler")
        if not table:
            table.update(self.session.call("csds_scheduler"))
        return table

    def workers(self):
        """All workers' attributes by address."""
        table = self.keep("workers")
        if not table:
            table.update(self.session.call("csds_workers"))
        return table

    def clients(self):
        """All clients' attributes by id."""
        table = self.keep("clients")
        if not table:
            table.update(self.session.call("csds_clients"))
        return table

    def tasks(self, keys):
        """Attributes of tasks by key; None for one that is not there."""
        table = self.keep("tasks")
        missing = [key for key in keys if key not in table]
        for i in range(0, len(missing), CHUNK):
            chunk = missing[i : i + CHUNK]
            table.update(zip(chunk, self.session.call("csds_tasks", keys=chunk)))
        return table

    def task_views(self, keys):
        """Views of tasks that are likely to be looked at together."""
        keys = list(keys)
        self.tasks(keys)
        return [TaskView(self, key) for key in keys]


class View:
    """One thing of the scheduler's; equal to other views of it."""

    #: Attributes that need more than a look-up: functions of the view and its attributes.
    DERIVED = {}

    def __init__(self, views, key):
        self.__dict__.update(_views=views, _key=key)

    def __eq__(self, other):
        return type(self) is type(other) and self._key == other._key

    def __hash__(self):
        return hash(self._key)

    def __setattr__(self, name, value):
        raise AttributeError("csds does not let Python code change the state of the scheduler (%s)" % name)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        attributes = self._attributes()
        if name in self.DERIVED:
            return self.DERIVED[name](self, attributes)
        if name in attributes:
            return attributes[name]
        raise AttributeError("csds does not offer %s.%s to Python code" % (self.DASK, name))


class WorkerView(View):
    """Stands for ``WorkerState``."""

    DASK = "WorkerState"

    def _attributes(self):
        # A worker that has gone meanwhile is still spoken of: plugins hear of its end afterwards.
        return self._views.workers().get(self._key, {"address": self._key, "status": "closed"})

    def __repr__(self):
        attributes = self._attributes()
        return "<WorkerState %r, name: %s, status: %s, memory: %d, processing: %d>" % (
            self._key,
            attributes.get("name"),
            attributes["status"],
            len(attributes.get("has_what", ())),
            len(attributes.get("processing", ())),
        )

    def identity(self):
        """As Dask's ``WorkerState.identity``."""
        return self._views.session.call("identity")["workers"][self._key]


class TaskView(View):
    """Stands for ``TaskState``."""

    DASK = "TaskState"

    def _attributes(self):
        attributes = self._views.tasks([self._key])[self._key]
        return attributes or {"key": self._key, "state": "forgotten", "nbytes": -1}

    def __repr__(self):
        return "<TaskState %r %s>" % (self._key, self.state)

    def get_nbytes(self):
        """Size of the result in bytes, or the default."""
        import dask.utils

        default = dask.config.get("distributed.scheduler.default-data-size")
        return self.nbytes if self.nbytes >= 0 else dask.utils.parse_bytes(default)


class ClientView(View):
    """Stands for ``ClientState``."""

    DASK = "ClientState"

    def _attributes(self):
        return self._views.clients().get(self._key, {"client_key": self._key, "wants_what": []})

    def __repr__(self):
        return "<Client %r>" % self._key


class Plain:
    """Attributes and nothing else, such as a task's prefix and group."""

    def __init__(self, name, **attributes):
        self.name = name
        self.__dict__.update(attributes)

    def __repr__(self):
        return "<%s>" % self.name


class Computation:
    """Stands for Dask's ``Computation``; what it shows of itself is Dask's."""

    def __init__(self, attributes):
        import uuid

        from sortedcontainers import SortedSet

        self.id = uuid.UUID(attributes["id"])
        self.start = attributes["start"]
        self.stop = attributes["stop"]
        self.states = attributes["states"]
        self.groups = {Plain(name) for name in attributes["groups"]}
        self.code = SortedSet(code for code in attributes["code"] if code)
        self.annotations = {}

    def __repr__(self):
        from distributed.scheduler import Computation

        return Computation.__repr__(self)


def computations(views):
    """``Scheduler.computations``."""
    from collections import deque

    return deque(Computation(attributes) for attributes in views.session.call("csds_computations"))


def workers_of(field):
    return lambda view, a: {WorkerView(view._views, address) for address in a.get(field, ())}


def tasks_of(field):
    return lambda view, a: set(view._views.task_views(a.get(field, ())))


def status_of(view, attributes):
    from distributed.core import Status

    return Status.lookup[attributes["status"]]


def memory_of(view, attributes):
    """The installed release's ``MemoryState``, whose parameters have had several names."""
    import inspect

    from distributed.scheduler import MemoryState

    memory = attributes["memory"]
    memory["managed_in_memory"], memory["managed_spilled"] = memory["managed"], memory["spilled"]
    parameters = list(inspect.signature(MemoryState.__init__).parameters)[1:]
    return MemoryState(**{name: memory[name] for name in parameters if name in memory})


def processing_of(view, attributes):
    tasks = view._views.task_views(attributes.get("processing", ()))
    return {ts: attributes["processing"][ts._key] for ts in tasks} if view._views.facade.packs_graphs else set(tasks)


WorkerView.DERIVED = {
    "status": status_of,
    "memory": memory_of,
    "has_what": lambda view, a: dict.fromkeys(view._views.task_views(a.get("has_what", ()))),
    "processing": processing_of,
    "long_running": tasks_of("long_running"),
    "executing": lambda view, a: {TaskView(view._views, key): value for key, value in a.get("executing", {}).items()},
    "actors": tasks_of("actors"),
    "server_id": lambda view, a: a.get("server_id"),
}

TaskView.DERIVED = {
    "who_has": workers_of("who_has"),
    "dependencies": tasks_of("dependencies"),
    "dependents": tasks_of("dependents"),
    "waiting_on": tasks_of("waiting_on"),
    "waiters": tasks_of("waiters"),
    "who_wants": lambda view, a: {ClientView(view._views, key) for key in a.get("who_wants", ())},
    "processing_on": lambda view, a: WorkerView(view._views, a["processing_on"]) if a.get("processing_on") else None,
    "exception_blame": lambda view, a: TaskView(view._views, a["exception_blame"]) if a.get("exception_blame") else None,
    "group": lambda view, a: Plain(a["group_key"], prefix=Plain(a["prefix_key"]), span_id=None),
    "prefix": lambda view, a: Plain(a["prefix_key"]),
    "erred_on": lambda view, a: set(a["erred_on"]),
}

ClientView.DERIVED = {"wants_what": tasks_of("wants_what")}


class Workers(Mapping):
    """``Scheduler.workers``: by address, in the order of their addresses."""

    def __init__(self, views):
        self.views = views

    def __getitem__(self, address):
        if address not in self.views.workers():
            raise KeyError(address)
        return WorkerView(self.views, address)

    def __iter__(self):
        return iter(list(self.views.workers()))

    def __len__(self):
        return len(self.views.workers())

    def __repr__(self):
        return repr(dict(self))


class Tasks(Mapping):
    """``Scheduler.tasks``: by key."""

    def __init__(self, views):
        self.views = views

    def __getitem__(self, key):
        if self.views.tasks([key])[key] is None:
            raise KeyError(key)
        return TaskView(self.views, key)

    def __contains__(self, key):
        return self.views.tasks([key])[key] is not None

    def __iter__(self):
        return iter(self.views.session.call("csds_task_keys"))

    def __len__(self):
        return self.views.scheduler()["n_tasks"]

    def values(self):
        """All tasks, looked up together."""
        return self.views.task_views(self)

    def items(self):
        """All keys and tasks, looked up together."""
        return [(ts._key, ts) for ts in self.values()]


class Clients(Mapping):
    """``Scheduler.clients``: by id."""

    def __init__(self, views):
        self.views = views

    def __getitem__(self, key):
        if key not in self.views.clients():
            raise KeyError(key)
        return ClientView(self.views, key)

    def __iter__(self):
        return iter(list(self.views.clients()))

    def __len__(self):
        return len(self.views.clients())


def worker_set(field):
    return lambda views: {WorkerView(views, address) for address in views.scheduler()[field]}


def value(field):
    return lambda views: views.scheduler()[field]


#: Attributes of the scheduler that are looked up: functions of the views.
SCHEDULER = {
    "workers": Workers,
    "tasks": Tasks,
    "clients": Clients,
    "computations": computations,
    "idle": lambda views: {address: WorkerView(views, address) for address in views.scheduler()["idle"]},
    "saturated": worker_set("saturated"),
    "running": worker_set("running"),
    "queued": lambda views: views.task_views(views.scheduler()["queued"]),
    "unrunnable": lambda views: set(views.task_views(views.scheduler()["unrunnable"])),
    "aliases": lambda views: {ws["name"]: address for address, ws in views.workers().items()},
    "host_info": lambda views: {
        host: {
            "addresses": {address for address, ws in views.workers().items() if ws["host"] == host},
            "nthreads": sum(ws["nthreads"] for ws in views.workers().values() if ws["host"] == host),
        }
        for host in {ws["host"] for ws in views.workers().values()}
    },
    "events": lambda views: views.session.call("events"),
    "task_metadata": lambda views: views.session.call("get_metadata", keys=[]),
    "total_nthreads": value("total_nthreads"),
    "total_occupancy": value("total_occupancy"),
    "transition_counter": value("transition_counter"),
    "idle_since": value("idle_since"),
    "idle_timeout": value("idle_timeout"),
    "allowed_failures": value("allowed_failures"),
    "validate": value("validate"),
    "bandwidth": value("bandwidth"),
    "generation": value("generation"),
    "n_tasks": value("n_tasks_started"),
}
