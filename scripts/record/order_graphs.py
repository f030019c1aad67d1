"""Graphs for record_orders.py: what an installed Dask builds for common collections, and made-up ones.

A graph is {"name", "keys", "deps", "data", "external"}: keys in the order of Dask's dict (a list stands for a tuple),
then those that are not in the graph; indices of each task's dependencies; indices of what is no task to Dask.
"""
import random
import re

HASHES = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}")


# Functions of a module enter Dask's names by their own name, lambdas by their code and where it stands.
def same(value):
    return value


def remainder(value):
    return value % 4


def with_remainder(value):
    return value % 3, value


def build(release):
    """All graphs of the installed release."""
    yield from arrays(release)
    yield from bags(release)
    yield from delayed(release)
    try:
        import dask.dataframe
    except ImportError:
        return
    yield from dataframes(release)


def arrays(release):
    import dask.array as da
    import numpy as np

    def ones(*shape, chunks):
        return da.ones(shape, chunks=chunks)

    def overlap(array):
        return da.map_overlap(same, array, depth=1, boundary=0)

    def normalised(array):
        return (array - array.mean()) / array.std()

    x = ones(20, 20, chunks=(4, 4))
    y = ones(24, 24, chunks=(6, 8))
    line = ones(64, chunks=2)
    cube = ones(8, 8, 8, chunks=(4, 4, 2))
    cases = {
        "sum": x.sum(),
        "sum-axis": x.sum(axis=0),
        "sum-split": line.sum(split_every=2),
        "mean-std": da.stack([x.mean(axis=1), x.std(axis=1)]),
        "two-sums": (x + 1).sum() / (x + 1).max(),
        "anomaly": y - y.mean(axis=0),
        "var-3d": cube.var(axis=(0, 2)),
        "rechunk": x.rechunk((10, 2)),
        "rechunk-rows-columns": ones(16, 16, chunks=(16, 2)).rechunk((2, 16)),
        "rechunk-sum": y.rechunk((24, 3)).sum(axis=1),
        "tensordot": da.tensordot(x, x, axes=1),
        "matmul": y[:12] @ y[:, :12],
        "matmul-3d": cube @ cube,
        "transpose-sum": (x + x.T).sum(axis=0),
        "transpose-dot": x.T.dot(x + 1),
        "overlap": da.map_overlap(same, x, depth=1, boundary="none"),
        "overlap-mean": da.map_overlap(same, line, depth=1, boundary="periodic").mean(),
        "overlap-twice": overlap(overlap(ones(12, 12, chunks=4))),
        "cumsum": line.cumsum(axis=0),
        "cumsum-sequential-2d": ones(12, 12, chunks=4).cumsum(axis=1),
        "cumsum-blelloch": da.cumsum(ones(32, chunks=2), axis=0, method="blelloch"),
        "reshape": y.reshape(24 * 24),
        "slices": x[::2, 3:] + x[1::2, 3:],
        "fancy": x[[0, 5, 9, 19, 3]],
        "concatenate": da.concatenate([x, x + 1], axis=1).sum(axis=0),
        "stack": da.stack([line, line + 1]),
        "argmax": x.argmax(axis=1),
        "topk": da.topk(line, 5),
        "histogram": da.histogram(line, bins=4, range=(0, 1))[0],
        "qr": da.linalg.qr(ones(40, 4, chunks=(5, 4)))[1],
        "svd": da.linalg.svd(ones(30, 3, chunks=(5, 3)))[1],
        "fft": da.fft.fft(ones(8, 16, chunks=(2, 16))).sum(),
        "outer": da.outer(line[:16], line[:16]).sum(axis=0),
        "coarsen": da.coarsen(np.mean, x, {0: 2}),
        "where": da.where(x > 0, x, -x).any(),
        "roll": da.roll(line, 3),
        "diff": da.diff(line[:24]),
        "percentile": da.percentile(line, 50),
        "einsum": da.einsum("ij,jk,kl->il", *[x[:12, :12]] * 3),
        "random-normalised": normalised(da.random.RandomState(1).normal(size=(12, 12), chunks=3)),
        "blocks": x.map_blocks(same).map_blocks(same),
        "vstack-sum": da.vstack([line] * 3).sum(axis=1),
        "masked-mean": da.ma.masked_equal(x, 1).mean(axis=0),
        "cov": da.cov(ones(6, 20, chunks=(2, 5))),
        "gradient": da.gradient(x)[0],
        "nanmedian": da.nanmedian(x, axis=0),
        "tril": da.tril(x) @ x,
    }
    for name, collection in cases.items():
        yield graph(release, f"array/{name}", [collection])
    for name in ("two-sums", "tensordot", "overlap", "rechunk-sum", "anomaly"):
        yield graph(release, f"array/{name}-unoptimized", [cases[name]], optimize=False)
    yield graph(release, "array/several", [cases["sum-axis"], cases["transpose-sum"], cases["mean-std"]])


