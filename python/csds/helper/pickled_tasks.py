"""Run specs of releases whose workers get pickled tasks (``dask._task_spec``)."""
import copyreg
import functools
import operator
import pickle

from distributed.protocol.pickle import HIGHEST_PROTOCOL, dumps
from distributed.utils import ensure_memoryview

from .by_value import MAIN, ByValue, ByValuePickler, StandIn
from .run_spec_stream import CHUNK_BYTES, SHARED_BYTES, RunSpecStream

#: After so many tasks in a row that the plain pickler could have written it is tried again.
PLAIN_AGAIN = 32

#: After a task of so many bytes there is a new pickler: to clear a memo takes time for each place that it ever had.
LARGE_TASK = 16 << 10


def write(answers, tasks):
    """Sends each task the way upstream's ``ToPickle(run_spec)`` would arrive at a worker.

    A task is pickled by the first of three that can: the plain pickler; one that pickles functions and classes which
    workers cannot import, once for all tasks; Dask's own ``dumps``, which tries most and takes 100 µs and more.
    """
    writer = Writer(RunSpecStream(answers, "pickle"), tasks)
    while writer.position < len(tasks):
        writer.write_plain()
        writer.write_by_value()
    writer.stream.flush()


class Writer:
    """Writes tasks to a stream; ``position`` is the next one."""

    def __init__(self, stream, tasks):
        self.stream = stream
        self.tasks = tasks
        self.position = 0
        self.dispatch_table = {**copyreg.dispatch_table, **fast_reductions()}
        self.by_value = ByValue()
        self.plain_table = {**self.dispatch_table, **self._with_stand_ins()}
        self.check_each = False
        #: How often MAIN is in what was written, and means nothing there.
        self.mains = 0

    def write_plain(self):
        """Writes tasks up to the first one that needs more than the plain pickler."""
        complete = True
        while complete and self.position < len(self.tasks):
            stream, mark, mains = self.stream, self.stream.mark(), self.mains
            end, complete = self._fill_chunk()
            if not self.check_each and stream.count(MAIN, mark[2]) != self.mains - mains:
                # Once more, looking at every task: where one names __main__ many do.
                self.check_each = complete = True
                self.mains = mains
                stream.undo(mark)
                continue
            self.position = end
            if stream.full:
                stream.flush()

    def _fill_chunk(self):
        """The position behind the last task written, and False if the one there has to be written otherwise."""
        stream, out, tasks, buffers = self.stream, self.stream.out, self.tasks, []
        pickler = pickle.Pickler(out, HIGHEST_PROTOCOL, buffer_callback=keep_small(buffers))
        pickler.dispatch_table = self.plain_table
        # Most graphs spend most of their time in this loop.
        dump, clear_memo, tell, add_size = pickler.dump, pickler.clear_memo, out.tell, stream.sizes.append
        for position in range(self.position, len(tasks)):
            before, mains = tell(), self.mains
            try:
                dump(tasks[position])
                accepted = not self.check_each or stream.count(MAIN, before) == self.mains - mains
            except Exception:
                accepted = False
            if not accepted:
                self.mains = mains
                stream.truncate(before)
                return position, False
            clear_memo()
            size = tell() - before
            if buffers:
                stream.end(size, raw(buffers))
                buffers.clear()
            else:
                add_size(size)
            if size > LARGE_TASK or before > CHUNK_BYTES:
                break
        return position + 1, True

    def _with_stand_ins(self):
        """{class: how to reduce it} for the plain pickler, which could not write the functions of many tasks."""
        if (found := task_state()) is None:
            return {}
        cls, state, place = found
        reconstruct, stand_ins, stand_in_for = copyreg.__newobj__, {}, self.by_value.stand_in

        def reduce_task(task):
            values = state(task)
            function = values[place]
            stand_in = stand_ins.get(id(function))
            if stand_in is None:
                # Both stay alive, so that the id stays the function's own.
                stand_in = stand_ins[id(function)] = stand_in_for(function)
            if stand_in is not function:
                self.mains += stand_in.mains
                values = (*values[:place], stand_in, *values[place + 1 :])
            return reconstruct, (cls,), values

        return {cls: reduce_task, StandIn: operator.attrgetter("reduction")}

    def write_by_value(self):
        """Writes at least one task, if there is one, and goes on while they have something by value."""
        stream, tasks, buffers = self.stream, self.tasks, []
        pickler = None
        plain = 0
        while self.position < len(tasks) and plain < PLAIN_AGAIN:
            if pickler is None or pickler.out is not stream.out:
                keep = keep_small(buffers)
                pickler = ByValuePickler(stream.out, self.by_value, self.dispatch_table, buffers, keep)
            plain = 0 if self._write_task(tasks[self.position], pickler, buffers) else plain + 1
            self.position += 1
            if stream.sizes and stream.sizes[-1] > LARGE_TASK:
                pickler = None

    def _write_task(self, task, pickler, buffers):
        """Answers whether the task needed more than the plain pickler."""
        stream, out = self.stream, self.stream.out
        before = out.tell()
        try:
            special = pickler.dump_task(task)
            accepted = special or not stream.count(MAIN, before)
        except Exception:
            accepted = False  # Dask's dumps decides, and raises what users know
        if not accepted:
            special = True
            buffers.clear()
            stream.truncate(before)
            pickler.clear_memo()
            out.write(dumps(task, buffer_callback=buffers.append))
        stream.end(out.tell() - before, raw(buffers))
        buffers.clear()
        if stream.full:
            stream.flush()
        return special


def raw(buffers):
    """The bytes of what pickling left out."""
    return list(map(ensure_memoryview, buffers))


def keep_small(large):
    """A pickler's ``buffer_callback``: small buffers stay in the pickle, large ones go to this list."""

    def keep(buffer):
        return buffer.raw().nbytes < SHARED_BYTES or large.append(buffer)

    return keep


@functools.lru_cache(None)
def fast_reductions():
    """{class: how to reduce it}: the same as the classes' own ways, in less time or in fewer bytes."""
    from dask._task_spec import Alias

    table = {}
    if "__reduce__" not in vars(Alias):  # since 2025.1 it has this one
        table[Alias] = lambda alias: (Alias, (alias.key, alias.target))
    if (found := task_state()) is not None:
        cls, state, _ = found
        reconstruct = copyreg.__newobj__
        table[cls] = lambda task: (reconstruct, (cls,), state(task))
    return table


@functools.lru_cache(None)
def task_state():
    """The class of most tasks, a quick way to their state and the place of the function in it; None: it has a state of another kind."""
    from dask._task_spec import Task

    if "__getstate__" not in vars(Task):
        return None  # the default, which is written in C
    slots = Task.get_all_slots()
    state = operator.attrgetter(*slots)
    sample = Task("key", len, "argument")
    same = sample.__reduce_ex__(HIGHEST_PROTOCOL)[:3] == (copyreg.__newobj__, (Task,), state(sample))
    return (Task, state, slots.index("func")) if same else None
