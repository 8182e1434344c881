"""Events that come more than once and out of order: each stored message is published again to its own subject.

The broker takes it for another message, since its Nats-Msg-Id is new; the CloudEvent's id stays, and that is what
receivers go by.
"""

import random
import secrets
import threading
import time

from flow_invariants import streams


def repeated(headers):
    return {**{name: value for name, value in headers.items() if name != "nats-msg-id"},
            "Nats-Msg-Id": secrets.token_hex(16)}


class Storm:
    """A context manager: inside, messages of all streams come again, as chance will have it; at the end each of those that
    were stored by then has come again once at least, the youngest before the oldest as often as not."""

    def __init__(self, shop, seed=1, pause_s=0.005):
        self.shop = shop
        self.random = random.Random(seed)
        self.pause_s = pause_s
        self.sent = 0
        self.types = set()  # of events that came again
        self.originals = {}  # (subject, body) -> headers
        self.next = {}  # stream -> where to read on
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.problem = None

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *problem):
        self.over.set()
        self.thread.join()
        assert self.problem is None, self.problem

    def _run(self):
        try:
            while not self.over.is_set():
                self.again(portion=50)
            self.again()
        except (OSError, AssertionError, LookupError) as problem:
            self.problem = repr(problem)

    def again(self, portion=None):
        """All originals, or so many of them, in random order."""
        with self.shop.nats() as nats:
            for stream in streams(nats):
                for message in nats.stored(stream, self.next.get(stream, 1)):
                    self.next[stream] = message["seq"] + 1
                    self.originals.setdefault((message["subject"], message["data"]), message["headers"])
            chosen = list(self.originals.items())
            self.random.shuffle(chosen)
            for (subject, data), headers in chosen[:portion]:
                nats.request(subject, data, repeated(headers))
                self.sent += 1
                self.types.add(subject.partition(".events.")[2])
                time.sleep(self.pause_s if portion else 0)
