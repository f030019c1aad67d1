"""The mean of a column by name, over a table that is generated in daily pieces."""

from time import perf_counter

import dask
from dask.distributed import Client

if __name__ == "__main__":
    client = Client("tcp://localhost:8786")
    start = perf_counter()

    df = dask.datasets.timeseries(start="2020-01-01", end="2020-01-03")
    print(df.groupby("name")["x"].mean().compute())

    print(f"{perf_counter() - start:.2f} s")
