"""Workers restart, retire and are scaled; the memory of workers is managed. Every test has a cluster of its own."""

import asyncio
import operator
import os
import signal
import time

import pytest
from distributed import Adaptive, Client, get_worker, wait
from distributed.core import connect, rpc
from distributed.deploy.cluster import Cluster as DeployedCluster

import tasks
from clusters import IS_STOCK, RELEASE, eventually, worker_addresses
from tasks import inc, slow_inc


def two_workers(new_cluster, *options, **config):
    """A cluster with alice and bob."""
    cluster = new_cluster(**config)
    cluster.add_worker("alice", *options, wait=False)
    cluster.add_worker("bob", *options, wait=False)
    cluster.wait_for_workers("alice", "bob")
    return cluster


def holders(client, future):
    names = {address: name for name, address in worker_addresses(client).items()}
    return sorted(names[address] for address in client.who_has([future])[future.key])


def ask(client, op, **arguments):
    """Calls an operation of the scheduler."""

    async def call():
        async with rpc(client.scheduler.address) as scheduler:
            return await getattr(scheduler, op)(**arguments)

    return asyncio.run(call())


class TestRestart:
    def test_everything_is_new(self, new_cluster):
        cluster = two_workers(new_cluster)
        client = cluster.client()
        futures = client.map(inc, range(10))
        wait(futures)
        data = client.scatter(1)
        before = client.run(os.getpid)
        client.restart(timeout=60)
        after = client.run(os.getpid)
        assert len(after) == 2 and not set(before.values()) & set(after.values())
        assert all(future.cancelled() for future in [*futures, data])
        assert not client.who_has()
        assert client.submit(inc, 1).result() == 2

    def test_in_the_middle_of_work(self, new_cluster):
        cluster = two_workers(new_cluster)
        client = cluster.client()
        futures = client.map(slow_inc, range(100), delay=0.2)
        assert eventually(lambda: any(future.done() for future in futures))
        client.restart(timeout=60)
        assert all(future.cancelled() for future in futures)
        assert client.gather(client.map(inc, range(10))) == list(range(1, 11))

    def test_other_clients_are_told(self, new_cluster):
        cluster = two_workers(new_cluster)
        client, other = cluster.client(), cluster.client(set_as_default=False)
        future = other.submit(inc, 1)
        assert future.result() == 2
        client.restart(timeout=60)
        assert eventually(future.cancelled)
        assert other.submit(inc, 2).result() == 3

    def test_workers_without_nannies_never_come_back(self, new_cluster):
        cluster = new_cluster()
        cluster.add_worker("alice", "--no-nanny", wait=False)
        cluster.add_worker("bob", wait=False)
        cluster.wait_for_workers("alice", "bob")
        client = cluster.client()
        with pytest.raises(asyncio.TimeoutError, match=r"The 1 worker\(s\) not using Nannies were just shut down"):
            client.restart(timeout=8)
        assert eventually(lambda: list(worker_addresses(client)) == ["bob"])

    def test_without_waiting(self, new_cluster):
        cluster = two_workers(new_cluster)
        client = cluster.client()
        before = set(client.run(os.getpid).values())
        client.restart(timeout=60, wait_for_workers=False)
        client.wait_for_workers(2, timeout=60)
        assert not before & set(client.run(os.getpid).values())

    def test_some_workers(self, new_cluster):
        cluster = two_workers(new_cluster)
        client = cluster.client()
        addresses = worker_addresses(client)
        kept = client.submit(inc, 1, workers="bob")
        calls = cluster.directory / "calls"
        computed_again = client.submit(tasks.write, calls, 1, workers="alice", allow_other_workers=True, pure=False)
        wait([kept, computed_again])
        before = client.run(os.getpid)
        results = client.restart_workers([addresses["alice"]], timeout=60)
        if RELEASE > (2023, 1):
            assert results == {addresses["alice"]: "OK"}
        cluster.wait_for_workers("alice", "bob")
        after = {name: client.submit(os.getpid, workers=name, pure=False).result() for name in ("alice", "bob")}
        assert after["bob"] == before[addresses["bob"]]
        assert after["alice"] != before[addresses["alice"]]
        assert kept.result() == 2
        assert eventually(lambda: len(tasks.read(calls)) == 2, timeout=30)

    def test_a_worker_that_sends_no_heartbeats_is_restarted(self, new_cluster):
        if RELEASE < (2024, 1):
            pytest.skip("2022 removes it, and that is all")
        cluster = two_workers(new_cluster, worker_ttl="5s")
        client = cluster.client()
        pid = client.submit(os.getpid, workers="alice").result()
        stopped = worker_addresses(client)["alice"]
        os.kill(pid, signal.SIGSTOP)
        try:
            # Nothing is asked of it before: a task for an address that is gone would wait for ever.
            assert eventually(lambda: worker_addresses(client).get("alice", stopped) != stopped, timeout=60)
            alice = worker_addresses(client)["alice"]
            assert client.submit(os.getpid, workers=[alice], pure=False).result(timeout=30) != pid
        finally:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


