"""What a client can see of the work: task stream, profiles, call stacks and logs."""

import asyncio
import json
import operator
import time

import pytest
from distributed import get_task_stream, wait
from distributed.cluster_dump import DumpArtefact
from distributed.utils import color_of
from tornado.websocket import websocket_connect

import tasks
from clusters import RELEASE, eventually, wait_until_known, worker_addresses
from tasks import inc


class TestTaskStream:
    def test_runs(self, client):
        client.get_task_stream(start=0, stop=0)  # it watches from the first question on
        before = time.time()
        futures = client.map(inc, range(3))
        wait(futures)
        keys = {future.key for future in futures}
        runs = [run for run in client.get_task_stream(start=before - 1) if run["key"] in keys]
        assert len(runs) == 3
        for run in runs:
            assert run["worker"] in worker_addresses(client).values()
            assert run["status"] == "OK"
            assert run["nbytes"] > 0
            assert run["typename"] == "int"
            assert run["thread"] > 0
            assert run["metadata"] == {}
            (compute,) = (action for action in run["startstops"] if action["action"] == "compute")
            assert before - 1 < compute["start"] <= compute["stop"] < time.time() + 1
            assert ("stimulus_id" in run) == (RELEASE > (2022, 12))

    def test_failed_run(self, client):
        client.get_task_stream(start=0, stop=0)
        future = client.submit(operator.truediv, 1, 0)
        wait(future)
        (run,) = (run for run in client.get_task_stream() if run["key"] == future.key)
        assert run["status"] == "error"
        assert run["key"] == future.key
        assert run["exception_text"] == "ZeroDivisionError('division by zero')"
        assert run["startstops"][-1]["action"] == "compute"

    def test_count_and_times(self, client):
        client.get_task_stream(start=0, stop=0)
        first = client.map(inc, range(4))
        wait(first)
        time.sleep(1)  # workers know the scheduler's clock only as well as the network allows
        middle = time.time()
        time.sleep(1)
        second = client.map(inc, range(4, 8))
        wait(second)
        assert {run["key"] for run in client.get_task_stream(count=4)} == {future.key for future in second}
        assert {run["key"] for run in client.get_task_stream(start=middle, count=2)} <= {future.key for future in second}
        assert {run["key"] for run in client.get_task_stream(stop=middle, count=4)} == {future.key for future in first}
        assert client.get_task_stream(start="0s") == ()
        assert len(client.get_task_stream(start="1 hour")) >= 8

    def test_context_manager(self, client):
        wait(client.map(inc, range(3)))
        time.sleep(1)  # clocks differ a little
        with get_task_stream(client) as stream:
            future = client.submit(tasks.slow_inc, 10, delay=0.3)
            wait(future)
        assert {run["key"] for run in stream.data} == {future.key}


class TestProfile:
    def test_computations(self, client):
        wait(client.map(tasks.busy, [0.3] * 4, range(4)))
        profile = client.profile(start=time.time() - 60)
        assert profile["identifier"] == "root"
        assert profile["count"] > 0
        assert sum(child["count"] for child in profile["children"].values()) <= profile["count"]

    def test_by_worker(self, client):
        profiles = client.profile(merge_workers=False)
        assert set(profiles) == set(worker_addresses(client).values())
        bob = worker_addresses(client)["bob"]
        assert set(client.profile(merge_workers=False, workers=[bob])) == {bob}

    def test_of_one_prefix(self, client):
        wait(client.map(tasks.busy, [0.2] * 2, range(2)))
        assert client.profile(key="nothing-of-that-name")["count"] == 0

    def test_event_loops(self, client):
        assert client.profile(server=True)["identifier"] == "root"
        assert client.profile(scheduler=True)["identifier"] == "root"


class TestCallStack:
    def test_of_futures(self, client, tmp_path):
        future = client.submit(tasks.wait_for, tmp_path / "go", workers="bob")
        after = client.submit(lambda x: x, future)
        wait_until_known(client, [future, after])
        assert eventually(lambda: client.call_stack([future]))
        ((worker, stacks),) = client.call_stack([after]).items()
        assert worker == worker_addresses(client)["bob"]
        assert list(stacks) == [future.key]
        assert any("wait_for" in line for line in stacks[future.key])
        assert set(client.call_stack()) == {worker}
        (tmp_path / "go").touch()
        wait(after)
        assert eventually(lambda: not client.call_stack())


