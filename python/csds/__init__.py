"""csds from Python: clusters whose scheduler is csds-scheduler, with Dask's own workers.

>>> from csds import LocalCluster
>>> with LocalCluster(n_workers=2) as cluster, cluster.get_client() as client:
...     client.submit(sum, [1, 2, 3]).result()
6
"""

from .local import LocalCluster
from .process import SchedulerProcess

__all__ = ["LocalCluster", "SchedulerProcess"]
