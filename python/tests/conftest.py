import distributed
import pytest

import clusters


def pytest_report_header():
    return f"scheduler: {clusters.SCHEDULER}, distributed {distributed.__version__}"


def pytest_collection_modifyitems(items):
    if clusters.IS_STOCK:
        for item in items:
            if item.get_closest_marker("csds"):
                item.add_marker(pytest.mark.skip(reason="a promise of csds only"))


def pytest_runtest_setup():
    for cluster in clusters.LIVING:
        cluster.forget_logs()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    report = (yield).get_result()
    if report.failed:
        report.sections += [("logs", cluster.logs()) for cluster in clusters.LIVING]


@pytest.fixture(scope="session")
def shared_cluster(tmp_path_factory):
    """Two workers for all tests that leave no trace: alice (two threads, one GPU) and bob (one thread)."""
    cluster = clusters.Cluster(tmp_path_factory.mktemp("shared"))
    try:
        cluster.add_worker("alice", "--resources", "GPU=1", nthreads=2, wait=False)
        cluster.add_worker("bob", wait=False)
        cluster.wait_for_workers("alice", "bob")
        yield cluster
    finally:
        cluster.close()


@pytest.fixture(scope="session")
def observer(shared_cluster):
    """A client of the shared cluster that only looks."""
    return shared_cluster.client(set_as_default=False)


@pytest.fixture
def client(shared_cluster, observer):
    """A client of the shared cluster, where nothing may be left when it has closed."""
    before = set(observer.who_has())
    with distributed.Client(shared_cluster.address) as client:
        yield client
    clusters.eventually(lambda: not observer.who_has().keys() - before)
    left = observer.who_has().keys() - before
    assert not left, "the scheduler still has these tasks"


@pytest.fixture
def new_cluster(tmp_path):
    """Makes clusters for one test."""
    made = []

    def new_cluster(**config):
        made.append(clusters.Cluster(tmp_path / str(len(made)), **config))
        return made[-1]

    try:
        yield new_cluster
    finally:
        for cluster in made:
            cluster.close()
