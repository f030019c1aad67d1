"""Locks, semaphores, events, queues, variables, datasets, topics and metadata, between clients and workers."""

import os
import signal
import threading
import time
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor

import distributed
import pytest
from distributed import Client, Event, Lock, MultiLock, Queue, Semaphore, TimeoutError, Variable, get_client, wait

import tasks
from clusters import RELEASE, eventually, python
from tasks import divide, inc

LOCKS_ARE_SEMAPHORES = RELEASE >= (2024, 8)


@pytest.fixture
def name():
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture
def other(shared_cluster):
    """A second client."""
    with Client(shared_cluster.address, set_as_default=False) as client:
        yield client


@pytest.fixture
def threads():
    with ThreadPoolExecutor(10) as pool:
        yield pool


def ask(client, op, /, **fields):
    """A request to the scheduler, as Dask's own classes make them."""
    return client.sync(getattr(client.scheduler, op), **fields)


def known(client):
    return set(client.who_has())


def seconds(function, *args, **kwargs):
    begin = time.monotonic()
    function(*args, **kwargs)
    return time.monotonic() - begin


class TestLock:
    def test_excludes(self, client, name, tmp_path):
        def add_one(_, name, path):
            with Lock(name):
                count = int(path.read_text())
                time.sleep(0.01)
                path.write_text(str(count + 1))

        path = tmp_path / "count"
        path.write_text("0")
        wait(client.map(add_one, range(20), name=name, path=path))
        assert path.read_text() == "20"

    def test_timeout(self, client, name):
        mine, theirs = Lock(name), Lock(name)
        assert mine.acquire()
        assert not theirs.acquire(timeout=0.05)
        assert not theirs.acquire(timeout="50ms")
        assert not theirs.acquire(blocking=False)
        mine.release()
        assert theirs.acquire(timeout=5)
        theirs.release()

    def test_whoever_waits_longest_is_next(self, client, name, threads):
        order = []

        def take(i):
            with Lock(name):
                order.append(i)

        first = Lock(name)
        first.acquire()
        waiting = []
        for i in range(5):
            waiting.append(threads.submit(take, i))
            time.sleep(0.1)
        first.release()
        for future in waiting:
            future.result(10)
        assert order == [0, 1, 2, 3, 4]

    @pytest.mark.skipif(LOCKS_ARE_SEMAPHORES, reason="semaphores know no owner")
    def test_only_the_owner_releases(self, client, name):
        with Lock(name), pytest.raises(ValueError, match="This lock has not yet been acquired"):
            ask(client, "lock_release", name=name, id="somebody else")

    @pytest.mark.skipif(not LOCKS_ARE_SEMAPHORES, reason="every lock object has its own idea")
    def test_locked(self, client, name):
        lock = Lock(name)
        assert not lock.locked()
        with lock:
            assert Lock(name).locked()
        assert not lock.locked()

    @pytest.mark.csds
    def test_a_client_that_dies_does_not_get_it(self, client, shared_cluster, name, tmp_path):
        lock = Lock(name)
        lock.acquire()
        victim = python(
            "import sys; from distributed import Client, Lock; client = Client(sys.argv[1])\n"
            "lock = Lock(sys.argv[2]); open(sys.argv[3], 'w'); lock.acquire()",
            tmp_path / "victim.log", shared_cluster.address, name, tmp_path / "waits",
        )
        try:
            assert eventually(lambda: (tmp_path / "waits").exists(), timeout=60)
            time.sleep(0.5)
        finally:
            victim.kill()
        time.sleep(0.5)
        lock.release()
        assert lock.acquire(timeout=5)
        lock.release()


