"""Delayed, bag, array and dataframe, with results that are known beforehand. See also test_programs.py."""

import dask
import dask.array as da
import dask.bag as db
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from dask import delayed
from distributed import as_completed, futures_of, wait

import tasks
from clusters import RELEASE, eventually, worker_addresses
from programs import SHUFFLE
from tasks import add, inc


def test_hello_world(client):
    """The program of the README."""
    df = dask.datasets.timeseries(start="2020-01-01", end="2020-01-03")
    result = df.groupby("name")["x"].mean().compute()
    assert len(result) == 26
    assert {"Alice", "Zelda"} <= set(result.index)
    assert (result.abs() < 0.1).all()


class TestPersist:
    def test_computes_once(self, client, tmp_path):
        value = delayed(tasks.write)(tmp_path / "calls", 7).persist()
        assert delayed(inc)(value).compute() == 8
        assert delayed(add)(value, value).compute() == 14
        assert tasks.read(tmp_path / "calls") == ["7"]

    @pytest.mark.parametrize("optimize_graph", [True, False])
    def test_array(self, client, optimize_graph):
        x = client.persist(da.arange(100, chunks=10) + 1, optimize_graph=optimize_graph)
        wait(x)
        assert len(futures_of(x)) == 10
        assert (x + x[::-1]).sum().compute() == 2 * 5050
        assert x[20:25].compute().tolist() == [21, 22, 23, 24, 25]

    def test_bag(self, client):
        bag = db.range(50, npartitions=5).map(inc).persist()
        assert bag.sum().compute() == 1275
        assert bag.filter(lambda x: x > 48).compute() == [49, 50]

    def test_dataframe(self, client):
        df = dd.from_pandas(pd.DataFrame({"a": range(20), "b": [0, 1] * 10}), npartitions=4).persist()
        assert df.groupby("b").a.sum().compute().to_dict() == {0: 90, 1: 100}
        assert len(df) == 20

    def test_several_collections_share_tasks(self, client, tmp_path):
        base = delayed(tasks.write)(tmp_path / "calls", 1)
        a, b = dask.persist(delayed(inc)(base), delayed(add)(base, 10))
        assert dask.compute(a, b) == (2, 11)
        assert tasks.read(tmp_path / "calls") == ["1"]

    def test_is_released(self, client):
        x = da.ones(10, chunks=2).persist()
        wait(x)
        assert len(client.who_has()) == 5
        del x
        assert eventually(lambda: not client.who_has())

    def test_chain_of_persists(self, client):
        x = da.zeros(12, chunks=3)
        for _ in range(10):
            x = (x + 1).persist()
        assert x.compute().tolist() == [10] * 12
        assert len(futures_of(x)) == 4
        assert eventually(lambda: sum(len(workers) > 0 for workers in client.who_has().values()) == 4)

    def test_errors(self, client):
        value = delayed(tasks.divide)(1, 0).persist()
        with pytest.raises(ZeroDivisionError):
            value.compute()
        with pytest.raises(ZeroDivisionError):
            delayed(inc)(value).compute()


class TestCompute:
    def test_futures_of_collections(self, client):
        total = client.compute(da.ones((10, 10), chunks=5).sum())
        assert total.result() == 100
        a, b = client.compute([delayed(inc)(1), db.range(4, npartitions=2).sum()])
        assert client.gather([a, b]) == [2, 6]
        assert client.compute(delayed(inc)(1), sync=True) == 2

    def test_several_at_once(self, client):
        x = da.arange(10, chunks=5)
        assert dask.compute(x.sum(), x.max(), {"mean": x.mean()}, 5) == (45, 9, {"mean": 4.5}, 5)

    def test_as_completed(self, client):
        futures = client.compute([delayed(inc)(i) for i in range(10)])
        assert sorted(future.result() for future in as_completed(futures)) == list(range(1, 11))

    @pytest.mark.parametrize("optimize_graph", [True, False])
    def test_without_optimization(self, client, optimize_graph):
        x = da.ones((12, 12), chunks=4)
        y = (x + x.T).rechunk((3, 12)).sum(axis=0) * 2
        assert y.compute(optimize_graph=optimize_graph).tolist() == [48] * 12

    def test_futures_in_collections(self, client):
        future = client.submit(inc, 1)
        assert delayed(add)(future, 10).compute() == 12
        array = client.submit(np.arange, 6)
        assert da.from_delayed(delayed(lambda x: x)(array), (6,), dtype="i8").sum().compute() == 15
        frames = client.map(lambda i: pd.DataFrame({"a": [i] * 3}), range(4))
        assert dd.from_delayed(frames, meta=pd.DataFrame({"a": [0]})).a.sum().compute() == 18

    def test_delayed_with_scattered_data(self, client):
        data = client.scatter(np.arange(10), broadcast=True)
        sums = [delayed(lambda x, i: int(x.sum()) + i)(data, i) for i in range(4)]
        assert dask.compute(*sums) == (45, 46, 47, 48)


