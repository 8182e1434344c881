"""Clients that place orders with an Idempotency-Key and ask again until they have an answer, whatever breaks meanwhile.

So that afterwards there is one order for each key, and none besides: nothing is left unknown.
"""

import collections
import contextlib
import http.client
import itertools
import secrets
import threading
import time

from conftest import wait_for
from reference import order_body

PATH = "/api/v2/orders"
AGAIN_S = 0.02
REQUEST_S = 15
# What may be answered while something is broken or under way, and says that nobody knows: the client asks again.
NOT_YET = {409, 429, 502, 503, 504}
TOO_LATE = {409, 412, 422}  # to cancel an order that is confirmed
# Where the whole flow runs, one in so many orders ends otherwise than most: cancelled by the user, if that comes in time;
# for something that is sold out; for more than the payment's provider takes.
EVERY = 8
ODD = {1: None, 3: {"sku": "SOLD-OUT", "quantity": 1, "unit_price_cents": 900},
       5: {"sku": "YACHT", "quantity": 1, "unit_price_cents": 900_000_000_001}}


def has_flow(shop):
    return "payment-service" in shop.ports


class KeyedOrders:
    """A context manager; the clients run inside it, but while they are held."""

    def __init__(self, shop, clients=4, pause_s=0.05):
        self.shop = shop
        self.pause_s = pause_s
        self.orders = {}  # id of each acknowledged order -> id of its user
        self.keys = {}  # key -> id of its order
        self.outcomes = collections.Counter()  # how requests ended: a status, or the name of an error
        self.problems = []
        self.users = [shop.sign_up()["id"] for _ in range(clients)]
        self.run = secrets.token_hex(4)
        self.open = 0
        self.changed = threading.Condition()
        self.is_held = self.is_over = False
        self.threads = [threading.Thread(target=self._client, args=(number,), daemon=True) for number in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *problem):
        self.end()
        for thread in self.threads:
            thread.join()

    def end(self):
        """No key is begun any more; while they are held, that leaves nothing unanswered."""
        with self.changed:
            self.is_over = True
            self.changed.notify_all()

    @contextlib.contextmanager
    def held(self, timeout_s=60):
        """No key is begun inside; every key that was begun has its answer then."""
        with self.changed:
            self.is_held = True
            answered = self.changed.wait_for(lambda: not self.open, timeout_s)
        try:
            assert answered, f"{self.open} keys had no answer within {timeout_s} s: {dict(self.outcomes)}"
            yield
        finally:
            with self.changed:
                self.is_held = False
                self.changed.notify_all()

    def wait_more(self, count=20, timeout_s=30):
        target = len(self.orders) + count
        wait_for(lambda: len(self.orders) >= target or self.problems, timeout_s, f"{count} more orders")

    def _may_begin(self):
        with self.changed:
            self.changed.wait_for(lambda: self.is_over or not self.is_held)
            self.open += not self.is_over
            return not self.is_over

    def _client(self, number):
        for turn in itertools.count():
            if not self._may_begin():
                return
            try:
                self._place(number, turn)
            finally:
                with self.changed:
                    self.open -= 1
                    self.changed.notify_all()
            time.sleep(self.pause_s)

    def _place(self, number, turn):
        """Until the order is acknowledged. Some are sent once more, which must be answered the same."""
        user, key, kind = self.users[number], f"{self.run}-{number}-{turn}", turn % EVERY
        body = order_body(user)
        if has_flow(self.shop) and ODD.get(kind):
            body["items"] = [ODD[kind]]
        first = self._ask(PATH, body, key)
        if first is None:
            return
        with self.changed:
            self.keys[key] = first["id"]
            self.orders[first["id"]] = user
        if kind == 0:
            second = self._ask(PATH, body, key, again=True)
            if second is not None and second["id"] != first["id"]:
                self.problems.append(f"key {key} made the orders {first['id']} and {second['id']}")
        if kind == 1 and has_flow(self.shop):
            self._ask(f"{PATH}/{first['id']}/cancel", {}, f"{key}-cancel", again=True)

    def _ask(self, path, body, key, again=False):
        """The order; None when the clients end first, it cannot be cancelled, or the answer is one that nobody may get."""
        while not self.is_over:
            try:
                answer = self.shop.post(path, body, headers={"Idempotency-Key": key}, timeout=REQUEST_S)
            except (OSError, http.client.HTTPException) as error:
                self.outcomes[type(error).__name__] += 1
                time.sleep(AGAIN_S)
                continue
            self.outcomes[str(answer.status)] += 1
            if answer.status in (200, 201):
                if not again and answer.headers["Idempotent-Replayed"] == "true":
                    self.outcomes["told later"] += 1  # done when it was asked for before, and the answer was lost
                return answer.json()
            if path != PATH and answer.status in TOO_LATE:
                return None
            if answer.status not in NOT_YET:
                self.problems.append(f"{path} with key {key}: {answer}")
                return None
            time.sleep(AGAIN_S)
        return None
