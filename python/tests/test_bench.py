"""What the benchmarks record and report; they themselves are not run here."""

import json
import subprocess
import sys

import pytest

import clusters

BENCHMARKS = clusters.HERE.parent.parent / "benchmarks"
# RSDS's own counts; releases of Dask that optimise differently have others.
SAME_IN_ALL = {"merge-100": 101, "tree-6": 63, "xarray-25": 552, "chain-9": 9}


def run(server, repeat, **seen):
    case = {"workload": "merge-10K", "dask": "2022.12", "kind": "zero", "workers": 24, "nthreads": 1, "batch": 0.0}
    numbers = {"tasks": 10_001, "tasks_per_batch": 1.9, "echo_per_second": 50_000, "bytes_per_task": 900, "longest_turn_s": 0.01, "load": 0.5}
    return case | numbers | {"server": server, "policy": None, "repeat": repeat} | seen


def test_report_says_ratios_of_the_same_repeat(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import report

    runs = [
        run("stock", 0, cpu_us=140.0, wall_us=200.0), run("csds", 0, cpu_us=10.0, wall_us=20.0),
        run("stock", 1, cpu_us=240.0, wall_us=400.0), run("csds", 1, cpu_us=12.0, wall_us=25.0),
    ]  # fmt: skip
    assert "| 17.0 (14.0 to 20.0) |" in report.text(runs)
    report.write(runs, tmp_path)
    assert "<svg" in (tmp_path / "cpu-per-task.svg").read_text()
    page = (tmp_path / "report.html").read_text()
    assert "<svg" in page and "17.0 (14.0 to 20.0)" in page and "http" not in page.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("workload", SAME_IN_ALL)
def test_graphs_have_the_tasks_of_rsds(workload, tmp_path):
    program = (
        "import sys, json; sys.path.insert(0, sys.argv[1])\n"
        "import dask, workloads\n"
        "class Client:\n"
        "    def persist(self, wanted): self.graph = dict(wanted[0].__dask_graph__()); return []\n"
        "client = Client(); workloads.futures_of = list\n"
        "workloads.submit(client, sys.argv[2]); print(json.dumps(len(client.graph)))\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, str(BENCHMARKS), workload], check=True, stdout=subprocess.PIPE, text=True).stdout
    assert json.loads(said) == SAME_IN_ALL[workload]


def test_recording_can_be_sent_again(tmp_path):
    file = tmp_path / "map-3.bin"
    said = subprocess.run(
        [sys.executable, BENCHMARKS / "record.py", "map-3", file], check=True, stdout=subprocess.PIPE, text=True).stdout
    assert json.loads(said)["wanted"] == 3
    size = int.from_bytes(file.read_bytes()[:8], "little")
    assert file.stat().st_size == 8 + size
