"""Where tasks run, and when: restrictions, resources, priorities and annotations."""

import contextlib
import time

import dask
import dask.array as da
import numpy as np
import pytest
from distributed import wait

import tasks
from clusters import eventually, worker_addresses
from tasks import inc, where


@pytest.mark.parametrize("name", ["alice", "bob"])
class TestWorkers:
    def test_by_name(self, client, name):
        futures = client.map(where, range(10), workers=name)
        assert client.gather(futures) == [name] * 10

    def test_by_address(self, client, name):
        address = worker_addresses(client)[name]
        assert client.submit(where, workers=[address]).result() == name

    def test_compute(self, client, name):
        value = dask.delayed(where)()
        assert client.compute(value, workers=name).result() == name

    def test_persist_and_dependents(self, client, name):
        array = client.persist(da.ones(20, chunks=5), workers=name)
        wait(array)
        addresses = {tuple(workers) for workers in client.who_has(array).values()}
        assert addresses == {(worker_addresses(client)[name],)}
        assert array.sum().compute() == 20


def test_either_of_two_workers(client):
    assert set(client.gather(client.map(where, range(30), workers=["alice", "bob"]))) == {"alice", "bob"}


def test_host(client):
    assert client.submit(where, workers="127.0.0.1").result() in ("alice", "bob")


def test_other_workers_when_allowed(client):
    future = client.submit(where, workers="carol", allow_other_workers=True)
    assert future.result() in ("alice", "bob")


def test_no_valid_worker_yet(new_cluster):
    cluster = new_cluster()
    cluster.add_worker("dave")
    client = cluster.client()
    restricted = client.submit(where, workers="carol")
    with_resource = client.submit(where, resources={"FPGA": 1}, pure=False)
    assert client.submit(where, pure=False).result() == "dave"
    assert not eventually(lambda: restricted.done() or with_resource.done(), timeout=0.5)
    cluster.add_worker("carol", "--resources", "FPGA=1")
    # A name that was unknown at first stands for the host of its worker.
    assert restricted.result(timeout=20) in ("carol", "dave")
    assert with_resource.result(timeout=20) == "carol"


class TestResources:
    def test_only_where_they_are(self, client):
        assert client.gather(client.map(where, range(8), resources={"GPU": 1})) == ["alice"] * 8

    def test_are_not_oversubscribed(self, client):
        # alice has two threads, but only one GPU.
        futures = client.map(tasks.interval, [0.05] * 4, resources={"GPU": 1}, pure=False)
        intervals = sorted(client.gather(futures))
        assert all(end <= begin for (_, end), (begin, _) in zip(intervals, intervals[1:]))

    def test_shares(self, client):
        futures = client.map(tasks.interval, [0.2] * 2, resources={"GPU": 0.5}, pure=False)
        (_, end), (begin, _) = sorted(client.gather(futures))
        assert begin < end

    def test_come_back_after_an_error(self, client):
        def fail():
            raise ValueError("with a GPU")

        with pytest.raises(ValueError, match="with a GPU"):
            client.submit(fail, resources={"GPU": 1}).result()
        assert client.submit(where, resources={"GPU": 1}).result() == "alice"


@contextlib.contextmanager
def only_thread_of_bob(client, go):
    """What is submitted inside, and put into the list, runs on bob after all of it has arrived there."""
    started = go.with_name("started")
    blocker = client.submit(tasks.wait_for, go, started, workers="bob")
    assert eventually(started.exists)
    submitted = []
    yield submitted
    keys = {future.key for future in submitted}
    bob = worker_addresses(client)["bob"]
    assert eventually(lambda: keys <= set(client.processing()[bob]))
    time.sleep(0.1)  # from the scheduler to bob
    go.touch()
    blocker.result()


class TestPriority:
    def test_submit(self, client, tmp_path):
        with only_thread_of_bob(client, tmp_path / "go") as futures:
            for priority in (0, 10, -10, 5):
                write = client.submit(tasks.write, tmp_path / "order", priority, priority=priority, workers="bob")
                futures.append(write)
        wait(futures)
        assert tasks.read(tmp_path / "order") == ["10", "5", "0", "-10"]

    def test_first_submitted_first_run(self, client, tmp_path):
        options = {"workers": "bob", "fifo_timeout": "0s"}
        with only_thread_of_bob(client, tmp_path / "go") as futures:
            futures += [client.submit(tasks.write, tmp_path / "order", i, **options) for i in range(10)]
        wait(futures)
        assert tasks.read(tmp_path / "order") == [str(i) for i in range(10)]

    def test_compute(self, client, tmp_path):
        with only_thread_of_bob(client, tmp_path / "go") as futures:
            for priority in (0, 2, 1):
                write = dask.delayed(tasks.write)(tmp_path / "order", priority)
                futures.append(client.compute(write, priority=priority, workers="bob"))
        wait(futures)
        assert tasks.read(tmp_path / "order") == ["2", "1", "0"]

    def test_annotation(self, client, tmp_path):
        writes = []
        for priority in (1, 3, 2):
            with dask.annotate(priority=priority):
                writes.append(dask.delayed(tasks.write)(tmp_path / "order", priority))
        with only_thread_of_bob(client, tmp_path / "go") as futures:
            futures += client.compute(writes, workers="bob", optimize_graph=False)
        wait(futures)
        assert tasks.read(tmp_path / "order") == ["3", "2", "1"]


class TestAnnotations:
    @pytest.mark.parametrize("name", ["alice", "bob"])
    def test_workers(self, client, name):
        with dask.annotate(workers=[name], allow_other_workers=False):
            values = [dask.delayed(where)(i) for i in range(4)]
        assert list(dask.compute(*values, optimize_graph=False)) == [name] * 4

    def test_workers_of_an_array(self, client):
        with dask.annotate(workers="bob"):
            array = da.ones(10, chunks=2).map_blocks(lambda block: np.array([where()] * len(block)), dtype="U5")
        assert list(array.compute(optimize_graph=False)) == ["bob"] * 10

    def test_other_workers(self, client):
        with dask.annotate(workers="carol", allow_other_workers=True):
            value = dask.delayed(where)()
        assert value.compute(optimize_graph=False) in ("alice", "bob")

    def test_resources(self, client):
        with dask.annotate(resources={"GPU": 1}):
            values = [dask.delayed(where)(i) for i in range(4)]
        assert list(dask.compute(*values, optimize_graph=False)) == ["alice"] * 4

    def test_retries(self, client, tmp_path):
        with dask.annotate(retries=2):
            value = dask.delayed(tasks.fail_times)(tmp_path / "calls", 2)
        assert value.compute(optimize_graph=False) == 3

    def test_of_futures(self, client):
        with dask.annotate(workers=["bob"], priority=5):
            futures = client.map(where, range(4))
        assert client.gather(futures) == ["bob"] * 4

    def test_unknown_ones_are_ignored(self, client):
        with dask.annotate(colour="green", nested={"a": [1, None]}):
            value = dask.delayed(inc)(1)
        assert value.compute(optimize_graph=False) == 2