class TestSemaphore:
    def test_bounds_what_runs_at_once(self, client, name, tmp_path):
        def use(i, semaphore, directory):
            with semaphore:
                (directory / str(i)).touch()
                count = len(list(directory.iterdir()))
                time.sleep(0.02)
                (directory / str(i)).unlink()
            return count

        semaphore = Semaphore(max_leases=2, name=name)
        counts = client.gather(client.map(use, range(20), semaphore=semaphore, directory=tmp_path))
        assert max(counts) == 2
        assert semaphore.get_value() == 0
        semaphore.close()

    def test_timeout(self, client, name):
        semaphore = Semaphore(max_leases=2, name=name)
        assert semaphore.acquire() is True
        assert semaphore.acquire(timeout=0) is True
        assert semaphore.get_value() == 2
        assert semaphore.acquire(timeout=0) is False
        assert semaphore.acquire(timeout="20ms") is False
        assert semaphore.release() is True
        assert semaphore.acquire(timeout=0.1) is True
        assert semaphore.release() is True
        assert semaphore.release() is True
        with pytest.raises(RuntimeError, match="Released too often"):
            semaphore.release()

    def test_one_number_of_leases(self, client, name):
        Semaphore(max_leases=2, name=name).acquire()
        semaphore = Semaphore(max_leases=2, name=name)
        assert semaphore.acquire()
        fields = {"lease_timeout": 30} if LOCKS_ARE_SEMAPHORES else {}
        with pytest.raises(ValueError, match="Inconsistent max leases: 3, expected: 2"):
            ask(client, "semaphore_register", name=name, max_leases=3, **fields)

    def test_asking_twice_is_asking_once(self, client, name):
        semaphore = Semaphore(name=name)
        semaphore.get_value()
        if LOCKS_ARE_SEMAPHORES:
            semaphore.register()
        for _ in range(2):
            assert ask(client, "semaphore_acquire", name=name, timeout=0, lease_id="mine") is True
            assert semaphore.get_value() == 1
        assert ask(client, "semaphore_acquire", name=name, timeout=0, lease_id="theirs") is False
        for _ in range(2):
            ask(client, "semaphore_release", name=name, lease_id="mine")
            assert semaphore.get_value() == 0

    def test_close(self, client, name):
        semaphore = Semaphore(name=name)
        assert semaphore.acquire()
        semaphore.close()
        with pytest.raises(RuntimeError, match=f"`{name}` not known"):
            ask(client, "semaphore_acquire", name=name, timeout=None, lease_id="mine")
        ask(client, "semaphore_release", name=name, lease_id="mine")
        semaphore.close()
        assert ask(client, "semaphore_value", name=name) == 0

    def test_lease_of_a_dead_worker_expires(self, new_cluster):
        timeouts = {"locks__lease_timeout": "1s", "locks__lease_validation_interval": "100ms"}
        cluster = new_cluster(**timeouts)
        cluster.add_worker("alice", "--no-nanny")
        client = cluster.client()

        def take_and_die(semaphore):
            semaphore.acquire()
            os.kill(os.getpid(), signal.SIGKILL)

        with distributed_config({f"distributed.scheduler.{k}".replace("__", "."): v for k, v in timeouts.items()}):
            semaphore = Semaphore(name="x")
            semaphore.get_value()
            if LOCKS_ARE_SEMAPHORES:
                semaphore.register()
            client.submit(take_and_die, semaphore)
            assert eventually(lambda: semaphore.get_value() == 1)
            assert semaphore.acquire(timeout=10)
            time.sleep(2)  # It is refreshed.
            assert semaphore.get_value() == 1
            assert semaphore.release()

    def test_metrics(self, new_cluster):
        pytest.importorskip("prometheus_client")
        cluster = new_cluster()
        client = cluster.client()
        semaphore = Semaphore(max_leases=2, name="x")
        assert client and semaphore.acquire() and semaphore.acquire() and semaphore.release()
        page = urllib.request.urlopen(cluster.http_address() + "/metrics").read().decode()
        values = dict(line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("dask_semaphore"))
        assert {name: float(value) for name, value in values.items() if "time" not in name} == {
            'dask_semaphore_max_leases{name="x"}': 2,
            'dask_semaphore_active_leases{name="x"}': 1,
            'dask_semaphore_pending_leases{name="x"}': 0,
            'dask_semaphore_acquire_total{name="x"}': 2,
            'dask_semaphore_release_total{name="x"}': 1,
        }
        assert 0 < float(values['dask_semaphore_average_pending_lease_time_s{name="x"}']) < 1


def distributed_config(config):
    import dask

    return dask.config.set(config)


