"""Sets of cases. `issue` has one row for each number that csds is to reach; `quick` is a look at all kinds in a few minutes."""

RSDS = [
    "merge-10K", "merge-25K", "merge-50K", "tree-15", "xarray-25", "xarray-5", "bag-25K-10", "bag-25K-50", "bag-25K-100",
    "numpy-50K-10", "numpy-50K-50", "numpy-50K-100", "groupby-90-1S-8H", "groupby-90-1S-1H", "groupby-360-1S-8H",
    "join-1-1S-1H", "join-1-1S-1T", "vectorizer-1M-300", "wordbag-100K-50",
]  # fmt: skip
CSDS = {"servers": ["csds"]}


def case(workload, dask="2022.12", workers=24, repeats=3, **more):
    return {"workload": workload, "dask": dask, "workers": workers, "repeats": repeats} | more


ROWS = {
    1: [
        case("merge-10K"), case("map-10K"), case("merge-10K", workers=168), case("map-10K", workers=168),
        case("merge-100K", repeats=1), case("map-100K", repeats=1),
    ],
    2: [
        case("merge-10K", "newest"), case("map-10K", "newest"), case("merge-10K", "newest", 168), case("map-10K", "newest", 168),
        case("map-100K", "newest", repeats=1),
    ],
    3: [case(workload) for workload in (
        "tree-15", "groupby-90-1S-1H", "join-1-1S-1H", "numpy-50K-50", "xarray-5", "bag-25K-50")],
    4: [case("merge-10K", workers=3000, repeats=2)],
    5: [case(workload, workers=workers, **CSDS) for workload in ("merge-50K", "map-100K") for workers in (24, 10_000)],
    6: [case("map-100K", nthreads=32, **CSDS), case("map-100K", nthreads=16, batch=0.002, **CSDS), case("tree-15", batch=0.002, **CSDS)],
    7: [case("chain-1K", workers=8)],
    8: [case("map-1M", repeats=1, **CSDS)],
    9: [case("map-1M", repeats=1, **CSDS)],
    10: [
        case("merge_slow-200-0.1", workers=4, kind="real"), case("groupby-20-10S-12H", workers=2, kind="real"),
        case("numpy-4K-4", workers=2, kind="real"),
    ],
    11: [case("idle-20", workers=1000, repeats=1)],
    12: [case("start", workers=0), case("start", "newest", workers=0)],
}  # fmt: skip


def quick(_):
    for dask in ("2022.12", "newest"):
        yield case("merge-10K", dask, repeats=1)
        yield case("map-10K", dask, repeats=1)
        yield case("tree-13", dask, repeats=1)
        yield case("chain-500", dask, 8, repeats=1)


def issue(rows):
    for number, cases in ROWS.items():
        if not rows or number in rows:
            yield from cases


def rsds(_):
    for workload in RSDS:
        for workers in (24, 168):
            yield case(workload, workers=workers, repeats=1)


def loads(_):
    for dask in ("2022.12", "newest"):
        for workload in ("shuffle-32", "submit-2K", "cancel-10K", "loss-10K"):
            yield case(workload, dask, repeats=1)


def scale(_):
    for workers in (1, 24, 168, 1000, 3000):
        yield case("merge-10K", workers=workers, repeats=1)
    yield case("merge-10K", workers=10_000, repeats=1, **CSDS)


def generations(_):
    """Whether everything works with each generation: small workloads of every kind."""
    for dask in ("2022.12", "2024.12", "newest"):
        for workload in (
            "merge-1K", "map-1K", "chain-50", "tree-10", "xarray-25", "bag-25K-10", "numpy-50K-10", "groupby-90-1S-8H",
            "join-1-1S-1H", "vectorizer-1M-300", "wordbag-100K-50", "shuffle-8", "submit-200", "cancel-1K", "loss-1K",
        ):  # fmt: skip
            yield case(workload, dask, repeats=1)


SUITES = {suite.__name__: suite for suite in (quick, issue, rsds, loads, scale, generations)}
