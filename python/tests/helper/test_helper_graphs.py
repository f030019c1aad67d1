"""What the helper makes of graphs, against what the installed scheduler's own functions make of them."""
import operator
import pickle

import dask
import dask.bag
import distributed
import pytest

from upstream import EXPRESSION, PACKED, Upstream, run

needs_tuple_keys = pytest.mark.skipif(PACKED, reason="keys are strings in this release")


def double(x):
    return 2 * x


# As if defined in a script: cannot be imported anywhere else, so that it travels by value.
double.__module__ = "__main__"

delayed_double = dask.delayed(double)
delayed_neg = dask.delayed(operator.neg)


def submit(client):
    return client.submit(operator.add, 1, 2)


def map_imported(client):
    return client.map(operator.neg, range(100))


def map_by_value(client):
    return client.map(double, range(100))


def map_with_keywords(client):
    return client.map(lambda x, y: x + y[x % 10], range(100), y=list(range(10)))


def delayed(client):
    return client.compute(dask.delayed(sum)([delayed_double(delayed_neg(i)) for i in range(50)]))


def nested(client):
    return client.compute(dask.delayed(dict)({"a": [delayed_neg(1), (delayed_double(2), {"b": delayed_neg(3)})]}))


def bag(client):
    return client.compute(dask.bag.from_sequence(range(100), npartitions=10).map(double).filter(bool).sum())


def several(client):
    return client.compute([delayed_double(i) for i in range(20)] + [delayed_neg(3)])


def array(client):
    da = pytest.importorskip("dask.array")
    x = da.arange(900, chunks=30).reshape((30, 30)).rechunk((10, 10))
    return client.compute((x + x.T).sum(axis=0).map_blocks(double).map_blocks(lambda block: block + 1))


def array_with_closure(client):
    da = pytest.importorskip("dask.array")
    numpy = pytest.importorskip("numpy")
    table = numpy.arange(100_000)
    return client.compute(da.ones((100, 10), chunks=(1, 10)).map_blocks(lambda block: block + table[:10]))


def dataframe(client):
    pytest.importorskip("dask.dataframe")
    frame = dask.datasets.timeseries(start="2020-01-01", end="2020-01-08", seed=1)
    return client.compute(frame.groupby("name")["x"].mean())


GRAPHS = [
    submit, map_imported, map_by_value, map_with_keywords, delayed, nested, bag, several, array, array_with_closure,
    dataframe,
]


@pytest.mark.parametrize("graph", GRAPHS, ids=lambda graph: graph.__name__)
def test_same_graph_as_upstream(graph, record, helper):
    message = record(graph)
    expected, expansion = Upstream(message), helper.expand(message)
    assert set(expansion.keys) == set(expected.tasks)
    assert len(expansion.keys) == len(set(expansion.keys))
    assert expansion.dependencies == expected.dependencies
    assert set(expansion.wanted) == expected.wanted
    assert expansion.external == ()
    assert expansion.annotations == {}


@pytest.mark.parametrize("graph", GRAPHS, ids=lambda graph: graph.__name__)
def test_same_results_as_upstream(graph, record, helper):
    message = record(graph)
    expected, expansion = Upstream(message), helper.expand(message)
    results = run(expansion.specs(), expansion.dependencies)
    for key, value in run(expected.specs(), expected.dependencies).items():
        assert equal(results[key], value), key


def equal(left, right):
    if hasattr(left, "equals"):
        return left.equals(right)
    same = left == right
    return bool(same.all()) if hasattr(same, "all") else bool(same)


@pytest.mark.skipif(PACKED, reason="tasks are not objects in this release")
@pytest.mark.parametrize("graph", [map_imported, several, array, dataframe], ids=lambda graph: graph.__name__)
def test_loaded_tasks_are_equal_to_upstreams(graph, record, helper):
    message = record(graph)
    expected, expansion = Upstream(message).specs(), helper.expand(message).specs()
    for key, spec in expansion.items():
        left, right = spec["run_spec"], expected[key]["run_spec"]
        assert type(left) is type(right)
        assert left.key == right.key == key
        assert left.dependencies == right.dependencies
        assert repr(left) == repr(right)


