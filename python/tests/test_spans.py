"""Spans: what tasks and workers know of them."""

import operator
import time
import uuid

import dask
import pytest
from distributed import get_client, wait

from clusters import RELEASE
from tasks import inc

pytestmark = pytest.mark.skipif(RELEASE < (2023, 6), reason="no spans in this release")


def annotated(_=None):
    return dask.get_annotations().get("span")


def span_ids(client, *futures):
    """The ids that the workers were told, which keep the tasks that clients want."""
    wait(futures)
    keys = [future.key for future in futures]

    def look(dask_worker):
        return {key: ts.span_id for key, ts in dask_worker.state.tasks.items() if key in keys}

    found = {key: span for told in client.run(look).values() for key, span in told.items()}
    return [found[key] for key in keys]


def test_nested_spans(client):
    from distributed import span

    with span("outer") as outer, span("inner", "innermost") as innermost:
        future = client.submit(annotated, pure=False)
    found = future.result()
    assert tuple(found["name"]) == ("outer", "inner", "innermost")
    assert (found["ids"][0], found["ids"][-1]) == (outer, innermost)
    assert span_ids(client, future) == [innermost]


def test_tasks_that_a_task_submits_belong_to_its_span(client):
    from distributed import span

    def submit(_):
        return get_client().submit(annotated, pure=False).result()

    with span("workflow") as span_id:
        future = client.submit(submit, 1)
    assert future.result()["ids"][-1] == span_id


def test_default_span_lasts_as_long_as_there_is_work(client):
    slow = client.submit(time.sleep, 0.5, pure=False)
    during = client.submit(inc, 1)
    (first, second) = span_ids(client, slow, during)
    (third,) = span_ids(client, client.submit(operator.neg, 2))
    assert first == second != third
    assert uuid.UUID(first) and uuid.UUID(third)
    assert client.submit(annotated, pure=False).result() is None


def test_tasks_of_one_group_share_a_span(client):
    from distributed import span

    with span("first") as first:
        x = client.submit(inc, 1, key=("grouped", 0))
    with span("second"):
        y = client.submit(inc, 2, key=("grouped", 1))
    assert span_ids(client, x, y) == [first, first]
