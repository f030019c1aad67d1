"""The op ``expand``: from a client's message to columns that the server reads without any Python.

Nearly all of the time goes into Dask's own functions and into pickling; what is done here for each task is done by
functions written in C over whole lists.
"""
import time
from array import array
from itertools import chain

import msgpack

from . import keys, loading, process, shuffles

#: From this size a graph is worth the milliseconds that returning its memory to the system takes.
LARGE_GRAPH = 20_000


def expand(answers, header, frames):
    """Answers ``structure``, ``shared-frames`` and ``run-specs`` as needed, and ``expanded``."""
    started = time.perf_counter()
    graph = loading.load(frames, header.get("validate", False))
    loaded = time.perf_counter()
    frames.clear()
    answers.send("structure", *structure(graph))
    structured = time.perf_counter()
    graph.write_run_specs(answers, graph.specs)
    written = time.perf_counter()
    answers.send(
        "expanded",
        {"seconds": {"load": loaded - started, "structure": structured - loaded, "run_specs": written - structured}},
    )
    if len(graph.keys) >= LARGE_GRAPH:
        answers.channel.flush()
        del graph
        process.give_memory_back()


def structure(graph):
    """Header and frames of the answer ``structure``: all but the run specs."""
    count = len(graph.keys)
    index = dict(zip(graph.keys, range(count)))
    external = External(index, count)
    columns = Columns()
    dependencies = list(chain.from_iterable(graph.dependencies))
    columns.add("keys", keys.pack(graph.keys))
    columns.add("dependency_counts", array("I", map(len, graph.dependencies)))
    columns.add("dependencies", external.numbers(dependencies))
    columns.add("wanted", external.numbers(list(graph.wanted)))
    columns.add("external", keys.pack(external.keys))
    kinds = flags(graph.specs)
    columns.add("flags", kinds)
    if any(map(P2P_BARRIER.__and__, kinds)):
        barriers = [number for number, kind in enumerate(kinds) if kind & P2P_BARRIER]
        columns.add("shuffles", shuffles.pack(graph.specs, barriers))
    annotation_index, annotation_sets = graph.annotations.resolve(graph.keys)
    if annotation_sets:
        columns.add("annotation_index", annotation_index)
        columns.add("annotation_sets", msgpack.packb(annotation_sets, use_bin_type=True))
    return {"n": count, "columns": columns.numbers}, columns.frames


class Columns:
    """Frames with names."""

    def __init__(self):
        self.numbers = {}
        self.frames = []

    def add(self, name, frame):
        self.frames.append(frame)
        self.numbers[name] = len(self.frames)


class External:
    """Numbers keys: those of the graph first, then others in the order in which they are met."""

    def __init__(self, index, count):
        self.index = index
        self.count = count
        self.keys = []

    def numbers(self, wanted):
        found = list(map(self.index.get, wanted))
        if None in found:
            for key in wanted:
                if self.index.setdefault(key, self.count + len(self.keys)) == self.count + len(self.keys):
                    self.keys.append(key)
            found = map(self.index.__getitem__, wanted)
        return array("I", found)


DATA_PRODUCER = 1
NOT_A_TASK = 2
ALIAS = 4
P2P_BARRIER = 8


def flags(specs):
    """One byte for each task: what ordering and placement ask of ``dask._task_spec`` nodes; 0 for older forms."""
    kinds = Kinds()
    result = bytearray(map(kinds.__getitem__, map(type, specs)))
    if kinds.may_produce_data:
        for number, spec in enumerate(specs):
            if spec.data_producer:
                result[number] |= DATA_PRODUCER
    return result


class Kinds(dict):
    """The flags that follow from a node's class."""

    may_produce_data = False

    def __missing__(self, cls):
        names = {base.__name__ for base in cls.__mro__ if base.__module__.partition(".")[0] in ("dask", "distributed")}
        value = 0
        if "GraphNode" in names:
            self.may_produce_data |= hasattr(cls, "data_producer")
            value |= NOT_A_TASK if "DataNode" in names else 0
            value |= ALIAS if "Alias" in names else 0
            value |= P2P_BARRIER if "P2PBarrierTask" in names else 0
        self[cls] = value
        return value
