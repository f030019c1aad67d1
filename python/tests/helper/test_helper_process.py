"""The helper as a child process: what it reports, and that it never outlives the server."""
import os
import signal
import subprocess
import time

import dask
import distributed
import pytest

from driver import Helper, HelperDied
from test_helper_failures import calling, simple  # noqa: F401  (fixture)
from upstream import PACKED


def test_configure(helper):
    header, frames = helper.ask("configure")
    assert header["op"] == "configured"
    assert header["distributed"] == distributed.__version__
    assert header["dask"] == dask.__version__
    assert header["versions"]["packages"] == distributed.versions.get_versions()["packages"]
    assert header["config"]["distributed"]["scheduler"]["allowed-failures"] == 3
    assert header["pickle_protocol"] == 5
    assert frames == []


def test_configure_takes_configuration(new_helper):
    helper = new_helper()
    header, _ = helper.ask("configure", config={"distributed": {"scheduler": {"allowed-failures": 9}}})
    assert header["config"]["distributed"]["scheduler"]["allowed-failures"] == 9
    assert "worker-ttl" in header["config"]["distributed"]["scheduler"]


def test_worker_plugins(helper):
    header, _ = helper.ask("configure")
    assert set(header["worker_plugins"]) == (set() if PACKED else {"shuffle"})
    for pickled in header["worker_plugins"].values():
        plugin = distributed.protocol.pickle.loads(pickled)
        assert type(plugin).__name__ == "ShuffleWorkerPlugin"


def test_reports_its_process_id(new_helper):
    helper = new_helper()
    assert helper.started == {"op": "started", "pid": helper.process.pid}


def test_kernel_prefers_to_kill_it(helper):
    with open("/proc/%d/oom_score_adj" % helper.process.pid) as file:
        assert file.read().strip() == "1000"


def test_has_a_name(helper):
    with open("/proc/%d/cmdline" % helper.process.pid) as file:
        assert file.read().strip("\0") == "csds-helper"
    with open("/proc/%d/comm" % helper.process.pid) as file:
        assert file.read().strip() == "csds-helper"


def test_interrupts_are_the_servers_business(helper):
    os.kill(helper.process.pid, signal.SIGINT)
    assert helper.ask("configure")[0]["op"] == "configured"


def test_ends_with_the_pipe(new_helper):
    assert new_helper().close() == 0


def test_ends_with_the_pipe_while_busy(simple, new_helper):  # noqa: F811
    from distributed.protocol import dumps

    helper = new_helper()
    answers = helper.request("expand", *dumps(calling(simple, time.sleep, 600)))
    helper.process.stdin.flush()
    import threading

    reader = threading.Thread(target=lambda: pytest.raises(Exception, next, answers))
    reader.start()
    time.sleep(0.5)
    assert helper.process.poll() is None
    started = time.monotonic()
    assert helper.close() == 0
    assert time.monotonic() - started < 5
    reader.join()


def test_user_threads_do_not_keep_it(simple, new_helper):  # noqa: F811
    helper = new_helper()
    code = "import threading, time; threading.Thread(target=time.sleep, args=(600,)).start()"
    assert helper.expand(calling(simple, exec, code)).keys
    assert helper.close() == 0


def test_needs_nothing_but_the_modules_it_is_sent(new_helper, tmp_path):
    helper = new_helper(cwd=tmp_path)
    assert helper.ask("configure")[0]["op"] == "configured"
    assert os.listdir(tmp_path) == []


def test_a_python_without_dask_says_so(tmp_path):
    (tmp_path / "msgpack.py").write_text("raise ImportError('not today')")
    with pytest.raises(HelperDied) as died:
        Helper({"PYTHONPATH": str(tmp_path)}, stderr=subprocess.DEVNULL)
    assert died.value.code == 1