class TestGraphs:
    """Graphs without a collection, as `client.get` takes them."""

    def test_tuple_keys(self, client):
        graph = {("x", 0): 1, ("y", 0): (inc, ("x", 0)), "z": (add, ("y", 0), ("x", 0))}
        assert client.get(graph, "z") == 3
        assert client.get(graph, [("y", 0), ["z", ("x", 0)]]) == [2, [3, 1]]

    def test_nested_tuple_keys(self, client):
        graph = {("a", ("b", 1), 2.5): (inc, 1), ("a", ("b", 2), 2.5): (inc, ("a", ("b", 1), 2.5))}
        assert client.get(graph, ("a", ("b", 2), 2.5)) == 3

    def test_aliases_and_literals(self, client):
        graph = {"one": 1, "alias": "one", "alias-of-alias": "alias", "two": (inc, "alias-of-alias")}
        assert client.get(graph, ["two", "alias-of-alias", "one"]) == [2, 1, 1]

    def test_only_what_is_needed(self, client, tmp_path):
        graph = {"needed": (inc, 1), "other": (tasks.write, str(tmp_path / "ran"), "x")}
        assert client.get(graph, "needed") == 2
        assert not tasks.read(tmp_path / "ran")

    def test_lists_and_nested_calls(self, client):
        graph = {"a": 1, "b": (inc, "a"), "c": (sum, ["a", "b", (inc, "b")])}
        assert client.get(graph, "c") == 6

    def test_same_keys_again(self, client):
        for expected in (3, 3):
            assert client.get({"x": 1, "y": (add, "x", 2)}, "y") == expected


class TestErrors:
    def test_delayed(self, client):
        values = [delayed(tasks.divide)(1, i) for i in range(3)]
        with pytest.raises(ZeroDivisionError) as caught:
            delayed(sum)(values).compute()
        assert "divide" in [frame.name for frame in caught.traceback]

    def test_array(self, client):
        def fail(block, block_id=None):
            if block_id == (1,):
                raise ValueError("second block")
            return block

        x = da.ones(9, chunks=3).map_blocks(fail, dtype="f8")
        with pytest.raises(ValueError, match="second block"):
            x.sum().compute()
        assert x[:3].sum().compute() == 3

    def test_bag(self, client):
        with pytest.raises(KeyError, match="absent"):
            db.from_sequence([{"a": 1}] * 4, npartitions=2).map(lambda record: record["absent"]).sum().compute()

    def test_retries(self, client, tmp_path):
        value = delayed(tasks.fail_times)(tmp_path / "calls", 2)
        assert dask.compute(delayed(inc)(value), retries=2) == (4,)


class TestArray:
    def test_transpose(self, client):
        n = 30
        x = da.arange(n * n, chunks=90).reshape(n, n)
        expected = np.arange(n * n).reshape(n, n)
        assert np.array_equal((x + x.T).compute(), expected + expected.T)

    def test_rechunk_with_tasks(self, client):
        x = da.arange(10_000, chunks=100).reshape(100, 100)
        y = x.rechunk((100, 7), method="tasks") if RELEASE >= (2023, 0) else x.rechunk((100, 7))
        y = client.persist(y)
        assert y.numblocks == (1, 15)
        assert np.array_equal(y.compute(), np.arange(10_000).reshape(100, 100))

    def test_large_blocks_move_between_workers(self, client):
        x = da.ones((2000, 2000), chunks=(500, 2000)).rechunk((2000, 500))
        assert (x.T @ x)[0, :3].compute().tolist() == [2000.0] * 3


class TestDataframe:
    @pytest.fixture
    def df(self):
        values = np.random.default_rng(0).permutation(1000)
        return dd.from_pandas(pd.DataFrame({"value": values, "group": values % 10}), npartitions=10)

    def test_set_index_sorts(self, client, df):
        indexed = df.set_index("value", **SHUFFLE)
        assert indexed.known_divisions
        result = indexed.compute()
        assert result.index.tolist() == list(range(1000))
        assert (result.group == result.index % 10).all()
        assert indexed.loc[250:259].compute().group.tolist() == list(range(10))

    def test_sort_values(self, client, df):
        assert df.sort_values("value", **SHUFFLE).value.compute().tolist() == list(range(1000))

    def test_shuffle_brings_equal_values_together(self, client, df):
        shuffled = df.shuffle("group", **SHUFFLE)
        groups = client.gather(client.compute([part.group.unique() for part in shuffled.partitions]))
        found = [group for part in groups for group in part]
        assert sorted(found) == list(range(10))

    def test_merge(self, client, df):
        other = dd.from_pandas(pd.DataFrame({"group": range(5), "label": list("abcde")}), npartitions=2)
        merged = df.merge(other, on="group", **SHUFFLE).compute()
        assert len(merged) == 500
        assert (merged.label.astype(object) == merged.group.map(dict(enumerate("abcde")))).all()

    def test_groupby(self, client, df):
        result = df.groupby("group").value.agg(["count", "max"]).compute().sort_index()
        assert result["count"].tolist() == [100] * 10
        assert result["max"].tolist() == list(range(990, 1000))

    def test_partitions_stay_where_they_are(self, client, df):
        bob = worker_addresses(client)["bob"]
        df = client.persist(df, workers="bob")
        wait(df)
        assert {tuple(workers) for workers in client.who_has(futures_of(df)).values()} == {(bob,)}
        assert df.value.sum().compute() == 499_500


@pytest.mark.timeout(300)
def test_100_000_tasks(new_cluster):
    cluster = new_cluster(worker_saturation="inf")
    cluster.add_worker("alice", nthreads=4, wait=False)
    cluster.add_worker("bob", nthreads=4, wait=False)
    cluster.wait_for_workers("alice", "bob")

    n = 100_000
    graph = {f"leaf-{i}": (inc, i) for i in range(n)}
    graph |= {f"sum-{i}": (sum, [f"leaf-{j}" for j in range(i, i + 100)]) for i in range(0, n, 100)}
    graph["total"] = (sum, [f"sum-{i}" for i in range(0, n, 100)])
    assert cluster.client().get(graph, "total") == n * (n + 1) // 2
