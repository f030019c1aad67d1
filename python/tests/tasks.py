"""Functions that the tests run on workers."""

import os
import signal
import time
from pathlib import Path

from distributed import get_worker


def inc(x):
    return x + 1


def add(x, y):
    return x + y


def slow_inc(x, delay=0.05):
    time.sleep(delay)
    return x + 1


def divide(x, y):
    return x / y


def where(_=None):
    """The name of the worker that runs this."""
    time.sleep(0.01)
    return get_worker().name


def where_slowly(_=None):
    time.sleep(0.1)
    return get_worker().name


def write(path, line):
    """Appends a line: what a test sees of a task that it does not ask for its result."""
    with open(path, "a") as file:
        file.write(f"{line}\n")
    return line


def read(path):
    """The lines written so far."""
    path = Path(path)
    return path.read_text().splitlines() if path.exists() else []


def wait_for(path, started=None):
    """Runs until the file exists; tells that it runs by making the file `started`."""
    if started:
        Path(started).touch()
    deadline = time.monotonic() + 20  # a test that fails before it makes the file leaves the thread to other tests
    while not os.path.exists(path):
        if time.monotonic() > deadline:
            raise TimeoutError(path)
        time.sleep(0.01)
    return "done"


def fail_times(path, times):
    """Fails so many times, then succeeds."""
    attempt = len(read(path)) + 1
    write(path, attempt)
    if attempt <= times:
        raise OSError(f"attempt {attempt}")
    return attempt


def interval(seconds):
    """When it began and when it ended."""
    begin = time.time()
    time.sleep(seconds)
    return begin, time.time()


def kill_own_worker(*_):
    os.kill(os.getpid(), signal.SIGKILL)


class CustomError(Exception):
    def __init__(self, message, code):
        super().__init__(message, code)
        self.code = code


def raise_custom():
    raise CustomError("something special", 42)


class Unloadable:
    """Can be pickled, and only be unpickled in the process that made it."""

    def __init__(self, how):
        self.how = how

    def __reduce__(self):
        return _load, (os.getpid(), self.how)


def _load(pid, how):
    if os.getpid() == pid:
        return Unloadable(how)
    if how == "exit":
        os._exit(1)
    if how == "sleep":
        time.sleep(1000)
    raise ValueError("cannot be loaded here")


class Counter:
    """An actor."""

    def __init__(self):
        self.n = 0

    def increment(self):
        self.n += 1
        return self.n
def busy(seconds, _=None):
    """Computes all the time, for a profile to see it."""
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:
        count += 1
    return count
