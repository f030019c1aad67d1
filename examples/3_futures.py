"""Pi by throwing darts: an estimate that gets better as tasks finish, on both workers."""

from collections import Counter
from random import Random
from time import perf_counter

from dask.distributed import Client, as_completed, get_worker


def throw(seed, darts):
    random = Random(seed)
    hits = sum(random.random() ** 2 + random.random() ** 2 <= 1 for _ in range(darts))
    return hits, get_worker().name


if __name__ == "__main__":
    client = Client("tcp://localhost:8786")
    start = perf_counter()

    darts, hits, workers = 20_000, 0, Counter()
    futures = client.map(throw, range(100), darts=darts)
    for n, (_, (hit, worker)) in enumerate(as_completed(futures, with_results=True), start=1):
        hits += hit
        workers[worker] += 1
        if n % 25 == 0:
            print(f"after {n:3} tasks: {4 * hits / (n * darts):.5f}")
    print("tasks of each worker:", dict(sorted(workers.items())))

    print(f"{perf_counter() - start:.2f} s")
