"""What must hold of a cluster once it has come to rest, seen from outside: by its public APIs and the broker's streams.

One order for each acknowledged one and none besides; of each order exactly one order.placed (messages may be doubled, an
event's id may not); where the whole flow runs, one end for each order, and `msctl verify invariants` agrees.
"""

import base64
import collections
import json

from conftest import wait_for
from keyed_orders import has_flow

ENDS = {"order.confirmed": "confirmed", "order.cancelled": "cancelled"}
PAGE = 100


class Journal:
    """The events of all streams, read on from where the last reading ended."""

    def __init__(self, shop):
        self.shop = shop
        self.next = collections.defaultdict(lambda: 1)  # of each stream
        self.ids = collections.defaultdict(set)  # (type, id of the aggregate) -> ids of events
        self.messages = 0

    def read(self):
        with self.shop.nats() as nats:
            for stream in streams(nats):
                last = nats.jetstream(f"STREAM.INFO.{stream}")["state"]["last_seq"]
                if last < self.next[stream] - 1:  # the broker has lost some, or all
                    self.next[stream] = 1
                for sequence in range(self.next[stream], last + 1):
                    self._add(nats, stream, sequence)
                self.next[stream] = last + 1
        return self

    def _add(self, nats, stream, sequence):
        try:
            message = nats.jetstream(f"STREAM.MSG.GET.{stream}", seq=sequence)["message"]
        except LookupError:
            return  # deleted
        event = json.loads(base64.b64decode(message["data"]))
        self.ids[event["type"], event["subject"]].add(event["id"])
        self.messages += 1

    def has(self, kind, subject):
        return bool(self.ids.get((kind, subject)))


def streams(nats):
    """Those that services publish to; parked events have streams of their own."""
    names = nats.jetstream("STREAM.NAMES")["streams"] or []
    return [name for name in names if not name.endswith("-PARKED")]


def orders_of(shop, user):
    """id -> status of all orders of a user, as the gateway lists them."""
    found, token = {}, ""
    while True:
        page = shop.get(f"/api/v2/orders?user_id={user}&page_size={PAGE}&page_token={token}").json()
        for order in page["orders"]:
            assert order["id"] not in found, f"{order['id']} is listed twice"
            found[order["id"]] = order["status"]
        token = page["next_page_token"]
        if not token:
            return found


def at_rest(shop, orders, journal):
    """Whether each of the orders has its events and no consumer has something to do."""
    journal.read()
    wanted = [["order.placed"]] + ([list(ENDS)] if has_flow(shop) else [])
    if not all(any(journal.has(kind, order) for kind in kinds) for kinds in wanted for order in orders):
        return False
    with shop.nats() as nats:
        for stream in nats.jetstream("STREAM.NAMES")["streams"] or []:
            for one in nats.jetstream(f"CONSUMER.LIST.{stream}")["consumers"] or []:
                if one["num_pending"] or one["num_ack_pending"]:
                    return False
    return True


def replay_parked(shop):
    """What an operator does about events that were parked, because their service died with them each time; how many."""
    done = shop.run("dlq", "list", "--output", "json")
    assert done.returncode == 0, done.stderr
    counts = collections.Counter(one["service"] for one in json.loads(done.stdout))
    for service in counts:
        done = shop.run("dlq", "replay", service, "--all", "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
    return counts.total()


def settle(shop, orders, journal, timeout_s):
    """Waits until all is done that the orders cause; returns how many events had been parked on the way."""
    parked = 0

    def rests():
        nonlocal parked
        if not at_rest(shop, orders, journal):
            return False
        again = replay_parked(shop)
        parked += again
        return not again

    wait_for(rests, timeout_s, "rest")
    return parked


def faults(shop, orders, journal):
    """A line for each thing that does not hold; `orders` is id -> user of all that were acknowledged, when every request
    of these users has had an answer."""
    found, flows = [], has_flow(shop)
    for user in sorted(set(orders.values())):
        listed = orders_of(shop, user)
        mine = {order for order, whose in orders.items() if whose == user}
        found += [f"{order} was acknowledged and is not there" for order in sorted(mine - listed.keys())]
        found += [f"{order} is there and belongs to no key" for order in sorted(listed.keys() - mine)]
        for order, status in listed.items():
            found += faults_of(order, status, journal, flows)
    return found


def faults_of(order, status, journal, flows):
    found = []
    placed = journal.ids.get(("order.placed", order), ())
    if len(placed) != 1:
        found.append(f"{order} has {len(placed)} order.placed")
    if flows:
        ends = {kind: len(journal.ids.get((kind, order), ())) for kind in ENDS}
        if ends != {kind: int(ENDS[kind] == status) for kind in ENDS}:
            found.append(f"{order} is {status} and has {ends}")
    return found


def verified(shop):
    """What `msctl verify invariants` found, as lines; None where there is no such check."""
    done = shop.run("verify", "invariants", timeout=120)
    if done.returncode == 2:
        return None
    return [] if done.returncode == 0 else (done.stdout + done.stderr).splitlines()


def assert_hold(shop, customers, journal=None, timeout_s=60):
    """Holds the customers, waits for rest, and fails when something does not hold."""
    journal = journal or Journal(shop)
    with customers.held(timeout_s):
        settle(shop, customers.orders, journal, timeout_s)
        wrong = customers.problems + faults(shop, customers.orders, journal) + (verified(shop) or [])
    assert not wrong, "\n".join(wrong[:20])
    return journal