class TestRetire:
    def test_results_move(self, new_cluster):
        cluster = two_workers(new_cluster)
        client = cluster.client()
        addresses = worker_addresses(client)
        futures = client.map(tasks.write, [cluster.directory / "calls"] * 20, range(20), workers="alice")
        data = client.scatter(list(range(5)), workers=[addresses["alice"]], hash=False)
        wait(futures)
        retired = client.retire_workers([addresses["alice"]])
        assert list(retired) == [addresses["alice"]] and retired[addresses["alice"]]["name"] == "alice"
        assert eventually(lambda: list(worker_addresses(client)) == ["bob"])
        assert client.gather(futures) == list(range(20))
        assert client.gather(data) == list(range(5))
        assert len(tasks.read(cluster.directory / "calls")) == 20

    def test_by_name(self, new_cluster):
        cluster = two_workers(new_cluster)
        client = cluster.client()
        alice = worker_addresses(client)["alice"]
        assert list(client.retire_workers(names=["alice"], close_workers=True)) == [alice]
        assert list(worker_addresses(client)) == ["bob"]
        assert client.retire_workers(names=["nobody"]) == {}
        with pytest.raises(TypeError, match="names and workers are mutually exclusive"):
            client.retire_workers(names=["bob"], workers=[alice])

    def test_the_last_worker_keeps_its_results(self, new_cluster):
        cluster = new_cluster()
        cluster.add_worker("alice")
        client = cluster.client()
        future = client.submit(inc, 1)
        wait(future)
        assert client.retire_workers(names=["alice"]) == {}
        assert client.submit(inc, 2).result() == 3
        assert future.result() == 2
        assert list(worker_addresses(client)) == ["alice"]

    def test_without_removing(self, new_cluster):
        cluster = two_workers(new_cluster)
        client = cluster.client()
        alice = worker_addresses(client)["alice"]
        future = client.submit(inc, 1, workers="alice")
        wait(future)
        client.retire_workers([alice], remove=False, close_workers=False)
        assert client.scheduler_info()["workers"][alice]["status"] == "closing_gracefully"
        assert "bob" in holders(client, future)
        assert client.gather(client.map(tasks.where, range(10), pure=False)) == ["bob"] * 10

    def test_in_the_middle_of_work(self, new_cluster):
        cluster = new_cluster()
        for name in ("alice", "bob", "carol"):
            cluster.add_worker(name, wait=False)
        cluster.wait_for_workers("alice", "bob", "carol")
        client = cluster.client()
        futures = client.map(slow_inc, range(60), delay=0.05)
        total = client.submit(sum, futures)
        assert eventually(lambda: sum(future.done() for future in futures) >= 10)
        client.retire_workers(names=["alice"])
        client.retire_workers(names=["bob"], close_workers=True)
        assert total.result(timeout=60) == sum(range(1, 61))

    def test_actors_stay(self, new_cluster):
        cluster = two_workers(new_cluster)
        client = cluster.client()
        counter = client.submit(tasks.Counter, workers="alice", actor=True).result()
        assert client.retire_workers(names=["alice"]) == {}
        assert counter.increment().result() == 1


class TestMemory:
    def test_the_manager_drops_what_is_not_needed(self, new_cluster):
        cluster = two_workers(new_cluster, active_memory_manager__interval="200ms")
        client = cluster.client()
        assert client.amm.running()
        client.amm.stop()
        assert not client.amm.running()
        future = client.submit(inc, 1)
        wait(future)
        client.replicate([future])
        assert holders(client, future) == ["alice", "bob"]
        client.amm.run_once()
        assert eventually(lambda: len(holders(client, future)) == 1)
        client.replicate([future])
        client.amm.start()
        assert eventually(lambda: len(holders(client, future)) == 1)
        assert future.result() == 2

    def test_rebalance(self, new_cluster):
        cluster = two_workers(new_cluster, "--memory-limit", "1GiB")
        client = cluster.client()
        addresses = worker_addresses(client)
        futures = client.map(operator.mul, [b"x"] * 60, [8_000_000] * 60, workers="alice", pure=False)
        wait(futures)
        # What the operating system says of the memory comes with heartbeats.
        assert eventually(lambda: client.rebalance() or client.has_what()[addresses["bob"]])
        assert sum(len(keys) for keys in client.has_what().values()) == 60
        assert len(client.has_what()[addresses["alice"]]) < 60
        assert all(len(future) == 8_000_000 for future in client.gather(futures[:5]))
        with pytest.raises(KeyError):
            client.rebalance(workers=["tcp://127.0.0.1:1"])

    def test_replicate(self, new_cluster):
        cluster = two_workers(new_cluster, active_memory_manager__start=False)
        client = cluster.client()
        data = client.scatter(1, workers=[worker_addresses(client)["alice"]])
        client.replicate([data], n=2)
        assert holders(client, data) == ["alice", "bob"]
        client.replicate([data], n=1)
        assert len(holders(client, data)) == 1
        client.replicate([data], workers=[worker_addresses(client)["bob"]])
        assert "bob" in holders(client, data)
        with pytest.raises(ValueError, match="Can not use replicate to delete data"):
            client.replicate([data], n=0)


