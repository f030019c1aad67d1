"""Graphs that cannot be loaded, and user code that does what it should not."""
import operator
import os
import sys

import distributed
import pytest
from distributed.protocol.serialize import ToPickle

from driver import Failed, HelperDied
from test_helper_graphs import with_graph
from upstream import EXPRESSION, PACKED

needs_pickled_graph = pytest.mark.skipif(PACKED, reason="graphs are no pickles in this release")


class Calls:
    """Unpickles by calling a function: what the code in a graph might do."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call

    def __dask_tokenize__(self):
        return repr(self.call)


@pytest.fixture
def simple(record):
    """A message with a graph of one task."""
    return record(lambda client: client.submit(operator.neg, 1, pure=False))


def calling(message, function, *args):
    """The message, with something that calls a function when the scheduler loads it."""
    return {**message, "code": ToPickle(Calls(function, *args))}


@needs_pickled_graph
def test_graph_that_cannot_be_loaded(record, helper):
    message = with_graph(record, {"a": (operator.neg, Calls(int, "no number"))})
    with pytest.raises(Failed) as failed:
        helper.expand(message)
    error = failed.value.exception
    assert type(error) is RuntimeError
    assert str(error) == upstream_text()
    assert isinstance(error.__cause__, ValueError) and "no number" in str(error.__cause__)
    assert failed.value.text.startswith("RuntimeError: ")
    assert "Error during deserialization of the task graph" in failed.value.text
    assert failed.value.traceback is not None and failed.value.traceback_text


def upstream_text():
    """The text as the stock scheduler's source has it."""
    import inspect
    import textwrap

    source = inspect.getsource(distributed.scheduler.Scheduler.update_graph)
    return textwrap.dedent(source.split('msg = """\\\n')[1].split('"""')[0])


@needs_pickled_graph
def test_module_that_is_missing_here(record, helper, tmp_path, monkeypatch):
    (tmp_path / "only_on_the_client.py").write_text("def function(x):\n    return x\n")
    monkeypatch.syspath_prepend(tmp_path)
    import only_on_the_client

    message = with_graph(record, {"a": (only_on_the_client.function, 1)})
    with pytest.raises(Failed) as failed:
        helper.expand(message)
    assert str(failed.value.exception) == upstream_text()
    assert isinstance(failed.value.exception.__cause__, ModuleNotFoundError)


@pytest.mark.skipif(not PACKED, reason="packed graphs only")
def test_packed_layer_of_a_module_that_is_not_allowed(helper):
    layer = {"__module__": "evil.layers", "__name__": "Layer", "state": {}, "annotations": None}
    with pytest.raises(Failed) as failed:
        helper.expand({"op": "update-graph-hlg", "hlg": {"layers": [layer]}, "keys": ["a"]})
    assert type(failed.value.exception) is RuntimeError
    assert "Importing 'evil.layers' is not allowed" in str(failed.value.exception)


def test_error_while_the_message_is_loaded(simple, helper):
    with pytest.raises(Failed) as failed:
        helper.expand(calling(simple, int, "no number"))
    assert type(failed.value.exception) is ValueError


def test_graph_of_another_release(simple, helper):
    message = {name: value for name, value in simple.items() if name not in ("hlg", "graph_header", "expr_ser")}
    message["expr_ser" if not EXPRESSION else "hlg"] = {"layers": []}
    with pytest.raises(Failed) as failed:
        helper.expand(message)
    assert "distributed %s" % distributed.__version__ in str(failed.value.exception)


def test_message_without_a_graph(simple, helper):
    message = {name: value for name, value in simple.items() if name not in ("hlg", "graph_header", "expr_ser")}
    with pytest.raises(Failed, match="No graph is in the message"):
        helper.expand(message)


def test_unknown_op(helper):
    header, _ = helper.ask("juggle")
    assert header["op"] == "failed"
    assert "no op 'juggle'" in header["text"]


@pytest.mark.skipif(PACKED, reason="keys are str")
def test_key_that_is_none(record, helper):
    with pytest.raises(Failed) as failed:
        helper.expand(with_graph(record, {("x", frozenset((1,))): (operator.neg, 1)}))
    assert type(failed.value.exception) is TypeError
    assert repr(("x", frozenset((1,)))) in str(failed.value.exception)


@pytest.mark.skipif(PACKED, reason="keys are str")
def test_key_with_a_number_too_large_for_the_wire(record, helper):
    message = with_graph(record, {("x", 2**70): (operator.neg, 1), "y": (operator.neg, ("x", 2**70))})
    message["keys"] = {"y"}
    with pytest.raises(Failed) as failed:
        helper.expand(message)
    assert repr(("x", 2**70)) in str(failed.value.exception)


@needs_pickled_graph
def test_task_that_cannot_be_pickled(record, helper):
    generator = Calls(eval, "(lambda: (yield))()")
    with pytest.raises(Failed) as failed:
        helper.expand(with_graph(record, {"a": (list, [1, generator])}))
    assert "generator" in failed.value.text


def test_exit_in_user_code_is_an_error(simple, helper):
    with pytest.raises(Failed) as failed:
        helper.expand(calling(simple, sys.exit, 3))
    assert "SystemExit" in failed.value.text
    assert helper.expand(simple).keys


def test_exit_without_cleanup_ends_the_helper(simple, new_helper):
    helper = new_helper()
    with pytest.raises(HelperDied) as died:
        helper.expand(calling(simple, os._exit, 7))
    assert died.value.code == 7


def test_crash_in_user_code_ends_the_helper(simple, new_helper):
    import ctypes

    helper = new_helper()
    with pytest.raises(HelperDied) as died:
        helper.expand(calling(simple, ctypes.string_at, 0))
    assert died.value.code == -11


def test_printing_and_reading_disturb_nothing(simple, new_helper, capfd):
    helper = new_helper()
    for code in ("print('hello from user code')", "import sys; sys.stdin.read()", "import os; os.write(1, b'raw')"):
        assert helper.expand(calling(simple, exec, code)).keys
    helper.close()
    captured = capfd.readouterr()
    assert "hello from user code" in captured.err and "raw" in captured.err


def test_deep_recursion_is_an_error(simple, helper):
    with pytest.raises(Failed, match="RecursionError"):
        helper.expand(calling(simple, exec, "f = lambda f: f(f); f(f)"))


def test_exception_that_cannot_be_printed(simple, helper):
    code = "class E(Exception):\n    def __str__(self): raise ValueError\n    __repr__ = __str__\nraise E"
    with pytest.raises(Failed):
        helper.expand(calling(simple, exec, code))
    assert helper.expand(simple).keys


def test_huge_error_text_is_cut(simple, helper):
    with pytest.raises(Failed) as failed:
        helper.expand(calling(simple, exec, "raise ValueError('x' * 10_000_000)"))
    assert len(failed.value.text) < 100_000
