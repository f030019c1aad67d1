"""What the users of the soak do. Each takes a client, a source of chance and the cluster, and checks its results."""

import signal
import subprocess
import sys
import threading
import time
import uuid

import dask
import distributed
from dask import delayed

import soak_tasks
import tasks
from programs import PROGRAMS
from test_programs import assert_same

TIMEOUT = 90
"""Seconds after which a result counts as lost."""

ACTIVITIES = []


def activity(function):
    ACTIVITIES.append(function)
    return function


def unique(name):
    return f"{name}-{uuid.uuid4().hex[:12]}"


@activity
def random_graph(client, random, cluster):
    """A graph of sums, compared with the sums."""
    nodes, values = [], []
    for i in range(random.randint(1, 60)):
        needs = random.sample(range(i), min(i, random.randint(0, 3)))
        nodes.append(delayed(soak_tasks.slow_sum)([nodes[n] for n in needs], i, delay=random.choice([0, 0, 0.01, 0.1])))
        values.append(sum(values[n] for n in needs) + i)
    wanted = random.sample(range(len(nodes)), random.randint(1, len(nodes)))
    futures = client.compute([nodes[n] for n in wanted], priority=random.randint(-1, 1))
    assert client.gather(futures, direct=random.choice([None, False])) == [values[n] for n in wanted]


@activity
def map_and_sum(client, random, cluster):
    n = random.randint(1, 200)
    futures = client.map(tasks.inc, range(n), pure=random.random() < 0.5)
    assert client.submit(sum, futures).result(TIMEOUT) == n * (n + 1) // 2


@activity
def collection(client, random, cluster):
    program = random.choice(PROGRAMS)
    with dask.config.set(scheduler="synchronous"):
        (expected,) = dask.compute(program())
    (actual,) = dask.compute(program(), scheduler=client)
    assert_same(actual, expected)


@activity
def cancelled(client, random, cluster):
    """Some are cancelled; the others arrive."""
    futures = client.map(tasks.slow_inc, range(30), delay=0.02, pure=False)
    time.sleep(random.uniform(0, 0.3))
    gone = random.sample(range(30), 10)
    client.cancel([futures[i] for i in gone], force=random.random() < 0.3)
    kept = [i for i in range(30) if i not in gone]
    assert client.gather([futures[i] for i in kept]) == [i + 1 for i in kept]


@activity
def released(client, random, cluster):
    """Nobody waits for what was only begun."""
    client.map(tasks.slow_inc, range(random.randint(1, 50)), delay=0.05, pure=False)
    time.sleep(random.uniform(0, 0.2))


@activity
def failing(client, random, cluster):
    zero = client.submit(tasks.divide, 1, 0, pure=False)
    later = client.submit(tasks.inc, zero)
    for future in (zero, later):
        assert isinstance(future.exception(TIMEOUT), ZeroDivisionError)
    if random.random() < 0.5:
        later.retry()
        assert isinstance(later.exception(TIMEOUT), ZeroDivisionError)


@activity
def shared_keys(client, random, cluster):
    """Several users ask for the same keys at once."""
    n = random.randint(0, 3)
    future = client.submit(tasks.slow_inc, n, delay=0.2, key=f"shared-{n}")
    assert client.submit(tasks.inc, future, key=f"shared-next-{n}").result(TIMEOUT) == n + 2


@activity
def scattered(client, random, cluster):
    """Scattered data goes down with its workers, and only then."""
    data = list(range(random.randint(1, 1000)))
    try:
        future = client.scatter(data, broadcast=random.random() < 0.5, hash=False)
        assert client.submit(sum, future, pure=False).result(TIMEOUT) == sum(data)
    except (distributed.CancelledError, OSError, TimeoutError, KeyError, ValueError) as error:
        assert not isinstance(error, TimeoutError) or not client.scheduler_info()["workers"], "a result is lost"
    except Exception as error:  # Older releases say it in other ways.
        assert "lost" in str(error) or "cancelled" in str(error) or "already forgotten" in str(error), repr(error)


