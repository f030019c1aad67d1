"""Turns a submitted message into a graph, by the functions that fit its release."""
import contextlib
import functools
import inspect
import textwrap


def load(frames, validate):
    """The graph in the frames of an ``update-graph`` or ``update-graph-hlg`` message."""
    from distributed.protocol import loads

    message = loads(frames, deserialize=False)
    for field in ("hlg", "graph_header", "expr_ser"):
        if field in message:
            return flatten_by(field)(message, validate)
    raise ValueError("No graph is in the message; it has %s" % ", ".join(sorted(message)))


@functools.lru_cache(None)
def flatten_by(field):
    """The function that makes a graph flat which comes in this field."""
    import distributed
    from distributed import scheduler

    try:
        if field == "hlg" and hasattr(scheduler.Scheduler, "update_graph_hlg"):
            from .graph_2022 import flatten

            return flatten
        parameters = inspect.signature(scheduler._materialize_graph).parameters
        if field == "graph_header" and "graph" in parameters:
            from .graph_2024 import flatten

            return flatten
        if field == "expr_ser" and "expr" in parameters:
            from .graph_2025 import flatten

            return flatten
    except (ImportError, AttributeError):
        pass
    raise RuntimeError(
        "The scheduler's Python has distributed %s, which cannot read the graphs of this client's release. "
        "Clients, scheduler and workers need the same release." % distributed.__version__
    )


@contextlib.contextmanager
def explained():
    """Wraps what goes wrong while user objects are unpickled into the error that the installed release raises."""
    try:
        yield
    except Exception as exception:
        raise RuntimeError(textwrap.dedent(explanation())) from exception


def explanation():
    """The text in the installed ``Scheduler.update_graph``: the one that users find when they search for it."""
    from distributed.scheduler import Scheduler

    function = inspect.unwrap(Scheduler.update_graph)
    for constant in function.__code__.co_consts:
        if isinstance(constant, str) and "Error during deserialization of the task graph" in constant:
            return constant
    return "Error during deserialization of the task graph."