class TestMultiLock:
    def test_all_of_some(self, client, name):
        a, b, c = (f"{name}-{i}" for i in "abc")
        ab, bc, only_c = MultiLock([a, b]), MultiLock([b, c]), MultiLock([c])
        assert ab.acquire()
        assert not bc.acquire(timeout=0.05)
        assert only_c.acquire(timeout=5)
        ab.release()
        assert not bc.acquire(timeout=0.05)
        only_c.release()
        assert bc.acquire(timeout=5)
        bc.release()

    def test_some_of_several(self, client, name):
        names = [f"{name}-{i}" for i in range(3)]
        first, second, all_of_them = MultiLock(names), MultiLock(names), MultiLock(names)
        assert first.acquire(num_locks=1)
        assert second.acquire(num_locks=2, timeout=5)
        assert not all_of_them.acquire(timeout=0.05)
        first.release()
        second.release()
        assert all_of_them.acquire(timeout=5)
        all_of_them.release()

    def test_excludes(self, client, name, tmp_path):
        def add_one(i, name, path):
            with MultiLock([f"{name}-{i % 3}", f"{name}-{(i + 1) % 3}"]):
                count = int(path.read_text())
                time.sleep(0.01)
                path.write_text(str(count + 1))

        path = tmp_path / "count"
        path.write_text("0")
        wait(client.map(add_one, range(20), name=name, path=path))
        assert path.read_text() == "20"

    def test_unknown_release(self, client):
        with pytest.raises(KeyError):
            ask(client, "multi_lock_release", id="nobody")


class TestEvent:
    def test_set_and_clear(self, client, name):
        event = Event(name)
        assert not event.is_set()
        assert not event.wait(timeout=0.02)
        event.set()
        assert Event(name).is_set()
        assert event.wait()
        assert event.wait(timeout="1s")
        event.clear()
        assert not event.is_set()
        assert not event.wait(timeout=0.02)

    def test_wakes_workers(self, client, name):
        futures = client.map(lambda i, name: Event(name).wait(), range(2), name=name)
        time.sleep(0.2)
        assert not any(future.done() for future in futures)
        Event(name).set()
        assert client.gather(futures) == [True, True]
        Event(name).clear()

    def test_timeouts_are_exact(self, client, name):
        event = Event(name)
        spent = [seconds(event.wait, timeout=0.05) for _ in range(10)]
        assert min(spent) >= 0.05
        assert sorted(spent)[3] < 0.08

    def test_many_wait_at_once(self, client, name):
        async def wait_for_all():
            waiting = [client.scheduler.event_wait(name=name, timeout=None) for _ in range(300)]
            import asyncio

            all_of_them = asyncio.gather(*waiting)
            await asyncio.sleep(0.5)
            await client.scheduler.event_set(name=name)
            return await all_of_them

        assert client.sync(wait_for_all) == [True] * 300
        Event(name).clear()


