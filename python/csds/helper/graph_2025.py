"""Graphs of distributed from 2025.4: ``update-graph`` with a pickled expression.

Mirrors ``Scheduler.update_graph`` up to the point where it looks at what the scheduler has already. For collections
that are not expressions themselves this is where their low-level optimisation runs, with the collection's own code.
"""
import operator

from dask._expr import LLGExpr
from distributed import scheduler
from distributed.protocol import deserialize

from . import loading, pickled_tasks, quicker_dask
from .annotations import Annotations
from .graph import Graph

quicker_dask.install()


def flatten(message, validate):
    serialized = message["expr_ser"]
    with loading.explained():
        expr = deserialize(serialized.header, serialized.frames)
    # 2025.4.0 answers (tasks, dependencies, annotations), later releases (tasks, annotations).
    tasks, *_, annotations_by_type = scheduler._materialize_graph(expr=expr, validate=validate)
    if isinstance(expr, LLGExpr):  # other expressions cull themselves
        tasks = scheduler._cull(tasks, message["keys"])
    del expr
    specs = list(tasks.values())
    return Graph(
        keys=list(tasks),
        specs=specs,
        dependencies=list(map(operator.attrgetter("dependencies"), specs)),
        annotations=Annotations(by_type=annotations_by_type, everywhere=message.get("annotations")),
        wanted=message["keys"],
        write_run_specs=pickled_tasks.write,
    )
