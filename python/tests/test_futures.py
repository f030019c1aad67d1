import concurrent.futures
import operator
import threading
import traceback

import numpy as np
import pytest
from distributed import Client, as_completed, fire_and_forget, get_client, secede, wait, worker_client
from distributed.client import FIRST_COMPLETED
from distributed.utils import TimeoutError as DaskTimeoutError

import tasks
from clusters import RELEASE, eventually, replicas_stay, wait_until_known, worker_addresses
from tasks import add, divide, inc, slow_inc


class TestSubmit:
    def test_result(self, client):
        assert client.submit(inc, 1).result() == 2

    def test_keyword_arguments(self, client):
        assert client.submit(divide, y=4, x=2).result() == 0.5

    def test_function_without_a_module(self, client):
        offset = 5
        assert client.submit(lambda x: x + offset, 1).result() == 6

    def test_class_without_a_module(self, client):
        class Point:
            def __init__(self, x):
                self.x = x

        assert client.submit(Point, 3).result().x == 3

    def test_futures_as_arguments(self, client):
        one = client.submit(inc, 0)
        two = client.submit(inc, one)
        assert client.submit(add, one, y=two).result() == 3

    def test_futures_inside_collections(self, client):
        futures = client.map(inc, range(4))
        assert client.submit(sum, futures).result() == 10
        nested = {"a": futures[0], "b": [futures[1], (futures[2], {"c": futures[3]})]}
        expected = {"a": 1, "b": [2, (3, {"c": 4})]}
        if RELEASE < (2024, 0):
            nested, expected = {"a": futures[0], "b": [futures[1]]}, {"a": 1, "b": [2]}
        assert client.submit(lambda value: value, nested).result() == expected

    def test_same_call_is_one_task(self, client, tmp_path):
        futures = [client.submit(tasks.write, tmp_path / "calls", "x") for _ in range(3)]
        assert client.gather(futures) == ["x"] * 3
        assert len({future.key for future in futures}) == 1
        assert tasks.read(tmp_path / "calls") == ["x"]

    def test_impure_calls_are_several_tasks(self, client, tmp_path):
        futures = [client.submit(tasks.write, tmp_path / "calls", "x", pure=False) for _ in range(3)]
        client.gather(futures)
        assert tasks.read(tmp_path / "calls") == ["x"] * 3

    def test_own_key(self, client):
        future = client.submit(inc, 1, key="my-inc")
        assert future.key == "my-inc"
        assert future.result() == 2
        assert list(client.who_has([future])) == ["my-inc"]

    @pytest.mark.skipif(RELEASE < (2023, 9), reason="keys are strings")
    @pytest.mark.parametrize("key", [("x", 0), ("x", ("y", 1.5), 2)], ids=repr)
    def test_keys_that_are_not_strings(self, client, key):
        future = client.submit(inc, 1, key=key)
        assert client.submit(add, future, future, key=("sum", 0)).result() == 4
        assert list(client.who_has([future])) == [key]
        assert future.key == key

    @pytest.mark.parametrize(
        "value",
        [None, True, -1, 2**80, 1.5, "ü", b"\x00\xff", (1, (2, 3)), {"a": [1]}, {1, 2}, range(3), print, int],
        ids=repr,
    )
    def test_values_survive(self, client, value):
        result = client.submit(lambda x: x, value).result()
        assert result == value
        assert type(result) is type(value)

    @pytest.mark.parametrize("dtype", ["u1", "f8", "datetime64[s]", "U5", "O"])
    def test_arrays_survive(self, client, dtype):
        array = np.arange(60).reshape(6, 10).astype(dtype)[::2, ::3]
        result = client.submit(lambda x: x, array).result()
        assert result.dtype == array.dtype
        np.testing.assert_array_equal(result, array)

    @pytest.mark.parametrize("megabytes", [1, 40])
    def test_large_results(self, client, megabytes):
        size = megabytes * 2**20
        result = client.submit(np.ones, size, dtype="u1").result()
        assert result.nbytes == size
        assert result.all()

    def test_large_arguments(self, client):
        array = np.arange(2**20)
        assert client.submit(np.sum, array).result() == array.sum()


