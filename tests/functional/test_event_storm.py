"""Events that come twice, out of order, or that nobody can handle: orders end as if each had come once and in order."""

import collections
import json
import os
import secrets
import signal

from conftest import wait_for
from event_storm import Storm, repeated
from flow_invariants import ENDS, Journal, assert_hold, orders_of
from keyed_orders import PATH, KeyedOrders
from metrics_text import parse_metrics
from reference import PLACED, STREAM, order_body, shop  # noqa: F401

CONSUMED = {
    "payment-service": {"order.placed", "order.refund_requested"},
    "catalog-service": {"order.paid", "order.release_requested"},
    "notification-service": {"order.confirmed", "order.cancelled"},
    "order-service": {"payment.authorized", "payment.declined", "payment.refunded", "stock.reserved", "stock.rejected",
                      "stock.released"},
}


def place(shop, user):
    answer = shop.post(PATH, order_body(user), headers={"Idempotency-Key": secrets.token_hex(8)})
    assert answer.status == 201, answer
    return answer.json()["id"]


def cancel_a_paid_one(shop):
    """Cancelled when it is paid and nothing is reserved yet: the way to release_requested and released."""
    user = shop.sign_up()["id"]
    order = place(shop, user)
    pid = shop.ps()["catalog-service"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(lambda: orders_of(shop, user)[order] != "placed", 20, "a payment")
        answer = shop.post(f"{PATH}/{order}/cancel", {}, headers={"Idempotency-Key": secrets.token_hex(8)})
        return answer.status in (200, 201)
    finally:
        os.kill(pid, signal.SIGCONT)


def outcomes(shop, service):
    """(type of event, outcome) -> how often."""
    samples = parse_metrics(shop.get("/metrics", service).body).get("consumer_events_total", [])
    return collections.Counter({(labels["event"], labels["outcome"]): value for labels, value in samples})


def test_every_event_doubled_and_shuffled(shop):
    """Two times over, while orders go on. Orders that ended stay as they are."""
    wait_for(lambda: cancel_a_paid_one(shop), 60, "an order that is cancelled after it was paid")
    with KeyedOrders(shop) as customers:
        with Storm(shop) as storm:
            customers.wait_more(60, 60)
        journal = assert_hold(shop, customers, timeout_s=120)
        before = {user: orders_of(shop, user) for user in customers.users}
        storm.again()
        assert_hold(shop, customers, journal, timeout_s=120)
        after = {user: orders_of(shop, user) for user in customers.users}
    for user, orders in before.items():
        ended = {order: status for order, status in orders.items() if status in ENDS.values()}
        assert {order: after[user][order] for order in ended} == ended
    assert storm.types == set().union(*CONSUMED.values()), "each type came again"
    for service, types in CONSUMED.items():
        counts = outcomes(shop, service)
        assert all(counts[kind, "repeated"] > 0 for kind in types), (service, counts)
        parked_here = sum(count for (_, outcome), count in counts.items() if outcome == "parked")
        assert parked_here == 0, (service, counts)


def parked(shop):
    done = shop.run("dlq", "list", "--output", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_one_bad_event_in_ten_thousand(shop):
    """One of another form than was promised, among repetitions of good ones; orders that come meanwhile go through."""
    user = shop.sign_up()["id"]
    first, journal = place(shop, user), Journal(shop)

    def has_ended(order):
        return any(journal.read().has(kind, order) for kind in ENDS)

    wait_for(lambda: has_ended(first), 30, "the end of the first order")
    with shop.nats() as nats:
        good = next(message for message in nats.stored(STREAM) if message["subject"] == PLACED)
        event = json.loads(good["data"])
        bad = {**event, "id": secrets.token_hex(16), "subject": "bad", "data": {"order_id": ["no", "text"]}}
        meanwhile = []
        for number in range(10_000):
            body = json.dumps(bad).encode() if number == 5_000 else good["data"]
            nats.request(PLACED, body, repeated(good["headers"]))
            if number % 1_000 == 0:
                meanwhile.append(place(shop, user))
    wait_for(lambda: all(has_ended(order) for order in meanwhile), 180, "the ends of orders that came meanwhile")
    wait_for(lambda: parked(shop), 30, "the parking")
    one, = parked(shop)
    assert (one["service"], one["id"], one["aggregate"]) == ("payment-service", bad["id"], "bad")
    told = [line for line in shop.log_lines("payment-service") if line["level"] == "error" and bad["id"] in json.dumps(line)]
    assert told, "the log tells of it"
    wait_for(lambda: outcomes(shop, "payment-service")["order.placed", "repeated"] >= 9_999, 180, "the others")
    assert outcomes(shop, "payment-service")["order.placed", "parked"] == 1
    assert shop.run("dlq", "replay", "payment-service", str(one["number"])).returncode == 0
    wait_for(lambda: [again["number"] for again in parked(shop)] not in ([], [one["number"]]), 30, "it to be parked anew")
    again, = parked(shop)
    assert again["id"] == bad["id"]
    assert shop.run("dlq", "drop", "payment-service", str(again["number"])).returncode == 0
    assert parked(shop) == []
