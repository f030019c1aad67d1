"""The scheduler's Python: runs the code that users give to the scheduler, on an event loop of its own.

A helper in this role serves many requests at once, and asks the server itself: whatever a connection could ask of the
scheduler, and the state (``views.py``). One thread reads the pipe, so that user code may wait for an answer in the
middle of the event loop. See "The scheduler's Python" in docs/helper-protocol.md.
"""
import asyncio
import collections
import concurrent.futures
import gc
import inspect
import itertools
import logging
import os
import threading

import msgpack

from .failures import NO_COMPRESSION

logger = logging.getLogger("distributed.scheduler")


def serve(answers, header, frames):
    """Takes over the process; returns only if it cannot begin, with the error."""
    gc.enable()
    asyncio.run(run(Session(answers.channel, msgpack.unpackb(frames[0], raw=False)), answers))


async def run(session, answers):
    from .facade import SchedulerFacade

    session.loop = asyncio.get_running_loop()
    session.facade = SchedulerFacade(session, session.start)
    session.facade.profile_history = watch(session.loop)
    answers.send("serving", session.facade.new_environment())
    answers.channel.flush()
    threading.Thread(target=session.read, name="csds-session", daemon=True).start()
    await asyncio.Event().wait()


def watch(loop):
    """Samples what the event loop does, as ``distributed.core.Server`` does."""
    import dask
    from distributed import profile

    if not dask.config.get("distributed.worker.profile.enabled"):
        return collections.deque()
    return profile.watch(
        omit=("profile.py", "selectors.py"),
        interval=dask.config.get("distributed.worker.profile.interval"),
        cycle=dask.config.get("distributed.worker.profile.cycle"),
        stop=loop.is_closed,
    )


class Session:
    """The conversation with the server."""

    def __init__(self, channel, start):
        self.channel = channel
        self.start = start
        self.loop = None
        self.facade = None
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        self.waiting = {}
        self.comms = {}
        self.tasks = set()

    def read(self):
        """Reads the pipe to its end: answers go to those who wait, everything else to the event loop."""
        while True:
            received = self.channel.receive()
            if received is None:
                os._exit(0)
            header, frames = received
            if header["op"] == "answer":
                self.waiting.pop(header["id"]).set_result(frames)
            else:
                self.loop.call_soon_threadsafe(self.take, header, frames)

    def take(self, header, frames):
        """Begins to work on one message."""
        if header["op"] == "events":
            self.facade.hooks.take(loads(frames))
        elif header["op"] == "comm-closed":
            self.comms.pop(header["id"], None)
        else:
            task = asyncio.ensure_future(self.answer(header, frames))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def answer(self, header, frames):
        """Serves one request as Dask's ``Server`` does."""
        from distributed.core import error_message

        number = header["id"]
        comm = self.comms[number] = PeerComm(self, number)
        message = loads(frames)
        serializers = message.get("serializers")
        try:
            reply = dumps(await self.respond(comm, message), serializers)
        except BaseException as exception:  # SystemExit too: user code does not decide when this process ends
            logger.exception("Exception while handling a request")
            reply = dumps(error_message(exception, status="uncaught-error"), serializers)
        finally:
            self.comms.pop(number, None)
        self.send({"id": number, "op": "served"}, reply)

    async def respond(self, comm, message):
        from distributed.core import _expects_comm

        handler = self.facade.handlers.own[message.pop("op")]
        for reserved in ("reply", "close", "serializers"):
            message.pop(reserved, None)
        result = handler(comm, **message) if _expects_comm(handler) else handler(**message)
        result = await result if inspect.isawaitable(result) else result
        self.facade.share_environment()
        return result

    def send(self, header, frames=()):
        """Sends one message, from any thread."""
        with self.lock:
            self.channel.send(header, frames)
            self.channel.flush()

    def call(self, op, **kwargs):
        """Asks the server and waits for the answer, in any thread. Errors are raised as Dask's clients raise them."""
        return outcome(self.begin(op, kwargs).result())

    async def call_async(self, op, **kwargs):
        """The same without holding up the event loop."""
        return outcome(await asyncio.wrap_future(self.begin(op, kwargs)))

    def begin(self, op, kwargs):
        number = next(self.numbers)
        self.waiting[number] = future = concurrent.futures.Future()
        self.send({"id": number, "op": "call"}, dumps({"op": op, **kwargs}))
        return future


class PeerComm:
    """The connection of whoever has asked, as far as handlers use it: they may write to it."""

    def __init__(self, session, number):
        self.session = session
        self.number = number

    def closed(self):
        """Whether the peer is gone."""
        return self.number not in self.session.comms

    async def write(self, message, serializers=None, on_error=None):
        """Sends a message to the peer, before the answer."""
        from distributed.comm import CommClosedError

        if self.closed():
            raise CommClosedError("The peer has closed the connection")
        self.session.send({"id": self.number, "op": "push"}, dumps(message, serializers))

    async def read(self, deserializers=None):
        """Not offered."""
        raise NotImplementedError("csds: handlers in the scheduler's Python cannot read from a connection")


def loads(frames):
    from distributed.protocol import loads

    return loads(frames, deserialize=False)


def dumps(message, serializers=None):
    from distributed.protocol import dumps

    return dumps(message, serializers=serializers, context=NO_COMPRESSION)


def outcome(frames):
    """The value of an answer; raises the error that it is."""
    from distributed.core import clean_exception

    message = loads(frames)
    if isinstance(message, dict) and message.get("status") == "uncaught-error":
        _, exception, traceback = clean_exception(message["exception"], message["traceback"])
        raise exception.with_traceback(traceback)
    return message
