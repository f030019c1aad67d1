"""Records which operations the installed Dask's scheduler has.

usage: python record_operations.py 2022.12=PYTHON [GENERATION=PYTHON]... > dask-operations.txt

Every PYTHON is a command. One line per operation: its kind, its name, and y or - per generation.
"""

import json
import shlex
import subprocess
import sys

LIST = """
import asyncio, json
from distributed import Scheduler

async def main():
    scheduler = Scheduler(dashboard_address=":0", port=0)
    print(json.dumps({"rpc": sorted(scheduler.handlers), "stream": sorted(scheduler.stream_handlers)}))

asyncio.run(main())
"""


def operations(command):
    output = subprocess.run([*shlex.split(command), "-W", "ignore", "-c", LIST], check=True, capture_output=True, text=True)
    return json.loads(output.stdout.splitlines()[-1])


generations = dict(argument.split("=", 1) for argument in sys.argv[1:])
found = {generation: operations(command) for generation, command in generations.items()}
print("kind", "operation", *generations)
for kind in ("rpc", "stream"):
    for name in sorted(set().union(*(found[generation][kind] for generation in generations))):
        print(kind, name, *("y" if name in found[generation][kind] else "-" for generation in generations))
