"""Writes update-graph-hlg messages of collections to standard output, as a client of the installed release sends them.

Each message is preceded by its name, both framed as on the wire.
"""
import itertools
import os
import pathlib
import random
import struct
import sys
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "python" / "tests" / "helper"))
# What is printed by others must not come between.
OUTPUT = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)

import dask
import dask.array as da
import dask.dataframe as dd
import dask.threaded
import numpy as np
import pandas as pd
from dask.base import DaskMethodsMixin
from dask.blockwise import BlockIndex, Blockwise, BlockwiseDepDict
from dask.highlevelgraph import HighLevelGraph
from distributed.protocol import dumps

from recorder import Recorder

warnings.simplefilter("ignore")
dask.config.set({"dataframe.shuffle.method": "tasks"})


def double(x):
    return 2 * x


def add(x, y=0, z=0):
    return x + y + z


def frame(partitions=5, column="a"):
    data = pd.DataFrame({column: range(40), "b": [0, 1, 2, 3] * 10, "c": list("wxyz") * 10})
    return dd.from_pandas(data, npartitions=partitions)


def series():
    return dask.datasets.timeseries(start="2020-01-01", end="2020-01-08", seed=1)


def square():
    return da.ones((9, 12), chunks=(4, 5))


def blockwise(name, indices, numblocks, base, **options):
    function = (lambda *args: 1,) + tuple("_%d" % i for i in range(len(indices)))
    layer = Blockwise(name, "i", {name: function}, indices, numblocks, **options)
    graph = HighLevelGraph({name: layer, "base": base}, {name: {"base"}, "base": set()})
    return dd.core.new_dd_object(graph, name, pd.Series(dtype=int), [None] * 4)


class Made(DaskMethodsMixin):
    """A collection of any graph and keys."""

    __dask_scheduler__ = staticmethod(dask.threaded.get)

    def __init__(self, graph, keys):
        self.graph, self.keys = graph, keys

    def __dask_graph__(self):
        return self.graph

    def __dask_keys__(self):
        return self.keys

    def __dask_postcompute__(self):
        return list, ()


PROGRAMS = {}


def program(function):
    PROGRAMS[function.__name__] = function
    return function


# Dataframes.


@program
def timeseries_groupby(client):
    return series().groupby("name")["x"].mean()


@program
def groupby_with_several_splits(client):
    return series().groupby("name").agg({"x": ["sum", "std"], "y": "max"}, split_out=3, split_every=2, shuffle=False)


@program
def one_partition(client):
    return frame(1).groupby("b").a.sum() + frame(1).a.max()


@program
def reductions(client):
    df = frame(23)
    return df.sum(), df.a.nunique(), df.c.value_counts(split_every=3), df.a.mean(), df.describe(), df.drop_duplicates(split_out=2)


@program
def culled_splits(client):
    return series().groupby("name").x.sum(split_out=5, shuffle=False).partitions[3]


@program
def merge(client):
    return frame(4).merge(frame(3), on="b", shuffle="tasks")


@program
def merge_by_several_columns(client):
    return frame(4).merge(frame(3), on=["b", "c"], how="outer", shuffle="tasks")


@program
def merge_and_sum(client):
    left = frame(6).assign(b=lambda df: df.a % 3)
    return left.merge(frame(6, column="d"), on="b", shuffle="tasks").a.sum()


@program
def shuffle_in_stages(client):
    return frame(10).shuffle("b", shuffle="tasks", max_branch=3)


@program
def shuffle_in_stages_by_several_columns(client):
    return frame(13).shuffle(["b", "c"], shuffle="tasks", max_branch=2, ignore_index=True, npartitions=7)


@program
def culled_shuffle(client):
    return frame(10).shuffle("b", shuffle="tasks", max_branch=3).partitions[4], frame(5).shuffle("b", shuffle="tasks").partitions[2:4]


@program
def set_index(client):
    return frame().set_index("b", divisions=[0, 1, 2, 3], shuffle="tasks")


@program
def map_partitions_with_everything(client):
    df = frame()
    later = dask.delayed(double)(4)
    return df.a.map_partitions(add, df.b, z=later, meta=df.a), df.map_partitions(lambda part, n, names: part, 3, names=["a", ("b", 2)], meta=df)


@program
def map_partitions_of_futures(client):
    future = client.submit(double, 5, key="('odd ', 1)")
    df = frame()
    return df.a.map_partitions(add, future, meta=df.a), df.map_partitions(lambda part, z: part, z={"k": [future]}, meta=df)


@program
def from_delayed(client):
    parts = [dask.delayed(pd.DataFrame)({"a": [i]}) for i in range(4)]
    return dd.from_delayed(parts, meta=pd.DataFrame({"a": [0]})).a + 1


@program
def from_futures(client):
    parts = client.map(lambda i: pd.DataFrame({"a": [i] * 3}), range(4))
    return dd.from_delayed(parts, meta=pd.DataFrame({"a": [0]})).a.sum()