class TestMap:
    def test_in_order(self, client):
        assert client.gather(client.map(inc, range(200))) == list(range(1, 201))

    def test_several_iterables_and_keywords(self, client):
        assert client.gather(client.map(operator.mul, range(5), range(5, 10))) == [0, 6, 14, 24, 36]
        assert client.gather(client.map(divide, [2, 4], y=2)) == [1, 2]

    def test_future_as_keyword(self, client):
        two = client.submit(inc, 1)
        assert client.gather(client.map(add, range(3), y=two)) == [2, 3, 4]

    def test_over_futures(self, client):
        futures = client.map(inc, range(10))
        assert client.gather(client.map(inc, futures)) == list(range(2, 12))

    def test_batches(self, client):
        futures = client.map(inc, range(25), batch_size=10)
        assert client.gather(futures) == list(range(1, 26))

    def test_empty(self, client):
        assert client.gather(client.map(inc, [])) == []


class TestGather:
    def test_keeps_the_structure(self, client):
        a, b = client.map(inc, range(2))
        assert client.gather({"a": a, "list": [a, [b]], "plain": 5}) == {"a": 1, "list": [1, [2]], "plain": 5}

    @pytest.mark.parametrize("direct", [True, False])
    def test_direct_and_through_the_scheduler(self, client, direct):
        futures = client.map(inc, range(50))
        assert client.gather(futures, direct=direct) == list(range(1, 51))

    @pytest.mark.parametrize("direct", [True, False])
    def test_errors(self, client, direct):
        futures = client.map(divide, [1, 1, 1], [1, 0, 2])
        with pytest.raises(ZeroDivisionError):
            client.gather(futures, direct=direct)
        assert client.gather(futures, errors="skip", direct=direct) == [1, 0.5]


class TestScatter:
    @pytest.mark.parametrize("direct", [True, False])
    @pytest.mark.parametrize("broadcast", [True, False])
    def test_values_and_replicas(self, client, direct, broadcast):
        with replicas_stay(client):
            futures = client.scatter([10, 20, 30], direct=direct, broadcast=broadcast)
            assert client.gather(futures) == [10, 20, 30]
            assert client.submit(sum, futures).result() == 60
            replicas = {len(workers) for workers in client.who_has(futures).values()}
            assert replicas == {2} if broadcast else replicas <= {1, 2}

    def test_names(self, client):
        futures = client.scatter({"x": 1, "y": 2})
        assert set(futures) == {"x", "y"}
        assert client.gather(futures) == {"x": 1, "y": 2}

    def test_single_value(self, client):
        assert client.scatter("value").result() == "value"

    def test_hash(self, client):
        same = [client.scatter(123) for _ in range(2)]
        different = [client.scatter(123, hash=False) for _ in range(2)]
        assert same[0].key == same[1].key
        assert different[0].key != different[1].key
        assert client.gather(same + different) == [123] * 4

    @pytest.mark.parametrize("name", ["alice", "bob"])
    def test_to_a_worker(self, client, name):
        address = worker_addresses(client)[name]
        future = client.scatter(f"for {name}", workers=[address], hash=False)
        assert client.who_has([future]) == {future.key: (address,)} or client.who_has([future]) == {future.key: [address]}
        assert client.submit(str.upper, future).result() == f"FOR {name.upper()}"

    @pytest.mark.parametrize("direct", [True, False])
    def test_large_value(self, client, direct):
        array = np.random.default_rng(0).integers(0, 1000, 2**20)
        future = client.scatter(array, direct=direct)
        assert client.submit(np.sum, future).result() == array.sum()

    def test_survives_the_task_that_used_it(self, client):
        data = client.scatter([1, 2, 3], hash=False)[0:3]
        total = client.submit(sum, data)
        assert total.result() == 6
        del total
        assert client.gather(data) == [1, 2, 3]


