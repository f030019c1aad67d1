"""Records what real schedulers, workers and clients put on their connections, byte for byte.

usage: python record_frames.py FOLDER 2022=PYTHON [GENERATION=PYTHON]...

Every PYTHON is a command. A tiny cluster of each generation runs with a proxy in front of its scheduler and one in front
of a worker; FOLDER/GENERATION gets two files for each of the first connections: `NN-OP.sent.bin` holds what the side that
connected wrote, `NN-OP.answered.bin` what it got, where OP is the first operation asked for. Text that tells of the
machine is replaced by other text of the same length.
"""

import asyncio
import os
import platform
import shlex
import socket
import subprocess
import sys
import uuid
from pathlib import Path

LARGEST_FILE = 12_000
"""Bytes; a longer recording is cut behind the last whole message."""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Proxy:
    """Passes connections on to an address and keeps their bytes."""

    def __init__(self, connections):
        self.connections = connections

    async def start(self, target):
        """Listens, passes on to the port `target`, and answers the own port."""
        self.target = target
        server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        return server.sockets[0].getsockname()[1]

    async def accept(self, reader, writer):
        sent, answered = bytearray(), bytearray()
        self.connections.append((sent, answered))
        there = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(self.copy(reader, there[1], sent), self.copy(there[0], writer, answered))

    async def copy(self, reader, writer, kept):
        try:
            while data := await reader.read(1 << 16):
                kept += data
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


def messages(recording):
    """The whole messages of a recording, as bytes each."""
    start = 0
    while start + 16 <= len(recording):
        count = int.from_bytes(recording[start + 8 : start + 16], "little")
        ends = start + 16 + 8 * count
        lengths = [int.from_bytes(recording[i : i + 8], "little") for i in range(start + 16, ends, 8)]
        end = ends + sum(lengths)
        if end > len(recording):
            return
        yield bytes(recording[start:end])
        start = end


def first_op(recording):
    """The first operation on a connection; the handshake comes before it."""
    for message in list(messages(recording))[1:2]:
        if (at := message.find(b"\xa2op")) >= 0:
            length = message[at + 3] & 0x1F
            return message[at + 4 : at + 4 + length].decode()


def shortened(recording):
    kept = b""
    for message in messages(recording):
        if kept and len(kept) + len(message) > LARGEST_FILE:
            break
        kept += message
    return kept


def neutral(recording):
    """Without the names of this machine and its kernel; every text keeps its length, so that all lengths stay true."""
    for name in (platform.release(), platform.node(), f"{uuid.getnode():012x}"):
        if len(name) > 5:
            recording = recording.replace(name.encode(), b"0" * len(name.encode()))
    return recording


async def work(address):
    """What a user does, in a few lines; functions of the standard library only, which are pickled by name."""
    import operator

    import distributed
    from dask import delayed

    async with distributed.Client(address, asynchronous=True, name="recorder") as client:
        x = client.submit(operator.add, 1, 2, key="x")
        y = client.submit(operator.truediv, x, 0, key="y", retries=1)
        total = client.compute(delayed(sum)([delayed(operator.neg)(i) for i in range(3)]))
        mapped = client.map(operator.neg, [1, 2, 3])
        await distributed.wait([x, y, total, *mapped])
        try:
            await y
        except ZeroDivisionError:
            pass
        [there] = await client.scatter([b"abc" * 10])
        await client.gather([x, total, there, *mapped], direct=False)
        await client.cancel(x)
        event = distributed.Event("event", client=client)
        await event.set()
        await client.set_metadata("name", {"a": [1, 2.5, None, True]})
        await client.who_has()


async def record(folder):
    import dask

    # As with csds, which announces no compression.
    dask.config.set({"distributed.comm.compression": None, "distributed.worker.use-file-locking": False})
    from distributed import Nanny, Scheduler, Worker

    to_scheduler, to_worker = [], []
    async with Scheduler(host="127.0.0.1", port=0, dashboard=False, dashboard_address=":0") as scheduler:
        port = await Proxy(to_scheduler).start(scheduler.port)
        behind = free_port()
        in_front = await Proxy(to_worker).start(behind)
        address = f"tcp://127.0.0.1:{port}"
        common = {"nthreads": 1, "local_directory": "/tmp/dask", "memory_limit": "2 GB"}
        alice = Worker(address, name="alice", port=behind, contact_address=f"tcp://127.0.0.1:{in_front}", **common)
        async with alice, Nanny(address, name="bob", dashboard_address=":0", **common):
            await work(address)
    for name, connections in (("scheduler", to_scheduler), ("worker", to_worker)):
        seen = set()
        for sent, answered in connections:
            op = first_op(sent)
            if op and op not in seen:
                seen.add(op)
                for direction, recording in (("sent", sent), ("answered", answered)):
                    path = folder / f"{name}-{op.replace('_', '-')}.{direction}.bin"
                    path.write_bytes(neutral(shortened(recording)))


def main():
    folder, *generations = sys.argv[1:]
    for generation in generations:
        name, separator, command = generation.partition("=")
        target = Path(folder).resolve() / name
        target.mkdir(parents=True, exist_ok=True)
        if not separator:
            return asyncio.run(record(target))
        subprocess.run(
            [*shlex.split(command), Path(__file__).resolve(), folder, name], check=True, env={**os.environ, "LANG": "C.UTF-8"}
        )


if __name__ == "__main__":
    main()
