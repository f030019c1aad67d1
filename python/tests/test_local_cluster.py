"""csds.LocalCluster and its scheduler process, used as one would use Dask's."""

import asyncio
import os
import shlex

import dask
import distributed
import pytest
from distributed import Client
from distributed.deploy.spec import SpecCluster

import clusters
import csds
import tasks

pytestmark = pytest.mark.csds


@pytest.fixture(autouse=True)
def scheduler():
    """The scheduler under test is the one that is found."""
    with dask.config.set({"csds.scheduler": clusters.SCHEDULER}):
        yield


def local_cluster(**options):
    return csds.LocalCluster(dashboard_address=":0", **options)


def test_workers_in_processes():
    with local_cluster(n_workers=2, threads_per_worker=1) as cluster, Client(cluster) as client:
        assert cluster.scheduler.process.pid != os.getpid()
        assert client.gather(client.map(tasks.inc, range(10))) == list(range(1, 11))
        assert len(cluster.scheduler_info["workers"]) == 2
        process = cluster.scheduler.process
    assert process.returncode == 0


def test_scaling():
    with local_cluster(n_workers=0, threads_per_worker=1, processes=False) as cluster, Client(cluster) as client:
        cluster.scale(2)
        client.wait_for_workers(2)
        cluster.scale(1)
        assert clusters.eventually(lambda: len(client.nthreads()) == 1)
        assert client.submit(tasks.inc, 1).result() == 2


def test_asynchronous():
    async def work():
        async with local_cluster(n_workers=1, processes=False, asynchronous=True) as cluster:
            async with Client(cluster, asynchronous=True) as client:
                return await client.submit(tasks.inc, 1)

    assert asyncio.run(work()) == 2


def test_settings_of_the_scheduler():
    options = {"blocked_handlers": ["gather"], "config": {"distributed.scheduler.allowed-failures": 7}}
    with local_cluster(n_workers=0, scheduler_kwargs=options) as cluster, Client(cluster) as client:
        with pytest.raises(ValueError, match="explicitly disallowed"):
            client.sync(client.scheduler.gather, keys=["x"])


def test_tls():
    pytest.importorskip("cryptography")
    with local_cluster(n_workers=1, processes=False, security=True) as cluster:
        assert cluster.scheduler_address.startswith("tls://")
        with Client(cluster) as client:
            assert client.submit(tasks.inc, 1).result() == 2


def test_in_a_spec_cluster():
    scheduler = {"cls": csds.SchedulerProcess, "options": {"dashboard_address": ":0", "host": "127.0.0.1"}}
    workers = {"alice": {"cls": distributed.Nanny, "options": {"nthreads": 1}}}
    with SpecCluster(scheduler=scheduler, workers=workers) as cluster, Client(cluster) as client:
        client.wait_for_workers(1)
        assert clusters.worker_addresses(client).keys() == {"alice"}


def test_what_cannot_be_handed_to_another_process():
    with pytest.raises(TypeError, match="cannot take plugins"):
        csds.SchedulerProcess(plugins=[object()])
    with pytest.raises(TypeError, match="unexpected keyword argument 'nonsense'"):
        csds.SchedulerProcess(nonsense=1)


def test_a_scheduler_that_does_not_start():
    command = [*shlex.split(clusters.SCHEDULER), "--protocol", "nonsense"]
    with pytest.raises(RuntimeError, match="unknown address scheme"):
        local_cluster(n_workers=0, scheduler_kwargs={"command": command, "protocol": None})
