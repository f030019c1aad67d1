"""Workers that run nothing, as the benchmarks use them, with a real client."""

import json
import signal

import distributed
import pytest

import clusters

ZERO_WORKER = clusters.HERE.parent.parent / "artifacts/bin/Csds.ZeroWorker/release/csds-zero-worker"


def double(x):
    return 2 * x


@pytest.mark.skipif(not ZERO_WORKER.exists(), reason="csds-zero-worker is not built")
def test_zero_workers_finish_everything_once(tmp_path):
    cluster = clusters.Cluster(tmp_path)
    try:
        workers = clusters.Process([str(ZERO_WORKER), cluster.address, "--workers", "3"], tmp_path / "zero.log")
        with distributed.Client(cluster.address) as client:
            client.wait_for_workers(3, timeout=30)
            total = client.submit(sum, client.map(double, range(50)))
            assert total.result(timeout=30) == 1
        workers._popen.send_signal(signal.SIGTERM)
        workers.wait()
        seen = json.loads(workers.log.read_text().splitlines()[-1])
        assert (seen["workers"], seen["finished"], seen["finished_again"], seen["missing_input"]) == (3, 51, 0, 0)
        assert seen["get_data"] >= 1
    finally:
        cluster.close()
