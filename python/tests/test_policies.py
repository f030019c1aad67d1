"""Scheduling policies: whoever decides where tasks run, results are the same."""

import urllib.request

import dask
import dask.array as da
import dask.dataframe as dd
import distributed
import pandas as pd
import pytest

import clusters
from tasks import inc
from test_command_line import run

POLICIES = ["random", "round-robin", "least-occupancy", "b-level", "t-level"]

pytestmark = pytest.mark.csds


@pytest.fixture(scope="module", params=POLICIES)
def cluster(request, tmp_path_factory):
    """Two workers, one of them with a GPU, under each policy; half of them are chosen by the command line."""
    by_option = POLICIES.index(request.param) % 2 == 0
    cluster = clusters.Cluster(
        tmp_path_factory.mktemp(request.param),
        options=["--validate", *(["--policy", request.param] if by_option else [])],
        environment={"DASK_CSDS__POLICY": "dask" if by_option else request.param},
    )
    try:
        cluster.policy = request.param
        cluster.add_worker("alice", "--no-nanny", "--resources", "GPU=1", nthreads=2, wait=False)
        cluster.add_worker("bob", "--no-nanny", wait=False)
        cluster.wait_for_workers("alice", "bob")
        yield cluster
    finally:
        cluster.close()


def test_results_are_the_same(cluster):
    with distributed.Client(cluster.address):
        frame = pd.DataFrame({"key": [i % 7 for i in range(500)], "value": range(500)})
        df = dd.from_pandas(frame, npartitions=10)
        assert df.groupby("key").value.sum().compute().sort_index().to_dict() == frame.groupby("key").value.sum().to_dict()
        merged = df.merge(df, on="key", shuffle_method="tasks") if clusters.RELEASE >= (2024, 1) else df.merge(df, on="key")
        assert len(merged) == len(frame.merge(frame, on="key"))
        x = da.arange(1000, chunks=50)
        y = (x + x[::-1]).rechunk(300)
        assert y.sum().compute() == 1000 * 999
        assert (y.std() + x.max()).compute() == 999


def test_restrictions_are_honoured(cluster):
    def where(_):
        return distributed.get_worker().name

    with distributed.Client(cluster.address) as client:
        numbers = client.map(inc, range(30))
        anywhere = client.map(where, numbers, pure=False)
        on_alice = client.map(where, numbers, resources={"GPU": 1}, pure=False)
        on_bob = client.map(where, numbers, workers="bob", pure=False)
        assert set(client.gather(anywhere)) <= {"alice", "bob"}
        assert set(client.gather(on_alice)) == {"alice"}
        assert set(client.gather(on_bob)) == {"bob"}
        assert client.submit(where, 1, workers="nobody", allow_other_workers=True).result() in {"alice", "bob"}
        with dask.annotate(retries=1):
            assert dask.delayed(inc)(1).compute() == 2


def test_says_which(cluster):
    page = urllib.request.urlopen(cluster.http_address() + "/metrics").read().decode()
    assert f'policy="{cluster.policy}"' in page
    assert f"Scheduling policy: {cluster.policy}" in cluster.scheduler.log.read_text()


def test_unknown_name():
    code, said = run("--policy", "nonsense")
    assert code == 2
    for name in ["nonsense", "dask", *POLICIES]:
        assert f"'{name}'" in said
    code, said = run("--port", "0", DASK_CSDS__POLICY="nonsense")
    assert code == 1
    assert "`csds.policy` must be one of dask, random" in said


def test_help():
    code, said = run("--help")
    assert code == 0
    assert said.index("--idle-timeout") < said.index("--policy")
    assert all(name in said for name in POLICIES)