class TestLogs:
    def test_scheduler(self, client):
        logs = client.get_scheduler_logs()
        assert {level for level, _ in logs} <= {"INFO", "WARNING", "ERROR"}
        assert any("Register worker" in text for _, text in logs)
        assert any("distributed.scheduler - INFO - " in text for _, text in logs)
        assert len(client.get_scheduler_logs(n=2)) == 2
        newest, oldest = logs[0], logs[-1]
        if RELEASE == (2022, 12):
            newest, oldest = oldest, newest
        assert "Receive client connection" in newest[1] or "Starting" in newest[1]

    def test_workers_and_nannies(self, client):
        for nanny in (False, True):
            assert set(client.get_worker_logs(nanny=nanny)) == set(worker_addresses(client).values())

    def test_clients_events(self, client):
        client.log_event("insight", {"x": 1})
        assert eventually(lambda: client.get_events("insight"))
        ((_, event),) = client.get_events("insight")
        assert event == {"x": 1}


class TestEventStream:
    """The websocket of the scheduler's HTTP server."""

    @staticmethod
    async def listen(address, do, enough):
        """What is told from when do() has begun until enough(messages)."""
        socket = await websocket_connect(address.replace("http", "ws", 1) + "/eventstream")
        messages = []
        try:
            done = asyncio.get_running_loop().run_in_executor(None, do)
            while not enough(messages):
                messages.append(json.loads(await asyncio.wait_for(socket.read_message(), 10)))
            await done
            await socket.write_message(json.dumps({"name": "ping"}))
            while messages[-1]["name"] != "pong":
                messages.append(json.loads(await asyncio.wait_for(socket.read_message(), 10)))
        finally:
            socket.close()
        return messages

    def test_runs_and_comings(self, client, shared_cluster):
        key = "inc-1f2e3d4c5b6a79808182838485868788"
        messages = asyncio.run(
            self.listen(
                shared_cluster.http_address(),
                lambda: client.submit(inc, 1, key=key).result(),
                lambda messages: any(message["name"] == "transition" for message in messages),
            )
        )
        workers = [message["worker"] for message in messages if message["name"] == "add_worker"]
        assert set(workers) == set(worker_addresses(client).values())
        assert {"client": client.id, "name": "update_graph"} in messages
        (run,) = (message for message in messages if message["name"] == "transition" and message["action"] == "compute")
        assert run["key"] == key and run["worker"] in workers
        assert run["color"] == color_of("inc")
        assert run["status"] == "OK" and run["nbytes"] > 0 and run["typename"] == "int" and run["thread"] > 0
        assert 0 <= run["stop"] - run["start"] < 10
        assert run["startstops"] == [{name: run[name] for name in ("action", "start", "stop")}]
        assert ("stimulus_id" in run) == (RELEASE > (2022, 12))
        assert "type" not in run
        assert messages[-1]["timestamp"][:2] == "20"


@pytest.mark.csds
class TestPerformanceReport:
    def test_is_one_page(self, client):
        client.get_task_stream(start=0, stop=0)
        start = time.time()
        wait(client.map(tasks.busy, [0.3] * 4, range(4), key="reported"))
        # What the context manager does at its end.
        code = "with performance_report():  # </script>"
        page = client.sync(client.scheduler.performance_report, start=start - 1, last_count=0, code=code, mode=None)
        assert "Dask Performance Report" in page
        assert "Threads: 3" in page
        assert page.count("</script>") == 2
        data = json.loads(page.split('id="data">')[1].split("</script>")[0])
        assert data["summary"]["code"] == code
        assert data["summary"]["tasks"] >= 4
        assert {worker["name"] for worker in data["workers"]} == {"alice", "bob"}
        (busy,) = (kind for kind in data["prefixes"] if kind["name"] == "reported")
        assert busy["runs"] == 4 and busy["compute"] >= 1.2
        assert data["profiles"]["compute"]["k"]
        assert len(data["stream"]["rects"]) >= 4
        assert "http://" not in page.replace("http://www.w3.org", "") and "https://" not in page


