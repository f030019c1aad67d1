"""Small Dask programs. Each gives a collection, or a structure of collections, to compute."""

import operator

import dask
import dask.array as da
import dask.bag as db
import dask.dataframe as dd
import numpy as np
import pandas as pd
from dask import delayed

from clusters import RELEASE

SHUFFLE = {"shuffle": "tasks"} if RELEASE < (2023, 11) else {"shuffle_method": "tasks"}

PROGRAMS = []


def program(function):
    PROGRAMS.append(function)
    return function


# Arrays


def numbers(*shape):
    return np.arange(np.prod(shape), dtype="f8").reshape(shape) % 17


def matrix():
    return da.from_array(numbers(24, 36), chunks=(6, 9))


@program
def array_blockwise():
    x = matrix()
    return da.where(x > 8, x * 2, -x) + 1


@program
def array_plus_transpose():
    x = da.from_array(numbers(20, 20), chunks=6)
    return x + x.T


@program
def array_reductions():
    x = matrix()
    return [x.sum(), x.mean(axis=0), x.std(axis=1), x.min(), x.max(axis=(0, 1)), x.argmax(axis=0), (x > 3).any(), x.var()]


@program
def array_deep_reduction():
    return da.ones(500, chunks=1).sum(split_every=4)


@program
def array_cumulative():
    return [matrix().cumsum(axis=0), matrix().cumsum(axis=1)]


@program
def array_rechunk():
    return matrix().rechunk((24, 4)).rechunk((5, 36)).rechunk((7, 7))


@program
def array_rechunk_then_reduce():
    return matrix().rechunk((1, 36)).sum(axis=1).rechunk(3)


@program
def array_matrix_product():
    x = matrix()
    return x.dot(x.T)


@program
def array_tensordot():
    x = da.from_array(numbers(4, 6, 8), chunks=3)
    return da.tensordot(x, x, axes=([0, 2], [0, 2]))


@program
def array_einsum():
    x = matrix()
    return da.einsum("ij,kj->ik", x, x)


@program
def array_slices():
    x = matrix()
    return [x[3:17:2, ::-1], x[:, 5], x[[0, 20, 3]], x[x[:, 0] > 4].sum(), x[None, 2:4, ..., 3:9]]


@program
def array_concatenate_and_stack():
    x = matrix()
    return [da.concatenate([x, x + 1], axis=1), da.stack([x, x * 2]), da.block([[x, x], [x, x]])]


@program
def array_overlap():
    x = da.from_array(numbers(40), chunks=8)
    return x.map_overlap(lambda block: np.convolve(block, [1, 2, 1], "same"), depth=2, boundary="reflect")


@program
def array_map_blocks():
    def place(block, block_info=None):
        return block + sum(block_info[None]["chunk-location"])

    return matrix().map_blocks(place, dtype="f8")


@program
def array_random():
    state = da.random.RandomState(42)
    return state.normal(size=(30, 30), chunks=10).round(3)


@program
def array_qr():
    x = da.from_array(np.random.default_rng(0).random((40, 4)), chunks=(10, 4))
    q, r = da.linalg.qr(x)
    return [q.dot(r), abs(r)]


@program
def array_histogram():
    return da.histogram(matrix(), bins=6, range=(0, 17))[0]


@program
def array_percentile_and_unique():
    x = matrix().ravel()
    return [da.percentile(x, [10, 50, 90], method="nearest"), da.unique(x)]


@program
def array_broadcast():
    return matrix() - matrix().mean(axis=0) + da.arange(24, chunks=5)[:, None]


@program
def array_fft():
    return da.fft.fft(da.from_array(numbers(16, 16), chunks=(16, 4)), axis=0).real.round(6)


@program
def array_apply_along_axis():
    return da.apply_along_axis(np.sort, 1, matrix().rechunk((6, 36)), dtype="f8", shape=(36,))


# Bags


@program
def bag_map_filter_sum():
    return db.range(200, npartitions=9).map(lambda x: x * x).filter(lambda x: x % 3 == 0).sum()


@program
def bag_word_count():
    words = "the quick brown fox jumps over the lazy dog the end".split() * 7
    return db.from_sequence(words, npartitions=4).frequencies(sort=True)


@program
def bag_foldby():
    return db.range(60, npartitions=6).foldby(lambda x: x % 4, operator.add, 0, operator.add, 0)


