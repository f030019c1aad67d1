"""Graphs of distributed 2023.4 to 2025.3: ``update-graph`` with a pickled HighLevelGraph.

Mirrors ``Scheduler.update_graph`` up to the point where it looks at what the scheduler has already.
"""
import operator

from distributed import scheduler
from distributed.protocol import deserialize

from . import loading, pickled_tasks
from .annotations import Annotations
from .graph import Graph


def flatten(message, validate):
    with loading.explained():
        graph = deserialize(message["graph_header"], message["graph_frames"]).data
    tasks, _, annotations_by_type = scheduler._materialize_graph(
        graph=graph,
        global_annotations=message.get("annotations") or {},
        keys=message["keys"],
        validate=validate,
    )
    del graph
    tasks = scheduler._cull(tasks, message["keys"])
    specs = list(tasks.values())
    return Graph(
        keys=list(tasks),
        specs=specs,
        dependencies=list(map(operator.attrgetter("dependencies"), specs)),
        annotations=Annotations(by_type=annotations_by_type),
        wanted=message["keys"],
        write_run_specs=pickled_tasks.write,
    )