def bags(release):
    import dask.bag as db

    bag = db.from_sequence(range(24), npartitions=8)
    pairs = bag.map(with_remainder)
    cases = {
        "map-filter": bag.map(str).filter(len),
        "sum": bag.sum(),
        "sum-split": bag.sum(split_every=2),
        "foldby": pairs.foldby(0, max, 0, max, 0),
        "foldby-split": pairs.foldby(0, max, 0, max, 0, split_every=2),
        "fold": bag.fold(max, split_every=3),
        "frequencies": bag.frequencies(split_every=3),
        "groupby": bag.groupby(remainder, shuffle="tasks", max_branch=4),
        "groupby-wide": bag.groupby(same, shuffle="tasks"),
        "distinct": bag.distinct(),
        "join": pairs.join([(1, 2)], on_self=0, on_other=0),
        "product": bag.product(db.from_sequence(range(6), npartitions=3)),
        "accumulate": bag.accumulate(max),
        "zip": db.zip(bag, bag.map(str)),
        "repartition": bag.repartition(3),
        "topk": bag.topk(3, split_every=2),
        "mean-var": db.zip(bag, bag).mean(),
    }
    for name, collection in cases.items():
        yield graph(release, f"bag/{name}", [collection])


def delayed(release):
    from dask import delayed as lazy

    def inc(v):
        return v

    def add(*v):
        return v

    inc, add = lazy(inc), lazy(add)

    def tree(depth, width):
        return inc(depth) if depth == 0 else add(*(tree(depth - 1, width) for _ in range(width)))

    def fibonacci(n):
        values = [inc(0), inc(1)]
        while len(values) < n:
            values.append(add(values[-1], values[-2]))
        return values[-1]

    def pairwise(values):
        while len(values) > 1:
            values = [add(*values[i:i + 2]) for i in range(0, len(values), 2)]
        return values[0]

    loads = [inc(i) for i in range(12)]
    shared = lazy(list(range(5)))
    cases = {
        "tree-2": [tree(5, 2)],
        "tree-3": [tree(3, 3)],
        "fibonacci": [fibonacci(30)],
        "pairwise": [pairwise(loads)],
        "forest": [tree(2, 2) for _ in range(6)],
        "grid": [add(inc(a), inc(b)) for a in loads[:5] for b in loads[5:10]],
        "shared-data": [add(v, shared) for v in loads],
        "all-in-one": [add(*loads)],
        "fan-out": [inc(loads[0]) for _ in range(40)],
        "fan-out-in": [add(*(inc(loads[0]) for _ in range(40)))],
        "stages": [add(*(inc(add(*loads)) for _ in range(10)), add(*loads))],
        "dict": [lazy({"a": loads[0],
        "b": [loads[1], loads[2]]})],
        "chain": [chain(inc, 60)],
        "models": [add(add(t, v), t) for t, v in ((add(a, b), b) for a in loads[:4] for b in loads[4:7])],
    }
    for name, values in cases.items():
        yield graph(release, f"delayed/{name}", values)


def chain(function, length):
    value = function(0)
    for _ in range(length):
        value = function(value)
    return value


