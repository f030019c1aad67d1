"""A list of runs, and what is asked of it: medians, and ratios of the two servers in the same repeat."""

import statistics

CASE = ("workload", "dask", "kind", "workers", "nthreads", "batch")


class Runs(list):
    def where(self, **fields):
        """The runs with these values; a tuple allows any of several."""
        return Runs(r for r in self if all(
            r[name] in (value if isinstance(value, tuple) else (value,)) for name, value in fields.items()))

    def starting(self, *prefixes):
        return Runs(r for r in self if r["workload"].startswith(prefixes))

    def cases(self):
        """The runs of each case, servers and policies together."""
        for case in dict.fromkeys(tuple(r[name] for name in CASE) for r in self):
            yield dict(zip(CASE, case)), self.where(**dict(zip(CASE, case)))

    def policies(self):
        return list(dict.fromkeys(r["policy"] for r in self.where(server="csds")))

    def median(self, field):
        values = [r[field] for r in self if r.get(field) is not None]
        return statistics.median(values) if values else None

    def pairs(self, field, policy=None):
        """stock / csds for each repeat of one case."""
        csds = {r["repeat"]: r for r in self.where(server="csds", policy=policy)}
        return [r[field] / csds[r["repeat"]][field] for r in self.where(server="stock") if r["repeat"] in csds]

    def ratios(self, field):
        """The medians of all cases, as text."""
        found = {}
        for case, runs in self.cases():
            if all(r.get(field) for r in runs) and (pairs := runs.pairs(field)):
                found[f"{case['workload']} {case['workers']}w"] = statistics.median(pairs)
        if not found:
            return None
        least, most = min(found, key=found.get), max(found, key=found.get)
        if len(found) == 1:
            return f"{found[least]:.2f}x ({least})"
        return f"{found[least]:.2f}x ({least}) to {found[most]:.2f}x ({most})"

    def one(self, field, factor, unit):
        value = self.where(server="csds").median(field)
        return None if value is None else f"{value * factor:.3g} {unit}"

    def both(self, field, factor, unit):
        own, stock = (self.where(server=server).median(field) for server in ("csds", "stock"))
        if own is None:
            return None
        return f"{own * factor:.3g} {unit}" + (f" (stock {stock * factor:.3g})" if stock is not None else "")
