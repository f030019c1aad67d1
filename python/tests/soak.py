"""Random work with real workers while workers and clients come and go: nothing is lost, wrong, or left behind.

usage: python soak.py [--minutes 3] [--seed 1] [--users 3] [--workers 3]

Rounds of half a minute: users do random things (soak_activities.py) and check every result, workers are killed and join,
clients vanish. Then everyone leaves, and the scheduler must be as empty as it was at the beginning. Once the first third
of the rounds is over, its memory, threads and files must not grow any more. Each round prints what it measured; the exit
code tells whether all of that held.
"""

import argparse
import contextlib
import json
import os
import random
import sys
import tempfile
import threading
import time
import traceback
import urllib.request
from pathlib import Path

os.environ.setdefault("DASK_DATAFRAME__SHUFFLE__METHOD", "tasks")
# 2022's name for it. Without, sort_values shuffles by files, where a task that is run again leaves its rows twice.
os.environ.setdefault("DASK_SHUFFLE", "tasks")
os.environ.setdefault("DASK_ARRAY__RECHUNK__METHOD", "tasks")
os.environ.setdefault("DASK_DISTRIBUTED__ADMIN__LARGE_GRAPH_WARNING_THRESHOLD", "1GB")

import clusters
import soak_activities

ROUND_SECONDS = 30
MEASURED_ROUNDS = 6
"""Rounds from which on it can be said whether something grows."""

SHORT_MEMORY = {
    # What Dask remembers for hours: shorter than a round, so that the first rounds fill it.
    "DASK_DISTRIBUTED__SCHEDULER__EVENTS_CLEANUP_DELAY": "5s",
    "DASK_DISTRIBUTED__SCHEDULER__EVENTS_LOG_LENGTH": "1000",
    "DASK_DISTRIBUTED__SCHEDULER__TRANSITION_LOG_LENGTH": "1000",
    "DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "1000",
    "DASK_DISTRIBUTED__ADMIN__LOG_LENGTH": "1000",
    # Garbage is collected each 4 MB: what is resident is what is held.
    "DOTNET_GCgen0size": "400000",
}


class Chaos(threading.Thread):
    """Kills workers and starts others; there are always some."""

    def __init__(self, cluster, workers, seed, stop):
        super().__init__(name="chaos")
        self.cluster, self.wanted, self.stopping = cluster, workers, stop
        self.random = random.Random(seed)
        self.kills = 0

    def run(self):
        while not self.stopping.wait(self.random.uniform(1, 6)):
            self.strike()

    def strike(self):
        workers = self.cluster.workers
        if len(workers) <= self.wanted and self.random.random() < 0.5:
            number = len(list(self.cluster.directory.glob("*.log")))
            self.cluster.add_worker(f"worker-{number}", nthreads=self.random.randint(1, 2), wait=False)
        elif self.random.random() < 0.5:
            self.kill_below_nanny(self.random.choice(workers))
        elif len(workers) > self.wanted:
            worker = workers.pop(self.random.randrange(len(workers)))
            worker.kill()
            self.kills += 1

    def kill_below_nanny(self, nanny):
        """The nanny starts another one."""
        children = Path(f"/proc/{nanny.pid}/task/{nanny.pid}/children")
        pids = children.read_text().split() if children.exists() else []
        if len(pids) > 1:  # The first is multiprocessing's own helper.
            os.kill(int(pids[-1]), 9)
            self.kills += 1


class User(threading.Thread):
    """Does random things, each with a new client, until told to stop."""

    def __init__(self, number, cluster, seed, stop):
        super().__init__(name=f"user-{number}")
        self.cluster, self.stopping = cluster, stop
        self.random = random.Random(f"{seed} {number}")
        self.done = {}
        self.error = None

    def run(self):
        try:
            while not self.stopping.is_set():
                self.session()
        except Exception:
            self.error = f"{self.name}, {self.doing}:\n{traceback.format_exc()}"
            self.stopping.set()

    def session(self):
        with clusters.distributed.Client(self.cluster.address, set_as_default=False) as client, client.as_current():
            for _ in range(self.random.randint(1, 8)):
                if self.stopping.is_set():
                    return
                activity = self.random.choice(soak_activities.ACTIVITIES)
                self.doing = activity.__name__
                activity(client, self.random, self.cluster)
                self.done[self.doing] = self.done.get(self.doing, 0) + 1


def counts(cluster):
    with urllib.request.urlopen(cluster.http_address() + "/json/counts.json") as page:
        return json.load(page)


