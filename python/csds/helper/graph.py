"""A submitted graph after Dask has made it flat, the same for all releases."""


class Graph:
    """Tasks in the order of the flat graph's dict; the lists run in parallel."""

    def __init__(self, keys, specs, dependencies, annotations, wanted, write_run_specs):
        #: Task keys as Python objects.
        self.keys = keys
        #: What each task runs, in the form of its release.
        self.specs = specs
        #: For each task the keys it depends on, of this graph or not.
        self.dependencies = dependencies
        #: An :class:`csds_helper.annotations.Annotations`.
        self.annotations = annotations
        #: The keys that the client asked for.
        self.wanted = wanted
        #: Function of (answers, specs) that sends the run specs in the form that this release's workers expect.
        self.write_run_specs = write_run_specs
