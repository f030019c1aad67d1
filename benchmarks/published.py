"""What was published of RSDS: makespan per task in milliseconds, with zero workers, of Dask's scheduler and of RSDS's.

From "Runtime vs Scheduler: Analyzing Dask's Overheads" (Böhm and Beránek, WORKS 2020, arXiv 2010.11105), its data, and the
chapter on RSDS in Beránek's doctoral thesis. Measured with dask 2.16 on nodes with two Xeon E5-2680v3; Dask's Python client
optimises, sends and receives within these times, so that a faster server alone cannot bring the ratios of csds here.
"""

SOURCE = "Böhm and Beránek, *Runtime vs Scheduler: Analyzing Dask's Overheads*, 2020, and Beránek's doctoral thesis"

# name -> workers -> (Dask, RSDS with work stealing)
MILLISECONDS_PER_TASK = {
    "merge-10K": {24: (0.314, 0.062), 168: (0.359, 0.079)},
    "merge-30K": {24: (0.330, 0.068), 168: (0.381, 0.074)},
    "tree-15": {24: (0.433, 0.074), 168: (0.433, 0.078)},
    "join-1-1S-1T": {24: (0.489, 0.160), 168: (0.498, 0.172)},
    "join-1-1S-1H": {24: (0.512, 0.149), 168: (0.517, 0.450)},
    "groupby-1440-1S-8H": {24: (0.618, 0.261), 168: (0.629, 0.273)},
    "groupby-1440-1S-1H": {24: (0.647, 0.277), 168: (0.668, 0.281)},
    "numpy-50K-100": {24: (0.649, 0.268), 168: (0.657, 0.269)},
    "xarray-25": {24: (1.322, 0.925), 168: (1.359, 1.221)},
    "bag-50K-50": {24: (1.327, 0.845), 168: (1.359, 0.875)},
    "xarray-5": {24: (1.381, 0.974), 168: (1.387, 0.978)},
}

# Geometric mean of the makespans' ratios to Dask, real workers, 25 graphs.
REAL_WORKERS_SPEEDUP = {24: 1.28, 168: 1.66}

# The number of tasks of each graph, as published (dask 2.16): what a graph of today is compared with.
TASKS = {
    "merge-10K": 10_001, "merge-25K": 25_001, "merge-50K": 50_001, "tree-15": 32_767, "xarray-25": 552, "xarray-5": 9258,
    "bag-25K-10": 236, "bag-25K-50": 5458, "bag-25K-100": 21_631, "bag-50K-50": 5458, "numpy-50K-10": 209,
    "numpy-50K-50": 4892, "numpy-50K-100": 19_334, "groupby-90-1S-8H": 1434, "groupby-90-1S-1H": 11_424,
    "groupby-360-1S-8H": 5714, "groupby-1440-1S-8H": 22_842, "groupby-1440-1S-1H": 182_682, "join-1-1S-1H": 673,
    "join-1-1S-1T": 72_001, "vectorizer-1M-300": 301, "wordbag-100K-50": 250,
}  # fmt: skip