def test_futures_are_external_dependencies(record, helper, recorder):
    past = recorder.client.map(operator.neg, range(3), key=["past-%d" % i for i in range(3)])
    message = record(lambda client: client.submit(sum, past, key="now"))
    expected, expansion = Upstream(message), helper.expand(message)
    assert expansion.keys == ("now",)
    assert expansion.dependencies["now"] == expected.dependencies["now"] == {"past-0", "past-1", "past-2"}
    assert sorted(expansion.external) == ["past-0", "past-1", "past-2"]
    assert run(expansion.specs(), expansion.dependencies, {"past-0": 1, "past-1": 2, "past-2": 3})["now"] == 6


@pytest.mark.skipif(PACKED, reason="keys are str")
@pytest.mark.parametrize(
    "key", ["日本語-\U0001f40d", ("ü", 1, ("x", 2.5)), ("x", -1), ("x", 10**18), 3, 2.5, b"bytes\xff"]
)
def test_keys(key, record, helper):
    expansion = helper.expand(with_graph(record, {key: (operator.neg, 1)}))
    assert expansion.keys == (key,)
    assert type(expansion.keys[0]) is type(key)
    assert expansion.wanted == [key]


def test_text_keys(record, helper):
    key = "日本語-\U0001f40d"
    expansion = helper.expand(record(lambda client: client.submit(operator.neg, 1, key=key)))
    assert expansion.keys == (key,)
    assert run(expansion.specs(), expansion.dependencies) == {key: -1}


@needs_tuple_keys
def test_numpy_numbers_in_keys_become_plain(record, helper):
    numpy = pytest.importorskip("numpy")
    key = ("x", numpy.int64(1), numpy.float64(2.5), numpy.bool_(True))
    message = with_graph(record, {key: (operator.neg, 1)})
    message["keys"] = {("x", 1, 2.5, True)}
    expansion = helper.expand(message)
    assert expansion.keys == (("x", 1, 2.5, True),)
    assert [type(part) for part in expansion.keys[0]] == [str, int, float, bool]
    assert expansion.wanted == [("x", 1, 2.5, True)]


def with_graph(record, dsk):
    """A message with this graph, past the client's own checks of its keys."""
    from distributed.protocol import Serialized, serialize, to_serialize
    from distributed.protocol.serialize import ToPickle

    message = record(lambda client: client.submit(operator.neg, 1, pure=False))
    message["internal_priority"] = None
    message["keys"] = set(dsk)
    if EXPRESSION:
        message["expr_ser"] = Serialized(*serialize(to_serialize(dask._expr.LLGExpr(dsk)), on_error="raise"))
    else:
        from dask.highlevelgraph import HighLevelGraph

        graph = HighLevelGraph.from_collections("layer", dsk)
        message["graph_header"], message["graph_frames"] = serialize(ToPickle(graph), on_error="raise")
    return message


@needs_tuple_keys
def test_aliases_stay_tasks(record, helper):
    dsk = {"a": (operator.neg, 1), "b": "a", "c": (operator.add, "b", 1), "d": 5, "e": ["c", "d"]}
    message = with_graph(record, dsk)
    message["keys"] = {"e"}
    expansion = helper.expand(message)
    assert set(expansion.keys) == {"a", "b", "c", "d", "e"}
    assert expansion.dependencies == {"a": set(), "b": {"a"}, "c": {"b"}, "d": set(), "e": {"c", "d"}}
    alias, data, producer = 4, 2, 1
    assert expansion.flags["b"] & alias and not expansion.flags["a"] & alias
    assert expansion.flags["d"] & data and not expansion.flags["b"] & data
    assert bool(expansion.flags["d"] & producer) == EXPRESSION
    assert run(expansion.specs(), expansion.dependencies)["e"] == [0, 5]


