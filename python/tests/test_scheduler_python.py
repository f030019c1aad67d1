"""What runs in the scheduler's Python: functions, scheduler plugins, preloads, uploaded files."""

import asyncio
import importlib
import os
import sys
import time
import uuid

import dask
import distributed
import pytest
from distributed import wait

import plugins
from clusters import RELEASE, eventually
from tasks import inc
from test_plugins import register


def register_on_scheduler(client, plugin, **options):
    method = client.register_plugin if RELEASE >= (2023, 10) else client.register_scheduler_plugin
    return method(plugin, **options)


class TestRunOnScheduler:
    def test_result(self, client):
        assert client.run_on_scheduler(inc, 1) == 2

    def test_error_is_raised(self, client):
        with pytest.raises(ZeroDivisionError, match="division by zero"):
            client.run_on_scheduler(lambda: 1 / 0)

    def test_state(self, client, shared_cluster):
        future = client.submit(inc, 1, workers="alice")
        wait(future)

        def look(key, dask_scheduler):
            ts = dask_scheduler.tasks[key]
            (ws,) = ts.who_has
            return {
                "address": dask_scheduler.address,
                "type": dask_scheduler.identity()["type"],
                "is a scheduler": isinstance(dask_scheduler, distributed.Scheduler),
                "threads": dask_scheduler.total_nthreads,
                "names": sorted(ws.name for ws in dask_scheduler.workers.values()),
                "state": ts.state,
                "prefix": ts.prefix.name,
                "on": ws.name,
                "held": ts in ws.has_what,
                "status": ws.status.name,
                "memory": ws.memory.process > 0,
                "wanted": len(ts.who_wants),
                "clients": len(dask_scheduler.clients) > 1,
                "missing": "nothing" in dask_scheduler.tasks,
            }

        assert client.run_on_scheduler(look, future.key) == {
            "address": shared_cluster.address,
            "type": "Scheduler",
            "is a scheduler": True,
            "threads": 3,
            "names": ["alice", "bob"],
            "state": "memory",
            "prefix": "inc",
            "on": "alice",
            "held": True,
            "status": "running",
            "memory": True,
            "wanted": 1,
            "clients": True,
            "missing": False,
        }

    def test_coroutine(self, client):
        async def count(dask_scheduler):
            await asyncio.sleep(0.01)
            return len(dask_scheduler.workers)

        assert client.run_on_scheduler(count) == 2

    def test_without_waiting(self, client):
        async def leave_a_mark(dask_scheduler):
            await asyncio.sleep(0.01)
            dask_scheduler.mark = "left"

        assert client.run_on_scheduler(leave_a_mark, wait=False) is None
        assert eventually(lambda: client.run_on_scheduler(lambda dask_scheduler: getattr(dask_scheduler, "mark", None)))

    def test_requests(self, client):
        async def ask(dask_scheduler):
            dask_scheduler.log_event("csds-test", {"x": 1})
            return await dask_scheduler.broadcast(msg={"op": "ping"}), dask_scheduler.get_events("csds-test")[-1][1]

        answers, event = client.run_on_scheduler(ask)
        assert set(answers.values()) == {b"pong"}
        assert event == {"x": 1}

    @pytest.mark.csds
    def test_what_is_missing_says_so(self, client):
        with pytest.raises(AttributeError, match="csds does not offer Scheduler.client_comms to Python code"):
            client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.client_comms)
        with pytest.raises(AttributeError, match="csds does not let Python code set Scheduler.allowed_failures"):
            client.run_on_scheduler(lambda dask_scheduler: setattr(dask_scheduler, "allowed_failures", 3))

    @pytest.mark.skipif(RELEASE >= (2023, 4), reason="cannot be switched off")
    def test_switched_off(self, new_cluster):
        client = new_cluster(pickle=False).client()
        with pytest.raises(ValueError, match="disallowed from deserializing"):
            client.run_on_scheduler(inc, 1)
        with pytest.raises(ValueError, match="disallowed from deserializing"):
            register_on_scheduler(client, plugins.Recorder())