class TestClusterDump:
    @pytest.fixture
    def work(self, client):
        """A finished task, a failed one, and one with a key that is a tuple."""
        futures = [client.submit(inc, 1), client.submit(operator.truediv, 1, 0)]
        if RELEASE > (2022, 12):
            futures.append(client.submit(inc, 2, key=("tuple", 0)))
        wait(futures)
        return futures

    @pytest.mark.parametrize("scheme", ["", "file://"])
    def test_yaml(self, new_cluster, tmp_path, scheme):
        cluster = new_cluster()  # YAML in Python is slow: not after all that the shared cluster has done
        cluster.client().dump_cluster_state(f"{scheme}{tmp_path / 'dump'}", format="yaml")
        dump = DumpArtefact.from_url(str(tmp_path / "dump.yaml"))
        assert dump["scheduler"]["address"] == cluster.address

    @pytest.mark.parametrize("scheme", ["", "file://"])
    def test_contents(self, client, shared_cluster, work, tmp_path, scheme):
        client.dump_cluster_state(f"{scheme}{tmp_path / 'dump'}", format="msgpack")
        dump = DumpArtefact.from_url(str(tmp_path / "dump.msgpack.gz"))
        workers = set(worker_addresses(client).values())

        assert set(dump["workers"]) == set(dump["versions"]["workers"]) == set(dump["scheduler"]["workers"]) == workers
        assert dump.missing_workers() == []
        assert dump["versions"]["scheduler"]["packages"]["distributed"]
        scheduler = dump["scheduler"]
        assert scheduler["address"] == shared_cluster.address
        assert scheduler["status"] == "running"
        assert client.id in scheduler["clients"]
        assert scheduler["memory"]["process"] > 0
        assert any(event["action"] == "add-worker" for _, event in scheduler["events"]["all"])

        finished, failed, *named = work
        assert finished.key in [task["key"] for task in dump.scheduler_tasks_in_state("memory")]
        task = scheduler["tasks"][finished.key]
        assert task["type"] == "int" and task["nbytes"] > 0 and "run_spec" not in task
        assert task["who_wants"] == [f"<Client '{client.id}'>"]
        task = scheduler["tasks"][failed.key]
        assert task["state"] == "erred" and task["exception_text"] == "ZeroDivisionError('division by zero')"
        for future in named:
            assert list(scheduler["tasks"]["['tuple', 0]"]["key"]) == list(future.key)
        # Not by DumpArtefact.scheduler_story, which fails on any dump with a key that is a tuple.
        story = [step for step in scheduler["transition_log"] if step[0] == finished.key]
        assert [tuple(step[1:3]) for step in story[-3:]] == [
            ("released", "waiting"),
            ("waiting", "processing"),
            ("processing", "memory"),
        ]
        assert dump.worker_story(finished.key)
        dump.to_yamls(tmp_path / "yamls")
        assert (tmp_path / "yamls" / "scheduler" / "tasks.yaml").exists()

    def test_exclude(self, client, work, tmp_path):
        client.dump_cluster_state(tmp_path / "dump", exclude=["workers", "nbytes"])
        dump = DumpArtefact.from_url(str(tmp_path / "dump.msgpack.gz"))
        assert "workers" not in dump["scheduler"]
        assert "nbytes" not in dump["scheduler"]["tasks"][work[0].key]
        assert ("run_spec" in dump["scheduler"]["tasks"][work[0].key]) == (RELEASE < (2024, 12))

    def test_errors(self, client, tmp_path):
        with pytest.raises(ValueError, match="Unsupported format 'json'"):
            client.dump_cluster_state(f"file://{tmp_path}/dump", format="json")
        with pytest.raises(ValueError, match="nosuch"):
            client.dump_cluster_state("nosuch://dump")
        assert client.submit(inc, 1).result() == 2