@needs_tuple_keys
def test_what_nobody_wants_is_culled(record, helper):
    message = with_graph(record, {"a": (operator.neg, 1), "b": (operator.neg, "a"), "c": (operator.neg, "a")})
    message["keys"] = {"b", "elsewhere"}
    expansion = helper.expand(message)
    assert set(expansion.keys) == {"a", "b"}
    assert set(expansion.wanted) == {"b", "elsewhere"}
    assert expansion.external == ("elsewhere",)


@pytest.mark.skipif(not PACKED, reason="other releases have no such graphs")
def test_packed_graph_without_self_dependencies_and_aliases(helper):
    task = {"function": b"f", "args": b"a"}
    state = {"dsk": {"a": task, "b": task, "c": "c"}, "dependencies": {"a": {"a"}, "b": {"a", "b", "x"}, "c": set()}}
    layer = {"__module__": None, "__name__": None, "state": state, "annotations": None}
    message = {"op": "update-graph-hlg", "hlg": {"layers": [layer]}, "keys": ["b"], "priority": None}
    expansion = helper.expand(message)
    # The alias is another object after its journey, and stays: upstream compares identities as well.
    assert expansion.dependencies["a"] == set()
    assert expansion.dependencies["b"] == {"a", "x"}
    assert expansion.external == ("x",)


def test_mapping_of_producers(record, helper):
    if not EXPRESSION:
        pytest.skip("no data producers in this release")
    da = pytest.importorskip("dask.array")
    x = da.from_array(pytest.importorskip("numpy").arange(100), chunks=10)
    message = record(lambda client: client.compute(x.sum()))
    expected, expansion = Upstream(message), helper.expand(message)
    for key, task in expected.tasks.items():
        assert bool(expansion.flags[key] & 1) == task.data_producer


def test_barrier_of_a_p2p_shuffle_is_marked(record, helper):
    if PACKED:
        pytest.skip("no barrier tasks in this release")
    da = pytest.importorskip("dask.array")
    with dask.config.set({"array.rechunk.method": "p2p", "optimization.fuse.active": False}):
        x = da.ones((20, 20), chunks=(1, 20)).rechunk((20, 1))
        message = record(lambda client: client.compute(x.sum()))
    expected, expansion = Upstream(message), helper.expand(message)
    barriers = {key for key, task in expected.tasks.items() if type(task).__name__ == "P2PBarrierTask"}
    assert barriers
    assert {key for key in expansion.keys if expansion.flags[key] & 8} == barriers


@pytest.mark.parametrize("workers", [["a"], ["a", "b", "c"], [str(i) for i in range(23)]])
def test_shuffles_are_described(record, helper, workers):
    if PACKED:
        pytest.skip("no barrier tasks in this release")
    da = pytest.importorskip("dask.array")
    with dask.config.set({"array.rechunk.method": "p2p", "optimization.fuse.active": False}):
        x = da.ones((12, 20, 6), chunks=(1, 20, 6)).rechunk((12, 1, 3))
        y = da.ones((20, 20), chunks=(10, 2)).rechunk((1, 10))
        message = record(lambda client: client.compute(x.sum() + y.sum()))
    expected, expansion = Upstream(message), helper.expand(message)
    assert expansion.shuffles
    for shuffle in expansion.shuffles:
        spec = expected.tasks[expansion.keys[shuffle["task"]]].spec
        assert shuffle["id"] == spec.id
        assert pickle.loads(shuffle["spec"]) == spec
        assert list(shuffle["partitions"]) == list(spec.output_partitions)
        picked = [workers[len(workers) * place // shuffle["scale"]] for place in shuffle["places"]]
        assert picked == [spec.pick_worker(partition, workers) for partition in spec.output_partitions]