class TestWaiting:
    def test_wait(self, client):
        futures = client.map(slow_inc, range(6))
        done, not_done = wait(futures)
        assert done == set(futures)
        assert not not_done
        assert {future.status for future in futures} == {"finished"}

    def test_wait_for_the_first(self, client, tmp_path):
        blocked = client.submit(tasks.wait_for, tmp_path / "go")
        quick = client.submit(inc, 1)
        done, not_done = wait([blocked, quick], return_when=FIRST_COMPLETED)
        assert (done, not_done) == ({quick}, {blocked})
        (tmp_path / "go").touch()
        assert blocked.result() == "done"

    def test_wait_ends_in_time(self, client, tmp_path):
        blocked = client.submit(tasks.wait_for, tmp_path / "go")
        with pytest.raises(DaskTimeoutError):
            wait(blocked, timeout=0.2)
        with pytest.raises(DaskTimeoutError):
            blocked.result(timeout=0.2)
        assert blocked.status == "pending"
        (tmp_path / "go").touch()
        assert blocked.result() == "done"

    def test_as_completed(self, client):
        futures = client.map(slow_inc, range(10), delay=0.01)
        seen = list(as_completed(futures))
        assert set(seen) == set(futures)
        assert sorted(future.result() for future in seen) == list(range(1, 11))

    def test_as_completed_in_the_order_of_completion(self, client, tmp_path):
        late = client.submit(tasks.wait_for, tmp_path / "go")
        early = client.submit(inc, 1)
        order = []
        for future in as_completed([late, early]):
            order.append(future)
            (tmp_path / "go").touch()
        assert order == [early, late]

    def test_as_completed_with_results(self, client):
        futures = client.map(inc, range(10))
        results = {future.key: result for future, result in as_completed(futures, with_results=True)}
        assert results == {future.key: i + 1 for i, future in enumerate(futures)}

    def test_as_completed_grows(self, client):
        iterator = as_completed([client.submit(inc, 0)])
        values = []
        for future in iterator:
            values.append(future.result())
            if len(values) < 5:
                iterator.add(client.submit(inc, future))
        assert values == [1, 2, 3, 4, 5]

    def test_callbacks(self, client):
        called = threading.Event()
        future = client.submit(inc, 1)
        future.add_done_callback(lambda done: called.set())
        assert called.wait(10)

    def test_executor(self, client):
        with client.get_executor(pure=False) as executor:
            assert list(executor.map(inc, range(5))) == [1, 2, 3, 4, 5]
            futures = [executor.submit(inc, i) for i in range(5)]
            done, _ = concurrent.futures.wait(futures, timeout=10)
            assert sorted(future.result() for future in done) == [1, 2, 3, 4, 5]


class TestErrors:
    def test_type_message_and_traceback(self, client):
        future = client.submit(divide, 1, 0)
        with pytest.raises(ZeroDivisionError, match="division by zero") as caught:
            future.result()
        assert "divide" in [frame.name for frame in caught.traceback]
        assert future.status == "error"
        assert isinstance(future.exception(), ZeroDivisionError)
        assert "return x / y" in "".join(traceback.format_tb(future.traceback()))

    def test_own_exceptions(self, client):
        with pytest.raises(tasks.CustomError) as caught:
            client.submit(tasks.raise_custom).result()
        assert caught.value.code == 42

    def test_exceptions_without_a_module(self, client):
        class LocalError(Exception):
            pass

        def fail():
            raise LocalError("local")

        with pytest.raises(Exception, match="local") as caught:
            client.submit(fail).result()
        assert caught.type.__name__ == "LocalError"

    def test_dependents_err(self, client, tmp_path):
        bad = client.submit(divide, 1, 0)
        good = client.submit(inc, 1)
        child = client.submit(add, bad, good)
        grandchild = client.submit(tasks.write, tmp_path / "ran", child)
        with pytest.raises(ZeroDivisionError):
            grandchild.result()
        assert child.status == grandchild.status == "error"
        assert isinstance(grandchild.exception(), ZeroDivisionError)
        assert "return x / y" in "".join(traceback.format_tb(grandchild.traceback()))
        assert good.result() == 2
        assert not tasks.read(tmp_path / "ran")

    def test_dependents_of_what_has_already_erred(self, client):
        bad = client.submit(divide, 1, 0)
        wait(bad)
        with pytest.raises(ZeroDivisionError):
            client.submit(inc, bad).result()

    def test_only_what_depends_on_it(self, client):
        futures = client.map(divide, [1] * 10, [*range(5), *range(-5, 0)])
        dependents = client.map(inc, futures)
        wait(dependents)
        assert [future.status for future in dependents] == ["error", *["finished"] * 9]

    def test_result_that_cannot_be_sent(self, client):
        with pytest.raises(TypeError):
            client.submit(threading.Lock).result()

    def test_again_after_release(self, client, tmp_path):
        future = client.submit(tasks.fail_times, tmp_path / "calls", 1, key="flaky")
        with pytest.raises(OSError, match="attempt 1"):
            future.result()
        future.release()
        eventually(lambda: not client.who_has())
        assert client.submit(tasks.fail_times, tmp_path / "calls", 1, key="flaky").result() == 2

    def test_retry(self, client, tmp_path):
        future = client.submit(tasks.fail_times, tmp_path / "calls", 1)
        child = client.submit(inc, future)
        with pytest.raises(OSError, match="attempt 1"):
            child.result()
        child.retry()
        assert child.result() == 3

    def test_recreate_locally(self, client):
        bad = client.submit(divide, 1, 0)
        child = client.submit(inc, bad)
        with pytest.raises(ZeroDivisionError):
            client.recreate_error_locally(child)


