"""Sends run specs in chunks, and what several of them share only once."""
import ctypes
from array import array
from io import BytesIO

#: Size at which a chunk is sent. The server keeps a chunk as long as one of its tasks lives.
CHUNK_BYTES = 4 << 20

#: From this size a frame is sent by itself, once for all tasks that refer to it.
SHARED_BYTES = 16 << 10

#: Marks the number of a shared frame where otherwise the size of a frame in the chunk would be.
SHARED = 1 << 31


class RunSpecStream:
    """Collects run specs, in task order; ``form`` tells the server what their frames are.

    One is added by ``add``, or by writing its first frame to ``out`` and calling ``end``.
    """

    def __init__(self, answers, form):
        self.answers = answers
        self.form = form
        self.start = 0
        self.shared_count = 0
        self.shared_numbers = {}
        self.shared_new = []
        self.alive = []
        self._open()

    def _open(self):
        self.out = BytesIO()
        self.sizes = array("I")
        self.extra = array("I")

    @property
    def full(self):
        """Whether the chunk should be sent."""
        return self.out.tell() >= CHUNK_BYTES

    def add(self, frames):
        """Adds a run spec of these frames."""
        self.out.write(frames[0])
        self.end(len(frames[0]), frames[1:])
        if self.full:
            self.flush()

    def end(self, size, frames):
        """Ends a run spec: its first frame is the last ``size`` bytes of ``out``, and it has these other frames."""
        if frames:
            self.extra.append(len(self.sizes))
            self.extra.append(len(frames))
            for frame in frames:
                self._end_frame(frame)
        self.sizes.append(size)

    def _end_frame(self, frame):
        size = memoryview(frame).nbytes
        if size < SHARED_BYTES:
            self.extra.append(size)
            self.out.write(frame)
            return
        identity = identify(frame)
        number = self.shared_numbers.get(identity)
        if number is None:
            number = self.shared_numbers[identity] = self.shared_count + len(self.shared_new)
            self.shared_new.append(frame)
            self.alive.append(frame)  # its id must not be given to another one
        self.extra.append(SHARED | number)

    def count(self, text, start):
        """How often these bytes are in ``out`` from a place on."""
        return bytes(self.out.getbuffer()[start:]).count(text)

    def mark(self):
        """A place in the open chunk that ``undo`` can go back to."""
        return len(self.sizes), len(self.extra), self.out.tell()

    def undo(self, mark):
        """Takes back what was added to the open chunk since ``mark``."""
        sizes, extra, written = mark
        del self.sizes[sizes:]
        del self.extra[extra:]
        self.truncate(written)

    def truncate(self, written):
        """Takes back what was written to ``out`` since it held this many bytes."""
        self.out.seek(written)
        self.out.truncate()

    def flush(self):
        """Sends what was collected and starts a new chunk."""
        count = len(self.sizes)
        if count == 0:
            return
        if max(self.sizes) >= SHARED:
            raise ValueError("A task takes 2 GiB or more. Scatter its data instead of putting it into the graph.")
        if self.shared_new:
            added, self.shared_new = self.shared_new, []
            self.answers.send("shared-frames", {"start": self.shared_count, "count": len(added)}, added)
            self.shared_count += len(added)
        frames = [self.sizes, self.out.getvalue()]
        if self.extra:
            frames.append(self.extra)
        self.answers.send("run-specs", {"form": self.form, "start": self.start, "count": count}, frames)
        self.start += count
        self._open()


def identify(frame):
    """Something that is equal for two frames only if they are the same bytes in memory."""
    view = memoryview(frame)
    if not view.readonly:
        return ctypes.addressof(ctypes.c_char.from_buffer(view)), view.nbytes
    try:
        if memoryview(view.obj).nbytes == view.nbytes:
            return id(view.obj)
    except TypeError:
        pass  # not an owner that can be looked at
    return id(frame)