class TestQueue:
    def test_data(self, client, other, name):
        queue, same = Queue(name), Queue(name, client=other)
        for value in [1, "text", b"bytes", 1.5, None, [1, 2], {"a": (1, 2)}]:
            queue.put(value)
        assert queue.qsize() == same.qsize() == 7
        assert [same.get() for _ in range(7)] == [1, "text", b"bytes", 1.5, None, (1, 2), {"a": (1, 2)}]
        queue.close()
        same.close()

    @pytest.mark.skipif(RELEASE < (2023, 4), reason="only msgpack's own types")
    def test_any_data(self, client, name):
        queue = Queue(name)
        queue.put({1, 2})
        queue.put(range(3))
        assert queue.get() == {1, 2}
        assert queue.get() == range(3)
        queue.close()

    def test_timeout(self, client, name):
        queue = Queue(name, maxsize=1)
        assert 0.1 <= seconds(lambda: pytest.raises(TimeoutError, queue.get, timeout=0.1)) < 1
        queue.put(1)
        assert 0.1 <= seconds(lambda: pytest.raises(TimeoutError, queue.put, 2, timeout="100ms")) < 1
        assert queue.qsize() == 1
        assert queue.get() == 1
        queue.close()

    def test_waits_for_room(self, client, name, threads):
        queue = Queue(name, maxsize=2)
        putting = [threads.submit(queue.put, i) for i in range(2)]
        [put.result(5) for put in putting]
        blocked = threads.submit(queue.put, 2)
        time.sleep(0.2)
        assert not blocked.done()
        assert sorted([queue.get(), queue.get()]) == [0, 1]
        blocked.result(5)
        assert queue.get() == 2
        queue.close()

    def test_waits_for_values(self, client, other, name, threads):
        queue = Queue(name)
        getting = []
        for _ in range(3):
            getting.append(threads.submit(queue.get, timeout=10))
            time.sleep(0.1)
        producer = Queue(name, client=other)
        for i in range(3):
            producer.put(i)
        assert [get.result(5) for get in getting] == [0, 1, 2]
        queue.close()
        producer.close()

    def test_batches(self, client, name, threads):
        queue = Queue(name)
        assert queue.get(batch=True) == []
        for i in range(5):
            queue.put(i)
        assert queue.get(batch=2) == [0, 1]
        assert queue.get(batch=True) == [2, 3, 4]
        waiting = threads.submit(queue.get, batch=2)
        queue.put(5)
        time.sleep(0.1)
        assert not waiting.done()
        queue.put(6)
        assert waiting.result(5) == [5, 6]
        with pytest.raises(NotImplementedError, match="integer batch sizes and timeouts"):
            queue.get(batch=2, timeout=1)
        queue.close()

    def test_holds_futures(self, client, other, name):
        queue = Queue(name)
        future = client.submit(inc, 1, key=f"{name}-future")
        key = future.key
        queue.put(future)
        queue.put(future)
        wait(future)
        del future
        time.sleep(0.2)
        assert key in known(client)
        first = Queue(name, client=other).get()
        assert first.key == key
        assert first.result() == 2
        del first
        time.sleep(0.2)
        assert key in known(client)
        second = queue.get()
        assert second.status == "finished"
        assert second.result() == 2
        del second
        assert eventually(lambda: key not in known(client))
        queue.close()

    def test_erred_futures(self, client, other, name):
        queue = Queue(name)
        future = client.submit(divide, 1, 0)
        wait(future)
        queue.put(future)
        received = Queue(name, client=other).get()
        assert received.status == "error"
        with pytest.raises(ZeroDivisionError):
            received.result()
        queue.close()

    def test_closing_lets_futures_go(self, client, name):
        queue, same = Queue(name), Queue(name)
        future = client.submit(inc, 1, key=f"{name}-future")
        key = future.key
        queue.put(future)
        wait(future)
        del future
        queue.close()
        time.sleep(0.2)
        assert key in known(client)
        same.close()
        assert eventually(lambda: key not in known(client))
        with pytest.raises(KeyError):
            queue.qsize()

    def test_between_tasks(self, client, name):
        queue = Queue(name)
        producers = client.map(lambda i, queue: queue.put(i), range(10), queue=queue)
        assert sorted(queue.get(timeout=10) for _ in producers) == list(range(10))
        queue.close()

    def test_futures_of_tasks(self, client, name):
        def produce(name):
            queue = Queue(name)
            for i in range(5):
                queue.put(get_client().submit(inc, i))

        queue = Queue(name)
        client.submit(produce, name).result()
        assert sorted(queue.get(timeout=10).result() for _ in range(5)) == [1, 2, 3, 4, 5]
        queue.close()

    @pytest.mark.csds
    def test_a_client_that_dies_takes_nothing_along(self, client, shared_cluster, name, tmp_path):
        queue = Queue(name)
        victim = python(
            "import sys; from distributed import Client, Queue; client = Client(sys.argv[1])\n"
            "queue = Queue(sys.argv[2]); open(sys.argv[3], 'w'); queue.get(batch=2)",
            tmp_path / "victim.log", shared_cluster.address, name, tmp_path / "waits",
        )
        try:
            assert eventually(lambda: (tmp_path / "waits").exists(), timeout=60)
            time.sleep(0.5)
            queue.put(1)
        finally:
            victim.kill()
        # Until the scheduler has noticed, it would be the dead client that gets both.
        assert eventually(lambda: "Operation queue_get failed" in shared_cluster.logs())
        queue.put(2)
        assert [queue.get(timeout=5), queue.get(timeout=5)] == [1, 2]