class TestRetries:
    def test_enough(self, client, tmp_path):
        assert client.submit(tasks.fail_times, tmp_path / "calls", 3, retries=3).result() == 4
        assert tasks.read(tmp_path / "calls") == ["1", "2", "3", "4"]

    def test_too_few(self, client, tmp_path):
        with pytest.raises(OSError, match="attempt 3"):
            client.submit(tasks.fail_times, tmp_path / "calls", 5, retries=2).result()
        assert tasks.read(tmp_path / "calls") == ["1", "2", "3"]

    def test_map(self, client, tmp_path):
        futures = client.map(tasks.fail_times, [tmp_path / "a", tmp_path / "b"], times=1, retries=1)
        assert client.gather(futures) == [2, 2]

    def test_compute(self, client, tmp_path):
        import dask

        value = dask.delayed(tasks.fail_times)(tmp_path / "calls", 2)
        assert client.compute(value, retries=2).result() == 3


def in_memory(client):
    return {key for keys in client.has_what().values() for key in keys}


class TestRelease:
    def test_forgotten_with_the_last_reference(self, client):
        future = client.submit(inc, 1)
        future.result()
        assert client.who_has()
        del future
        assert eventually(lambda: not client.who_has())
        assert eventually(lambda: not in_memory(client))

    def test_kept_as_dependency(self, client, tmp_path):
        one = client.submit(inc, 0)
        blocker = client.submit(tasks.wait_for, tmp_path / "go")
        after = client.submit(lambda one, _: one, one, blocker)
        wait(one)
        key = one.key
        del one
        assert not eventually(lambda: key not in in_memory(client), timeout=0.5)
        (tmp_path / "go").touch()
        assert after.result() == 1
        assert eventually(lambda: key not in in_memory(client))

    def test_release_of_what_runs(self, client, tmp_path):
        future = client.submit(tasks.wait_for, tmp_path / "go")
        eventually(lambda: any(client.processing().values()))
        future.release()
        assert eventually(lambda: not client.who_has())
        (tmp_path / "go").touch()
        assert client.submit(inc, 1).result() == 2

    def test_intermediate_results_go(self, client):
        future = client.submit(inc, client.submit(inc, client.submit(inc, 0)))
        assert future.result() == 3
        assert eventually(lambda: in_memory(client) == {future.key})


class TestCancel:
    def test_queued_work_never_runs(self, client, tmp_path):
        blocker = client.submit(tasks.wait_for, tmp_path / "go", tmp_path / "started", workers="bob")
        assert eventually((tmp_path / "started").exists)
        queued = client.map(lambda i, path: tasks.write(path, i), range(10), path=tmp_path / "ran", workers="bob")
        wait_until_known(client, queued)
        client.cancel(queued)
        assert all(future.cancelled() for future in queued)
        assert {future.status for future in queued} == {"cancelled"}
        assert eventually(lambda: list(client.who_has()) == [blocker.key])
        with pytest.raises(concurrent.futures.CancelledError):
            queued[0].result()
        (tmp_path / "go").touch()
        assert blocker.result() == "done"
        assert client.submit(inc, 1, workers="bob").result() == 2
        assert not tasks.read(tmp_path / "ran")

    def test_dependents(self, client, tmp_path):
        blocker = client.submit(tasks.wait_for, tmp_path / "go")
        dependent = client.submit(tasks.write, tmp_path / "ran", blocker)
        wait_until_known(client, [blocker, dependent])
        blocker.cancel()
        assert eventually(blocker.cancelled)
        (tmp_path / "go").touch()
        dependent.cancel()
        assert eventually(lambda: not client.who_has())
        assert not tasks.read(tmp_path / "ran")

    @pytest.mark.parametrize("force", [False, True])
    def test_what_another_client_wants(self, client, shared_cluster, tmp_path, force):
        with Client(shared_cluster.address, set_as_default=False) as other:
            blocker = client.submit(tasks.wait_for, tmp_path / "go", key="wanted-by-two")
            same = other.submit(tasks.wait_for, tmp_path / "go", key="wanted-by-two")
            # What a client sends first is there first.
            assert client.submit(inc, 1).result() == other.submit(inc, 2).result() - 1
            client.cancel(blocker, force=force)
            assert eventually(blocker.cancelled)
            assert eventually(same.cancelled, timeout=10 if force else 0.5) == force
            (tmp_path / "go").touch()
            if not force:
                assert same.result() == "done"

    def test_again(self, client, tmp_path):
        future = client.submit(tasks.wait_for, tmp_path / "go", key="again")
        wait_until_known(client, [future])
        future.cancel()
        future.release()
        # What a client sends first is there, and answered, first.
        assert client.submit(inc, 1).result() == 2
        (tmp_path / "go").touch()
        assert client.submit(tasks.wait_for, tmp_path / "go", key="again").result() == "done"