@program
def bag_fold():
    return db.range(60, npartitions=7).fold(lambda total, x: max(total, x * 7 % 13), initial=-1)


@program
def bag_groupby():
    groups = db.range(40, npartitions=4).groupby(lambda x: x % 5, shuffle="tasks")
    return groups.map(lambda group: (group[0], sorted(group[1])))


@program
def bag_topk_and_distinct():
    bag = db.from_sequence([3, 9, 1, 9, 4, 7, 7, 2] * 3, npartitions=5)
    return [bag.topk(3), bag.distinct(), bag.max(), bag.mean(), bag.count()]


@program
def bag_pluck_and_flatten():
    bag = db.from_sequence([{"name": n, "values": list(range(n))} for n in range(8)], npartitions=3)
    return [bag.pluck("name"), bag.pluck("values").flatten()]


@program
def bag_join_and_zip():
    left = db.from_sequence(range(12), npartitions=3)
    return [left.join([2, 3, 4, 13], lambda x: x % 5), db.zip(left, left.map(str)), left.accumulate(operator.add)]


@program
def bag_product():
    left = db.range(5, npartitions=2)
    return left.product(left.map(lambda x: -x))


@program
def bag_repartition():
    return db.range(30, npartitions=10).repartition(npartitions=3).map_partitions(lambda part: [sum(part)])


@program
def bag_to_dataframe():
    records = [{"a": i % 3, "b": float(i)} for i in range(30)]
    return db.from_sequence(records, npartitions=3).to_dataframe().groupby("a").b.sum()


# Dataframes


def people(rows=120):
    return pd.DataFrame(
        {
            "key": np.arange(rows) * 7 % 11,
            "name": np.array(["ann", "ben", "cid", "dee"])[np.arange(rows) % 4],
            "value": (np.arange(rows) * 13 % 29).astype("f8"),
        }
    )


def frame(npartitions=5):
    return dd.from_pandas(people(), npartitions=npartitions)


def cities():
    return pd.DataFrame({"key": np.arange(11), "city": [f"city-{i}" for i in range(11)]})


@program
def dataframe_arithmetic():
    df = frame()
    return df.assign(double=df.value * 2, large=df.value > 10)[df.key != 3]


@program
def dataframe_groupby():
    grouped = frame().groupby("name")
    return [grouped.value.mean(), grouped.value.agg(["min", "max", "sum"]), grouped.size(), grouped.key.nunique()]


@program
def dataframe_groupby_split_out():
    return frame().groupby("key").value.sum(split_out=3).astype("i8")


@program
def dataframe_groupby_apply():
    meta = pd.Series([], dtype="f8", name="spread")
    return frame().groupby("name").value.apply(lambda values: values.max() - values.min(), meta=meta)


@program
def dataframe_merge_by_shuffle():
    left, right = frame(6), dd.from_pandas(cities(), npartitions=3)
    return left.merge(right, on="key", how="inner", **SHUFFLE)


@program
def dataframe_merge_two_large():
    left, right = frame(6), dd.from_pandas(people(40).rename(columns={"value": "other"}), npartitions=4)
    return left.merge(right, on=["key", "name"], how="outer", **SHUFFLE)


@program
def dataframe_merge_with_pandas():
    return frame().merge(cities(), on="key", how="left")


@program
def dataframe_join_on_the_index():
    left = frame().set_index("key", sorted=False, **SHUFFLE)
    return left.join(dd.from_pandas(cities().set_index("key"), npartitions=2))


@program
def dataframe_set_index():
    return frame().set_index("value", **SHUFFLE)


@program
def dataframe_shuffle():
    return frame().shuffle("key", **SHUFFLE).map_partitions(lambda part: part.groupby("key", as_index=False).value.sum())


@program
def dataframe_sort_values():
    return frame().sort_values("value", **SHUFFLE).value


@program
def dataframe_reductions():
    df = frame()
    return [df.value.sum(), df.value.std(), df.key.nunique(), len(df.columns), df.describe(), df.value.quantile(0.5)]


@program
def dataframe_value_counts_and_drop_duplicates():
    df = frame()
    # Texts without the index, whose dtype is another one after a shuffle by P2P, with Dask's own scheduler too.
    names = df.name.value_counts().nlargest(100).reset_index(drop=True)
    return [df.key.value_counts(), names, df[["key", "name"]].drop_duplicates()]


