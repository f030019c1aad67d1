"""Annotations of tasks, against those that the installed scheduler gives to its tasks."""
import operator

import dask
import pytest
from distributed.protocol.serialize import ToPickle

from driver import Failed
from upstream import PACKED, Upstream


def by_number(key):
    return 1 if "1" in str(key) else 2


def only_some(key):
    return "yes" if "1" in str(key) else None


ANNOTATIONS = {
    "plain": {"custom": {"nested": [1, 2.5, None, True]}, "text": "ü"},
    "scheduling": {
        "priority": 7, "retries": 3, "resources": {"GPU": 1, "memory": 2.5}, "workers": ["alice", "tcp://10.0.0.1:1"],
        "allow_other_workers": True,
    },
    "one worker": {"workers": "alice"},
    "callable": {"priority": by_number},
    "callable for some": {"custom": only_some, "priority": 3},
}


def graph(client):
    neg = dask.delayed(operator.neg)
    with dask.annotate(priority=100, layer="inner"):
        inner = [neg(i) for i in range(5)]
    return dask.delayed(sum)(inner)


def compare(message, helper):
    expected, expansion = Upstream(message), helper.expand(message)
    assert plain(expansion.annotations) == plain(expected.annotations)
    if not PACKED:
        for key, entry in expansion.set_of.items():
            assert_scheduling_fields(entry, expected.states[key])
    return expansion


def plain(annotations):
    """Sequences have lost on the way whether they were lists or tuples."""
    if isinstance(annotations, dict):
        return {key: plain(value) for key, value in annotations.items()}
    if isinstance(annotations, (list, tuple)):
        return [plain(value) for value in annotations]
    return annotations


def assert_scheduling_fields(entry, state):
    """The fields, against the attributes that the stock scheduler set on a task."""
    attributes = vars(state)
    workers = attributes.get("worker_restrictions", set()) | attributes.get("host_restrictions", set())
    assert set(entry.get("workers", ())) == workers
    assert entry.get("allow_other_workers", False) == bool(attributes.get("loose_restrictions", False))
    assert entry.get("resources", {}) == attributes.get("resource_restrictions", {})
    assert entry.get("retries", 0) == attributes.get("retries", 0)
    assert entry.get("priority") == state.annotations.get("priority")


@pytest.mark.parametrize("annotations", ANNOTATIONS.values(), ids=ANNOTATIONS)
def test_global_annotations(annotations, record, helper):
    def submit(client):
        with dask.annotate(**annotations):
            return client.map(operator.neg, range(20, 40), pure=False)

    assert compare(record(submit), helper).annotations


@pytest.mark.parametrize("annotations", ANNOTATIONS.values(), ids=ANNOTATIONS)
def test_layers_with_annotations(annotations, record, helper):
    def submit(client):
        with dask.annotate(**annotations):
            return client.compute(graph(client), optimize_graph=False)

    assert compare(record(submit), helper).annotations


def test_arguments_of_submit(record, helper):
    expansion = compare(
        record(
            lambda client: client.submit(
                operator.neg, 1, pure=False, workers=["bob"], allow_other_workers=True, resources={"GPU": 1},
                priority=5, retries=2,
            )
        ),
        helper,
    )
    (entry,) = expansion.sets
    fields = {name: value for name, value in entry.items() if name != "frames"}
    assert fields == {
        "workers": ("bob",), "allow_other_workers": True, "resources": {"GPU": 1}, "priority": 5, "retries": 2,
    }


def test_equal_annotations_are_one_set(record, helper):
    def submit(client):
        with dask.annotate(priority=3, custom="x"):
            return client.map(operator.neg, range(1000), pure=False)

    assert len(helper.expand(record(submit)).sets) == 1


def test_no_annotations_no_columns(record, helper):
    expansion = helper.expand(record(lambda client: client.map(operator.neg, range(10), pure=False)))
    assert "annotation_sets" not in expansion.columns and "annotation_index" not in expansion.columns


def test_workers_by_number_and_as_set(record, helper):
    (entry,) = helper.expand(record(lambda client: client.submit(operator.neg, 1, pure=False, workers={3}))).sets
    assert entry["workers"] == (3,)


@pytest.mark.skipif(PACKED, reason="what msgpack cannot encode is an error of the client in this release")
def test_values_that_only_dask_can_encode(record, helper):
    def submit(client):
        with dask.annotate(custom=1 + 2j):
            return client.submit(operator.neg, 1, pure=False)

    (annotations,) = helper.expand(record(submit)).annotations.values()
    assert annotations == {"custom": 1 + 2j}


@pytest.mark.skipif(PACKED, reason="part of the layers in this release")
@pytest.mark.parametrize("annotations", [{"retries": "3"}, {"resources": ["GPU"]}], ids=str)
def test_wrong_types_fail_as_upstream(annotations, record, helper):
    message = record(lambda client: client.submit(operator.neg, 1, pure=False))
    message["annotations"] = ToPickle(annotations)
    with pytest.raises(AssertionError):
        Upstream(message)
    with pytest.raises(Failed) as failed:
        helper.expand(message)
    assert type(failed.value.exception) is AssertionError
