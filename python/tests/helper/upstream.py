"""The same graph as the stock scheduler of the installed release makes of a message, to compare with."""
import types

import dask
import distributed
from distributed.protocol import dumps, loads
from distributed.protocol.serialize import ToPickle

#: Which of the three forms a graph has on the wire (rows V1 to V3).
VERSION = tuple(map(int, distributed.__version__.split("+")[0].split(".")[:2]))
PACKED = VERSION < (2023, 4)
PICKLED = not PACKED and VERSION < (2025, 4)
EXPRESSION = not PACKED and not PICKLED


class Upstream:
    """Tasks, dependencies and annotations, by the stock scheduler's functions."""

    def __init__(self, message):
        message = loads(list(map(bytearray, dumps(message))), deserialize=False)
        if PACKED:
            self._packed(message)
        else:
            self._tasks(message)
        self.wanted = set(message["keys"])

    def _packed(self, message):
        from dask.highlevelgraph import HighLevelGraph

        unpacked = HighLevelGraph.__dask_distributed_unpack__(message["hlg"])
        self.tasks = unpacked["dsk"]
        self.dependencies = {key: set(unpacked["deps"].get(key, ())) - {key} for key in self.tasks}
        self.annotations = {}
        for name, values in unpacked["annotations"].items():
            for key, value in values.items():
                if key in self.tasks:
                    self.annotations.setdefault(key, {})[name] = value

    def _tasks(self, message):
        from distributed import scheduler
        from distributed.protocol import deserialize

        extra = {}
        if PICKLED:
            graph = deserialize(message["graph_header"], message["graph_frames"]).data
            tasks, _, by_type = scheduler._materialize_graph(graph, message["annotations"], True, message["keys"])
            tasks = scheduler._cull(tasks, message["keys"])
        else:
            expr = deserialize(message["expr_ser"].header, message["expr_ser"].frames)
            tasks, *_, by_type = scheduler._materialize_graph(expr, True)
            if isinstance(expr, dask._expr.LLGExpr):
                tasks = scheduler._cull(tasks, message["keys"])
            extra = {"global_annotations": message["annotations"]}
        self.tasks = tasks
        self.dependencies = {key: set(task.dependencies) for key, task in tasks.items()}
        states = [types.SimpleNamespace(key=key, annotations={}) for key in tasks]
        stock = types.SimpleNamespace(coerce_address=str)
        scheduler.Scheduler._apply_annotations(stock, tasks=states, annotations_by_type=by_type, **extra)
        self.states = {state.key: state for state in states}
        self.annotations = {state.key: state.annotations for state in states if state.annotations}

    def specs(self):
        """{key: what a worker gets}, through the stock scheduler's own encoding."""
        result = {}
        for key, spec in self.tasks.items():
            if not PACKED:
                spec = {"run_spec": ToPickle(spec)}
            elif not isinstance(spec, dict):
                spec = {"run_spec": spec}
            result[key] = loads(dumps(spec))
        return result


def run(specs, dependencies, values=None):
    """Results of all tasks, computed the way a worker does."""
    values = dict(values or {})
    waiting = list(specs)
    while waiting:
        later = []
        for key in waiting:
            if dependencies[key] <= values.keys():
                values[key] = run_one(specs[key], {other: values[other] for other in dependencies[key]})
            else:
                later.append(key)
        assert len(later) < len(waiting), "tasks wait for each other: %s" % later[:10]
        waiting = later
    return values


def run_one(spec, values):
    if not PACKED:
        return spec["run_spec"](values)
    from distributed.utils_comm import pack_data
    from distributed.worker import _deserialize

    fields = dict(spec)
    if "run_spec" in fields:
        fields["task"] = fields.pop("run_spec")
    function, args, kwargs = _deserialize(**fields)
    pack = {"key_types": (bytes, str)}
    return function(*pack_data(args, values, **pack), **pack_data(kwargs, values, **pack))
