"""Statistics of a matrix that exists only in blocks, and a check that they are right."""

from time import perf_counter

import dask
import dask.array as da
from dask.distributed import Client

if __name__ == "__main__":
    client = Client("tcp://localhost:8786")
    start = perf_counter()

    x = da.random.random((4000, 4000), chunks=(1000, 1000)).persist()
    symmetric = x + x.T
    mean, deviation, asymmetry = dask.compute(
        symmetric.mean(), symmetric.std(), abs(symmetric - symmetric.T.rechunk((500, 2000))).max()
    )
    print(f"mean {mean:.3f}, standard deviation {deviation:.3f}, asymmetry {asymmetry}")

    print(f"{perf_counter() - start:.2f} s")
