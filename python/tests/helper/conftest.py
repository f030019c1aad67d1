import pytest

from driver import Helper
from recorder import Recorder


@pytest.fixture(scope="module")
def recorder():
    recorder = Recorder()
    yield recorder
    recorder.close()


@pytest.fixture
def record(recorder):
    """Function of a function of a client: the graph message that it makes the client send."""
    return recorder.record


@pytest.fixture(scope="session")
def shared_helper():
    helper = Helper()
    yield helper
    assert helper.close() == 0


@pytest.fixture
def helper(shared_helper):
    """A helper that the test leaves as it was."""
    yield shared_helper
    header, _ = shared_helper.ask("configure")
    assert header["op"] == "configured"


@pytest.fixture
def new_helper():
    """Starts helpers of one test."""
    started = []

    def new_helper(**options):
        started.append(Helper(**options))
        return started[-1]

    yield new_helper
    for helper in started:
        if helper.process.poll() is None:
            helper.close()
