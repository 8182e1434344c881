"""A bounded load on the reference cluster: clients of the gateway that read users and place orders, and count.

Whatever is not the expected answer has failed: another status, a refused or a reset connection, no answer in time. No
request is sent twice. Each request and each order belongs to the step that was under way when it was sent.
"""

import collections
import dataclasses
import http.client
import json
import threading
import time

from reference import order_body

TIMEOUT_S = 15
FIRST_STEP = "start"


@dataclasses.dataclass
class Failure:
    step: str
    at: float  # seconds since 1970, of the end
    took_s: float
    what: str

    def __str__(self):
        clock = time.strftime("%H:%M:%S", time.gmtime(self.at)) + f".{int(self.at % 1 * 1000):03}"
        return f"{clock} {self.step}: {self.what} after {self.took_s * 1000:.0f} ms"


class Load:
    """`clients` threads, every third of which makes a connection for each request, together at most `rate` requests a
    second. A context manager; `step` may be set at any time."""

    def __init__(self, port, user_ids, clients, rate):
        self.port = port
        self.user_ids = user_ids
        self.pause_s = clients / rate
        self.step = FIRST_STEP
        self.requests = collections.Counter()  # by step, failed ones too
        self.failures = []
        self.orders = {}  # id of each order that was acknowledged -> step
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self._client, args=(number,), daemon=True) for number in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *problem):
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def total(self):
        with self.lock:
            return sum(self.requests.values())

    def _client(self, number):
        keeps = number % 3 != 0
        user_id = self.user_ids[number % len(self.user_ids)]
        connection = None
        due = time.monotonic() + self.pause_s * number / len(self.threads)
        for turn in range(number, 1 << 60):
            if self.stopped.wait(max(0, due - time.monotonic())):
                break
            due = max(due, time.monotonic() - self.pause_s) + self.pause_s
            connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
            kind = ("kept " if connection.sock else "new ") + ("GET" if turn % 2 else "POST")
            is_good = self._one(connection, kind, user_id)
            # http.client has closed it when the answer said so.
            if not is_good or not keeps or connection.sock is None:
                connection.close()
                connection = None
        if connection:
            connection.close()

    def _one(self, connection, kind, user_id):
        step, begin, order_id, problem = self.step, time.monotonic(), None, None
        try:
            if kind.endswith("POST"):
                order_id = place(connection, user_id)
            else:
                read(connection, user_id)
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            problem = f"{kind}: {error!r}"
        with self.lock:
            self.requests[step] += 1
            if problem:
                self.failures.append(Failure(step, time.time(), time.monotonic() - begin, problem))
            elif order_id:
                self.orders[order_id] = step
        return problem is None


def answer(connection, status):
    """The body of the answer; ValueError when it has another status."""
    response = connection.getresponse()
    text = response.read()
    if response.status != status:
        raise ValueError(f"{response.status} {text[:300].decode(errors='replace')}")
    return json.loads(text)


def read(connection, user_id):
    connection.request("GET", f"/api/v1/users/{user_id}")
    if answer(connection, 200)["id"] != user_id:
        raise ValueError("another user")


def place(connection, user_id):
    """The id of a new order."""
    body = json.dumps(order_body(user_id))
    connection.request("POST", "/api/v1/orders", body, {"Content-Type": "application/json"})
    return answer(connection, 201)["id"]
