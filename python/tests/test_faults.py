"""Workers, clients and graphs that fail. Every test has a cluster of its own."""

import os
import signal
import time

import pytest
from distributed import CancelledError, KilledWorker, wait

import tasks
from clusters import RELEASE, eventually, python, worker_addresses
from tasks import add, inc, slow_inc


def pids(client):
    """The process of each worker, by name; nannies are not asked."""
    addresses = worker_addresses(client)
    return {
        name: client.submit(os.getpid, workers=[address], pure=False).result() for name, address in addresses.items()
    }


def tree_sum(client, futures):
    while len(futures) > 1:
        pairs = [futures[i : i + 2] for i in range(0, len(futures), 2)]
        futures = [client.submit(add, *pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return futures[0]


class TestKilledWorker:
    def test_in_the_middle_of_a_reduction(self, new_cluster):
        cluster = new_cluster()
        cluster.add_worker("alice", wait=False)
        cluster.add_worker("bob", wait=False)
        cluster.wait_for_workers("alice", "bob")
        client = cluster.client()
        victim = pids(client)["alice"]

        leaves = client.map(slow_inc, range(40))
        total = tree_sum(client, leaves)
        done = eventually(lambda: sum(leaf.done() for leaf in leaves) >= 10)
        assert done and not total.done()
        os.kill(victim, signal.SIGKILL)

        assert total.result(timeout=60) == sum(range(1, 41))
        cluster.wait_for_workers("alice")
        assert pids(client)["alice"] != victim

    def test_results_are_computed_again(self, new_cluster, tmp_path):
        cluster = new_cluster()
        cluster.add_worker("alice")
        client = cluster.client()
        one = client.submit(tasks.write, tmp_path / "calls", 1)
        two = client.submit(inc, one)
        assert two.result() == 2
        os.kill(pids(client)["alice"], signal.SIGKILL)
        assert eventually(lambda: tasks.read(tmp_path / "calls") == ["1", "1"], timeout=30)
        assert client.gather([one, two]) == [1, 2]

    def test_scattered_data_is_lost(self, new_cluster):
        cluster = new_cluster()
        cluster.add_worker("alice")
        client = cluster.client()
        data = client.scatter([1, 2, 3], hash=False)
        os.kill(pids(client)["alice"], signal.SIGKILL)
        assert eventually(lambda: all(future.cancelled() for future in data), timeout=30)
        with pytest.raises(CancelledError):
            data[0].result()

    def test_whole_worker_without_a_nanny_left(self, new_cluster):
        cluster = new_cluster()
        alice = cluster.add_worker("alice")
        cluster.add_worker("bob")
        client = cluster.client()
        futures = client.map(slow_inc, range(30))
        eventually(lambda: sum(future.done() for future in futures) >= 5)
        alice.kill()
        assert client.gather(futures) == list(range(1, 31))
        assert list(worker_addresses(client)) == ["bob"]

    def test_gives_up_after_the_allowed_failures(self, new_cluster):
        cluster = new_cluster(allowed_failures=1)
        cluster.add_worker("alice", wait=False)
        cluster.add_worker("bob", wait=False)
        cluster.wait_for_workers("alice", "bob")
        client = cluster.client()
        addresses = set(worker_addresses(client).values())

        bad = client.submit(tasks.kill_own_worker, key="deadly")
        dependent = client.submit(inc, bad)
        with pytest.raises(KilledWorker) as caught:
            bad.result(timeout=60)
        assert caught.value.task == "deadly"
        assert caught.value.allowed_failures == 1
        assert caught.value.last_worker.address in addresses
        assert f"The last worker that attempt to run the task was {caught.value.last_worker.address}." in str(caught.value)
        if RELEASE < (2023, 0):
            assert str(caught.value).startswith("Attempted to run task deadly on 1 different workers,")
        else:
            assert str(caught.value).startswith("Attempted to run task 'deadly' on 2 different workers,")
        with pytest.raises(KilledWorker):
            dependent.result(timeout=10)
        cluster.wait_for_workers("alice", "bob")
        assert client.submit(inc, 1).result(timeout=30) == 2

    def test_default_is_three_failures(self, new_cluster):
        cluster = new_cluster()
        cluster.add_worker("alice")
        client = cluster.client()
        innocent = client.submit(inc, 1)
        assert innocent.result() == 2
        with pytest.raises(KilledWorker) as caught:
            client.submit(tasks.kill_own_worker).result(timeout=90)
        assert caught.value.allowed_failures == 3
        assert innocent.result(timeout=30) == 2


class TestWorkersComeAndGo:
    def test_work_waits_for_the_first_worker(self, new_cluster):
        cluster = new_cluster()
        client = cluster.client()
        futures = client.map(inc, range(10))
        assert not eventually(lambda: any(future.done() for future in futures), timeout=0.5)
        cluster.add_worker("alice")
        assert client.gather(futures) == list(range(1, 11))

    def test_late_worker_gets_work(self, new_cluster):
        cluster = new_cluster()
        cluster.add_worker("alice")
        client = cluster.client()
        futures = client.map(tasks.where_slowly, range(120))
        cluster.add_worker("bob", wait=False)
        assert set(client.gather(futures)) == {"alice", "bob"}

    def test_late_worker_takes_over_what_others_have(self, new_cluster):
        """Work stealing: too few tasks to be held back by the scheduler."""
        cluster = new_cluster(worker_saturation="inf")
        cluster.add_worker("alice")
        client = cluster.client()
        futures = client.map(tasks.where_slowly, range(120))
        wait(futures[0])
        cluster.add_worker("bob", wait=False)
        assert set(client.gather(futures)) == {"alice", "bob"}

    def test_worker_that_is_told_to_end(self, new_cluster):
        cluster = new_cluster()
        alice = cluster.add_worker("alice")
        cluster.add_worker("bob")
        client = cluster.client()
        futures = client.map(slow_inc, range(40))
        eventually(lambda: sum(future.done() for future in futures) >= 5)
        alice.terminate()
        assert client.gather(futures) == list(range(1, 41))
        assert alice.wait() == 0
        assert eventually(lambda: list(worker_addresses(client)) == ["bob"])


VANISHING_CLIENT = """
import sys, time
from distributed import Client
import tasks
client = Client(sys.argv[1])
kept = client.map(tasks.inc, range(10))
shared = client.submit(tasks.inc, 1, key="shared")
running = client.submit(tasks.wait_for, sys.argv[2], key="running")
client.gather(kept)
open(sys.argv[3], "w").close()
time.sleep(1000)
"""


def test_keys_of_a_vanished_client_are_released(new_cluster, tmp_path):
    cluster = new_cluster()
    cluster.add_worker("alice", nthreads=2)
    client = cluster.client()
    shared = client.submit(inc, 1, key="shared")
    other = python(VANISHING_CLIENT, tmp_path / "client.log", cluster.address, tmp_path / "go", tmp_path / "ready")
    try:
        assert eventually((tmp_path / "ready").exists, timeout=30)
        assert len(client.who_has()) == 12
    finally:
        other.kill()
    assert eventually(lambda: list(client.who_has()) == ["shared"])
    (tmp_path / "go").touch()
    assert shared.result() == 2


class TestConnections:
    def test_client_comes_back_after_a_lost_connection(self, new_cluster):
        cluster = new_cluster()
        cluster.add_worker("alice")
        client = cluster.client()
        before = client.submit(inc, 1)
        assert before.result() == 2
        client.loop.add_callback(client.scheduler_comm.comm.abort)
        assert eventually(lambda: before.cancelled())
        assert eventually(lambda: client.status == "running")
        assert client.submit(inc, 10).result(timeout=10) == 11

    def test_shutdown_by_a_client(self, new_cluster):
        cluster = new_cluster()
        worker = cluster.add_worker("alice")
        cluster.client().shutdown()
        assert cluster.scheduler.wait() == 0
        assert worker.wait() == 0

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
    def test_signal_closes_workers_and_clients(self, new_cluster, number):
        cluster = new_cluster()
        worker = cluster.add_worker("alice")
        client = cluster.client()
        future = client.submit(inc, 1)
        assert future.result() == 2
        os.kill(cluster.scheduler.pid, number)
        assert cluster.scheduler.wait() == 0
        assert worker.wait() == 0
        assert eventually(lambda: client.status != "running")
        assert not (cluster.directory / "scheduler.json").exists()

    def test_killed_scheduler_is_noticed(self, new_cluster):
        cluster = new_cluster()
        client = cluster.client()
        cluster.scheduler.kill()
        assert eventually(lambda: client.status != "running")


@pytest.fixture
def two_clients(new_cluster):
    cluster = new_cluster()
    cluster.add_worker("alice")
    return cluster.client(), cluster.client()


@pytest.mark.skipif(RELEASE < (2023, 4), reason="the scheduler unpickles nothing of a graph")
class TestUnloadableGraphs:
    def test_error_of_one_client(self, two_clients):
        client, other = two_clients
        futures = [client.submit(inc, tasks.Unloadable("raise"), key=f"bad-{i}") for i in range(2)]
        for future in futures:
            with pytest.raises(RuntimeError, match="Error during deserialization of the task graph") as caught:
                future.result(timeout=30)
            assert isinstance(caught.value.__cause__, ValueError)
        assert other.submit(inc, 1).result(timeout=10) == 2
        assert client.submit(inc, 2).result(timeout=10) == 3

    def test_all_keys_of_the_graph(self, two_clients):
        client, other = two_clients
        futures = client.map(add, range(5), y=tasks.Unloadable("raise"))
        wait(futures, timeout=30)
        assert {future.status for future in futures} == {"error"}
        assert eventually(lambda: not other.who_has())

    @pytest.mark.csds
    def test_crash_while_loading(self, two_clients):
        client, other = two_clients
        value = other.submit(inc, 1)
        assert value.result() == 2
        future = client.submit(inc, tasks.Unloadable("exit"))
        with pytest.raises(RuntimeError):
            future.result(timeout=30)
        assert other.submit(inc, value).result(timeout=30) == 3
        assert client.submit(inc, 2).result(timeout=30) == 3

    @pytest.mark.csds
    def test_others_go_on_while_it_hangs(self, two_clients):
        client, other = two_clients
        hanging = client.submit(inc, tasks.Unloadable("sleep"))
        time.sleep(0.5)
        assert other.submit(inc, 1).result(timeout=30) == 2
        assert other.gather(other.map(inc, range(10))) == list(range(1, 11))
        assert hanging.status == "pending"
