"""What a client and an operator ask of the scheduler besides work."""

import asyncio
import html
import json
import time
import urllib.error
import urllib.request
import uuid
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from distributed import Client, wait
from distributed.core import connect

import tasks
from clusters import RELEASE, eventually, replicas_stay, worker_addresses
from tasks import inc


class TestClientQueries:
    def test_scheduler_info(self, client, shared_cluster):
        info = client.scheduler_info()
        assert info["type"] == "Scheduler"
        assert info["address"] == shared_cluster.address
        assert {worker["name"]: worker["nthreads"] for worker in info["workers"].values()} == {"alice": 2, "bob": 1}
        alice = info["workers"][worker_addresses(client)["alice"]]
        assert alice["resources"] == {"GPU": 1}
        assert alice["memory_limit"] > 0
        assert alice["nanny"].startswith("tcp://127.0.0.1:")
        assert alice["metrics"]["memory"] > 0

    def test_nthreads(self, client):
        addresses = worker_addresses(client)
        assert client.nthreads() == client.ncores() == {addresses["alice"]: 2, addresses["bob"]: 1}

    def test_who_has_and_has_what(self, client):
        addresses = worker_addresses(client)
        futures = [client.submit(inc, 1, workers="alice"), client.submit(inc, 2, workers="bob")]
        wait(futures)
        keys = [future.key for future in futures]
        assert {key: list(workers) for key, workers in client.who_has(futures).items()} == {
            keys[0]: [addresses["alice"]],
            keys[1]: [addresses["bob"]],
        }
        assert {worker: list(keys) for worker, keys in client.has_what().items()} == {
            addresses["alice"]: [keys[0]],
            addresses["bob"]: [keys[1]],
        }
        assert {worker: list(keys) for worker, keys in client.has_what(workers=[addresses["bob"]]).items()} == {
            addresses["bob"]: [keys[1]],
        }

    def test_processing(self, client, tmp_path):
        bob = worker_addresses(client)["bob"]
        future = client.submit(tasks.wait_for, tmp_path / "go", workers="bob")
        assert eventually(lambda: list(client.processing()[bob]) == [future.key])
        assert list(client.processing(workers=[bob])) == [bob]
        (tmp_path / "go").touch()
        wait(future)
        assert eventually(lambda: not client.processing()[bob])

    def test_workers_by_name(self, client):
        bob = worker_addresses(client)["bob"]
        future = client.submit(inc, 1, workers="bob")
        scattered = client.scatter(5, workers=["bob"], direct=True)
        wait(future)
        assert {worker: set(keys) for worker, keys in client.has_what(workers=["bob"]).items()} == {
            bob: {future.key, scattered.key},
        }
        assert client.nthreads(workers=["bob"]) == {bob: 1}
        assert list(client.processing(workers=["bob"])) == [bob]
        with pytest.raises(ValueError, match="missing port number in address 'nobody'"):
            client.has_what(workers=["nobody"])
        with pytest.raises(KeyError):
            client.processing(workers=["tcp://127.0.0.1:9"])

    def test_task_prefix_states(self, client):
        futures = client.map(inc, range(3))
        wait(futures)
        states = client.sync(client.scheduler.get_task_prefix_states)
        assert states["inc"] == {"memory": 3, "erred": 0, "released": 0, "processing": 0, "waiting": 0}

    def test_versions(self, client):
        versions = client.get_versions(check=True)
        assert versions["scheduler"]["packages"]["distributed"] == versions["client"]["packages"]["distributed"]
        assert versions["scheduler"]["packages"]["python"] == versions["client"]["packages"]["python"]
        assert set(versions["workers"]) == set(worker_addresses(client).values())

    def test_wait_for_workers(self, client):
        client.wait_for_workers(2, timeout=10)

    def test_run_on_workers(self, client):
        addresses = worker_addresses(client)
        assert client.run(lambda dask_worker: dask_worker.name) == {address: name for name, address in addresses.items()}
        assert client.run(tasks.inc, 1, workers=[addresses["bob"]]) == {addresses["bob"]: 2}

    def test_close_and_connect_again(self, shared_cluster):
        for i in range(3):
            with Client(shared_cluster.address, set_as_default=False) as client:
                assert client.submit(inc, i).result() == i + 1
            assert client.status == "closed"

    def test_scheduler_file(self, shared_cluster):
        with Client(scheduler_file=str(shared_cluster.directory / "scheduler.json"), set_as_default=False) as client:
            assert client.submit(inc, 1).result() == 2

    def test_asynchronous_client(self, shared_cluster):
        async def work():
            async with Client(shared_cluster.address, asynchronous=True, set_as_default=False) as client:
                return await client.gather(client.map(inc, range(5)))

        assert asyncio.run(work()) == [1, 2, 3, 4, 5]

    def test_many_clients_at_once(self, shared_cluster):
        async def work(i):
            async with Client(shared_cluster.address, asynchronous=True, set_as_default=False) as client:
                return await client.submit(inc, i)

        async def all_work():
            return await asyncio.gather(*map(work, range(20)))

        assert asyncio.run(all_work()) == list(range(1, 21))