@activity
def replicated(client, random, cluster):
    futures = client.map(tasks.inc, range(3), pure=False)
    distributed.wait(futures, TIMEOUT)
    client.replicate(futures, n=2)
    assert client.gather(futures) == [1, 2, 3]


@activity
def lock(client, random, cluster):
    """A counter that only the lock makes right."""
    name = unique("lock")
    inside = []

    def use():
        with distributed.Lock(name):
            inside.append(1)
            assert len(inside) == 1
            time.sleep(0.005)
            inside.pop()

    in_threads(client, use, 4)


@activity
def semaphore(client, random, cluster):
    semaphore = distributed.Semaphore(max_leases=2, name=unique("semaphore"))
    inside = []

    def use():
        with semaphore:
            inside.append(1)
            assert len(inside) <= 2
            time.sleep(0.005)
            inside.pop()

    in_threads(client, use, 4)
    semaphore.close()


@activity
def multi_lock(client, random, cluster):
    names = [unique("multi") for _ in range(3)]
    inside = []

    def use():
        with distributed.MultiLock(random.sample(names, 2)):
            inside.append(1)
            assert len(inside) == 1  # Two of three always meet.
            time.sleep(0.005)
            inside.pop()

    in_threads(client, use, 3)


@activity
def event(client, random, cluster):
    event = distributed.Event(unique("event"), client=client)
    setter = threading.Timer(random.uniform(0, 0.2), event.set)
    setter.start()
    assert event.wait(TIMEOUT)
    setter.join()
    event.clear()


@activity
def queue(client, random, cluster):
    """Futures and values pass through a queue in order."""
    queue = distributed.Queue(unique("queue"), client=client)
    for i in range(5):
        queue.put(client.submit(tasks.inc, i, pure=False) if i % 2 else i)
    got = [queue.get(timeout=TIMEOUT) for _ in range(5)]
    assert [g.result(TIMEOUT) if i % 2 else g for i, g in enumerate(got)] == [0, 2, 2, 4, 4]
    queue.close()


@activity
def variable(client, random, cluster):
    variable = distributed.Variable(unique("variable"), client=client)
    variable.set(client.submit(tasks.inc, 1, pure=False))
    variable.set(client.submit(tasks.inc, 2, pure=False))
    assert variable.get(timeout=TIMEOUT).result(TIMEOUT) == 3
    variable.delete()


@activity
def dataset(client, random, cluster):
    name = unique("dataset")
    client.publish_dataset(client.submit(tasks.inc, 1, pure=False), name=name)
    assert client.get_dataset(name).result(TIMEOUT) == 2
    client.unpublish_dataset(name)


@activity
def fire_and_forget(client, random, cluster):
    path = cluster.directory / unique("forgotten")
    distributed.fire_and_forget(client.submit(tasks.write, str(path), "done", pure=False))
    deadline = time.monotonic() + TIMEOUT
    while not tasks.read(path):
        assert time.monotonic() < deadline, "a task that was to be forgotten was not run"
        time.sleep(0.02)


@activity
def tasks_from_tasks(client, random, cluster):
    assert client.submit(soak_tasks.submit_inside, 3, pure=False).result(TIMEOUT) == 5


@activity
def metadata_and_topics(client, random, cluster):
    name = unique("metadata")
    client.set_metadata([name, "a"], 1)
    assert client.get_metadata([name, "a"]) == 1
    client.log_event("soak", {"by": name})


VANISHING = """
import sys, time
import distributed, tasks
client = distributed.Client(sys.argv[1])
futures = client.map(tasks.slow_inc, range(50), delay=0.05, pure=False)
lock = distributed.Lock(sys.argv[2])
lock.acquire()
print("there", flush=True)
time.sleep(60)
"""


@activity
def vanishing_client(client, random, cluster):
    """A client is killed with work on its way."""
    if random.random() < 0.7:
        return  # Starting a Python takes long.
    command = [sys.executable, "-c", VANISHING, cluster.address, unique("lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=cluster.directory, env=soak_tasks.environment()) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)


def in_threads(client, function, count):
    errors = []

    def run():
        try:
            with client.as_current():
                function()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
        assert not thread.is_alive(), "a wait without end"
    if errors:
        raise errors[0]