@program
def dataframe_window():
    df = frame()
    return [df.value.rolling(5).sum(), df.value.shift(2), df.value.cumsum(), df.value.diff()]


@program
def dataframe_map_partitions():
    return frame().map_partitions(lambda part, offset: part.value + offset, offset=100)


@program
def dataframe_repartition_and_concat():
    df = frame()
    return [df.repartition(npartitions=2), dd.concat([df, df]), df.head(7, compute=False, npartitions=2)]


@program
def dataframe_loc():
    df = frame()
    return [df.loc[10:40], df.loc[55], df.partitions[1], df.name.str.upper()]


@program
def dataframe_pivot():
    df = frame().astype({"name": pd.CategoricalDtype(["ann", "ben", "cid", "dee"])})
    return df.pivot_table(index="key", columns="name", values="value", aggfunc="sum")


@program
def dataframe_from_delayed():
    parts = [delayed(people)(rows) for rows in (10, 20, 30)]
    return dd.from_delayed(parts, meta=people(1)).value.sum()


@program
def dataframe_time_series():
    df = dask.datasets.timeseries(start="2020-01-01", end="2020-01-05", freq="1h", partition_freq="1D", seed=1)
    return [df.groupby("name").x.mean(), df.x.resample("1D").mean(), df.y.max()]


@program
def dataframe_to_array():
    df = frame()[["key", "value"]]
    return df.to_dask_array(lengths=True).sum(axis=0)


# Delayed


@delayed
def inc(x):
    return x + 1


@delayed
def add(x, y):
    return x + y


@program
def delayed_tree():
    values = [inc(i) for i in range(32)]
    while len(values) > 1:
        values = [add(*values[i : i + 2]) for i in range(0, len(values), 2)]
    return values[0]


@program
def delayed_chain():
    value = delayed(0)
    for _ in range(200):
        value = inc(value)
    return value


@program
def delayed_diamond():
    root = inc(1)
    left, right = inc(root), add(root, root)
    return [add(left, right), root, left]


@program
def delayed_structures():
    return delayed({"a": inc(1), "b": [inc(2), (inc(3), {"c": inc(4)})], "d": slice(inc(0), None)})


@program
def delayed_attributes_and_calls():
    text = delayed("a-b-c")
    return [text.upper().split("-")[1], delayed([3, 1, 2]).count(1), delayed(divmod, nout=2)(17, 5)[1]]


@program
def delayed_generations():
    """Fibonacci numbers: every value is used twice."""
    a, b = delayed(0), delayed(1)
    for _ in range(50):
        a, b = b, add(a, b)
    return a


@program
def delayed_wide_reduction():
    return delayed(sum)([inc(i) for i in range(300)])


@program
def delayed_triangular_solve():
    """A small blocked algorithm whose graph is neither tree nor chain."""
    n = 6
    cells = {}
    for i in range(n):
        for j in range(i + 1):
            above = [cells[i - 1, k] for k in (j - 1, j) if (i - 1, k) in cells]
            cells[i, j] = delayed(lambda values: sum(values) or 1)(above)
    return [cells[n - 1, j] for j in range(n)]


# Mixtures


@program
def delayed_of_array_blocks():
    blocks = matrix().to_delayed().ravel()
    return delayed(sum)([delayed(np.sum)(block) for block in blocks])


@program
def array_from_delayed():
    pieces = [da.from_delayed(delayed(np.full)(5, i), shape=(5,), dtype="i8") for i in range(4)]
    return da.concatenate(pieces).reshape(4, 5).sum(axis=1)


@program
def array_into_bag_like_tasks():
    array = matrix().sum(axis=0)
    return db.from_delayed([delayed(list)(block) for block in array.to_delayed()]).map(int).filter(lambda x: x % 2).sum()


@program
def dataframe_from_array():
    return dd.from_dask_array(matrix()[:, :3].rechunk((6, 3)), columns=["a", "b", "c"]).groupby("a").b.sum()


@program
def many_outputs_at_once():
    x = matrix()
    return {"array": x.sum(), "bag": db.range(10, npartitions=2).sum(), "frame": frame().value.sum(), "delayed": inc(1)}


@program
def nothing_to_compute():
    return {"plain": [1, "two", None], "empty": []}
