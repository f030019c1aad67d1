"""RSDS's workloads by their names, and some more: submit(client, "merge-10K") answers the futures that are wanted.

The parameters mean what they mean there; K and M are thousands and millions:

    merge-N                         N products and their sum (merge_slow-N-SECONDS: the same, with tasks that take time)
    tree-E                          a binary reduction of 2**E numbers
    xarray-SIDE                     air temperatures without their weekly means, in chunks of the map
    bag-N-PARTITIONS                pairs of people of N records
    numpy-N-PARTITIONS              x + x.T and more, of N by N numbers
    groupby-DAYS-FREQ-PARTITION     groupby and resample of a time series, such as groupby-90-1S-1H
    join-DAYS-FREQ-PARTITION        a time series merged with itself
    vectorizer-N-PARTITIONS         stand-ins for two workloads with private data: tasks and dependencies as there
    wordbag-N-PARTITIONS

    map-N, chain-N                  every product wanted; each a task's sum with the one before
    shuffle-PARTITIONS              a data frame, by tasks
    submit-N                        N graphs of one task
    cancel-N                        as map; the runner lets everything go with the first result
    loss-N                          as merge; the runner loses half of the workers in the middle
"""

import itertools
import operator
import sys
import time

import dask
from dask import delayed
from distributed import futures_of

from units import number

# Shuffled by tasks: by default newer releases shuffle outside of the scheduler.
SETTINGS = {"shuffle": "tasks", "dataframe.shuffle.method": "tasks"}


def times_ten(x):
    return x * 10


def first_of(*inputs):
    return len(inputs)


def merge(count):
    return delayed(sum)([delayed(times_ten)(i) for i in range(number(count))])


loss = merge


def merge_slow(count, seconds):
    def slow(x):
        time.sleep(float(seconds))
        return x * 10

    return delayed(sum)([delayed(slow)(i) for i in range(number(count))])


def tree(exponent):
    values = list(range(2 ** int(exponent)))
    while len(values) > 1:
        values = [delayed(operator.add)(a, b) for a, b in zip(values[::2], values[1::2])]
    return values[0]


def chain(count):
    value = 0
    for _ in range(number(count)):
        value = delayed(operator.add)(value, 1)
    return value


def bag(count, partitions):
    import dask.bag

    people = dask.bag.range(number(count), npartitions=int(partitions)).map(lambda i: {"age": i * 7919 % 100})
    adults = people.filter(lambda person: person["age"] > 30)
    return adults.product(adults).filter(lambda pair: pair[0] != pair[1]).pluck(0).map(lambda person: person["age"]).sum()


def numpy(count, partitions):
    import dask.array

    size = number(count)
    x = dask.array.random.RandomState(0).random_sample((size, size), chunks=size // int(partitions))
    return (x + x.T)[::2, size // 2 :].mean(axis=1).sum()


def groupby(days, frequency, partition_frequency):
    frame = _timeseries(days, frequency, partition_frequency)
    groups = frame.groupby("name")["x"]
    means = (groups.sum() / groups.count()).sum()
    return means + frame["y"].resample("2s").sum().sum()


def join(days, frequency, partition_frequency):
    frame = _timeseries(days, frequency, partition_frequency)[["id", "x"]]
    joined = frame.merge(frame, on="id")
    return (joined.x_x + joined.x_y).sum()


def shuffle(partitions):
    frame = _timeseries(partitions, "6h", "1D")
    return frame.shuffle("id").map_partitions(len, meta=int).sum()


def xarray(side):
    """The graph that xarray 0.14 made, without xarray: tasks and dependencies are as there, the data are not."""
    rows, columns = -(-25 // int(side)), -(-53 // int(side))
    call = delayed(first_of)
    source, weeks = call(), 52
    level = {}
    for row, column in itertools.product(range(rows), range(columns)):
        chunk = call(source)
        takes = [call(chunk) for _ in range(weeks)]
        labels = call()
        for week, take in enumerate(takes):
            level[week, row, column] = call(take, call(take, labels) if week == 0 else call(take))
    while len(level) > 1:
        groups = {}
        for (week, row, column), part in level.items():
            groups.setdefault((week // 2, row // 2, column // 2), []).append(part)
        level = {place: call(*parts) if len(parts) > 1 else parts[0] for place, parts in groups.items()}
    return level.popitem()[1]


def vectorizer(_, partitions):
    return [delayed(times_ten)(i) for i in range(int(partitions) + 1)]


def wordbag(_, partitions):
    call = delayed(first_of)
    wanted = []
    for _ in range(int(partitions)):
        source = call()
        wanted += [call(call(source)), call(call(source))]
    return wanted


def _timeseries(days, frequency, partition_frequency):
    import dask.datasets
    import pandas

    end = (pandas.Timestamp("2020-01-01") + pandas.Timedelta(int(days), "D")).strftime("%Y-%m-%d")
    # pandas 2.2 renamed H, S and T.
    spelt = {"S": "s", "H": "h", "T": "min"}
    frequency, partition_frequency = (f[:-1] + spelt.get(f[-1], f[-1]) for f in (frequency, partition_frequency))
    return dask.datasets.timeseries("2020-01-01", end, freq=frequency, partition_freq=partition_frequency, seed=0)


def move_to_main():
    """Makes the functions those of the user's own program: others need not be able to import this module."""
    main = sys.modules["__main__"]
    for name, function in list(globals().items()):
        if getattr(function, "__module__", None) == __name__:
            function.__module__ = "__main__"
            setattr(main, name, function)


def submit(client, workload):
    name, *parameters = workload.split("-")
    if name in ("map", "cancel"):
        return client.map(times_ten, range(number(parameters[0])))
    if name == "submit":
        return [client.submit(times_ten, i) for i in range(number(parameters[0]))]
    with dask.config.set(SETTINGS):
        wanted = globals()[name](*parameters)
        # As dask.compute does; Client.compute would add a task for each result.
        return futures_of(client.persist(wanted if isinstance(wanted, list) else [wanted]))
