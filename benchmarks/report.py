"""What was measured, as text, and as the pages and charts in docs/performance/."""

import html
import os
import statistics

import charts
import goals
import published
from runs import Runs



def text(runs):
    """Markdown tables of all runs."""
    runs = Runs(runs)
    parts = [goals.table(runs), graphs(Runs(r for r in runs if "cpu_us" in r)), real(runs.where(kind="real")), others(runs)]
    return "\n\n".join(t for t in ("\n".join(lines) for lines in parts) if t.count("\n") > 1)


def graphs(runs):
    """One line for each case and policy; microseconds are per task, ratios those of the pairs in one repeat."""
    yield from header("workload", "Dask", "workers", "tasks", "stock CPU us", "csds CPU us", "ratio (range)", "stock wall us",
                      "csds wall us", "csds tasks/s", "exchanges of echo's", "bytes/task", "longest turn ms")
    for case, of in runs.cases():
        for policy in of.policies() or [None]:
            csds, stock = of.where(server="csds", policy=policy), of.where(server="stock")
            pairs = of.pairs("cpu_us", policy)
            wall = csds.median("wall_us")
            yield row(
                case["workload"] + (f", {policy}" if policy else ""), case["dask"],
                case["workers"] if case["nthreads"] == 1 else f"{case['workers']} of {case['nthreads']} threads",
                (csds or stock)[0]["tasks"], number(stock.median("cpu_us")), number(csds.median("cpu_us")),
                spread(pairs, 1),
                number(stock.median("wall_us")), number(wall), f"{1e6 / wall:,.0f}" if wall else "", share_of_echo(csds),
                number(csds.median("bytes_per_task")), number(1e3 * (csds.median("longest_turn_s") or 0)))


def share_of_echo(runs):
    shares = [1e6 / r["wall_us"] / r["tasks_per_batch"] / r["echo_per_second"] for r in runs]
    return f"{100 * statistics.median(shares):.0f} %" if shares else ""


def real(runs):
    """Dask's own workers and client: seconds, and whether both servers gave the same result."""
    yield from header("workload, real workers", "Dask", "workers", "stock s", "csds s", "ratio (range)", "stock CPU s", "csds CPU s",
                      "results")
    for case, of in runs.cases():
        csds, stock, pairs = of.where(server="csds"), of.where(server="stock"), of.pairs("wall_s")
        same = "equal" if len({r["result"] for r in of}) == 1 else "DIFFER"
        yield row(
            case["workload"], case["dask"], case["workers"], number(stock.median("wall_s")), number(csds.median("wall_s")),
            spread(pairs, 2),
            number(stock.median("cpu_s")), number(csds.median("cpu_s")), same)


def others(runs):
    """Start, idle workers, shortest tasks."""
    yield from header("what", "Dask", "workers", "stock", "csds")
    fields = {
        "start": (
            ("startup_s", 1, "s"), ("answered_s", 1, "s to an answer"), ("startup_cpu_s", 1, "s CPU"), ("memory", 1e-6, "MB"),
            ("binary_bytes", 1e-6, "MB binary"),
        ),
        "idle": (("core_percent", 1, "% of a core"),), "metg": (("metg_s", 1e3, "ms"),),
    }  # fmt: skip
    for case, of in runs.cases():
        wanted = fields.get(case["workload"].split("-")[0])
        if wanted:
            yield row(case["workload"], case["dask"], case["workers"], *(
                "; ".join(f"{value * factor:.3g} {unit}" for field, factor, unit in wanted
                          if (value := of.where(server=server).median(field)) is not None) for server in ("stock", "csds")))


def spread(values, digits):
    """The median, and the range if there are several."""
    if not values:
        return ""
    middle, least, most = (f"{v:.{digits}f}" for v in (statistics.median(values), min(values), max(values)))
    return middle if len(values) == 1 else f"{middle} ({least} to {most})"


def header(*names):
    return [row(*names), row(*["---"] * len(names))]


def row(*cells):
    return f"| {' | '.join(map(str, cells))} |"


def number(value):
    return "" if value is None else charts.number(value)