@program
def from_map(client):
    return dd.from_map(lambda i, scale, name: pd.DataFrame({name: [i * scale]}), range(5), [1, 2, 3, 4, 5], name="n")


@program
def from_map_of_tasks(client):

    tasks = {(i,): (double, (double, i)) for i in range(3)}
    return blockwise(
        "tasks", [(BlockwiseDepDict(tasks, produces_tasks=True), "i"), ("base", "i")], {"base": (3,)}, {("base", i): i for i in range(3)})


@program
def arguments_of_all_kinds(client):
    keys = {(i,): ("base", i, i) for i in range(3)}
    values = {(0,): {"a": np.arange(3)}, (2,): [("x", 1)]}
    indices = [(BlockIndex((3,)), "i"), (BlockwiseDepDict(values, numblocks=(3,)), "i"), ("base", "ij"), (BlockwiseDepDict(keys, produces_keys=True), "i")]
    base = {("base", i, k): i for i in range(3) for k in range(3)}
    return (
        blockwise("all", indices, {"base": (3, 3)}, base),
        blockwise("keys", indices[::3] + [(("base", 0, 0), None)], {}, base),
        blockwise("lists", indices[2:3], {"base": (3, 3)}, base),
        blockwise("concatenated", indices[2:3] + indices[3:], {"base": (3, 3)}, base, concatenate=True),
    )


@program
def any_blockwise(client):
    """Layers of all shapes: dimensions that are broadcast, contracted or new, blocks that are left out."""
    rng = random.Random(7)
    sizes = {"i": 3, "j": 2, "k": 4}
    base, made = {}, []
    for n in range(40):
        output = "".join(rng.sample("ijk", rng.randrange(4)))
        indices, numblocks = [], {}
        for m in range(1 + rng.randrange(3)):
            labels, name = "".join(rng.sample("ijk", rng.randrange(4))), "base-%d-%d" % (n, m)
            numblocks[name] = tuple(rng.choice((1, sizes[label])) for label in labels)
            base.update({(name, *block): 0 for block in itertools.product(*map(range, numblocks[name]))})
            indices.append((name, labels))
        missing = [label for label in sizes if all(sizes[label] not in numblocks[name] for name, labels in indices if label in labels)]
        # A dimension that all arguments broadcast has one block, unless it is new.
        new_axes = {label: (1,) * sizes[label] for label in missing}
        concatenate = rng.choice((None, False, True))
        function = (lambda *args: 1,) + tuple("_%d" % i for i in range(len(indices)))
        layer = Blockwise("any-%d" % n, output, {"any-%d" % n: function}, indices, numblocks, concatenate=concatenate, new_axes=new_axes)
        if rng.randrange(3) == 0 and output:
            keys = sorted(layer.get_output_keys())
            layer, _ = layer.cull(set(rng.sample(keys, 1 + rng.randrange(len(keys)))), set())
        made.append(layer)
    layers = {layer.output: layer for layer in made} | {"base": base}
    graph = HighLevelGraph(layers, {layer.output: {"base"} for layer in made} | {"base": set()})
    return Made(graph, [key for layer in made for key in sorted(layer.get_output_keys())])


@program
def persisted_input(client):
    df = frame().persist()
    return (df.a + df.b).sum(), df.merge(frame(3), on="b", shuffle="tasks")


@program
def picked_partitions(client):
    return frame(8).assign(d=1).partitions[[2, 5]], frame(6).a.to_frame().partitions[1:3].map_partitions(len)


@program
def dataframe_as_array(client):
    return frame().to_dask_array() + 1, frame()[["a", "b"]].values.map_blocks(double, dtype=float)


@program
def many_dataframes(client):
    df = frame()
    return dd.concat([df, df.repartition(npartitions=2)]), df.a.rolling(2).sum(), df.a.cumsum(), df.to_delayed()[0]


# Arrays.


@program
def sums(client):
    x = square()
    return (x + x.T[:9, :9].sum(axis=0)[:, None]).sum(axis=0), (x + 1).mean(), x.std(axis=1, split_every=2)


@program
def rechunk_and_slice(client):
    return square().rechunk((3, 12))[1:7, ::2] * 2


@program
def tensordot(client):
    x = square()
    return da.tensordot(x, x.T, axes=1), x @ x.T, da.einsum("ij,kj->ik", x, x), da.outer(x[0], x[1])


@program
def concatenated(client):
    x, y = square(), da.ones((1, 12), chunks=(1, 5))
    return da.blockwise(lambda a, b: a.sum(axis=1), "i", x, "ij", y, "ij", concatenate=True, dtype=float)


@program
def contracted_to_lists(client):
    x, y = square(), da.ones((12,), chunks=(5,))
    return da.blockwise(lambda a, b: a[0].sum(axis=1), "i", x, "ij", y, "j", dtype=float, concatenate=False)


@program
def contracted_twice(client):
    x = da.ones((4, 4, 4), chunks=2)
    y = da.ones((1, 4), chunks=(1, 2))
    return da.blockwise(lambda a, b: a[0][0].sum(axis=1), "j", x, "ijk", y, "ik", dtype=float, concatenate=False)