class TestVariable:
    def test_data(self, client, other, name):
        variable, same = Variable(name), Variable(name, client=other)
        for value in [1, "text", None, (1, "hello")]:
            variable.set(value)
            assert same.get() == value
        variable.delete()

    def test_timeout(self, client, name):
        variable = Variable(name)
        assert 0.1 <= seconds(lambda: pytest.raises(TimeoutError, variable.get, timeout=0.1)) < 1
        with pytest.raises(TimeoutError):
            variable.get(timeout="10ms")

    def test_waits_for_a_value(self, client, other, name, threads):
        waiting = [threads.submit(Variable(name).get) for _ in range(3)]
        time.sleep(0.2)
        assert not any(get.done() for get in waiting)
        variable = Variable(name, client=other)
        variable.set(5)
        assert [get.result(5) for get in waiting] == [5, 5, 5]
        variable.delete()

    def test_holds_a_future(self, client, other, name):
        variable = Variable(name)
        future = client.submit(inc, 1, key=f"{name}-future")
        key = future.key
        variable.set(future)
        wait(future)
        del future
        time.sleep(0.2)
        received = Variable(name, client=other).get()
        assert received.key == key
        assert received.status == "finished"
        assert received.result() == 2
        variable.set(1)
        time.sleep(0.2)
        assert received.result() == 2
        del received
        assert eventually(lambda: key not in known(client))
        variable.delete()

    def test_deleting_lets_the_future_go(self, client, name):
        variable = Variable(name)
        future = client.submit(inc, 1, key=f"{name}-future")
        key = future.key
        variable.set(future)
        wait(future)
        del future
        time.sleep(0.2)
        assert key in known(client)
        variable.delete()
        assert eventually(lambda: key not in known(client))
        with pytest.raises(TimeoutError):
            variable.get(timeout=0.1)

    def test_erred_future(self, client, other, name):
        variable = Variable(name)
        future = client.submit(divide, 1, 0)
        wait(future)
        variable.set(future)
        received = Variable(name, client=other).get()
        assert received.status == "error"
        with pytest.raises(ZeroDivisionError):
            received.result()
        variable.delete()

    def test_the_future_of_another_client_survives_it(self, client, shared_cluster, name):
        with Client(shared_cluster.address, set_as_default=False) as creator:
            Variable(name, client=creator).set(creator.submit(inc, 1))
        variable = Variable(name)
        assert variable.get().result() == 2
        variable.delete()

    def test_in_tasks(self, client, name):
        variable = Variable(name)
        variable.set(0)

        def increment(_, name):
            with Lock(name + "-lock"):
                variable = Variable(name)
                variable.set(variable.get() + 1)

        wait(client.map(increment, range(10), name=name))
        assert variable.get() == 10
        variable.delete()


class TestDatasets:
    def test_between_clients(self, client, other, name):
        futures = client.map(inc, range(3))
        client.publish_dataset(futures, name=name)
        with pytest.raises(KeyError, match=f"Dataset {name} already exists"):
            client.publish_dataset(futures, name=name)
        assert name in client.list_datasets()
        received = other.get_dataset(name)
        assert other.gather(list(received)) == [1, 2, 3]
        client.unpublish_dataset(name)
        assert name not in other.list_datasets()
        with pytest.raises(KeyError, match=f"Dataset '{name}' not found"):
            other.get_dataset(name)
        assert other.get_dataset(name, default=5) == 5

    def test_holds_its_keys(self, client, name):
        future = client.submit(inc, 1, key=f"{name}-future")
        key = future.key
        client.publish_dataset(future, name=name)
        wait(future)
        del future
        time.sleep(0.2)
        assert key in known(client)
        client.unpublish_dataset(name)
        assert eventually(lambda: key not in known(client))

    def test_published_right_after_submission(self, client, other, name):
        for i in range(10):
            client.publish_dataset(client.submit(inc, i, key=f"{name}-{i}"), name=f"{name}-{i}")
        assert [other.get_dataset(f"{name}-{i}").result() for i in range(10)] == list(range(1, 11))
        for i in range(10):
            client.unpublish_dataset(f"{name}-{i}")

    def test_override(self, client, name):
        client.publish_dataset(1, name=name)
        client.publish_dataset(2, name=name, override=True)
        assert client.get_dataset(name) == 2
        client.unpublish_dataset(name)

    @pytest.mark.skipif(RELEASE < (2026, 3), reason="forgets to do so")
    def test_override_lets_keys_go(self, client, name):
        futures = client.map(inc, range(3), key=[f"{name}-{i}" for i in range(3)])
        keys = [future.key for future in futures]
        client.publish_dataset(futures[:2], name=name)
        client.publish_dataset(futures[1:], name=name, override=True)
        wait(futures)
        del futures
        assert eventually(lambda: keys[0] not in known(client))
        assert set(keys[1:]) <= known(client)
        client.unpublish_dataset(name)

    def test_several_at_once(self, client, name):
        client.publish_dataset(**{f"{name}-a": 1, f"{name}-b": [1, 2]})
        assert {f"{name}-a", f"{name}-b"} <= set(client.list_datasets())
        assert client.get_dataset(f"{name}-b") == [1, 2]
        del client.datasets[f"{name}-a"]
        client.unpublish_dataset(f"{name}-b")

    def test_names_that_are_no_text(self, client, name):
        for key in [(name, 1), 8, 9.5]:
            client.publish_dataset("value", name=key)
            assert key in client.list_datasets()
            assert client.get_dataset(key) == "value"
            client.unpublish_dataset(key)
            assert key not in client.list_datasets()