class TestFireAndForget:
    def test_runs_without_a_reference(self, client, tmp_path):
        # Not for what has already finished: Dask would never forget that.
        blocker = client.submit(tasks.wait_for, tmp_path / "go")
        fire_and_forget(client.submit(lambda _, path: tasks.write(path, "x"), blocker, tmp_path / "ran"))
        del blocker
        (tmp_path / "go").touch()
        assert eventually(lambda: tasks.read(tmp_path / "ran") == ["x"])
        assert eventually(lambda: not client.who_has())

    def test_outlives_the_client(self, shared_cluster, client, tmp_path):
        with Client(shared_cluster.address, set_as_default=False) as short:
            blocker = short.submit(tasks.wait_for, tmp_path / "go")
            fire_and_forget(short.submit(lambda _, path: tasks.write(path, "x"), blocker, tmp_path / "ran"))
            del blocker
            eventually(lambda: any(client.processing().values()))
        (tmp_path / "go").touch()
        assert eventually(lambda: tasks.read(tmp_path / "ran") == ["x"])

    def test_failures_are_forgotten(self, client, tmp_path):
        blocker = client.submit(tasks.wait_for, tmp_path / "go")
        failing = client.submit(lambda _: divide(1, 0), blocker)
        fire_and_forget(failing)
        wait_until_known(client, [failing])
        del blocker, failing
        (tmp_path / "go").touch()
        assert eventually(lambda: not client.who_has())


class TestTwoClients:
    @pytest.fixture
    def other(self, shared_cluster):
        with Client(shared_cluster.address, set_as_default=False) as other:
            yield other

    def test_share_a_key(self, client, other, tmp_path):
        mine = client.submit(tasks.write, tmp_path / "calls", "x", key="shared")
        theirs = other.submit(tasks.write, tmp_path / "calls", "x", key="shared")
        assert mine.result() == theirs.result() == "x"
        assert tasks.read(tmp_path / "calls") == ["x"]

    def test_key_stays_for_the_other(self, client, other):
        mine = client.submit(inc, 1, key="shared")
        theirs = other.submit(inc, 1, key="shared")
        assert mine.result() == 2
        del mine
        assert not eventually(lambda: not other.who_has(), timeout=0.5)
        assert theirs.result() == 2
        other.close()
        assert eventually(lambda: not client.who_has())

    def test_share_an_error(self, client, other):
        mine = client.submit(divide, 1, 0, key="shared")
        wait(mine)
        theirs = other.submit(divide, 1, 0, key="shared")
        with pytest.raises(ZeroDivisionError):
            theirs.result()

    def test_one_uses_the_result_of_the_other(self, client, other):
        mine = client.submit(inc, 1, key="shared")
        assert mine.result() == 2
        assert other.submit(inc, 1, key="shared").result() == 2
        total = other.submit(add, other.submit(inc, 1, key="shared"), 10)
        del mine
        assert total.result() == 12


class TestClientsInTasks:
    def test_worker_client(self, client):
        def spawn(n):
            with worker_client() as inner:
                return sum(inner.gather(inner.map(inc, range(n))))

        assert client.submit(spawn, 10).result() == 55

    def test_recursion_with_secede(self, client):
        def fibonacci(n):
            if n < 2:
                return n
            inner = get_client()
            futures = inner.map(fibonacci, [n - 1, n - 2])
            secede()
            return sum(inner.gather(futures))

        assert client.submit(fibonacci, 6).result() == 8
