"""Functions that the soak runs on workers, and what its processes need to import them."""

import os
import time
from pathlib import Path

from distributed import worker_client

from tasks import inc


def slow_sum(numbers, one_more, delay=0):
    time.sleep(delay)
    return sum(numbers) + one_more


def submit_inside(x):
    """Submits a task from within a task."""
    with worker_client() as client:
        return client.submit(inc, client.submit(inc, x, pure=False), pure=False).result()


def environment():
    """For processes that import these modules."""
    path = os.environ.get("PYTHONPATH")
    here = str(Path(__file__).parent)
    return {**os.environ, "PYTHONPATH": f"{here}{os.pathsep}{path}" if path else here}
