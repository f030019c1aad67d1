"""Computes a workload with Dask's own client, and prints what that took and what came out.

usage: drive.py ADDRESS WORKLOAD WORKERS PROCESS        PROCESS is the scheduler's
"""

import json
import sys
import time

import distributed

import workloads


def cpu_of(process):
    """Processor seconds of the process and its children."""
    import psutil

    family = [psutil.Process(process)]
    family += family[0].children(recursive=True)
    return sum(sum(p.cpu_times()[:2]) for p in family)


def main(address, workload, workers, process):
    with distributed.Client(address) as client:
        client.wait_for_workers(int(workers))
        time.sleep(2)  # What the workers still import is not the scheduler's time.
        cpu = cpu_of(int(process))
        begun = time.monotonic()
        futures = workloads.submit(client, workload)
        results = client.gather(futures)
        wall = time.monotonic() - begun
        cpu = cpu_of(int(process)) - cpu
    print(json.dumps({"wall_s": round(wall, 4), "cpu_s": round(cpu, 3), "result": repr(results)[:200]}))


if __name__ == "__main__":
    workloads.move_to_main()
    main(*sys.argv[1:])
