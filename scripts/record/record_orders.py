#!/usr/bin/env python3
"""Records the orders that Dask gives graphs.

usage: record_orders.py DIRECTORY PYTHON...
       (scripts/record/record_orders.py tests/Csds.Scheduler.Tests/Ordering/recorded ...)

Every PYTHON is a command that runs an interpreter with one release of Dask (see scripts/dask-env), oldest first. Each
release builds its own graphs and orders those of all.

dask.order walks through sets of keys, so that its answer may change with the order in which a process hashes them. What
is recorded is its answer with sets that are walked through in the order of the graph's dict; "stable" tells which
releases gave this answer, unmodified, with every hash seed that was tried.
"""
import ast
import inspect
import json
import os
import subprocess
import sys

SEEDS = range(1, 13)
HERE = os.path.dirname(os.path.abspath(__file__))


def run(python, *args, seed=0, stdin=None):
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    command = [*python.split(), "-W", "ignore", os.path.abspath(__file__), *args]
    result = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, check=True, env=environment, encoding="utf-8")
    return json.loads(result.stdout)


def record(directory, pythons):
    import order_graphs

    releases = [run(python, "--release") for python in pythons]
    graphs = [g for python in pythons for g in run(python, "--graphs")] + list(order_graphs.synthetic())
    graphs = unlike(graphs)
    stdin = json.dumps(graphs)
    for release, python in zip(releases, pythons):
        orders = run(python, "--order", "fixed", stdin=stdin)
        tried = [run(python, "--order", "as-it-is", seed=seed, stdin=stdin) for seed in SEEDS]
        for i, graph in enumerate(graphs):
            graph.setdefault("orders", {})[release] = orders[i]
            if all(t[i] == tried[0][i] for t in tried):
                graph.setdefault("stable", []).append(release)
                assert tried[0][i] == orders[i], f"{release} orders {graph['name']} otherwise, and always alike"
    report(graphs, releases)
    os.makedirs(directory, exist_ok=True)
    files = {}
    for graph in graphs:
        files.setdefault(graph["name"].split("/")[-2], []).append(graph)
    for kind, members in files.items():
        with open(os.path.join(directory, f"{kind}.jsonl"), "w", encoding="ascii") as file:
            for graph in members:
                file.write(json.dumps(compact(graph), separators=(",", ":")) + "\n")
    with open(os.path.join(directory, "cycles.jsonl"), "w", encoding="ascii") as file:
        for cycle in run(pythons[-1], "--cycles"):
            file.write(json.dumps(cycle, separators=(",", ":")) + "\n")


def cycles():
    """Graphs that cannot be ordered, with what dask.core.getcycle finds in them."""
    import random

    from dask.core import _toposort

    rng = random.Random(7)
    answers = []
    while len(answers) < 60:
        count = rng.randrange(1, 12)
        dependencies = {i: sorted({rng.randrange(count) for _ in range(rng.randrange(3))}) for i in range(count)}
        cycle = _toposort(dependencies, returncycle=True, dependencies=dependencies)
        if cycle:
            answers.append({"deps": list(dependencies.values()), "cycle": cycle})
    return answers


def unlike(graphs):
    """Drops graphs that are equal but for their name."""
    seen = {}
    for graph in graphs:
        seen.setdefault(json.dumps({**graph, "name": None}), graph)
    return list(seen.values())


def compact(graph):
    """Names a release instead of repeating its order."""
    first = {}
    orders = {}
    for release, order in graph["orders"].items():
        same = first.setdefault(json.dumps(order), release)
        orders[release] = order if same == release else same
    return {**graph, "orders": orders}


def report(graphs, releases):
    for release in releases:
        own = [g for g in graphs if g["name"].startswith(release)]
        for what, members in ((f"{len(own)} graphs it built", own), (f"all {len(graphs)} graphs", graphs)):
            stable = sum(release in g.get("stable", ()) for g in members)
            print(f"{release}: order does not depend on hash seeds for {stable} of {what}", file=sys.stderr)


def main_release():
    import dask

    return ".".join(dask.__version__.split("+")[0].split(".")[:3])


class Salted(int):
    """An int whose hash depends on the hash seed, as that of a str does."""

    def __hash__(self):
        return hash(("salt", int(self)))


