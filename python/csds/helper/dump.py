"""Writes a dump of the cluster's state to any place that fsspec can write to."""
import asyncio

import msgpack


def write_state(answers, header, frames):
    """Answers ``written``. Frames: a map of the arguments, and the state, both as msgpack."""
    from distributed.cluster_dump import write_state

    arguments, state = (msgpack.unpackb(frame, raw=False, strict_map_key=False) for frame in frames)

    async def get_state():
        return state

    asyncio.run(write_state(get_state, **arguments))
    answers.send("written")
