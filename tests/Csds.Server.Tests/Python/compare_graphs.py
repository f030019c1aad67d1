"""Compares what two readers made of the same tasks, as a worker decodes it. Prints a line for each difference.

Standard input has messages, framed as on the wire: {"graph": name, "key": key, "left": run spec, "right": run spec,
"annotations": [left, right]}.
"""
import functools
import struct
import sys
import types

import cloudpickle
import numpy as np
import pandas as pd
from dask.layers import CallableLazyImport
from dask.optimization import SubgraphCallable
from distributed.protocol import loads
from distributed.worker import _deserialize, execute_task


def call(spec):
    """(function, arguments, keyword arguments) of a value that the scheduler would merge into compute-task."""
    fields = spec if isinstance(spec, dict) and "function" in spec else {"task": spec}
    function, args, kwargs = _deserialize(**fields)
    args = tuple(args)
    if function is execute_task and isinstance(args[0], tuple) and not any(map(has_task, args[0][1:])):
        function, *args = args[0]
    return function, tuple(args), kwargs


def has_task(value):
    """Whether there is a call within a value; if not, it is the same whether it is executed or passed on."""
    if isinstance(value, list):
        return any(map(has_task, value))
    return isinstance(value, tuple) and bool(value) and callable(value[0])


def same(left, right):
    if type(left) is not type(right):
        return False
    if isinstance(left, (tuple, list)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, SubgraphCallable):
        return same(parts(left), parts(right))
    if isinstance(left, CallableLazyImport):
        return left.function_path == right.function_path
    if isinstance(left, functools.partial):
        return same((left.func, left.args, left.keywords), (right.func, right.args, right.keywords))
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and np.array_equal(left, right)
    if isinstance(left, (pd.DataFrame, pd.Series, pd.Index)):
        return left.equals(right)
    if isinstance(left, types.FunctionType):
        return cloudpickle.dumps(left) == cloudpickle.dumps(right)
    return left is right or bool(left == right) or cloudpickle.dumps(left) == cloudpickle.dumps(right)


def parts(callable):
    return callable.dsk, callable.outkey, callable.inkeys, callable.name


def messages(stream):
    while prelude := stream.read(16):
        (count,) = struct.unpack("<8xQ", prelude)
        lengths = struct.unpack("<%dQ" % count, stream.read(8 * count))
        yield loads([stream.read(length) for length in lengths])


for message in messages(sys.stdin.buffer):
    left, right = call(message["left"]), call(message["right"])
    if not same(left, right):
        print("%s, %s: %r is not %r" % (message["graph"], message["key"], left, right))
    if not same(*message["annotations"]):
        print("%s, %s: %r is not %r" % (message["graph"], message["key"], *message["annotations"]))