def dataframes(release):
    import dask.dataframe as dd
    import numpy as np
    import pandas as pd

    frame = pd.DataFrame({"a": np.arange(60) % 7, "b": np.arange(60.0), "c": np.arange(60) % 5})
    df = dd.from_pandas(frame, npartitions=8)
    other = dd.from_pandas(frame.rename(columns={"b": "d"}), npartitions=6)
    tasks = {"shuffle": "tasks"} if release.startswith("2022") else {"shuffle_method": "tasks"}
    cases = {
        "groupby": lambda: df.groupby("a").b.mean(),
        "groupby-split": lambda: df.groupby("a").agg({"b": "sum", "c": "max"}, split_every=2),
        "groupby-out": lambda: df.groupby("a").b.sum(split_out=3),
        "merge": lambda: df.merge(other, on="a", **tasks),
        "merge-index": lambda: df.join(other, rsuffix="_r"),
        "set-index": lambda: df.set_index("b", divisions=[0.0, 20.0, 40.0, 59.0], **tasks),
        "shuffle": lambda: df.shuffle("a", **tasks),
        "shuffle-branches": lambda: df.shuffle("a", max_branch=2, **tasks),
        "rolling": lambda: df.rolling(3).mean(),
        "cumsum": lambda: df.cumsum(),
        "describe": lambda: df.describe(),
        "drop-duplicates": lambda: df.drop_duplicates(split_every=2),
        "nunique": lambda: df.a.nunique(),
        "arithmetic": lambda: (df.b - df.b.mean()) / df.b.std(),
        "value-counts": lambda: df.a.value_counts(),
        "assign-filter": lambda: df[df.b > 5].assign(e=df.b + 1),
        "repartition": lambda: df.repartition(npartitions=3),
        "concat": lambda: dd.concat([df, other]),
        "quantile": lambda: df.b.quantile(0.5),
        "to-array": lambda: df.values.sum(axis=0),
        "nlargest": lambda: df.nlargest(3, "b"),
    }
    for name, build_case in cases.items():
        try:
            collection = build_case()
            yield graph(release, f"dataframe/{name}", [collection])
        except NotImplementedError:
            pass


def graph(release, name, collections, optimize=True):
    """What the scheduler would order for compute(*collections)."""
    from dask.utils import ensure_dict

    import dask.base

    if hasattr(dask.base, "collections_to_expr"):
        expression = dask.base.collections_to_expr(collections, optimize_graph=optimize)
        dsk = dict(expression.optimize().__dask_graph__()) if optimize else dict(expression.__dask_graph__())
    else:
        dsk = ensure_dict(dask.base.collections_to_dsk(collections, optimize_graph=optimize))
    if release.startswith("2022"):
        from dask.core import get_dependencies
        from dask.utils import stringify

        dependencies = {stringify(k): {stringify(d) for d in get_dependencies(dsk, k)} for k in dsk}
        data = set()
    else:
        from dask._task_spec import DependenciesMapping, convert_legacy_graph
        from dask.core import istask

        dsk = convert_legacy_graph(dsk)
        mapping = DependenciesMapping(dsk)
        dependencies = {k: set(mapping[k]) for k in dsk}
        data = {k for k in dsk if not istask(dsk[k])}
    return numbered(f"{release}/{name}", dependencies, data)


def numbered(name, dependencies, data=()):
    indices = {k: i for i, k in enumerate(dependencies)}
    external = sorted({d for ds in dependencies.values() for d in ds} - set(indices), key=str)
    for key in external:
        indices[key] = len(indices)
    short = {}

    def shorten(match):
        # Hashes differ from run to run, and would fill the files.
        return short.setdefault(match.group(), f"{len(short) * 2654435761 % 2**20:05x}")

    def spell(key):
        if isinstance(key, tuple):
            return [spell(item) for item in key]
        if isinstance(key, str):
            return HASHES.sub(shorten, key)
        return int(key) if isinstance(key, int) else key

    return {
        "name": name,
        "keys": [spell(k) for k in indices],
        "deps": [sorted(indices[d] for d in ds) for ds in dependencies.values()],
        "data": sorted(indices[k] for k in data),
        "external": len(external),
    }


LINKS = [("\uffff", ""), ("\U0001f600", ""), ("z", "\uffff"), ("\xe9", "\uffff"), ("\u4e2d", "\U0001f600")]


def synthetic():
    """Graphs that no collection makes, in the order of a fixed random sequence."""
    rng = random.Random(2022)
    yield numbered("synthetic/map", {f"inc-{rng.getrandbits(32):08x}": set() for _ in range(50)})
    yield numbered("synthetic/map-tuples", {("x", i): set() for i in range(30)})
    yield numbered("synthetic/map-int", {i: set() for i in range(30)})
    yield numbered("synthetic/chains", chains(6, 8))
    yield numbered("synthetic/long-chain", {("c", i): {("c", i - 1)} if i else set() for i in range(400)})
    yield numbered("synthetic/butterfly", butterfly(3, 4))
    yield numbered("synthetic/butterfly-2", butterfly(4, 2))
    yield numbered("synthetic/many-diamonds", diamonds(90))
    yield numbered("synthetic/wide", {**fan_out(130), "end": {("w", i) for i in range(130)}})
    yield numbered("synthetic/wide-twice", wide_twice(110))
    yield numbered("synthetic/wide-leaves", {**fan_out(120), "other": {("w", 3), ("w", 7)}})
    many = {f"r{i}": set() for i in range(1010)}
    yield numbered("synthetic/very-wide", {**many, "end": set(many), "second": {"r0", "r1009"}})
    mixed = {"a": set(), 1: set(), ("a", 1): {"a", 1}, 2: {("a", 1)}, "b": {("a", 1)}, ("a", "b"): {2, "b"}, 1.5: {2}}
    yield numbered("synthetic/mixed-keys", mixed)
    yield numbered("synthetic/unicode", {f"{c}-{i}": {f"{d}-{i}"} if d else set() for i in range(6) for c, d in LINKS})
    yield numbered("synthetic/stencil", stencil(10, 9, 1))
    yield numbered("synthetic/stencil-deep", stencil(4, 60, 1))
    yield numbered("synthetic/stencil-2", stencil(12, 5, 2))
    yield numbered("synthetic/caterpillar", caterpillar(30))
    isolated = {("i", n): set() for n in range(5)}
    yield numbered("synthetic/isolated", {**isolated, "a": set(), "b": {"a"}, "c": {"a"}, "d": {"b", "c"}})
    for case in range(260):
        yield random_graph(rng, case)


