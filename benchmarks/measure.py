"""One measurement of one case: which kind it is follows from the workload's name and the kind of workers.

A case is a dictionary that says everything: workload, dask (generation), server (csds, stock), policy, kind (zero, real),
workers, nthreads, batch (seconds that workers collect reports for), repeat. What is measured is added to it.
"""

import json
import os
import pathlib
import subprocess
import time

import cluster
from units import number

DEFAULTS = {"kind": "zero", "workers": 24, "nthreads": 1, "batch": 0.0, "policy": None}

# Larger graphs of these shapes are generated, where the generation sends graphs that Python need not write.
GENERATED, GENERATED_FROM = ("map", "merge", "chain"), 200_000

_pythons = {}


def python_of(dask):
    if dask not in _pythons:
        _pythons[dask] = subprocess.run(
            [cluster.ROOT / "scripts/dask-env", dask], check=True, stdout=subprocess.PIPE, text=True
        ).stdout.splitlines()[-1].split()
    return _pythons[dask]


def measure(case, timeout):
    """The numbers of a case. Raises if anything was not as it has to be: a task run twice, a result that is missing."""
    name = case["workload"].split("-")[0]
    kinds = {"start": measure_start, "idle": measure_idle, "metg": measure_metg}
    run = kinds.get(name) or (measure_real if case["kind"] == "real" else measure_graph)
    with cluster.Cluster(case["server"], python_of(case["dask"]), case["policy"], timeout) as c:
        result = run(c, case)
        common = {"startup_s": round(c.startup, 4), "load": round(os.getloadavg()[0], 1)}
        if c.binary:
            common["native"] = cluster.is_native(c.binary)
    return result | common


def measure_graph(c, case):
    """A graph with zero workers and the zero client."""
    workload, duration = split_duration(case["workload"])
    name, count = workload.split("-")[:2]
    cancel, loss = name == "cancel", name == "loss"
    echo = measure_echo(case["workers"], 2 if case["nthreads"] == 1 else 20)
    c.start_zero_workers(case | {
        # Some of the tasks that are let go are queued, some run, some are done.
        "duration": "0.05" if cancel else duration,
        "lose_at": number(count) // 2 if loss else 0,
    })
    result = c.measure(*graph_arguments(c.python, case["dask"], workload), *(["--cancel"] if cancel else []))
    seen = c.stop_zero_workers()
    if seen["missing_input"] or (seen["finished_again"] and not loss) or result["tasks_left"]:
        raise RuntimeError(f"a task was run twice, before its input, or is left over: {seen} {result}")
    tasks = result["wanted"] if cancel else seen["finished"]
    return {
        "tasks": tasks,
        "cpu_us": round(1e6 * result["cpu"] / tasks, 3),
        "wall_us": round(1e6 * result["wall"] / tasks, 3),
        "client_us": round(1e6 * result["client_cpu"] / tasks, 3),
        "first_s": round(result["first"], 4),
        "longest_turn_s": result["longest_turn"],
        "memory_before": result["memory_before"],
        "memory_peak": result["memory_peak"],
        "bytes_per_task": round((result["memory"] - result["memory_before"]) / tasks),
        "peak_bytes_per_task": round((result["memory_peak"] - result["memory_before"]) / tasks),
        "tasks_per_batch": round(tasks / max(1, seen["batches"]), 2),
        "settled_s": round(result["settled"], 1),
        "claimed": seen["claimed"],
        "steals": seen["steal_requests"],
        "again": seen["finished_again"],
    } | echo


def measure_real(c, case):
    """A graph with Dask's own workers and client; the result is kept, to be compared with the other server's."""
    c.start_real_workers(case["workers"])
    client = subprocess.run(
        [*c.python, cluster.HERE / "drive.py", c.address, case["workload"], str(case["workers"]), str(c.scheduler.pid)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=c.timeout, env=os.environ | cluster.ENVIRONMENT)
    if client.returncode:
        raise RuntimeError(client.stderr[-2000:])
    return json.loads(client.stdout.splitlines()[-1])


def measure_idle(c, case):
    """idle-SECONDS: workers that only send heartbeats."""
    c.start_zero_workers(case | {"duration": "0"})
    seconds = float(case["workload"].split("-")[1])
    # The first heartbeat of each comes soon; what counts is the steady state.
    time.sleep(min(10, seconds))
    result = c.measure("--idle", seconds, "--settle", 0)
    seen = c.stop_zero_workers()
    return {
        "core_percent": round(100 * result["cpu"] / result["wall"], 3),
        "heartbeats": seen["heartbeats"],
        "memory": result["memory"],
    }


def measure_start(c, case):
    """start: until a connection is accepted, and answered; then the memory and the processor time when nothing happens."""
    answered = c.first_answer()
    result = c.measure("--idle", 0)
    return {
        "answered_s": round(answered, 4),
        "startup_cpu_s": round(result["cpu_before"], 3),
        "memory": result["memory"],
        "own_memory": resident(c.scheduler.pid),
        "binary_bytes": pathlib.Path(c.binary).stat().st_size if c.binary else None,
    }


def measure_metg(c, case):
    """metg-N: the shortest tasks with which the workers are busy half of the time, map of N tasks; by halving."""
    name, count = case["workload"].split("-")
    tasks, arguments = number(count), graph_arguments(c.python, case["dask"], f"map-{count}")
    low, high = 0.0, None
    duration = 0.1
    for _ in range(7):
        c.start_zero_workers(case | {"duration": duration})
        wall = c.measure(*arguments, "--settle", 5)["wall"]
        c.stop_zero_workers()
        c.processes.remove(c.zero)
        if tasks * duration / (case["workers"] * case["nthreads"] * wall) >= 0.5:
            high = duration
        else:
            low = duration
        duration = (low + high) / 2 if high and low else duration / 4 if high else duration * 4
    return {"tasks": tasks, "metg_s": high}


def measure_echo(connections, tasks):
    """What exchanges of the same size cost on this machine, in this minute."""
    out = subprocess.run(
        [cluster.ZERO_WORKER, "echo", "--connections", str(min(connections, 1000)), "--tasks", str(tasks)],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    echo = json.loads(out)
    return {f"echo_{name}": value for name, value in echo.items()}


def split_duration(workload):
    """merge_slow-5K-0.1 is merge-5K with tasks of 0.1 s."""
    name, *parameters = workload.split("-")
    if name == "merge_slow":
        return f"merge-{parameters[0]}", parameters[1]
    return workload, "0"


def graph_arguments(python, dask, workload):
    name, count = workload.split("-")[:2]
    if dask == "2022.12" and name in GENERATED and number(count) >= GENERATED_FROM:
        return ["--generate", f"{name}-{number(count)}"]
    return ["--replay", record(python, dask, workload)]


def record(python, dask, workload):
    """The file with what a client of this generation sends for a workload."""
    file = cluster.CACHE / f"{workload}-{dask}.bin"
    workloads = cluster.HERE / "workloads.py"
    if not file.exists() or file.stat().st_mtime < workloads.stat().st_mtime:
        cluster.CACHE.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".partial")
        done = subprocess.run(
            [*python, cluster.HERE / "record.py", workload, partial], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        partial.rename(file)
    return file


def resident(process):
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return 1024 * int(status.partition("VmRSS:")[2].split()[0])