def draw(runs):
    """The charts by their names."""
    zero = Runs(r for r in runs if "cpu_us" in r and r["policy"] is None and r["nthreads"] == 1)
    per_task, ratios = [], []
    for case, of in zero.where(workers=24).cases():
        of_server = {"stock Dask": of.where(server="stock").median("cpu_us"), "csds": of.where(server="csds").median("cpu_us")}
        if all(of_server.values()):
            per_task.append((f"{case['workload']}, {case['dask']}", of_server))
        old = published.MILLISECONDS_PER_TASK.get(case["workload"], {}).get(24)
        pairs = of.pairs("wall_us")
        if old and pairs and case["dask"] == "2022.12":
            ratios.append((case["workload"], {"RSDS, published": old[0] / old[1], "csds": statistics.median(pairs)}))
    growth = {}
    for name, server in (("stock Dask", "stock"), ("csds", "csds")):
        growth[name] = [
            (case["workers"], of.median("cpu_us"))
            for case, of in zero.where(server=server, workload="merge-10K", dask="2022.12").cases()]
    return {
        "cpu-per-task": charts.bars("Processor time of the scheduler per task, 24 workers", per_task, "us"),
        "against-rsds": charts.bars("Time with Dask's scheduler / time with this one, 24 workers", ratios, "higher is better"),
        "workers": charts.lines("Processor time per task of merge-10K", {k: v for k, v in growth.items() if v}, "us", "workers"),
    }  # fmt: skip


def write(runs, folder):
    """Writes results.md, a chart a file, and report.html, which needs nothing else."""
    folder.mkdir(exist_ok=True)
    drawn = {name: chart for name, chart in draw(Runs(runs)).items() if chart}
    for name, chart in drawn.items():
        (folder / f"{name}.svg").write_text(chart)
    tables = text(runs)
    pictures = "\n\n".join(f"![{name}]({name}.svg)" for name in drawn)
    note = (f"RSDS's figures are those of {published.SOURCE}: makespans with Dask's Python client, on other machines and with "
            "Dask 2.16. Ratios can be compared, with care; times cannot.")
    compared = "\n".join(beside_rsds(Runs(runs)))
    machine = f"{os.cpu_count()} shared processors, median load of the machine meanwhile {statistics.median(r['load'] for r in runs)}"
    (folder / "results.md").write_text(
        f"# Results\n\nWritten by `./bench --report`; [performance.md](../performance.md) says what was measured and how. "
        f"Microseconds are per task.\n\nMachine: {machine}.\n\n{tables}\n\n## Beside RSDS\n\n{note}\n\n{compared}\n\n{pictures}\n")
    (folder / "report.html").write_text(page(f"{machine}; microseconds are per task", tables, compared, note, drawn))


def beside_rsds(runs):
    """Ratios of times per task, Dask / the other: RSDS's published ones, and csds's here."""
    yield from header("workload", "workers", "tasks, published", "tasks, here", "Dask ms, published", "RSDS ms, published", "RSDS's ratio",
                      "stock ms, here", "csds ms, here", "csds's ratio")
    for case, of in runs.where(dask="2022.12", kind="zero").cases():
        old = published.MILLISECONDS_PER_TASK.get(case["workload"], {}).get(case["workers"])
        pairs = old and of.pairs("wall_us")
        if pairs:
            stock, csds = (of.where(server=s).median("wall_us") / 1e3 for s in ("stock", "csds"))
            yield row(case["workload"], case["workers"], f"{published.TASKS.get(case['workload'], 0):,}", f"{of[0]['tasks']:,}", *old,
                      f"{old[0] / old[1]:.1f}", f"{stock:.3f}", f"{csds:.3f}", f"{statistics.median(pairs):.1f}")


def page(machine, tables, compared, note, drawn):
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>csds: performance</title>
<style>body {{ font: 14px sans-serif; margin: 2em; }} table {{ border-collapse: collapse; margin: 1em 0; }}
td, th {{ border: 1px solid #ccc; padding: 2px 8px; text-align: right; }} td:first-child, th:first-child {{ text-align: left; }}
svg {{ max-width: 100%; height: auto; display: block; margin: 1em 0; }}</style></head>
<body><h1>csds, Dask's scheduler and RSDS</h1><p>{html.escape(machine)}</p>
{as_html(tables)}
<h2>Beside RSDS</h2><p>{html.escape(note.replace("*", ""))}</p>
{as_html(compared)}
{"".join(drawn.values())}
</body></html>
"""


def as_html(markdown):
    out = []
    for block in markdown.split("\n\n"):
        lines = [[html.escape(cell.strip()) for cell in line.strip("|").split("|")] for line in block.splitlines()]
        head = "".join(f"<th>{cell}</th>" for cell in lines[0])
        body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>" for line in lines[2:])
        out.append(f"<table><tr>{head}</tr>{body}</table>")
    return "\n".join(out)
