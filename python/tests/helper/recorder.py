"""Messages of the installed release's real client, kept instead of sent."""
import contextlib

import distributed


class Recorder:
    """A client of a stock scheduler without workers, whose graphs stay here."""

    def __init__(self):
        self.cluster = distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0")
        self.client = distributed.Client(self.cluster)
        self.messages = []
        send = self.client._send_to_scheduler

        def keep_graphs(message):
            if message["op"].startswith("update-graph"):
                self.messages.append(message)
            else:
                send(message)

        self.client._send_to_scheduler = keep_graphs

    def record(self, act):
        """What ``act(client)`` would send: one message with a graph."""
        self.messages.clear()
        result = act(self.client)
        assert len(self.messages) == 1, [message["op"] for message in self.messages]
        self.result = result  # futures that are let go cancel nothing here, but talk about it
        return self.messages[0]

    def close(self):
        with contextlib.suppress(Exception):
            self.client.close(timeout=1)
        self.cluster.close(timeout=5)
