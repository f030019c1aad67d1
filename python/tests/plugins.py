"""Plugins and functions that tests send to workers, nannies and the scheduler."""

from distributed import NannyPlugin, WorkerPlugin


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
