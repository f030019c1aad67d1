"""The numbers that csds is to reach: what each is, what is seen of it in a list of runs."""

from runs import Runs

GOALS = [
    (1, "merge and map, 24 and 168 workers, 2022.12", "12x", "24x",
     lambda r: r.where(dask="2022.12", workers=(24, 168), nthreads=1, batch=0.0).starting("merge-", "map-").ratios("cpu_us")),
    (2, "the same with the newest", "10x", "30x",
     lambda r: r.where(dask="newest", workers=(24, 168), nthreads=1, batch=0.0).starting("merge-", "map-").ratios("cpu_us")),
    (3, "tree, groupby, join, numpy, xarray, bag, 24 workers, 2022.12", "15x each", "34x",
     lambda r: r.where(dask="2022.12", workers=24, batch=0.0).starting(
         "tree-15", "groupby-", "join-", "numpy-", "xarray-", "bag-").ratios("cpu_us")),
    (4, "merge, 3,000 workers", "40x", "98x", lambda r: r.where(workers=3000).starting("merge-").ratios("cpu_us")),
    (5, "CPU per task at 10,000 workers against 24", "<= 1.5", "<= 1.1", lambda r: join(flatness(r, "merge-50K"), flatness(r, "map-100K"))),
    (6, "tasks per second, 10 or more in an exchange", "150,000", "350,000", lambda r: throughput(r)),
    (7, "chain, per hop", "500 us", "120 us", lambda r: r.where(workload="chain-1K").both("wall_us", 1, "us")),
    (8, "memory per task, a million alive", "1.2 kB", "0.4 kB",
     lambda r: r.where(workload="map-1M").one("bytes_per_task", 1e-3, "kB")),
    (9, "a million tasks taken in; longest turn meanwhile", "5 s; 50 ms", "1.2 s",
     lambda r: join(r.where(workload="map-1M").one("first_s", 1, "s"), r.where(workload="map-1M").one("longest_turn_s", 1e3, "ms"))),
    (10, "real workers, coarse tasks, time", ">= 0.97x", "1.28x", lambda r: r.where(kind="real").ratios("wall_s")),
    (11, "1,000 idle workers, share of a core", "<= 3 %", "0.3 %", lambda r: r.where(workload="idle-20").both("core_percent", 1, "%")),
    (12, "start; size; idle memory without and with the helper", "0.2 s; 30 MB; 60 MB", "0.05 s; 20 MB; 30 MB",
     lambda r: join(*(r.where(workload="start", dask="2022.12").one(*f) for f in (
         ("startup_s", 1, "s"), ("binary_bytes", 1e-6, "MB"), ("own_memory", 1e-6, "MB"), ("memory", 1e-6, "MB"))))),
]  # fmt: skip


def flatness(runs, workload):
    csds = runs.where(server="csds", workload=workload, dask="2022.12", nthreads=1)
    few, many = (csds.where(workers=workers).median("cpu_us") for workers in (24, 10_000))
    return f"{workload} {many / few:.2f} ({few:.1f} and {many:.1f} us)" if few and many else None


def throughput(runs):
    batched = Runs(r for r in runs.where(server="csds") if r["nthreads"] > 1 and r.get("tasks_per_batch", 0) >= 10)
    best = max(batched, key=lambda r: 1 / r["wall_us"], default=None)
    return best and f"{1e6 / best['wall_us']:,.0f} ({best['workload']}, {best['tasks_per_batch']:.0f} in an exchange)"


def join(*parts):
    return "; ".join(p for p in parts if p) or None


def table(runs):
    yield "| # | what | must | aim | seen |"
    yield "| --- | --- | --- | --- | --- |"
    for number, what, must, aim, seen in GOALS:
        if value := seen(Runs(runs)):
            yield f"| {number} | {what} | {must} | {aim} | {value} |"
