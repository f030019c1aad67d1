"""Peer-to-peer shuffles, the way they come with default settings where this release has them."""

import os
import signal
import time

import dask
import dask.array as da
import numpy as np
import pandas as pd
import pytest
from distributed import wait

from clusters import RELEASE, eventually, worker_addresses

pytestmark = pytest.mark.skipif(RELEASE < (2024, 11), reason="experimental in this release, and needs pyarrow")


@pytest.fixture
def dd():
    pytest.importorskip("pyarrow")
    return pytest.importorskip("dask.dataframe")


@pytest.fixture(autouse=True)
def p2p():
    """What is the default depends on what is installed; fused transfers would hide what is waited for."""
    with dask.config.set(
        {"dataframe.shuffle.method": "p2p", "array.rechunk.method": "p2p", "optimization.fuse.active": False}
    ):
        yield


def shuffles_began(cluster):
    return cluster.logs().count(" initialized by task ")


def rows(frame):
    return sorted(map(tuple, frame.values.tolist()))


@pytest.fixture
def began(shared_cluster):
    """Says how many shuffles have begun, besides those that other tests have left in the log."""
    before = shuffles_began(shared_cluster)
    return lambda: shuffles_began(shared_cluster) - before


class TestRechunk:
    base = np.arange(60 * 60).reshape(60, 60)

    def test_all_to_all(self, client, began):
        assert (da.from_array(self.base, chunks=(7, 60)).rechunk((60, 7)).compute() == self.base).all()
        assert began() == 1

    def test_three_dimensions(self, client):
        base = np.arange(12**3).reshape(12, 12, 12)
        x = da.from_array(base, chunks=(2, 12, 3)).rechunk((12, 5, 4))
        assert (x.compute() == base).all()

    def test_parts_that_are_independent(self, client, began):
        x = da.from_array(self.base, chunks=(15, 5)).rechunk((3, 30))
        assert (x.compute() == self.base).all()
        assert began() > 1

    def test_only_some_of_the_output(self, client):
        x = da.from_array(self.base, chunks=(7, 60)).rechunk((60, 7))
        assert (x[:, 10:20].compute() == self.base[:, 10:20]).all()

    def test_one_after_the_other(self, client):
        x = da.from_array(self.base, chunks=(7, 60)).rechunk((60, 7)).rechunk((7, 60)).rechunk((30, 30))
        assert (x.compute() == self.base).all()

    def test_twice_on_what_is_kept(self, client):
        x = da.from_array(self.base, chunks=(7, 60)).rechunk((60, 7)).persist()
        assert (x.compute() == self.base).all()
        assert (x.rechunk((10, 60)).compute() == self.base).all()

    def test_a_failure_is_the_users_own(self, client):
        def fail(block):
            raise ZeroDivisionError("in a block")

        x = da.ones((20, 20), chunks=(2, 20)).map_blocks(fail, dtype=float, meta=np.ones((0, 0))).rechunk((20, 2))
        with pytest.raises(ZeroDivisionError, match="in a block"):
            x.compute()

    def test_is_cancelled(self, client):
        def slowly(block):
            time.sleep(0.1)
            return block

        x = client.compute(da.ones((40, 40), chunks=(1, 40)).map_blocks(slowly).rechunk((40, 1)).sum())
        time.sleep(0.5)
        x.cancel()


class TestDataFrames:
    left = pd.DataFrame({"key": np.arange(500) % 17, "a": np.arange(500)})
    right = pd.DataFrame({"key": np.arange(20), "b": np.arange(20) * 10})

    def test_merge(self, client, dd, began):
        merged = dd.from_pandas(self.left, npartitions=7).merge(
            dd.from_pandas(self.right, npartitions=4), on="key", how="outer"
        )
        expected = self.left.merge(self.right, on="key", how="outer").fillna(-1)
        assert rows(merged.compute().fillna(-1)[["key", "a", "b"]]) == rows(expected[["key", "a", "b"]])
        assert began() == 2

    def test_shuffle(self, client, dd):
        shuffled = dd.from_pandas(self.left, npartitions=7).shuffle("key")
        parts = [part for part in dask.compute(*shuffled.partitions) if len(part)]
        assert rows(pd.concat(parts)) == rows(self.left)
        assert sum(part.key.nunique() for part in parts) == 17

    def test_set_index(self, client, dd):
        indexed = dd.from_pandas(self.left, npartitions=7).set_index("key")
        assert indexed.compute().reset_index().key.is_monotonic_increasing
        assert indexed.loc[3].a.sum().compute() == self.left[self.left.key == 3].a.sum()

    def test_groupby_with_much_output(self, client, dd):
        means = dd.from_pandas(self.left, npartitions=7).groupby("key").a.mean(split_out=3).compute()
        pd.testing.assert_series_equal(means.sort_index(), self.left.groupby("key").a.mean(), check_names=False)


class TestWorkerLoss:
    """One of three workers is killed, with its nanny or without, in the middle of a shuffle."""

    @pytest.fixture
    def cluster(self, new_cluster):
        cluster = new_cluster()
        for name in ("ann", "ben", "cid"):
            cluster.add_worker(name, wait=False)
        cluster.wait_for_workers("ann", "ben", "cid")
        return cluster

    @staticmethod
    def slowly(block):
        time.sleep(0.05)
        return block

    @staticmethod
    def kill(client, name):
        (pid,) = client.run(os.getpid, workers=[worker_addresses(client)[name]]).values()
        os.kill(pid, signal.SIGKILL)

    def test_during_the_transfer(self, cluster):
        client = cluster.client()
        base = np.arange(40 * 40).reshape(40, 40)
        x = da.from_array(base, chunks=(1, 40)).map_blocks(self.slowly, dtype=int).rechunk((40, 1))
        result = client.compute(x)
        assert eventually(lambda: shuffles_began(cluster) == 1)
        self.kill(client, "ben")
        assert (result.result(timeout=60) == base).all()
        assert shuffles_began(cluster) == 2

    def test_while_output_is_read(self, cluster):
        client = cluster.client()
        base = np.arange(40 * 40).reshape(40, 40)
        x = da.from_array(base, chunks=(4, 40)).rechunk((40, 1)).map_blocks(self.slowly, dtype=int).persist()
        assert eventually(lambda: any(future.done() for future in client.futures_of(x)))
        self.kill(client, "cid")
        assert (x.compute() == base).all()

    def test_with_its_nanny(self, cluster):
        client = cluster.client()
        x = da.ones((40, 40), chunks=(1, 40)).map_blocks(self.slowly).rechunk((40, 1)).persist()
        assert eventually(lambda: shuffles_began(cluster) == 1)
        cluster.workers[0].kill()
        wait(x, timeout=60)
        assert x.sum().compute() == 1600

    def test_merge(self, cluster, dd):
        client = cluster.client()
        left, right = TestDataFrames.left, TestDataFrames.right
        slow = dd.from_pandas(left, npartitions=20).map_partitions(self.slowly, meta=left)
        merged = client.compute(slow.merge(dd.from_pandas(right, npartitions=4), on="key"))
        assert eventually(lambda: shuffles_began(cluster) >= 1)
        self.kill(client, "ann")
        assert rows(merged.result(timeout=60)[["key", "a", "b"]]) == rows(left.merge(right, on="key")[["key", "a", "b"]])
