"""Writes an update-graph message of the installed release to standard output, framed as on the wire.

usage: make_graph.py COUNT [CODE]

The graph has COUNT tasks ``key-i`` (str keys), each but the first depending on the one before. CODE is Python that runs
when the scheduler side loads the message.
"""
import operator
import struct
import sys

from distributed.protocol import Serialized, dumps, serialize, to_serialize
from distributed.protocol.serialize import ToPickle


class Calls:
    def __init__(self, code):
        self.code = code

    def __reduce__(self):
        return exec, (self.code,)


def graph(dsk):
    from dask.highlevelgraph import HighLevelGraph

    try:
        from dask._expr import LLGExpr

        return {"expr_ser": Serialized(*serialize(to_serialize(LLGExpr(dsk)), on_error="raise"))}
    except ImportError:
        pass
    layers = HighLevelGraph.from_collections("layer", dsk)
    if hasattr(layers, "__dask_distributed_pack__"):
        packed = layers.__dask_distributed_pack__(None, list(dsk), {"priority": 7})
        return {"op": "update-graph-hlg", "hlg": packed, "keys": list(dsk)[-1:]}
    header, frames = serialize(ToPickle(layers), on_error="raise")
    return {"graph_header": header, "graph_frames": frames}


count = int(sys.argv[1])
dsk = {"key-0": (operator.neg, 1)}
for i in range(1, count):
    dsk["key-%d" % i] = (operator.add, "key-%d" % (i - 1), bytes(30_000) if i == 5 else i)
message = {
    "op": "update-graph",
    "keys": set(list(dsk)[-1:]),
    "annotations": ToPickle({"priority": 7, "workers": ["alice"], "resources": {"GPU": 1}, "retries": 2}),
    "internal_priority": None,
    **graph(dsk),
}
if len(sys.argv) > 2:
    message["code"] = ToPickle(Calls(sys.argv[2]))
frames = dumps(message)
lengths = [memoryview(frame).nbytes for frame in frames]
sys.stdout.buffer.write(struct.pack("<QQ%dQ" % len(frames), 0, len(frames), *lengths))
for frame in frames:
    sys.stdout.buffer.write(frame)