class TestSchedulerPlugins:
    def test_hooks(self, new_cluster):
        cluster = new_cluster()
        client = cluster.client()
        register_on_scheduler(client, plugins.Recorder())
        worker = cluster.add_worker("alice", "--no-nanny")
        future = client.submit(inc, 1, key="x")
        assert future.result() == 2
        client.log_event("mine", "hello")
        del future
        worker.terminate()

        def seen():
            seen = client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.recorded)
            return seen if ("remove_worker", True) in seen else None

        seen = eventually(seen)
        assert seen[0] == ("start",)
        assert ("add_worker", True) in seen
        assert ("add_client",) in seen
        assert ("update_graph", ["x"]) in seen
        moves = [move[1:] for move in seen if move[0] == "transition"]
        assert moves[:2] == [("x", "released", "waiting"), ("x", "waiting", "processing")]
        assert ("x", "processing", "memory") in moves
        assert ("log_event", "hello") in seen

    def test_names(self, client):
        register_on_scheduler(client, plugins.Recorder(1))
        value = lambda dask_scheduler: dask_scheduler.plugins["recorder"].value  # noqa: E731
        assert client.run_on_scheduler(value) == 1
        register_on_scheduler(client, plugins.Recorder(2))
        assert client.run_on_scheduler(value) == 2
        if RELEASE >= (2023, 10):
            client.unregister_scheduler_plugin("recorder")
            with pytest.raises(ValueError, match="Could not find plugin 'recorder' among the current scheduler plugins"):
                client.unregister_scheduler_plugin("recorder")
        else:
            client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.remove_plugin("recorder"))

    @pytest.mark.csds
    def test_the_process_dies(self, new_cluster):
        cluster = new_cluster()
        cluster.add_worker("alice")
        client = cluster.client()
        register_on_scheduler(client, plugins.Recorder(7))
        future = client.submit(inc, 1)
        assert future.result() == 2
        pid = client.run_on_scheduler(os.getpid)
        with pytest.raises(RuntimeError, match="csds helper process died .exit code 3. while running user code"):
            client.run_on_scheduler(os._exit, 3)
        assert client.run_on_scheduler(os.getpid) != pid
        assert client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.plugins["recorder"].value) == 7
        assert client.submit(inc, future).result() == 3


class TestPreloads:
    def test_file(self, new_cluster, tmp_path, monkeypatch):
        preload = tmp_path / "preload_of_csds.py"
        preload.write_text(
            "def dask_setup(scheduler):\n"
            "    scheduler.handlers['double'] = lambda x=0: 2 * x\n"
        )
        cluster = new_cluster(preload=str(preload))
        client = cluster.client()
        assert client.sync(client.scheduler.double, x=3) == 6


class TestUploads:
    def test_upload_file(self, client, tmp_path, monkeypatch):
        name = f"uploaded_{uuid.uuid4().hex}"
        module = tmp_path / f"{name}.py"
        monkeypatch.syspath_prepend(tmp_path)
        for value in (1, 2):
            module.write_text(f"class Box:\n    pass\n\ndef add(box, y):\n    return {value} + y\n")
            sys.modules.pop(name, None)
            importlib.invalidate_caches()
            client.upload_file(str(module))
            uploaded = importlib.import_module(name)
            assert dask.delayed(uploaded.add)(uploaded.Box(), value).compute(pure=False) == 2 * value

    def test_environment(self, new_cluster):
        from distributed.diagnostics.plugin import Environ

        cluster = new_cluster()
        cluster.add_worker("alice")
        client = cluster.client()
        register(client, Environ({"CSDS_ENVIRON": 123}))
        assert eventually(lambda: list(client.run(lambda: os.environ.get("CSDS_ENVIRON")).values()) == ["123"])

    @pytest.mark.skipif(RELEASE < (2023, 10), reason="only logs what goes wrong")
    def test_pip_install(self, new_cluster):
        from distributed.diagnostics.plugin import PipInstall

        cluster = new_cluster()
        cluster.add_worker("alice")
        client = cluster.client()
        with pytest.raises(Exception, match="(?i)pip install failed|No module named"):
            register(client, PipInstall(["--no-index", "csds-does-not-exist"]))


class TestWhatItKnows:
    def test_computations(self, client):
        wait(client.map(inc, range(3), pure=False))

        def look(dask_scheduler):
            last = list(dask_scheduler.computations)[-1]
            return [group.name.split("-")[0] for group in last.groups], sum(last.states.values()) >= 3, len(last.code) > 0

        groups, states, code = client.run_on_scheduler(look)
        assert "inc" in groups and states
        # Newer clients send their code only if they are asked to.
        assert code or RELEASE > (2022, 12)

    def test_profile_of_its_event_loop(self, client):
        def busy():
            import time

            deadline = time.time() + 1.5
            while time.time() < deadline:
                sum(range(1000))

        client.run_on_scheduler(busy)
        assert eventually(lambda: "busy" in str(client.profile(scheduler=True)))

    def test_result_that_only_pickle_could_carry(self, shared_cluster):
        with distributed.Client(shared_cluster.address, serializers=["dask", "msgpack"], set_as_default=False) as client:
            assert client.run_on_scheduler(lambda: 1) == 1
            with pytest.raises(TypeError):
                client.run_on_scheduler(lambda: inc)

    def test_dumps_go_where_it_works(self, new_cluster, tmp_path):
        cluster = new_cluster()
        cluster.add_worker("alice")
        client = cluster.client()
        client.run_on_scheduler(os.chdir, str(tmp_path))
        client.dump_cluster_state("dump", write_from_scheduler=True)
        assert (tmp_path / "dump.msgpack.gz").is_file()

    def test_workers_to_close_by_groups(self, new_cluster):
        cluster = new_cluster()
        for name in ["left-1", "left-2", "right"]:
            cluster.add_worker(name)
        client = cluster.client()
        # A task keeps its worker, and with it those of its group.
        future = client.submit(time.sleep, 60, workers="left-1", pure=False)

        def closeable(dask_scheduler):
            return dask_scheduler.workers_to_close(key=lambda ws: ws.name.split("-")[0], attribute="name")

        eventually(lambda: any(client.processing().values()))
        assert client.run_on_scheduler(closeable) == ["right"]
        future.cancel()
