"""Task keys as msgpack."""
import numbers

import msgpack


def pack(keys):
    """A msgpack array of the keys. Fails with a TypeError that names the first key that is none."""
    try:
        return msgpack.packb(keys, default=normalize, use_bin_type=True)
    except Exception:
        for key in keys:
            pack_one(key)
        raise


def pack_one(key):
    try:
        return msgpack.packb(key, default=normalize, use_bin_type=True)
    except Exception as exception:
        raise TypeError(
            "The task key %r cannot be sent to workers. Keys are str, bytes, int, float or tuples of these." % (key,)
        ) from exception


def normalize(part):
    """Numbers that are equal to a key's part and hash like it: numpy's integers, for instance (row F34)."""
    if isinstance(part, numbers.Integral):
        return int(part)
    if isinstance(part, numbers.Real):
        return float(part)
    if type(part).__module__ == "numpy" and type(part).__name__ in ("bool", "bool_"):
        return bool(part)
    raise TypeError("%r is not part of a key" % (part,))
