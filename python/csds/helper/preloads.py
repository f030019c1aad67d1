"""Modules that run with the scheduler: ``--preload`` and the configuration ``distributed.scheduler.preload``."""
import logging

logger = logging.getLogger("distributed.scheduler")


class Preloads:
    """Imported when the scheduler starts; set up when it listens; torn down when it closes."""

    def __init__(self, facade, start):
        import dask
        from distributed.preloading import process_preloads

        preload = start["preload"] or dask.config.get("distributed.scheduler.preload")
        arguments = start["preload_argv"] or dask.config.get("distributed.scheduler.preload-argv")
        self.preloads = list(process_preloads(facade, preload, arguments))

    def __iter__(self):
        return iter(self.preloads)

    async def start(self):
        """Runs every ``dask_setup``; one that fails is logged."""
        for preload in self.preloads:
            try:
                await preload.start()
            except Exception:
                logger.exception("Failed to start preload: %s", preload.name)

    async def teardown(self):
        """Runs every ``dask_teardown``, the last one first."""
        for preload in reversed(self.preloads):
            try:
                await preload.teardown()
            except Exception:
                logger.exception("Failed to tear down preload: %s", preload.name)
