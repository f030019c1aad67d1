"""RSDS's workloads by their names, and some more: submit(client, "merge-10000") answers the futures that are wanted.

The parameters mean what they mean there: merge and map a number of tasks, tree a power of two, bag thousands of records
and partitions, numpy thousands and partitions, groupby and join days, frequency and partition size, xarray a chunk's side.
"""

import operator

import dask
from dask import delayed


def times_ten(x):
    return x * 10


def merge(count):
    return delayed(sum)([delayed(times_ten)(i) for i in range(int(count))])


def tree(exponent):
    values = list(range(2 ** int(exponent)))
    while len(values) > 1:
        values = [delayed(operator.add)(a, b) for a, b in zip(values[::2], values[1::2])]
    return values[0]


def chain(count):
    value = 0
    for _ in range(int(count)):
        value = delayed(operator.add)(value, 1)
    return value


def bag(thousands, partitions):
    import dask.datasets

    count = int(partitions)
    people = dask.datasets.make_people(npartitions=count, records_per_partition=int(thousands) * 1000 // count)
    adults = people.filter(lambda person: person["age"] > 30)
    return adults.product(adults).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: pair[0]["age"]).sum()


def numpy(thousands, partitions):
    import dask.array

    size = int(thousands) * 1000
    x = dask.array.random.random((size, size), chunks=size // int(partitions))
    return (x + x.T)[::2, size // 2 :].mean(axis=1).sum()


def groupby(days, frequency, partition_frequency):
    frame = _timeseries(days, frequency, partition_frequency)
    means = frame.groupby("name")["x"].mean().sum()
    return means + frame["y"].resample("2s").sum().sum()


def join(days, frequency, partition_frequency):
    frame = _timeseries(days, frequency, partition_frequency)[["id", "x"]]
    with dask.config.set({"dataframe.shuffle.method": "tasks"}):
        return frame.merge(frame, on="id").x_x.sum()


def xarray(side):
    """Air temperatures in chunks of the map: weekly means are taken off, and what is left is summed up."""
    import dask.array

    x = dask.array.random.random((2920, 25, 53), chunks=(2920, int(side), int(side)))
    weeks = [x[start : start + 56] for start in range(0, 2920, 56)]
    return dask.array.concatenate([week - week.mean(axis=0) for week in weeks]).sum()


def _timeseries(days, frequency, partition_frequency):
    import dask.datasets

    end = f"2020-{1 + int(days) // 30:02}-{1 + int(days) % 30:02}"
    return dask.datasets.timeseries("2020-01-01", end, freq=frequency, partition_freq=partition_frequency)


def submit(client, workload):
    name, *parameters = workload.split("-")
    if name == "map":
        return client.map(times_ten, range(int(parameters[0])))
    return [client.compute(globals()[name](*parameters))]
