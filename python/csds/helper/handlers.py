"""The scheduler's handlers, as Python code sees them: requests by name."""
from collections.abc import MutableMapping


class Handlers(MutableMapping):
    """``Scheduler.handlers``: those of the server, which ask it, and those that were added here, which run here."""

    def __init__(self, facade, session):
        self.facade = facade
        self.session = session
        self.own = {
            "run_function": facade.run_function,
            "feed": facade.feed,
            "register_scheduler_plugin": facade.register_scheduler_plugin,
            "unregister_scheduler_plugin": facade.unregister_scheduler_plugin,
            "versions": facade.versions,
            "csds_start_preloads": self.start_preloads,
            "csds_closing": facade.closing,
            "csds_may_go": facade.may_go,
            "csds_profile": facade.event_loop_profile,
        }
        self.internal = frozenset(self.own)

    def __getitem__(self, op):
        if op in self.own:
            return self.own[op]
        if op in self.facade.requests:
            return lambda **kwargs: self.session.call(op, **kwargs)
        raise KeyError(op)

    def __setitem__(self, op, handler):
        self.own[op] = handler
        self.session.call("csds_handle", handlers=[op])

    def __delitem__(self, op):
        raise NotImplementedError("csds does not let Python code remove a handler")

    def __iter__(self):
        return iter({*self.own, *self.facade.requests})

    def __len__(self):
        return len({*self.own, *self.facade.requests})

    async def start_preloads(self):
        """The scheduler listens: what preloads want to do then."""
        await self.facade.preloads.start()