def chains(count, length):
    return {(f"c{c}", i): {(f"c{c}", i - 1)} if i else set() for i in range(length) for c in range(count)}


def fan_out(width):
    return {"root": set(), **{("w", i): {"root"} for i in range(width)}}


def butterfly(levels, width):
    size = width ** levels
    dependencies = {("b", 0, i): set() for i in range(size)}
    for level in range(levels):
        step = width ** level
        for i in range(size):
            first = i - i // step % width * step
            dependencies["b", level + 1, i] = {("b", level, first + step * k) for k in range(width)}
    return dependencies


def diamonds(count):
    """The number of paths doubles with each: beyond 64 bits."""
    dependencies = {("d", 0): set()}
    for i in range(count):
        dependencies["l", i] = dependencies["r", i] = {("d", i)}
        dependencies["d", i + 1] = {("l", i), ("r", i)}
    return dependencies


def wide_twice(width):
    dependencies = {"root": set()}
    dependencies.update({("a", i): {"root"} for i in range(width)})
    dependencies.update({("b", i): {("a", i), ("a", (i + 1) % width)} for i in range(width)})
    return dependencies


def stencil(width, steps, reach):
    return {
        ("s", t, i): {("s", t - 1, j) for j in range(max(0, i - reach), min(width, i + reach + 1))} if t else set()
        for t in range(steps) for i in range(width)
    }


def caterpillar(length):
    dependencies = {("c", 0): set()}
    for i in range(1, length):
        dependencies["c", i] = {("c", i - 1)}
        dependencies["leg", i] = {("c", i)}
        dependencies["foot", i] = {("leg", i), ("leg", max(1, i - 3))}
    return dependencies


def random_graph(rng, case):
    count = rng.choice([4, 6, 9, 14, 20, 30, 45])
    kind = rng.choice(["str", "int", "tuple", "text"])
    names = {
        "str": lambda i: f"{rng.choice('xyz')}{i}",
        "int": lambda i: i * 7 % 101,
        "tuple": lambda i: (rng.choice("xy") + "-1", i),
        "text": lambda i: f"('x-1', {i})",
    }
    keys = [names[kind](i) for i in range(count)]
    degree = rng.choice([0.5, 1.0, 1.5, 2.5, 4.0])
    reach = rng.choice([2, 5, count])
    layers = rng.random() < 0.4
    height = rng.randrange(2, 6)
    dependencies = {}
    for i, key in enumerate(keys):
        if layers:
            below = [j for j in range(i) if j % height == i % height - 1]
        else:
            below = list(range(max(0, i - reach), i))
        wanted = min(len(below), int(rng.expovariate(1 / degree)) if degree < 4 else rng.randrange(5))
        dependencies[key] = {keys[j] for j in rng.sample(below, wanted)}
    shuffled = list(dependencies.items())
    if rng.random() < 0.5:
        rng.shuffle(shuffled)
    dependencies = dict(shuffled)
    data = set()
    if rng.random() < 0.4:
        data = {k for k, ds in dependencies.items() if not ds and rng.random() < 0.5}
    if rng.random() < 0.15:
        data |= {k for k, ds in dependencies.items() if ds and rng.random() < 0.3}
    if rng.random() < 0.25:
        outside = [("out", 0), ("out", 1), ("out", 2)] if kind != "str" else ["o0", "o1", "o2"]
        for key in list(dependencies):
            if rng.random() < 0.2 and key not in data:
                dependencies[key] = dependencies[key] | {rng.choice(outside)}
    return numbered(f"synthetic/random-{case}", dependencies, data)
