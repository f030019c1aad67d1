"""How tasks are pickled: whatever is done to save time, workers load what the stock scheduler would have sent."""
import operator
import pickle
import sys
import types

import pytest

from test_helper_graphs import with_graph
from upstream import PACKED, Upstream, run

pytestmark = pytest.mark.skipif(PACKED, reason="tasks are the client's pickles in this release")

MAIN_SOURCE = """
counter = []

def count(x):
    counter.append(x)
    return len(counter)

def total(function, x):
    return function(x), len(counter)

class Point:
    def __init__(self, x):
        self.x = x

    def twice(self):
        return Point(2 * self.x)

def make(x):
    return Point(x)

def read(point):
    return type(point) is Point and point.twice().x

def recursive(n):
    return 1 if n == 0 else n * recursive(n - 1)
"""


@pytest.fixture
def script():
    """What a user's script defines: things of a module that nobody can import."""
    module = types.ModuleType("__main__")
    exec(MAIN_SOURCE, vars(module))
    return module


def results(message, helper):
    expansion = helper.expand(message)
    return expansion, run(expansion.specs(), expansion.dependencies)


def test_function_of_a_script(script, record, helper):
    _, values = results(record(lambda client: client.map(script.recursive, range(10), pure=False)), helper)
    assert sorted(values.values()) == [1, 1, 2, 6, 24, 120, 720, 5040, 40320, 362880]


def test_functions_of_a_script_share_their_globals(script, record, helper):
    message = with_graph(record, {"k-%d" % i: (script.total, script.count, i) for i in range(5)})
    _, values = results(message, helper)
    # Each task has its own copy of the script's globals, as upstream; within it the functions share them.
    assert set(values.values()) == {(1, 1)}


def test_classes_of_a_script_keep_their_identity(script, record, helper):
    # Tasks are loaded one by one, as on a worker: a Point of one has to be a Point for the next.
    dsk = {"k-%d" % i: (script.make, i) for i in range(5)}
    dsk.update({"r-%d" % i: (script.read, "k-%d" % i) for i in range(5)})
    message = with_graph(record, dsk)
    message["keys"] = {key for key in dsk if key.startswith("r")}
    _, values = results(message, helper)
    assert [values["r-%d" % i] for i in range(1, 5)] == [2, 4, 6, 8]


def test_instances_of_a_scripts_classes(script, record, helper):
    message = with_graph(record, {"k-%d" % i: (operator.attrgetter("x"), script.Point(i)) for i in range(20)})
    _, values = results(message, helper)
    assert values == {"k-%d" % i: i for i in range(20)}


def test_all_kinds_mixed(script, record, helper):
    lock = __import__("threading").Lock
    dsk = {}
    for i in range(300):
        function = (operator.neg, script.recursive, lambda x: x + 1, lock)[i % 4]
        dsk["k-%d" % i] = (function, i % 10) if function is not lock else (script.total, lambda x: x, i)
    _, values = results(with_graph(record, dsk), helper)
    assert values["k-100"] == 0 and values["k-104"] == -4
    assert values["k-105"] == 120 and values["k-6"] == 7 and values["k-7"] == (7, 0)


def test_closures_and_defaults(record, helper):
    offset = 100

    def outer(x, y=7):
        def inner(z):
            return x + y + z + offset

        return inner(1)

    outer.__module__ = "__main__"
    _, values = results(record(lambda client: client.map(outer, range(5), pure=False)), helper)
    assert sorted(values.values()) == [108, 109, 110, 111, 112]


def test_text_that_names_main_is_no_reason_to_fail(record, helper):
    dsk = {"k-%d" % i: (operator.concat, "__main__", str(i)) for i in range(100)}
    _, values = results(with_graph(record, dsk), helper)
    assert values["k-42"] == "__main__42"


def test_same_object_twice_in_a_task(record, helper):
    shared = types.SimpleNamespace()
    _, values = results(with_graph(record, {"a": (operator.is_, shared, shared)}), helper)
    assert values["a"] is True


def test_what_only_Dask_can_pickle(record, helper):
    view = memoryview(b"some bytes")
    _, values = results(with_graph(record, {"a": (bytes, view), "b": (len, view)}), helper)
    assert values == {"a": b"some bytes", "b": 10}


def test_arrays_can_be_written_to(record, helper):
    numpy = pytest.importorskip("numpy")
    small, large = numpy.arange(10), numpy.arange(100_000)

    def write(array):
        array[0] = 5
        return int(array[0])

    write.__module__ = "__main__"
    expansion = helper.expand(with_graph(record, {"a": (write, small), "b": (write, large)}))
    expansion.shared = list(map(bytearray, expansion.shared))
    specs = expansion.run_specs
    assert sorted(len(frames) for frames in specs) == [1, 2]
    for frames in specs:
        # A worker's frames lie in memory that can be written to.
        frames[1:] = map(bytearray, frames[1:])
    assert run(expansion.specs(), expansion.dependencies) == {"a": 5, "b": 5}


def test_pickles_are_not_larger_than_upstreams(record, helper):
    message = record(lambda client: client.map(operator.neg, range(100), pure=False))
    expansion = helper.expand(message)
    tasks = Upstream(message).tasks
    assert sum(expansion.sizes) <= sum(len(pickle.dumps(tasks[key], pickle.HIGHEST_PROTOCOL)) for key in tasks)


def test_an_exhausted_recursion_limit_is_an_error(record, helper):
    from driver import Failed

    nested = []
    for _ in range(sys.getrecursionlimit() // 2):
        nested = [nested]
    try:
        message = with_graph(record, {"a": (len, nested)})
    except RecursionError:
        pytest.skip("the client itself cannot send this")
    try:
        assert helper.expand(message).keys == ("a",)
    except Failed as failed:
        assert "Recursion" in failed.text or "deserialization" in failed.text
