"""Graphs of distributed up to 2023.3: ``update-graph-hlg``, layers packed for msgpack.

Mirrors ``Scheduler.update_graph_hlg``. The server reads materialised layers without help; this is for all others, and
copes with any mixture.
"""
from dask.highlevelgraph import HighLevelGraph

from . import packed_tasks
from .annotations import Annotations
from .graph import Graph


def flatten(message, validate):
    unpacked = HighLevelGraph.__dask_distributed_unpack__(message["hlg"])
    tasks, dependencies = unpacked["dsk"], unpacked["deps"]
    for key in [key for key, spec in tasks.items() if spec is key]:  # aliases of themselves
        del tasks[key]
    keys = list(tasks)
    return Graph(
        keys=keys,
        specs=list(tasks.values()),
        dependencies=[without(dependencies.get(key, ()), key) for key in keys],
        annotations=Annotations(by_type=unpacked["annotations"], keep_none=True),
        wanted=message["keys"],
        write_run_specs=packed_tasks.write,
    )


def without(dependencies, key):
    """Upstream removes self-dependencies, which publishing a bag produces."""
    return [other for other in dependencies if other != key] if key in dependencies else dependencies
