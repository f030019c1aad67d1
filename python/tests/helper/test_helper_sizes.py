"""Large graphs and large values."""
import operator

import dask
import pytest

from driver import memory
from test_helper_graphs import with_graph
from upstream import PACKED, run


def test_a_hundred_thousand_tasks(record, helper):
    message = record(lambda client: client.map(operator.neg, range(100_000), pure=False))
    expansion = helper.expand(message)
    assert len(expansion.keys) == 100_000
    assert max(expansion.columns["dependency_counts"]) == 0
    specs = expansion.specs()
    last = expansion.keys[-1]
    assert run({last: specs[last]}, {last: set()})


@pytest.mark.skipif(PACKED, reason="the client packs such graphs itself in this release")
def test_many_delayed_calls_take_no_quadratic_time(record, helper):
    neg = dask.delayed(operator.neg)
    expansion = helper.expand(record(lambda client: client.compute(dask.delayed(sum)([neg(i) for i in range(3000)]))))
    assert len(expansion.keys) == 3001
    assert expansion.seconds["load"] < 0.5


def test_long_chain(record, helper):
    def chain(client):
        value = dask.delayed(0)
        for _ in range(3000):
            value = dask.delayed(operator.neg)(value)
        return client.compute(value, optimize_graph=False)

    expansion = helper.expand(record(chain))
    assert run(expansion.specs(), expansion.dependencies)


@pytest.mark.skipif(PACKED, reason="tasks are the client's pickles in this release")
def test_chunks_are_bounded(record, helper):
    message = with_graph(record, {"k-%d" % i: (len, bytes([i % 256]) * 100_000) for i in range(200)})
    expansion = helper.expand(message)
    assert expansion.chunks >= 4
    results = run(expansion.specs(), expansion.dependencies)
    assert set(results.values()) == {100_000}


@pytest.mark.skipif(PACKED, reason="tasks are the client's pickles in this release")
def test_large_task(record, helper):
    numpy = pytest.importorskip("numpy")
    value = numpy.arange(3_000_000)
    dsk = {"a": (operator.itemgetter(-1), value), "b": (len, b"x" * 10_000_000)}
    expansion = helper.expand(with_graph(record, dsk))
    assert [len(frame) for frame in expansion.shared] == [value.nbytes]
    assert run(expansion.specs(), expansion.dependencies) == {"a": 2_999_999, "b": 10_000_000}


@pytest.mark.skipif(PACKED, reason="the client packs such graphs itself in this release")
def test_what_tasks_share_is_sent_once(record, helper):
    numpy = pytest.importorskip("numpy")
    table = numpy.arange(100_000)
    text = "x" * 200_000

    def lookup(i):
        return table[i] + len(text)

    lookup.__module__ = "__main__"
    expansion = helper.expand(record(lambda client: client.map(lookup, range(500), pure=False)))
    assert len(expansion.shared) == 1
    assert sum(expansion.sizes) < 500 * 2000
    assert sorted(run(expansion.specs(), expansion.dependencies).values()) == [200_000 + i for i in range(500)]


@pytest.mark.skipif(PACKED, reason="the client packs such graphs itself in this release")
def test_an_array_in_many_tasks_is_sent_once(record, helper):
    numpy = pytest.importorskip("numpy")
    table = numpy.arange(100_000)
    message = with_graph(record, {"k-%d" % i: (operator.getitem, table, i) for i in range(100)})
    expansion = helper.expand(message)
    assert [len(frame) for frame in expansion.shared] == [table.nbytes]
    assert run(expansion.specs(), expansion.dependencies)["k-42"] == 42


@pytest.mark.skipif(not PACKED, reason="functions travel inside tasks in later releases")
def test_a_function_with_data_in_it_is_sent_once(record, helper):
    da = pytest.importorskip("dask.array")
    numpy = pytest.importorskip("numpy")
    table = numpy.arange(100_000)
    x = da.ones(200, chunks=1).map_blocks(lambda block: block + table[7])
    # Not optimised, since that makes the client pack every task with its own copy.
    message = record(lambda client: client.compute(x, optimize_graph=False))
    expansion = helper.expand(message)
    assert len(expansion.shared) == 1 and len(expansion.shared[0]) > table.nbytes
    results = run(expansion.specs(), expansion.dependencies)
    assert list(results[expansion.wanted[0]]) == [8.0] * 200


def test_memory_is_given_back(record, new_helper):
    helper = new_helper()
    message = record(lambda client: client.map(operator.neg, range(20_000), pure=False))
    sizes = []
    for _ in range(16):
        helper.expand(message)
        sizes.append(memory(helper.process.pid))
    # 20,000 tasks take about 15 MB while they are worked on: eight leaked graphs would show.
    assert sizes[-1] < sizes[7] + (20 << 20)
