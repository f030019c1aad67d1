"""Starts the helper the way the server does, and reads its answers the way a worker will see them."""
import os
import pathlib
import struct
import subprocess
import sys
from array import array

import msgpack
from distributed.protocol import dumps, loads

from upstream import PACKED

SOURCES = pathlib.Path(__file__).parents[2] / "csds" / "helper"
SHARED = 1 << 31


class HelperDied(Exception):
    """The helper closed its end; ``code`` is its exit code, negative for a signal."""

    def __init__(self, code):
        super().__init__("the helper ended with %s" % code)
        self.code = code


class Helper:
    """The helper as a child process."""

    def __init__(self, environment=None, **options):
        bootstrap = (SOURCES / "bootstrap.py").read_text()
        # Graphs name functions of the tests' modules.
        path = os.pathsep.join(filter(None, [str(pathlib.Path(__file__).parent), os.environ.get("PYTHONPATH")]))
        options["env"] = {**os.environ, "PYTHONPATH": path, **(environment or {})}
        self.process = subprocess.Popen(
            [sys.executable, "-c", bootstrap], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options
        )
        self.requests = 0
        modules = {path.stem: path.read_bytes() for path in SOURCES.glob("*.py") if path.stem != "bootstrap"}
        names = ["csds_helper" if name == "__init__" else "csds_helper." + name for name in modules]
        self.write("\n".join(names).encode(), *modules.values())
        self.started, _ = self.read()

    def write(self, *frames):
        lengths = [memoryview(frame).nbytes for frame in frames]
        total = 8 * (len(frames) + 1) + sum(lengths)
        prelude = struct.pack("<QQ%dQ" % len(frames), total, len(frames), *lengths)
        self.process.stdin.write(b"".join([prelude, *map(bytes, frames)]))
        self.process.stdin.flush()

    def read(self):
        """(header, other frames) of the next answer."""
        count = struct.unpack("<QQ", self._read(16))[1]
        lengths = struct.unpack("<%dQ" % count, self._read(8 * count))
        frames = [self._read(length) for length in lengths]
        return msgpack.unpackb(frames[0], strict_map_key=False), frames[1:]

    def _read(self, size):
        data = self.process.stdout.read(size)
        if len(data) < size:
            raise HelperDied(self.process.wait(10))
        return data

    def request(self, op, *frames, **fields):
        """Sends a request and yields its answers."""
        self.requests += 1
        self.write(msgpack.packb({"id": self.requests, "op": op, **fields}), *frames)
        while True:
            header, frames = self.read()
            assert header["id"] == self.requests
            yield header, frames
            if header["op"] in ("configured", "expanded", "failed"):
                return

    def ask(self, op, **fields):
        """The only answer to a request."""
        ((header, frames),) = self.request(op, **fields)
        return header, frames

    def expand(self, message, **fields):
        """Expands a message as a client would send it: the result, or raises the exception that came back."""
        return Expansion(self.request("expand", *dumps(message), **fields))

    def close(self):
        self.process.stdin.close()
        try:
            return self.process.wait(10)
        finally:
            self.process.kill()
            self.process.stdout.close()


class Failed(Exception):
    """What the helper answered instead of a graph, as the client will get it."""

    def __init__(self, header, frames):
        super().__init__(header["text"])
        self.text = header["text"]
        self.traceback_text = header.get("traceback_text")
        split = header.get("exception_frames", 0)
        self.exception = loaded(frames[:split]) if split else None
        self.traceback = loaded(frames[split:]) if split else None


def loaded(frames):
    """What a client makes of an error in a message."""
    from distributed.protocol import pickle

    value = loads(frames)
    return pickle.loads(value) if isinstance(value, bytes) else value


class Expansion:
    """The answers to ``expand``, put together."""

    def __init__(self, answers):
        self.run_specs = []
        self.shared = []
        self.sizes = []
        self.chunks = 0
        for header, frames in answers:
            getattr(self, "_" + header["op"].replace("-", "_"))(header, frames)
        assert len(self.run_specs) == len(self.keys)

    def _failed(self, header, frames):
        raise Failed(header, frames)

    def _structure(self, header, frames):
        columns = {name: frames[number - 1] for name, number in header["columns"].items()}
        self.columns = columns
        self.keys = unpack(columns["keys"])
        self.external = unpack(columns["external"])
        assert len(self.keys) == header["n"]
        everything = self.keys + self.external
        counts = ints(columns["dependency_counts"])
        flat = ints(columns["dependencies"])
        assert sum(counts) == len(flat)
        self.dependencies = {}
        start = 0
        for key, count in zip(self.keys, counts):
            self.dependencies[key] = {everything[number] for number in flat[start : start + count]}
            start += count
        self.wanted = [everything[number] for number in ints(columns["wanted"])]
        self.flags = dict(zip(self.keys, columns["flags"]))
        self.shuffles = unpack(columns["shuffles"]) if "shuffles" in columns else []
        self.sets = unpack(columns["annotation_sets"]) if "annotation_sets" in columns else []
        index = ints(columns["annotation_index"]) if self.sets else [0] * len(self.keys)
        self.set_of = {key: self.sets[number - 1] for key, number in zip(self.keys, index) if number}
        self.annotations = {key: loads(entry["frames"]) for key, entry in self.set_of.items()}

    def _shared_frames(self, header, frames):
        assert header["start"] == len(self.shared) and header["count"] == len(frames)
        self.shared.extend(frames)

    def _run_specs(self, header, frames):
        assert header["start"] == len(self.run_specs)
        self.chunks += 1
        sizes, data = ints(frames[0]), memoryview(frames[1])
        extra = ints(frames[2]) if len(frames) > 2 else []
        assert header["count"] == len(sizes)
        start = 0
        position = 0
        for number, size in enumerate(sizes):
            spec = [data[start : start + size]]
            start += size
            if position < len(extra) and extra[position] == number:
                count = extra[position + 1]
                for entry in extra[position + 2 : position + 2 + count]:
                    if entry & SHARED:
                        spec.append(self.shared[entry - SHARED])
                    else:
                        spec.append(data[start : start + entry])
                        start += entry
                position += 2 + count
            self.run_specs.append(spec)
        assert start == len(data) and position == len(extra)
        self.sizes.extend(sizes)

    def _expanded(self, header, frames):
        self.seconds = header["seconds"]

    def specs(self):
        """{key: the fields of compute-task that say what to run}, as a worker loads them."""
        result = {}
        for key, frames in zip(self.keys, self.run_specs):
            if not PACKED:
                count = len(frames) - 1
                header = {"pickled-obj": bytes(frames[0]), "compression": [None] * count, "num-sub-frames": count}
                frames = [msgpack.packb({"run_spec": {"__Pickled__": 1}}), msgpack.packb(header), *frames[1:]]
            result[key] = loads(frames)
        return result


def unpack(data):
    return msgpack.unpackb(data, use_list=False, strict_map_key=False)


def ints(data):
    return array("I", bytes(data)).tolist()


def memory(pid):
    """Resident bytes of a process."""
    with open("/proc/%d/statm" % pid) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