@program
def new_axes(client):
    x = da.ones((6,), chunks=2)
    return da.blockwise(lambda a, n: a[:, None], "iz", x, "i", 7, None, new_axes={"z": 1}, dtype=float), da.blockwise(
        lambda a: a[:, None], "iz", x, "i", new_axes={"z": (2, 3)}, dtype=float, concatenate=True)


@program
def broadcast(client):
    x = square()
    return x + x[:1].rechunk((1, 5)) + x[:, :1] + da.ones((1, 1), chunks=1), da.broadcast_to(x[0], (3, 12))


@program
def block_info(client):
    return square().map_blocks(lambda block, block_info=None: block, dtype=float), square().map_blocks(
        lambda block, block_id=None: block, dtype=float)


@program
def block_info_with_contraction(client):
    return square().map_blocks(lambda block, other, block_id=None: block, da.ones((9, 1), chunks=(4, 1)), dtype=float)


@program
def from_array(client):
    data = np.arange(48).reshape(6, 8)
    return da.from_array(data, chunks=(2, 3)) + 1, da.from_array(data, chunks=(4, 8), inline_array=True, getitem=np.take), da.from_array(
        data, chunks=3, inline_array=True, lock=True)


@program
def made_of_shapes(client):
    return da.zeros((5, 7), chunks=(2, 3)), da.full((4,), 3, chunks=3).map_blocks(double), da.ones((), chunks=()) + 1


@program
def keyword_arguments(client):
    later, future = dask.delayed(double)(1), client.submit(double, 2)
    return square().map_blocks(add, y=later, z=np.arange(3).sum(), dtype=float), square().map_blocks(add, y=future, dtype=float)


@program
def arrays_of_delayed(client):
    parts = [da.from_delayed(dask.delayed(np.ones)(3), (3,), dtype=float) for _ in range(4)]
    return da.concatenate(parts).map_blocks(double) + 1, da.stack(parts)


@program
def linear_algebra(client):
    x = da.random.RandomState(1).random((12, 4), chunks=(3, 4))
    return da.linalg.qr(x), da.linalg.svd(x)[1]


@program
def picked_blocks(client):
    return (square() + 1).blocks[1:, 2] * 2, (square() * 3)[0, 0]


@program
def persisted_array(client):
    x = square().persist()
    return (x + 1)[:, 2:].sum(axis=1)


# Keys, annotations.


@program
def unusual_names(client):
    names = ["it's", 'a "b"', "\u65e5\u672c\\\n", "both ' and \"", "\u00ad\x7f\U0001f40d"]
    arrays = [da.ones((4,), chunks=2, name=name) for name in names]
    return [da.blockwise(double, "i", x, "i", name=name + "-2", dtype=float) for x, name in zip(arrays, names)]


@program
def annotated(client):
    with dask.annotate(priority=3, retries=2, workers=["alice"]):
        x = square() + 1
    with dask.annotate(resources={"GPU": 1}, custom={"deep": [1, None]}):
        total = x.sum()
    return total


@program
def annotated_by_key(client):
    x = square()
    with dask.annotate(priority=lambda key: key[1], custom=lambda key: key[2]):
        return x.map_blocks(double)


@program
def annotated_shuffle(client):
    with dask.annotate(retries=4):
        return frame(4).shuffle("b", shuffle="tasks")


@program
def optimized_away(client):
    with dask.annotate(priority=1):
        x = square() + 1
    with dask.annotate(priority=5):
        return x * 2 + x


# What only Python understands.


@program
def overlap(client):
    return da.overlap.overlap(square(), depth=1, boundary="none").map_blocks(double)


@program
def broadcast_merge(client):
    return frame(9).merge(frame(2), on="b", broadcast=True, shuffle="tasks")


@program
def column_with_the_name_of_a_task(client):
    df = frame()
    return df.map_partitions(add, dask.delayed(double)(3, dask_key_name="b"), meta=df).shuffle("b", shuffle="tasks")


@program
def sizes_that_are_not_known(client):
    x = square()
    return x[x[:, 0] > 0].map_blocks(lambda block, block_info=None: block, dtype=float)


def write(frames):
    lengths = [memoryview(frame).nbytes for frame in frames]
    OUTPUT.write(struct.pack("<QQ%dQ" % len(frames), 8 + 8 * len(frames) + sum(lengths), len(frames), *lengths))
    for frame in frames:
        OUTPUT.write(frame)


def record(recorder, make, optimize_graph):
    def act(client):
        futures = client.compute(make(client), optimize_graph=optimize_graph)
        recorder.messages[:] = recorder.messages[-1:]  # What was persisted or submitted came before.
        return futures

    return dumps(recorder.record(act))


def main():
    recorder = Recorder()
    for name, make in PROGRAMS.items():
        for optimize_graph in (True, False):
            write(dumps(name if optimize_graph else name + " as it is"))
            write(record(recorder, make, optimize_graph))
    OUTPUT.flush()
    recorder.close()


if __name__ == "__main__":
    main()