class TestMetadata:
    def test_paths(self, client, name):
        client.set_metadata(name, 1)
        assert client.get_metadata(name) == 1
        client.set_metadata([name, "x", "y"], 2)
        client.set_metadata([name, "x", "z"], [1, 2])
        assert client.get_metadata(name) == {"x": {"y": 2, "z": (1, 2)}}
        client.set_metadata([name, "w"], {"a": {"b": 1}})
        client.set_metadata([name, "w", "a", "c"], 2)
        assert client.get_metadata([name, "w"]) == {"a": {"b": 1, "c": 2}}

    def test_missing(self, client, name):
        with pytest.raises(KeyError):
            client.get_metadata(name)
        with pytest.raises(KeyError):
            client.get_metadata([name, "x"])
        assert client.get_metadata(name, default=5) == 5
        assert client.get_metadata([name, "x"], default=None) is None

    def test_of_a_task_goes_with_it(self, client, name):
        future = client.submit(inc, 1, key=name)
        wait(future)
        client.set_metadata([name, "x"], 1)
        assert client.get_metadata([name, "x"]) == 1
        del future
        assert eventually(lambda: client.get_metadata(name, default=None) is None)

    @pytest.mark.skipif(RELEASE < (2023, 4), reason="only msgpack's own types")
    def test_any_value(self, client, name):
        client.set_metadata([name, "x"], {1, 2})
        client.set_metadata([name, "y"], range(3))
        assert client.get_metadata(name) == {"x": {1, 2}, "y": range(3)}

    def test_from_tasks(self, client, name):
        client.submit(lambda name: get_client().set_metadata(name, 1), name).result()
        assert client.get_metadata(name) == 1


class Annotator(distributed.WorkerPlugin):
    """Says of each task when it began."""

    name = "annotator"

    def setup(self, worker):
        self.worker = worker

    def transition(self, key, start, finish, **kwargs):
        if finish == "executing":
            self.worker.state.tasks[key].metadata["began"] = 1


class TestTaskMetadata:
    def test_states(self, client):
        with distributed.get_task_metadata() as collected:
            good = client.submit(inc, 1)
            bad = client.submit(divide, 1, 0)
            wait([good, bad])
        assert collected.state == {good.key: "memory", bad.key: "erred"}
        assert set(collected.metadata) == {good.key, bad.key}

    def test_what_workers_say(self, new_cluster):
        cluster = new_cluster()
        cluster.add_worker("alice")
        client = cluster.client()

        async def annotate(dask_worker):
            from test_coordination import Annotator

            await dask_worker.plugin_add(plugin=Annotator(), name="annotator")

        client.run(annotate)
        before = client.submit(inc, 1)
        wait(before)
        with distributed.get_task_metadata() as collected:
            future = client.submit(inc, 2)
            wait(future)
        assert collected.metadata == {future.key: {"began": 1}}

    def test_stop_without_start(self, client):
        with pytest.raises(ValueError, match="with name nobody but found 0"):
            ask(client, "stop_task_metadata", name="nobody")


