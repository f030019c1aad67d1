"""Messages over the two pipes to the server, in the framing of Dask's own TCP connections.

A message is a u64 with the size of all that follows, a u64 with the number of frames, a u64 for the size of each
frame, and the frames, little-endian. Frame 0 is a msgpack map, the header.
"""
import os
import struct

import msgpack

#: Answers are collected up to this size before they are written, so that a small graph takes one system call.
FLUSH_BYTES = 1 << 18

#: What Linux lets an unprivileged process ask for; fewer switches between the two processes for a large graph.
PIPE_BYTES = 1 << 20


class Channel:
    """Reads requests from one descriptor and writes answers to another."""

    def __init__(self, source, sink):
        self.source = source
        self.sink = sink
        self.pending = []
        self.pending_bytes = 0
        for descriptor in (source, sink):
            enlarge_pipe(descriptor)

    def receive(self):
        """The next request as (header, other frames), or None when the server has closed its end.

        The frames are neighbouring parts of one bytearray, as Dask's own reader makes them: what was split to travel
        is joined without a copy, and arrays unpickled out of it can be written to.
        """
        try:
            count = struct.unpack("<QQ", self._read(16))[1]
            lengths = struct.unpack("<%dQ" % count, self._read(8 * count))
            body = memoryview(self._read(sum(lengths)))
        except EOFError:
            return None
        frames = []
        start = 0
        for length in lengths:
            frames.append(body[start : start + length])
            start += length
        return msgpack.unpackb(frames[0], raw=False, strict_map_key=False), frames[1:]

    def send(self, header, frames=()):
        """Queues one answer; large ones are written at once. The frames are any contiguous buffers."""
        parts = [msgpack.packb(header, use_bin_type=True)]
        parts.extend(memoryview(frame).cast("B") for frame in frames)
        lengths = [len(part) for part in parts]
        total = 8 * (len(lengths) + 1) + sum(lengths)
        self.pending.append(struct.pack("<QQ%dQ" % len(lengths), total, len(lengths), *lengths))
        self.pending.extend(parts)
        self.pending_bytes += total
        if self.pending_bytes >= FLUSH_BYTES:
            self.flush()

    def flush(self):
        """Writes what is queued; returns when the pipe has taken all of it."""
        pending, self.pending, self.pending_bytes = self.pending, [], 0
        small = []
        for part in pending:
            if len(part) < FLUSH_BYTES:
                small.append(part)
                continue
            self._write(b"".join(small))
            small = []
            self._write(part)
        self._write(b"".join(small))

    def _read(self, size):
        data = bytearray(size)
        view = memoryview(data)
        while view:
            count = os.readv(self.source, [view])
            if count == 0:
                raise EOFError
            view = view[count:]
        return data

    def _write(self, data):
        view = memoryview(data)
        while view:
            view = view[os.write(self.sink, view) :]


def enlarge_pipe(descriptor):
    try:
        import fcntl

        fcntl.fcntl(descriptor, getattr(fcntl, "F_SETPIPE_SZ", 1031), PIPE_BYTES)
    except (ImportError, OSError):
        pass  # not a pipe, not Linux, or more than this user may have: slower, not wrong
