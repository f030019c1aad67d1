"""P2P shuffles: what the server has to know of them, taken from the barrier tasks of a graph (rows S64, S65)."""
import math

import msgpack

from . import keys


def pack(specs, numbers):
    """A msgpack array with a map for each of the barrier tasks that have these numbers."""
    return msgpack.packb(
        [describe(number, specs[number].spec) for number in numbers], default=keys.normalize, use_bin_type=True
    )


def describe(number, spec):
    """One shuffle: its spec as workers will load it, and where its output belongs.

    Upstream's ``pick_worker`` spreads the places 0, 1, ... below ``scale`` evenly over however many workers there are:
    ``workers[len(workers) * place // scale]``. Asked about as many workers as there are places, it answers the place.
    """
    from distributed.protocol.pickle import dumps

    partitions = list(spec.output_partitions)
    scale = places(spec)
    return {
        "task": number,
        "id": spec.id,
        "spec": dumps(spec),
        "partitions": partitions,
        "places": [spec.pick_worker(partition, range(scale)) for partition in partitions],
        "scale": scale,
    }


def places(spec):
    """The number of places: of all partitions, those that nobody asked for included."""
    if hasattr(spec, "npartitions"):
        return spec.npartitions
    return math.prod(map(len, spec.new))
