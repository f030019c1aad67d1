"""Task annotations: which ones each task has, and what the scheduler reads in them."""
import numbers
from array import array

import msgpack

from .failures import NO_COMPRESSION


class Annotations:
    """Annotations of a graph, before they are given to single tasks.

    ``by_type`` holds {name: {key: value}}, from layers. ``everywhere`` holds {name: value} for all tasks, where a
    callable is called with the key; layers go before these. ``keep_none`` says whether a layer's None counts.
    """

    def __init__(self, by_type, everywhere=None, keep_none=False):
        self.by_type = {name: values for name, values in by_type.items() if values}
        self.everywhere = everywhere or {}
        self.keep_none = keep_none

    def resolve(self, keys):
        """(array of set numbers, list of encoded sets); number 0 means no annotations, k the set k - 1."""
        sets = Sets()
        if not self.by_type:
            if not any(map(callable, self.everywhere.values())):
                number = sets.number(self.everywhere) if self.everywhere else 0
                return array("I", [number]) * len(keys), sets.encoded
        return array("I", [sets.number(self.of(key)) for key in keys]), sets.encoded

    def of(self, key):
        """The annotations of one task, in the order in which upstream would have inserted them."""
        result = {}
        for name, value in self.everywhere.items():
            result[name] = value(key) if callable(value) else value
        for name, values in self.by_type.items():
            if key in values:
                value = values[key]
                if value is not None or self.keep_none:
                    result[name] = value
        return result


class Sets:
    """Numbers equal sets of annotations once, so that a million tasks of one layer share one."""

    def __init__(self):
        self.encoded = []
        self.by_identity = {}
        self.by_token = {}
        self.alive = []

    def number(self, annotations):
        if not annotations:
            return 0
        # Values of one layer are one object: comparing identities avoids encoding it again for every task.
        identity = tuple([(name, id(value)) for name, value in annotations.items()])
        number = self.by_identity.get(identity)
        if number is None:
            frames = encode(annotations)
            token = bytes(frames[0]) if len(frames) == 1 else None
            number = self.by_token.get(token)
            if number is None:
                self.encoded.append({"frames": frames, **scheduling(annotations)})
                number = len(self.encoded)
                if token is not None:
                    self.by_token[token] = number
            self.by_identity[identity] = number
            self.alive.append(annotations)
        return number


def encode(annotations):
    """The frames of the dict as part of a Dask message."""
    try:
        return [msgpack.packb(annotations, use_bin_type=True)]
    except Exception:  # something that only Dask can encode
        from distributed.protocol import dumps

        return list(map(bytes, dumps(annotations, context=NO_COMPRESSION)))


def scheduling(annotations):
    """What ``Scheduler._apply_annotations`` and ``_set_priorities`` read, as plain values."""
    fields = {}
    for name, value in annotations.items():
        if name in ("workers", "restrictions"):
            if value is not None:
                fields["workers"] = list(map(plain, value if isinstance(value, (list, tuple, set)) else [value]))
        elif name in ("allow_other_workers", "loose_restrictions"):
            fields["allow_other_workers"] = bool(value)
        elif name == "resources":
            if value is not None:
                assert isinstance(value, dict)
                fields["resources"] = {str(resource): number(amount) for resource, amount in value.items()}
        elif name == "priority":
            fields["priority"] = number(value)
        elif name == "retries":
            assert isinstance(value, int)
            fields["retries"] = int(value)
    return fields


def plain(worker):
    """A worker's address, host name or alias; aliases may be numbers."""
    return worker if isinstance(worker, (str, bytes, int, float)) else str(worker)


def number(value):
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    raise TypeError("%r is not a number" % (value,))
