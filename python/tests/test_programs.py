"""Programs compared with what Dask computes without any scheduler process."""

import dask
import numpy as np
import pandas as pd
import pytest

from programs import PROGRAMS


def normal(value):
    """Pandas objects in an order of their own: shuffles promise none."""
    if isinstance(value, pd.DataFrame):
        return value.sort_index(kind="stable").sort_values(list(value.columns), kind="stable")
    if isinstance(value, pd.Series):
        return value.sort_values(kind="stable").sort_index(kind="stable")
    return value


def assert_same(actual, expected):
    assert type(actual) is type(expected)
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(normal(actual), normal(expected))
    elif isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(normal(actual), normal(expected))
    elif isinstance(expected, dict):
        assert actual.keys() == expected.keys()
        for key in expected:
            assert_same(actual[key], expected[key])
    elif isinstance(expected, (list, tuple)):
        assert len(actual) == len(expected)
        for one, other in zip(actual, expected):
            assert_same(one, other)
    elif isinstance(expected, (np.ndarray, np.generic, float)):
        np.testing.assert_allclose(actual, expected)
    else:
        assert actual == expected


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_same_as_without_a_cluster(client, program):
    # The newest Dask shuffles by P2P as soon as there is a client, which needs workers.
    with dask.config.set({"scheduler": "synchronous", "dataframe.shuffle.method": "tasks"}):
        (expected,) = dask.compute(program())
    (actual,) = dask.compute(program())
    assert_same(actual, expected)