class TestRpc:
    @pytest.fixture
    def call(self, shared_cluster):
        def call(*messages):
            """The answers to messages, sent one after the other on one connection."""

            async def answers():
                comm = await connect(shared_cluster.address)
                try:
                    received = []
                    for message in messages:
                        await comm.write(message)
                        received.append(await asyncio.wait_for(comm.read(), 10))
                    return received
                finally:
                    await comm.close()

            return asyncio.run(answers())

        return call

    def test_unknown_op(self, call):
        unknown, identity = call({"op": "no-such-op", "reply": True}, {"op": "identity", "reply": True})
        assert unknown is None
        assert identity["type"] == "Scheduler"

    def test_known_ops_on_one_connection(self, call):
        nthreads, who_has = call({"op": "ncores", "reply": True}, {"op": "who_has", "keys": ["nothing"], "reply": True})
        assert sorted(nthreads.values()) == [1, 2]
        assert list(who_has) == ["nothing"] and not who_has["nothing"]


def get(cluster, path):
    with urllib.request.urlopen(cluster.http_address() + path, timeout=10) as response:
        return response.read().decode()


def post(cluster, path, body):
    request = urllib.request.Request(cluster.http_address() + path, data=json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.loads(response.read())


class TestHttp:
    def test_health(self, shared_cluster):
        assert get(shared_cluster, "/health") == "ok"

    def test_counts(self, client, shared_cluster):
        futures = client.map(inc, range(10))
        wait(futures)

        def counts():
            return json.loads(get(shared_cluster, "/json/counts.json"))

        assert eventually(lambda: counts()["memory"] == 10)
        assert counts()["workers"] == 2
        assert counts()["cores"] == 3
        assert counts()["tasks"] == 10
        assert counts()["clients"] >= 1

    def test_pages(self, client, shared_cluster):
        key = "a b+<'" if RELEASE == (2022, 12) else ("a b+<'", 0)
        future = client.submit(inc, 1, key=key, workers="bob")
        failed = client.submit(tasks.divide, 1, 0)
        wait([future, failed])
        bob = worker_addresses(client)["bob"]
        worker, task = quote(bob, safe=""), quote(str(key), safe="")
        for path, content in {
            "/info": bob,
            "/info/main/workers.html": bob,
            "/info/main/exceptions.html": "ZeroDivisionError",
            "/info/main/logs.html": "Register worker",
            f"/info/worker/{worker}.html": str(key),
            f"/info/logs/{worker}.html": f"Logs: {bob}",
            f"/info/call-stacks/{worker}.html": "not actively running",
            f"/info/task/{task}.html": bob,
            f"/info/call-stack/{task}.html": "not actively running",
        }.items():
            page = get(shared_cluster, path)
            ElementTree.fromstring(page)
            assert content in html.unescape(page), path
            assert 'href="/' not in page
        for path in ("/info/worker/unknown.html", "/info/task/unknown.html", f"/info/task/{task}", "/no-such-page"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                get(shared_cluster, path)

    def test_json(self, shared_cluster):
        assert json.loads(get(shared_cluster, "/json/identity.json"))["address"] == shared_cluster.address
        assert {"/health", "/sitemap.json", "/statics/css/base.css"} <= set(json.loads(get(shared_cluster, "/sitemap.json"))["paths"])
        assert "counts.json" in get(shared_cluster, "/json/index.html")
        assert isinstance(json.loads(get(shared_cluster, "/individual-plots.json")), dict)

    def test_api_is_off(self, shared_cluster):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(shared_cluster, "/api/v1")

    def test_api(self, new_cluster):
        cluster = new_cluster(http__routes=["distributed.http.scheduler.api", "distributed.http.health"])
        assert get(cluster, "/api/v1") == "API V1"
        assert json.loads(get(cluster, "/api/v1/get_workers")) == {"num_workers": 0, "workers": []}
        assert json.loads(get(cluster, "/api/v1/check_idle")).keys() == {"idle_since"}
        assert json.loads(get(cluster, "/api/v1/adaptive_target")) == {"workers": 0}
        cluster.add_worker("alice")
        cluster.add_worker("bob")
        ((address, retired),) = post(cluster, "/api/v1/retire_workers", {"n": 1}).items()
        assert retired["name"] in {"alice", "bob"}
        assert address not in worker_addresses(cluster.client()).values()
        with pytest.raises(urllib.error.HTTPError, match="500"):
            post(cluster, "/api/v1/retire_workers", ["nonsense"])
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(cluster, "/info/main/workers.html")

    def test_metrics(self, client, shared_cluster):
        pytest.importorskip("prometheus_client", reason="the stock scheduler needs it")
        from prometheus_client.parser import text_string_to_metric_families

        future = client.submit(inc, 1)
        wait(future)
        families = {family.name: family for family in text_string_to_metric_families(get(shared_cluster, "/metrics"))}
        assert families["dask_scheduler_clients"].samples[0].value >= 1
        states = {sample.labels["state"]: sample.value for sample in families["dask_scheduler_workers"].samples}
        assert {"idle", "saturated"} <= set(states) and sum(states.values()) >= 2
        states = {sample.labels["state"]: sample.value for sample in families["dask_scheduler_tasks"].samples}
        assert states["memory"] == 1
        assert states["processing"] == states["erred"] == states["no-worker"] == 0


class TestStart:
    def test_says_where_it_is(self, shared_cluster):
        assert any(
            "Scheduler at:" in line and line.split()[-1] == shared_cluster.address
            for line in shared_cluster.scheduler.log.read_text().splitlines()
        )

    def test_scheduler_file_is_the_identity(self, shared_cluster):
        assert shared_cluster.identity["type"] == "Scheduler"
        assert shared_cluster.identity["id"].startswith("Scheduler-")
        assert shared_cluster.identity["workers"] == {}


def test_replicate_to_hosts(client):
    future = client.submit(inc, 1, workers="alice", pure=False)
    wait(future)
    with replicas_stay(client):
        client.replicate([future], workers=["127.0.0.1"])
        assert eventually(lambda: len(client.who_has([future])[future.key]) == 2)
    with pytest.raises(KeyError):
        client.replicate([future], workers=["tcp://127.0.0.1:1"])


def test_errors_of_collections_can_be_recreated(client):
    bag = pytest.importorskip("dask.bag").range(2, npartitions=2).map(lambda x: 1 / x).persist()
    wait(bag, timeout=20)
    with pytest.raises(ZeroDivisionError):
        client.recreate_error_locally(bag)


def test_times_of_events(client):
    before = time.time()
    topic = str(uuid.uuid4())
    client.log_event(topic, "news")
    ((when, _),) = eventually(lambda: client.get_events(topic))
    assert before - 0.1 <= when <= time.time() + 0.1


def test_a_failure_of_all_workers(client):
    with pytest.raises(Exception, match="No handler|unknown|not|wrong|argument"):
        client.sync(client.scheduler.broadcast, msg={"op": "call_stack", "nonsense": 1})
