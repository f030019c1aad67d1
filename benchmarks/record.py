"""Records what a real client sends to have a workload computed, so that csds-zero-client can send it again.

usage: record.py WORKLOAD FILE        with the Python of the generation of Dask that is to be recorded

WORKLOAD is a name of RSDS's with its parameters: see workloads.py.
"""

import asyncio
import json
import sys

import distributed
from distributed.comm.utils import to_frames

import workloads

# What a client's batch holds when a program submits as fast as it can.
MESSAGES_PER_TRANSFER = 50


async def record(workload, path):
    async with (
        distributed.Scheduler(port=0, dashboard_address=":0") as scheduler,
        distributed.Client(scheduler.address, asynchronous=True) as client,
    ):
        messages = []
        client._send_to_scheduler = messages.append
        wanted = workloads.submit(client, workload)
        await asyncio.sleep(0)
        messages = [m for m in messages if m["op"].startswith("update-graph")]
        size = 0
        with open(path, "wb") as file:
            for first in range(0, len(messages), MESSAGES_PER_TRANSFER):
                frames = await to_frames(messages[first : first + MESSAGES_PER_TRANSFER], allow_offload=False)
                size += write(file, frames)
        return {"wanted": len(wanted), "bytes": size, "distributed": distributed.__version__}


def write(file, frames):
    """Writes one transfer as it is on TCP: size of the rest, number of frames, their sizes, the frames."""
    sizes = [memoryview(frame).nbytes for frame in frames]
    numbers = [8 * (1 + len(frames)) + sum(sizes), len(frames), *sizes]
    file.write(b"".join(n.to_bytes(8, "little") for n in numbers))
    file.writelines(frames)
    return sum(sizes)


if __name__ == "__main__":
    workloads.move_to_main()
    print(json.dumps(asyncio.run(record(*sys.argv[1:]))))
