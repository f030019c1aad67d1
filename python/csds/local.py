"""Dask's LocalCluster with csds-scheduler in the place of the scheduler in this process."""

import inspect

import distributed
from distributed.deploy.spec import SpecCluster

from .process import SchedulerProcess


class _WithSchedulerProcess(SpecCluster):
    """Stands between LocalCluster and SpecCluster, and exchanges the scheduler on the way."""

    def __init__(self, *args, scheduler=None, silence_logs=False, **kwargs):
        options = {**scheduler["options"], "silence_logs": silence_logs}
        scheduler = {"cls": SchedulerProcess, "options": options}
        super().__init__(*args, scheduler=scheduler, silence_logs=silence_logs, **kwargs)


class LocalCluster(distributed.LocalCluster, _WithSchedulerProcess):
    """A scheduler process and workers on this machine.

    Takes what ``distributed.LocalCluster`` takes; ``scheduler_kwargs`` may also have what `SchedulerProcess` adds.
    ``cluster.scheduler`` is the process, not a ``Scheduler``: its state is asked for through clients. Workers in
    threads (``processes=False``) are connected through ``tcp://``, since ``inproc://`` ends at this process.
    """

    def __init__(self, *args, **kwargs):
        call = inspect.signature(distributed.LocalCluster.__init__).bind_partial(self, *args, **kwargs)
        given = call.arguments
        if given.get("protocol") is None and "://" not in (given.get("host") or ""):
            given["protocol"] = "tls://" if _requires_encryption(given.get("security")) else "tcp://"
        super().__init__(*call.args[1:], **call.kwargs)


def _requires_encryption(security):
    if security is None:
        security = distributed.Security()
    return security is True or bool(security and security.require_encryption)
