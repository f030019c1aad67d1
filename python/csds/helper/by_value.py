"""Pickles tasks that refer to functions and classes which cannot be imported where the tasks will be loaded."""
import operator
import pickle
import types

import cloudpickle
from distributed.protocol.pickle import HIGHEST_PROTOCOL

from .run_spec_stream import SHARED_BYTES

#: Where this is in a pickle Dask takes cloudpickle: names in ``__main__`` mean something else on a worker.
MAIN = b"__main__"

#: What stands for a function whose bundle does not exist yet; such a pickle is thrown away.
PLACEHOLDER = (dict, ())


class ByValue:
    """Pickles what cannot be imported once for a graph, instead of once for every task that refers to it.

    cloudpickle takes 100 µs and more for a function. Here its result is kept, and becomes a pickle inside the pickle
    of each task; loading that gives the same task. The functions of one task are pickled together, so that they share
    their globals there as they do here. Classes keep their identity through cloudpickle's own registry.
    """

    def __init__(self):
        self.known = {}
        self.classes = {}
        self.bundles = {}
        self.expected = {}

    def is_by_value(self, thing):
        """Whether Dask would leave this function or class to cloudpickle."""
        entry = self.known.get(id(thing))
        if entry is None:
            try:
                result = MAIN in pickle.dumps(thing, HIGHEST_PROTOCOL)
            except Exception:
                result = True
            entry = self.known[id(thing)] = (thing, result)  # alive, so that its id stays its own
        return entry[1]

    def reduced_class(self, cls):
        """How to reduce a class."""
        reduction = self.classes.get(id(cls))
        if reduction is None:
            reduction = self.classes[id(cls)] = (pickle.loads, (pickled(cls),))
        return reduction

    def bundle(self, functions):
        """{id: reduction} of functions that occur together in a task."""
        identity = tuple(functions)
        bundle = self.bundles.get(identity)
        if bundle is None:
            if len(functions) == 1:
                bundle = {key: (pickle.loads, (pickled(function),)) for key, function in functions.items()}
            else:
                together = Together(pickled(tuple(functions.values())))
                bundle = {key: (operator.getitem, (together, i)) for i, key in enumerate(functions)}
            self.bundles[identity] = bundle
        return bundle

    def stand_in(self, function):
        """What takes the function's place in the state of a task that the plain pickler writes: the function itself if it can."""
        if type(function) is not types.FunctionType or not self.is_by_value(function):
            return function
        return StandIn(*self.bundle({id(function): function})[id(function)])


class StandIn:
    """Is pickled as a call, the one that makes a function."""

    def __init__(self, call, arguments):
        self.reduction = call, arguments
        #: How often it has MAIN in the pickle itself, where it means nothing.
        self.mains = sum(data.count(MAIN) for data in arguments if isinstance(data, bytes))


class Together:
    """Loads as a tuple of functions, once for each task."""

    def __init__(self, data):
        self.data = data

    def __reduce__(self):
        return pickle.loads, (self.data,)


def pickled(thing):
    """The pickle of a pickle's part; a large one is kept out of the tasks' own pickles."""
    data = cloudpickle.dumps(thing, protocol=HIGHEST_PROTOCOL)
    return data if len(data) < SHARED_BYTES else pickle.PickleBuffer(data)


class ByValuePickler(pickle.Pickler):
    """Appends the pickles of tasks to ``out``, like the plain pickler, with functions and classes by value."""

    def __init__(self, out, by_value, dispatch_table, buffers, buffer_callback):
        super().__init__(out, HIGHEST_PROTOCOL, buffer_callback=buffer_callback)
        self.out = out
        self.by_value = by_value
        self.dispatch_table = dispatch_table
        self.buffers = buffers
        self.bundle = {}
        self.functions = {}
        self.has_classes = False

    def dump_task(self, task):
        """Answers whether the task has something by value. After an error there may be half a pickle in ``out``."""
        start = self.out.tell()
        caller = id(getattr(task, "func", None))
        expected = self.by_value.expected
        self.bundle = expected.get(caller, {})
        for _ in range(2):
            self.functions = {}
            self.has_classes = False
            self.dump(task)
            self.clear_memo()
            if self.functions.keys() == self.bundle.keys():
                return self.has_classes or bool(self.functions)
            self.buffers.clear()
            self.out.seek(start)
            self.out.truncate()
            self.bundle = expected[caller] = self.by_value.bundle(self.functions)
        raise pickle.PicklingError("The task has different functions each time it is pickled")

    def reducer_override(self, obj):
        """Called for every object that is no plain value."""
        cls = type(obj)
        if cls is types.FunctionType:
            if self.by_value.is_by_value(obj):
                self.functions[id(obj)] = obj
                return self.bundle.get(id(obj), PLACEHOLDER)
        elif issubclass(cls, type) and self.by_value.is_by_value(obj):
            self.has_classes = True
            return self.by_value.reduced_class(obj)
        return NotImplemented
