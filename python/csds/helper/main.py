"""Answers the server's requests, one after the other, until the server closes the pipe."""
import gc
import os

from . import configure, dump, environment, expand, failures, process, session
from .channel import Channel

#: What the server may ask for: functions of (answers, header, frames). A new kind of request is one line here.
OPS = {
    "configure": configure.configure,
    "environment": environment.apply,
    "expand": expand.expand,
    "serve": session.serve,
    "write_state": dump.write_state,
}


class Answers:
    """Where an op puts its answers; the request's id is added to each."""

    def __init__(self, channel, request):
        self.channel = channel
        self.request = request

    def send(self, op, header=None, frames=()):
        """Sends one answer; frames may be any contiguous buffers."""
        self.channel.send({"id": self.request, "op": op, **(header or {})}, frames)


def run():
    """Entry point of the process."""
    source, sink = process.take_pipes()
    process.prepare()
    process.exit_with_server(source)
    channel = Channel(source, sink)
    channel.send({"op": "started", "pid": os.getpid()})
    channel.flush()
    while True:
        request = channel.receive()
        if request is None:
            # Not sys.exit: threads and exit handlers of user code could keep this process alive.
            os._exit(0)
        answer(channel, *request)
        del request


def answer(channel, header, frames):
    """Works on one request; whatever goes wrong in it becomes its answer."""
    answers = Answers(channel, header["id"])
    # Unpickling a large graph creates millions of objects and no garbage: collections in between cost up to half of
    # the time and find nothing.
    gc.disable()
    try:
        op = OPS.get(header["op"])
        if op is None:
            raise ValueError("The helper has no op %r" % header["op"])
        op(answers, header, frames)
    except BaseException as exception:  # SystemExit too: user code does not decide when the helper ends
        failures.send(answers, exception)
    finally:
        gc.enable()
    channel.flush()