def to_key(value, salt):
    if isinstance(value, list):
        return tuple(to_key(item, salt) for item in value)
    return Salted(value) if salt and isinstance(value, int) else value


def order_all(graphs, fix_sets):
    import dask.order

    legacy = main_release() < "2023.12"
    order = fixed_order() if fix_sets else dask.order.order
    answers = []
    for graph in graphs:
        keys = [to_key(k, salt=not fix_sets) for k in graph["keys"]]
        INDICES.clear()
        INDICES.update((k, i) for i, k in enumerate(keys))
        tasks = keys[:len(graph["deps"])]
        try:
            if legacy:
                make = FixedSet if fix_sets else set
                dependencies = {k: make(keys[d] for d in ds if d < len(tasks)) for k, ds in zip(tasks, graph["deps"])}
                answer = order(dict.fromkeys(tasks, 0), dependencies)
            else:
                answer = order(new_graph(keys, graph))
            answers.append([answer[k] for k in tasks])
        except Exception as e:
            answers.append(f"{type(e).__name__}")
    return answers


def new_graph(keys, graph):
    from dask._task_spec import DataNode, Task, TaskRef

    dsk = {}
    data = set(graph["data"])
    for i, dependencies in enumerate(graph["deps"]):
        references = [keys[d] for d in dependencies]
        if i not in data:
            dsk[keys[i]] = Task(keys[i], len, *map(TaskRef, references))
        else:
            # Only graphs of old have data with dependencies.
            dsk[keys[i]] = references if references else DataNode(keys[i], None)
    return dsk


INDICES = {}


def fixed(base):
    """A kind of set that is walked through in the order of the graph's dict."""
    def walk(self):
        return iter(sorted(base.__iter__(self), key=INDICES.__getitem__))

    def pop(self):
        item = next(iter(self))
        self.remove(item)
        return item

    def combine(name):
        return lambda self, *others: kind(getattr(base, name)(self, *others))

    methods = {"__iter__": walk, "pop": pop}
    operators = ("__and__", "__or__", "__sub__", "__rand__", "__ror__", "__rsub__")
    for name in ("copy", "difference", "intersection", "union", *operators):
        methods[name] = combine(name)
    kind = type(f"Fixed{base.__name__}", (base,), methods)
    return kind


FixedSet = fixed(set)
FixedFrozenSet = fixed(frozenset)


class UseFixedSets(ast.NodeTransformer):
    def visit_SetComp(self, node):
        self.generic_visit(node)
        return self.call("set", ast.GeneratorExp(node.elt, node.generators))

    def visit_Set(self, node):
        self.generic_visit(node)
        return self.call("set", ast.List(node.elts, ast.Load()))

    def call(self, name, argument):
        return ast.Call(ast.Name(name, ast.Load()), [argument], [])


def fixed_order():
    """The installed dask.order.order, with sets replaced by FixedSet."""
    import dask.core
    import dask.order

    namespace = dict(vars(dask.order))
    namespace.update(set=FixedSet, frozenset=FixedFrozenSet)
    tree = ast.fix_missing_locations(UseFixedSets().visit(ast.parse(inspect.getsource(dask.order))))
    exec(compile(tree, "dask.order with fixed sets", "exec"), namespace)

    def reverse_dict(d):
        return {k: FixedSet(v) for k, v in dask.core.reverse_dict(d).items()}

    namespace["reverse_dict"] = reverse_dict
    if "DependenciesMapping" in namespace:
        class Mapping(namespace["DependenciesMapping"]):
            def __getitem__(self, key):
                return FixedFrozenSet(super().__getitem__(key))

        namespace["DependenciesMapping"] = Mapping
    return namespace["order"]


def main(args):
    if args == ["--release"]:
        answer = main_release()
    elif args == ["--graphs"]:
        import order_graphs

        answer = list(order_graphs.build(main_release()))
    elif args == ["--cycles"]:
        answer = cycles()
    elif args[:1] == ["--order"]:
        answer = order_all(json.load(sys.stdin), args[1] == "fixed")
    elif len(args) > 1:
        return record(args[0], args[1:])
    else:
        sys.exit(__doc__)
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    sys.path.insert(0, HERE)
    main(sys.argv[1:])
