"""Run specs of releases whose workers get ``function``, ``args`` and ``kwargs``, or a serialized task.

Up to 2023.8.0 these are fields of ``compute-task`` itself, so a run spec is a msgpack map that the server merges into
that message, and the frames that its placeholders refer to.
"""
import pickle

import msgpack
from distributed.protocol import Serialize, dumps, to_serialize
from distributed.protocol.pickle import HIGHEST_PROTOCOL

from .failures import NO_COMPRESSION
from .run_spec_stream import SHARED_BYTES, RunSpecStream

#: What is pickled the same way whether Dask serializes it or pickles it, if made of nothing else.
PLAIN = frozenset((str, int, float, bool, type(None)))


def write(answers, specs):
    """Sends each run spec as ``Scheduler._task_to_msg`` would put it into ``compute-task``."""
    stream = RunSpecStream(answers, "fields")
    for spec in specs:
        fields = spec if isinstance(spec, dict) else {"run_spec": spec}
        try:
            frames = [msgpack.packb(quick(fields), use_bin_type=True)]
        except TypeError:
            frames = dumps(outside(fields), context=NO_COMPRESSION)
        stream.add(frames)
    stream.flush()


def quick(fields):
    """The fields with plain arguments pickled, which workers accept as well, and which takes a tenth of the time."""
    result = {}
    for name, value in fields.items():
        if isinstance(value, Serialize) and name in ("args", "kwargs") and value.data and is_plain(value.data):
            value = pickle.dumps(value.data, HIGHEST_PROTOCOL)
        elif isinstance(value, bytes) and len(value) >= SHARED_BYTES:
            raise TypeError  # a frame of its own, which other tasks can share
        result[name] = value
    return result


def is_plain(value):
    if isinstance(value, (list, tuple)):
        return all(type(item) in PLAIN or is_plain(item) for item in value)
    if type(value) is dict:
        return is_plain(list(value)) and is_plain(list(value.values()))
    return type(value) in PLAIN


def outside(fields):
    """The fields with large bytes, mostly a function with data in it, moved out of the msgpack map."""
    return {
        name: to_serialize(value) if isinstance(value, bytes) and len(value) >= SHARED_BYTES else value
        for name, value in fields.items()
    }