class TestScaling:
    def test_workers_to_close(self, new_cluster, tmp_path):
        cluster = two_workers(new_cluster)
        client = cluster.client()
        addresses = worker_addresses(client)
        blocked = client.submit(tasks.wait_for, tmp_path / "go", workers="alice")
        assert eventually(lambda: client.processing()[addresses["alice"]])
        assert list(ask(client, "workers_to_close")) == [addresses["bob"]]
        assert list(ask(client, "workers_to_close", n=2, attribute="name")) == ["bob", "alice"]
        assert not ask(client, "workers_to_close", minimum=2)
        (tmp_path / "go").touch()
        wait(blocked)

    def test_adaptive_target(self, new_cluster):
        cluster = new_cluster()
        client = cluster.client()
        assert ask(client, "adaptive_target") == 0
        futures = client.map(slow_inc, range(100), delay=0.1)
        assert eventually(lambda: ask(client, "adaptive_target", target_duration="1s") > 10)
        assert ask(client, "adaptive_target", target_duration="100 s") == 1
        del futures

    def test_resources_that_come_later(self, new_cluster):
        cluster = new_cluster()
        cluster.add_worker("alice")
        client = cluster.client()
        future = client.submit(inc, 1, resources={"GPU": 1})
        time.sleep(0.2)
        assert not future.done()

        async def set_resources():
            await get_worker().set_resources(GPU=2)

        client.submit(set_resources).result()
        # The stock scheduler looks at it when something else happens.
        assert eventually(lambda: client.submit(inc, time.time()).result() and future.done())

    def test_cluster_objects_see_workers(self, new_cluster):
        cluster = new_cluster()

        async def watch():
            watcher = DeployedCluster(asynchronous=True)
            watcher.scheduler_comm = rpc(cluster.address)
            await watcher._start()
            try:
                assert watcher.scheduler_info["type"] == "Scheduler"
                assert not watcher.scheduler_info["workers"]
                cluster.add_worker("alice", "--no-nanny", wait=False)
                while not watcher.scheduler_info["workers"]:
                    await asyncio.sleep(0.05)
                [alice] = watcher.scheduler_info["workers"].values()
                assert alice["name"] == "alice" and "metrics" not in alice
                cluster.workers[0].terminate()
                while watcher.scheduler_info["workers"]:
                    await asyncio.sleep(0.05)
            finally:
                await watcher.close()

        asyncio.run(asyncio.wait_for(watch(), 60))

    def test_adaptive(self, new_cluster):
        cluster = new_cluster()

        class Scaled(DeployedCluster):
            """A deployment whose workers are processes of the test."""

            plan = property(lambda self: self.requested)
            requested = property(lambda self: self._names)
            observed = property(lambda self: {worker["name"] for worker in self.scheduler_info["workers"].values()})
            _names = set()

            def scale_up(self, n):
                for i in range(len(self._names), n):
                    self._names = self._names | {f"w{i}"}
                    cluster.add_worker(f"w{i}", "--no-nanny", wait=False)

            async def scale_down(self, workers):
                self._names = self._names - set(workers)

            scale = scale_up

        async def work():
            deployed = Scaled(asynchronous=True)
            deployed.scheduler_comm = rpc(cluster.address)
            await deployed._start()
            adaptive = deployed.adapt(Adaptive=Adaptive, minimum=0, maximum=2, interval="100ms", wait_count=2)
            try:
                async with Client(cluster.address, asynchronous=True) as client:
                    futures = client.map(slow_inc, range(40), delay=0.2)
                    assert await client.gather(futures) == list(range(1, 41))
                    assert deployed.observed <= {"w0", "w1"}
                    del futures
                    while deployed.observed:
                        await asyncio.sleep(0.1)
            finally:
                adaptive.stop()
                await deployed.close()

        asyncio.run(asyncio.wait_for(work(), 90))


@pytest.mark.skipif(IS_STOCK, reason="takes long, and tells nothing of the scheduler")
class TestBenchmark:
    def test_hardware(self, new_cluster):
        cluster = two_workers(new_cluster)
        results = ask(cluster.client(), "benchmark_hardware")
        assert results.keys() == {"disk", "memory", "network"}
        assert all(bandwidth > 0 for sizes in results.values() for bandwidth in sizes.values())
        assert all(results.values())


def test_add_keys(new_cluster):
    cluster = two_workers(new_cluster, active_memory_manager__start=False)
    client = cluster.client()
    addresses = worker_addresses(client)
    assert ask(client, "add_keys", worker="tcp://127.0.0.1:1", keys=["x"]) == "not found"
    assert ask(client, "add_keys", worker=addresses["alice"], keys=["x"]) == "OK"


def test_connection_of_a_watcher_still_takes_requests(new_cluster):
    cluster = new_cluster()

    async def talk():
        comm = await connect(cluster.address)
        await comm.write({"op": "subscribe_worker_status"})
        identity = await comm.read()
        await comm.write({"op": "ncores"})
        return identity["workers"], await comm.read()

    assert asyncio.run(talk()) == ({}, {})