def leftovers(cluster):
    """What is there although nobody wants it: counts that are not zero, and the ids of clients."""
    names = ("tasks", "processing", "memory", "erred", "bytes", "waiting", "waiting_data", "released", "unrunnable")
    found = counts(cluster)
    left = {name: n for name, n in found.items() if name in names and n}
    if found["clients"] > 1 and (clients := users_clients(cluster)):  # One stands for fire-and-forget.
        left["clients"] = clients
    return left


def users_clients(cluster):
    """The clients that are connected without those of workers, whose tasks submit tasks: these stay as long as the worker."""
    with clusters.distributed.Client(cluster.address, set_as_default=False) as client:
        ids = client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.clients))
        return [i for i in ids if i not in ("fire-and-forget", client.id) and not i.startswith("Client-worker-")]


def tasks_left(cluster):
    """The keys that are there, and what happened to them."""
    with clusters.distributed.Client(cluster.address, set_as_default=False) as client:
        keys = list(client.who_has())
        return "\n".join(map(str, [keys, *client.sync(client.scheduler.get_story, keys_or_stimuli=keys)]))


def resident(pid):
    """Megabytes; 0 if the process has just ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6
    return 0


def children(pid):
    return [child for tasks in Path(f"/proc/{pid}/task").iterdir() for child in (tasks / "children").read_text().split()]


def measure(scheduler):
    """What the scheduler takes, by name."""
    return {
        "MB": resident(scheduler.pid),
        "MB of helpers": sum(map(resident, children(scheduler.pid))),
        "threads": len(list(Path(f"/proc/{scheduler.pid}/task").iterdir())),
        "files": len(list(Path(f"/proc/{scheduler.pid}/fd").iterdir())),
    }


def growth(measured):
    """What is larger in the last third of the rounds than in the one before, by more than chance; the first warms up.

    The least of each third counts: garbage and connections that are about to end come on top of it.
    """
    third = len(measured) // 3
    grown = {}
    for name in measured[0]:
        middle, last = (min(m[name] for m in part) for part in (measured[third : 2 * third], measured[-third:]))
        if last > 1.05 * middle + 3:
            grown[name] = f"{middle:.0f} -> {last:.0f}"
    return grown


def run_round(cluster, options, seed, seconds):
    """Answers what was done, how often, and how many workers were killed."""
    stop, calm = threading.Event(), threading.Event()
    users = [User(i, cluster, seed, stop) for i in range(options.users)]
    chaos = Chaos(cluster, options.workers, seed, calm)
    for thread in [*users, chaos]:
        thread.start()
    stop.wait(seconds)
    stop.set()
    # Workers die until the last user has got what it waits for.
    for user in users:
        user.join(120)
    calm.set()
    chaos.join()
    problems = [user.error or f"{user.name} waits for {user.doing}" for user in users if user.error or user.is_alive()]
    if problems:
        raise AssertionError("\n".join(problems))
    done = {}
    for user in users:
        for name, n in user.done.items():
            done[name] = done.get(name, 0) + n
    return done, chaos.kills


def soak(options, directory):
    """Raises AssertionError where something was lost, wrong or left."""
    cluster = clusters.Cluster(directory, environment=SHORT_MEMORY, allowed_failures=1000, worker_ttl="30s")
    try:
        for i in range(options.workers):
            cluster.add_worker(f"worker-{i}", nthreads=2, wait=False)
        measured = []
        deadline = time.monotonic() + options.minutes * 60
        while not measured or time.monotonic() < deadline:
            seed = f"{options.seed} {len(measured)}"
            seconds = max(1, min(ROUND_SECONDS, deadline - time.monotonic()))
            done, kills = run_round(cluster, options, seed, seconds)
            clusters.eventually(lambda: not leftovers(cluster), timeout=30)
            left = leftovers(cluster)
            assert not left, f"left behind after everybody has gone: {left}\n{tasks_left(cluster)}"
            measured.append(measure(cluster.scheduler))
            numbers = ", ".join(f"{value:.0f} {name}" for name, value in measured[-1].items())
            print(f"round {len(measured)}: {sum(done.values())} activities, {kills} kills, {numbers}; {done}", flush=True)
        grown = growth(measured) if len(measured) >= MEASURED_ROUNDS else None
        assert not grown, f"grows from the middle third of the rounds to the last: {grown}"
        errors = [line for line in (cluster.directory / "scheduler.log").read_text().splitlines() if "An event failed" in line]
        assert not errors, "\n".join(errors[:10])
    except BaseException:
        print(cluster.logs()[-20_000:], file=sys.stderr)
        raise
    finally:
        cluster.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--users", type=int, default=3)
    parser.add_argument("--workers", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        soak(options, Path(directory) / "soak")
    print("nothing was lost, wrong or left behind")


if __name__ == "__main__":
    main()
