"""Random work with real workers while workers and clients come and go: nothing is lost, wrong, or left behind.

usage: python soak.py [--minutes 3] [--seed 1] [--users 3] [--workers 3]

Rounds of half a minute: users do random things (soak_activities.py) and check every result, workers are killed and join,
clients vanish. Then everyone leaves, and the scheduler must be as empty as it was at the beginning, and after the first
rounds its memory must not grow any more. The exit code tells whether all of that held.
"""

import argparse
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
os.environ.setdefault("DASK_ARRAY__RECHUNK__METHOD", "tasks")
os.environ.setdefault("DASK_DISTRIBUTED__ADMIN__LARGE_GRAPH_WARNING_THRESHOLD", "1GB")

import clusters
import soak_activities

ROUND_SECONDS = 30
SETTLED_ROUNDS = 3
"""Rounds after which the scheduler's memory has seen everything that it needs."""


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
    """What is there although nobody wants it: counts that are not zero."""
    names = ("tasks", "processing", "memory", "erred", "bytes", "waiting", "waiting_data", "released", "unrunnable")
    return {name: n for name, n in counts(cluster).items() if name in names and n}


def tasks_left(cluster):
    """The keys that are there, and what happened to them."""
    with clusters.distributed.Client(cluster.address, set_as_default=False) as client:
        keys = list(client.who_has())
        return "\n".join(map(str, [keys, *client.sync(client.scheduler.get_story, keys_or_stimuli=keys)]))


def memory(process):
    """Resident bytes of a process."""
    return int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


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
    cluster = clusters.Cluster(directory, allowed_failures=1000, worker_ttl="30s")
    try:
        for i in range(options.workers):
            cluster.add_worker(f"worker-{i}", nthreads=2, wait=False)
        sizes = []
        deadline = time.monotonic() + options.minutes * 60
        while not sizes or time.monotonic() < deadline:
            seed = f"{options.seed} {len(sizes)}"
            seconds = max(1, min(ROUND_SECONDS, deadline - time.monotonic()))
            done, kills = run_round(cluster, options, seed, seconds)
            clusters.eventually(lambda: not leftovers(cluster), timeout=30)
            left = leftovers(cluster)
            assert not left, f"left behind after everybody has gone: {left}\n{tasks_left(cluster)}"
            sizes.append(memory(cluster.scheduler) / 1e6)
            print(f"round {len(sizes)}: {sum(done.values())} activities, {kills} kills, {sizes[-1]:.0f} MB; {done}", flush=True)
        settled = max(sizes[:SETTLED_ROUNDS])
        assert min(sizes[-2:]) < 1.3 * settled + 30, f"memory grows: {sizes}"
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