class TestMemorySampler:
    def test_samples(self, client):
        from distributed.diagnostics import MemorySampler

        sampler = MemorySampler()
        with sampler.sample("x", measure="process", interval=0.05):
            time.sleep(0.5)
        samples = sampler.samples["x"]
        assert 4 <= len(samples) <= 12
        assert samples[0][1] > 10e6
        assert samples[-1][0] - samples[0][0] >= 0.15

    @pytest.mark.parametrize("measure", ["process", "managed", "unmanaged", "unmanaged_old", "unmanaged_recent", "optimistic"])
    def test_measures(self, client, measure):
        name = ask(client, "memory_sampler_start", client=client.id, measure=measure, interval=1)
        [(when, size)] = ask(client, "memory_sampler_stop", key=name)
        assert abs(when - time.time()) < 60
        assert size >= 0

    def test_unknown(self, client):
        with pytest.raises(AttributeError):
            ask(client, "memory_sampler_start", client=client.id, measure="nothing", interval=1)
        with pytest.raises(KeyError):
            ask(client, "memory_sampler_stop", key="nothing")


def received(sub, count):
    """
    The first messages of a client's Sub, which does not wait for them in get().

    Sub.get() looks whether there is a message, and begins to wait one step of its event loop later; what comes in between
    does not wake it, by any scheduler, and is the more likely the faster the scheduler is.
    """
    assert eventually(lambda: len(sub.buffer) == count)
    return [sub.get(timeout=10) for _ in range(count)]


@pytest.mark.skipif(RELEASE >= (2025, 4), reason="removed")
@pytest.mark.filterwarnings("ignore")
class TestPubSub:
    def test_workers_to_client(self, client, name):
        sub = distributed.Sub(name)

        def publish(i, name):
            pub = distributed.Pub(name)
            time.sleep(0.3)
            pub.put(i)
            time.sleep(0.3)

        wait(client.map(publish, range(3), name=name))
        assert sorted(received(sub, 3)) == [0, 1, 2]

    def test_client_to_workers(self, client, name):
        def receive(_, name):
            sub = distributed.Sub(name)
            Event(name + str(_)).set()
            return sub.get(timeout=10)

        futures = client.map(receive, range(2), name=name)
        for i in range(2):
            assert Event(name + str(i)).wait(10)
            Event(name + str(i)).clear()
        time.sleep(0.3)
        distributed.Pub(name).put("hello")
        assert client.gather(futures) == ["hello", "hello"]

    def test_between_workers(self, client, name):
        def receive(name):
            sub = distributed.Sub(name)
            Event(name).set()
            return sub.get(timeout=10)

        def send(name):
            pub = distributed.Pub(name)
            time.sleep(0.5)
            pub.put("hello")
            time.sleep(0.5)

        received = client.submit(receive, name, workers="alice")
        assert Event(name).wait(10)
        wait(client.submit(send, name, workers="bob"))
        assert received.result(timeout=10) == "hello"
        Event(name).clear()

    def test_clients(self, client, other, name):
        sub = distributed.Sub(name, client=other)
        time.sleep(0.2)
        pub = distributed.Pub(name, client=client)
        pub.put(1)
        pub.put({"a": 2})
        assert received(sub, 2) == [1, {"a": 2}]


class TestRestrictions:
    def test_of_a_task_that_waits(self, client, tmp_path):
        from clusters import worker_addresses

        bob = worker_addresses(client)["bob"]
        first = client.submit(tasks.wait_for, tmp_path / "go", workers="alice")
        second = client.submit(tasks.where, first)
        assert eventually(lambda: second.key in known(client))
        ask(client, "set_restrictions", worker={second.key: [bob]})
        (tmp_path / "go").touch()
        assert second.result() == "bob"

    def test_of_an_unknown_task(self, client):
        with pytest.raises(KeyError):
            ask(client, "set_restrictions", worker={"nothing": "tcp://127.0.0.1:1"})


def test_waiting_costs_nothing(client, name):
    """Requests that wait disturb nobody: neither those who come after them nor the work."""
    event = Event(name)
    waiting = [threading.Thread(target=event.wait) for _ in range(20)]
    for thread in waiting:
        thread.start()
    assert client.gather(client.map(inc, range(100))) == list(range(1, 101))
    event.set()
    for thread in waiting:
        thread.join(10)
        assert not thread.is_alive()
    event.clear()
