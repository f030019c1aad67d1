"""Plugins and functions that tests send to workers, nannies and the scheduler."""

from distributed import NannyPlugin, SchedulerPlugin, WorkerPlugin


class Counter(WorkerPlugin):
    name = "counter"

    def __init__(self, value=0):
        self.value = value

    def setup(self, worker):
        worker.counter = self.value

    def teardown(self, worker):
        worker.counter = "torn down"


class Broken(WorkerPlugin):
    name = "broken"

    def setup(self, worker):
        raise RuntimeError("this plugin is broken")


class NannyMark(NannyPlugin):
    name = "nanny-mark"
    restart = False

    def setup(self, nanny):
        nanny.env["CSDS_MARK"] = "here"


def counter(dask_worker):
    return getattr(dask_worker, "counter", None)


class Recorder(SchedulerPlugin):
    name = "recorder"

    def __init__(self, value=0):
        self.value = value
        self.seen = []

    async def start(self, scheduler):
        self.scheduler = scheduler
        scheduler.recorded = self.seen
        self.seen.append(("start",))

    def update_graph(self, scheduler, *, keys, **kwargs):
        self.seen.append(("update_graph", sorted(keys)))

    def transition(self, key, start, finish, *args, **kwargs):
        self.seen.append(("transition", key, start, finish))

    def add_worker(self, scheduler, worker):
        self.seen.append(("add_worker", worker in scheduler.workers))

    def remove_worker(self, scheduler, worker, **kwargs):
        self.seen.append(("remove_worker", worker not in scheduler.workers))

    def add_client(self, scheduler, client):
        self.seen.append(("add_client",))

    def log_event(self, topic, msg):
        if topic == "mine":
            self.seen.append(("log_event", msg))
