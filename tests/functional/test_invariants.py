"""`msctl verify invariants` on the running cluster: all holds; then rows are changed behind the services' backs, one kind
at a time, and exactly the invariants that are about them are broken."""

import json

import pytest

from conftest import wait_for
from whole_shop import whole  # noqa: F401

NAMES = ["acknowledged", "one-end", "one-payment", "one-charge", "confirmed-charged", "confirmed-reserved",
         "cancelled-not-charged", "cancelled-not-reserved", "one-mail", "events-once", "money", "stock", "stock-held",
         "outbox-age", "sagas", "nothing-parked"]
BOOKINGS = "SELECT satzart, haendler_ref, betrag, waehrung, zeit FROM journal"


def broken(seen):
    return {name for name, one in seen.items() if one["status"] == "broken"}


@pytest.fixture(scope="module")
def orders(whole):  # noqa: F811
    """Confirmed ones, one that is sold out after it was paid, one whose payment is refused."""
    user = whole.sign_up()["id"]
    confirmed = [whole.buy(user=user, quantity=n) for n in (1, 2, 3)]
    sold_out = whole.buy("SOLD-OUT", 900, user=user)
    declined = whole.buy("POT-3", 2999, quantity=9_999, user=user)  # above the provider's limit
    whole.wait_over(*confirmed)
    assert whole.wait_over(sold_out)["reason"] == "sold_out"
    assert whole.wait_over(declined)["reason"] == "payment_declined"
    return {"confirmed": confirmed, "sold_out": sold_out, "declined": declined}


def test_all_holds(whole, orders):  # noqa: F811
    seen = whole.invariants("--require-all")
    assert list(seen) == NAMES
    assert {one["status"] for one in seen.values()} == {"ok"}, seen
    assert seen["one-payment"]["checked"] == 5 and seen["confirmed-charged"]["checked"] == 3
    assert seen["cancelled-not-charged"]["checked"] == 2
    assert seen["outbox-age"]["checked"] == 3, "order, payment, catalog"
    done = whole.run("verify", "invariants")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert lines[0].split() == ["INVARIANT", "STATUS", "CHECKED", "EVIDENCE"]
    assert [line.split()[0] for line in lines[1:len(NAMES) + 1]] == NAMES
    assert lines[-1] == f"{len(NAMES)} hold, 0 broken, over 5 orders"
    assert "\x1b" not in done.stdout + done.stderr


def test_one_order_alone(whole, orders):  # noqa: F811
    seen = whole.invariants("--order", orders["sold_out"])
    assert {name for name, one in seen.items() if one["status"] == "skipped"} == {"money", "stock-held"}
    assert seen["cancelled-not-charged"]["checked"] == 1 and not broken(seen)
    seen = whole.invariants("--order", "nobody", "--wait", "0s", code=1)
    assert broken(seen) == {"acknowledged"}
    assert seen["acknowledged"]["breaches"][0]["subject"] == "nobody"


def test_since(whole, orders):  # noqa: F811
    last = whole.read_order(orders["declined"])["created_at"]
    seen = whole.invariants("--since", last)
    assert seen["one-end"]["checked"] == 1


class Change:
    """Statements in a service's database, and what undoes them."""

    def __init__(self, name, service, make, undo, *expected):
        self.name, self.service, self.expected = name, service, set(expected)
        self.make, self.undo = ((one,) if isinstance(one, str) else one for one in (make, undo))


CHANGES = [
    Change("charged twice", "legacy-payments",
           "INSERT INTO journal (satzart, haendler_ref, betrag, waehrung, zeit) "
           f"{BOOKINGS} WHERE haendler_ref = :payment AND satzart = 'BUCHUNG' LIMIT 1",
           "DELETE FROM journal WHERE beleg = (SELECT MAX(beleg) FROM journal)", "one-charge", "money"),
    Change("refunded a confirmed order", "legacy-payments",
           "INSERT INTO journal (satzart, haendler_ref, betrag, waehrung, zeit) "
           "SELECT 'STORNO', haendler_ref, betrag, waehrung, zeit FROM journal WHERE haendler_ref = :payment LIMIT 1",
           "DELETE FROM journal WHERE beleg = (SELECT MAX(beleg) FROM journal)", "confirmed-charged", "money"),
    Change("did not refund", "legacy-payments",
           "UPDATE journal SET haendler_ref = '-' || haendler_ref WHERE haendler_ref = :undone AND satzart = 'STORNO'",
           "UPDATE journal SET haendler_ref = SUBSTR(haendler_ref, 2) WHERE haendler_ref LIKE '-%'",
           "cancelled-not-charged"),
    Change("booking of nobody", "legacy-payments",
           "INSERT INTO journal (satzart, haendler_ref, betrag, waehrung, zeit) "
           "SELECT satzart, 'nobody', betrag, waehrung, zeit FROM journal WHERE haendler_ref = :payment LIMIT 1",
           "DELETE FROM journal WHERE haendler_ref = 'nobody'", "money"),
    Change("told twice", "notification-service",
           "INSERT INTO mailbox SELECT 'twin', user_id, order_id, event, language, subject, body, message_id, created_at, "
           "delivered_at, attempts, retry_at FROM mailbox WHERE order_id = :order",
           "DELETE FROM mailbox WHERE id = 'twin'", "one-mail"),
    Change("never told", "notification-service",
           "UPDATE mailbox SET order_id = '-' || order_id WHERE order_id = :order",
           "UPDATE mailbox SET order_id = SUBSTR(order_id, 2) WHERE order_id LIKE '-%'", "one-mail"),
    Change("told somebody else", "notification-service",
           "UPDATE mailbox SET user_id = '-' || user_id WHERE order_id = :order",
           "UPDATE mailbox SET user_id = SUBSTR(user_id, 2) WHERE order_id = :order", "one-mail"),
    Change("told nothing", "notification-service",
           ("CREATE TABLE kept AS SELECT body FROM mailbox WHERE order_id = :order",
            "UPDATE mailbox SET body = '' WHERE order_id = :order"),
           ("UPDATE mailbox SET body = (SELECT body FROM kept) WHERE order_id = :order", "DROP TABLE kept"), "one-mail"),
    Change("told of an unknown order", "notification-service",
           "INSERT INTO mailbox SELECT 'twin', user_id, 'nobody', event, language, subject, body, message_id, created_at, "
           "delivered_at, attempts, retry_at FROM mailbox WHERE order_id = :order",
           "DELETE FROM mailbox WHERE id = 'twin'", "one-mail"),
    Change("released a confirmed order", "catalog-service",
           "UPDATE reservations SET status = 'released' WHERE order_id = :order",
           "UPDATE reservations SET status = 'reserved' WHERE order_id = :order", "confirmed-reserved"),
    Change("lost stock", "catalog-service",
           "UPDATE skus SET available = available - 1 WHERE sku = 'TEA-1'",
           "UPDATE skus SET available = available + 1 WHERE sku = 'TEA-1'", "stock"),
    Change("stock that nobody holds", "catalog-service",
           "UPDATE skus SET available = available - 1, reserved = reserved + 1 WHERE sku = 'CUP-7'",
           "UPDATE skus SET available = available + 1, reserved = reserved - 1 WHERE sku = 'CUP-7'",
           "stock", "stock-held"),
    Change("stock that never came in", "catalog-service",
           "UPDATE skus SET available = available + 1, received = received + 1 WHERE sku = 'CUP-7'",
           "UPDATE skus SET available = available - 1, received = received - 1 WHERE sku = 'CUP-7'", "stock"),
    Change("an event of the stock is gone", "catalog-service",
           "UPDATE stock_events SET sku = '-' || sku WHERE sku = 'TEA-1' AND version = 2",
           "UPDATE stock_events SET sku = SUBSTR(sku, 2) WHERE sku = '-TEA-1'", "stock"),
    Change("an event of the stock is another", "catalog-service",
           "UPDATE stock_events SET data = json_set(data, '$.quantity', data ->> '$.quantity' + 1) "
           "WHERE sku = 'TEA-1' AND version = 2",
           "UPDATE stock_events SET data = json_set(data, '$.quantity', data ->> '$.quantity' - 1) "
           "WHERE sku = 'TEA-1' AND version = 2", "stock"),
    Change("stock that an unknown order holds", "catalog-service",
           "INSERT INTO reservations SELECT 'nobody', status, reason, sku, items, updated_at FROM reservations "
           "WHERE order_id = :order",
           "DELETE FROM reservations WHERE order_id = 'nobody'", "stock-held"),
    Change("payment of another amount", "payment-service",
           "UPDATE payments SET amount_cents = amount_cents + 1 WHERE order_id = :order",
           "UPDATE payments SET amount_cents = amount_cents - 1 WHERE order_id = :order", "one-payment"),
    Change("an item of another price", "order-service",
           "UPDATE order_items SET unit_price_cents = unit_price_cents + 1 WHERE order_id = :order",
           "UPDATE order_items SET unit_price_cents = unit_price_cents - 1 WHERE order_id = :order", "one-payment"),
    Change("payment that is declined", "payment-service",
           "UPDATE payments SET status = 'declined' WHERE order_id = :order",
           "UPDATE payments SET status = 'authorized' WHERE order_id = :order", "one-payment"),
    Change("an event that waits for years", "order-service",
           ("INSERT INTO outbox_queue (id, aggregate, retry_at) "
            "SELECT MAX(id), aggregate, (strftime('%s', 'now') + 29) * 1000 FROM outbox_event WHERE aggregate = :order",
            "UPDATE outbox_event SET created_at = '2020-01-01T00:00:00.000Z' WHERE id = (SELECT id FROM outbox_queue)"),
           "DELETE FROM outbox_queue", "outbox-age"),
    Change("saga elsewhere", "order-service",
           "UPDATE saga_instance SET state = 'compensated' WHERE id = :order",
           "UPDATE saga_instance SET state = 'completed' WHERE id = :order", "sagas"),
    Change("order without its saga", "order-service",
           ("CREATE TABLE kept AS SELECT * FROM saga_instance WHERE id = :order",
            "DELETE FROM saga_instance WHERE id = :order"),
           ("INSERT INTO saga_instance SELECT * FROM kept", "DROP TABLE kept"), "sagas"),
]


@pytest.mark.parametrize("change", CHANGES, ids=[change.name for change in CHANGES])
def test_exactly_what_was_changed_is_broken(whole, orders, change):  # noqa: F811
    order = orders["confirmed"][0]
    names = {"order": order, "payment": whole.payment_of(order)["id"],
             "undone": whole.payment_of(orders["sold_out"])["id"]}
    assert whole.sql(change.service, *change.make, **names) == 1
    try:
        seen = whole.invariants("--wait", "1s", code=1)
    finally:
        whole.sql(change.service, *change.undo, **names)
    assert broken(seen) == change.expected, {name: seen[name]["evidence"] for name in broken(seen)}
    assert not broken(whole.invariants())


def test_what_is_parked(whole, orders):  # noqa: F811
    with whole.nats() as nats:
        nats.request("order-service.events.order.confirmed", b"no event")
    wait_for(lambda: json.loads(whole.run("dlq", "list", "--output", "json").stdout), 20, "the parked event")
    seen = whole.invariants("--wait", "1s", code=1)
    assert broken(seen) == {"nothing-parked"}, seen
    assert seen["nothing-parked"]["breaches"][0]["subject"] == "notification-service"
    assert whole.run("dlq", "drop", "notification-service", "--all", "--yes").returncode == 0
    assert not broken(whole.invariants())


def test_waits_until_orders_are_over(whole, orders):  # noqa: F811
    slow = whole.ask("legacy-payments", "PUT", "/labor", "VORLAUF_MS=1800",
                     headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert slow.status == 200, slow
    try:
        order = whole.buy()
        assert "one-end" in broken(whole.invariants("--order", order, "--wait", "0s", code=1))
        assert not broken(whole.invariants("--order", order))
    finally:
        whole.ask("legacy-payments", "DELETE", "/labor")


def test_a_service_that_is_away_is_an_error(whole, orders):  # noqa: F811
    """What it would have said cannot be told from others."""
    assert whole.run("stop", "payment-service").returncode == 0
    try:
        done = whole.run("verify", "invariants", "--wait", "0s")
        assert done.returncode == 1 and "payment" in done.stderr and done.stdout == "", (done.stdout, done.stderr)
    finally:
        assert whole.run("start", "payment-service").returncode == 0
    assert not broken(whole.invariants())


@pytest.mark.parametrize("words, code, said", [
    (["invariants", "--wait", "soon"], 2, "expected a duration"),
    (["invariants", "--since", "soon"], 2, "soon"),
    (["invariants", "9"], 2, "stands alone"),
    (["invariants", "--junit", "x.xml"], 2, "--output json"),
    (["9", "--wait", "1s"], 2, "are for msctl verify invariants"),
])
def test_what_cannot_be_done_says_why(whole, words, code, said):  # noqa: F811
    done = whole.run("verify", *words)
    assert done.returncode == code and said in done.stderr and done.stdout == "", (done.stdout, done.stderr)


def test_list_needs_no_cluster(run):
    done = run("verify", "invariants", "--list", "--output", "json")
    assert done.returncode == 0
    assert [one["invariant"] for one in json.loads(done.stdout)] == NAMES


def test_cluster_that_does_not_run(cluster):
    place = cluster({"version": 1, "services": {"web": {"command": ["true"]}}})
    done = place.run("verify", "invariants")
    assert done.returncode == 4 and "msctl up" in done.stderr and not done.stdout


def test_cluster_without_any_of_it(cluster):
    """Nothing is broken where there is nothing; all is wanted only with --require-all."""
    place = cluster()
    place.write({"version": 1, "services": {"web": {"command": place.script("idle.py", "import signal\nsignal.pause()")}}})
    place.up()
    done = place.run("verify", "invariants", "--output", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {one["status"] for one in json.loads(done.stdout)} == {"skipped"}, done.stdout
    assert place.run("verify", "invariants", "--require-all").returncode == 1


def test_contract_tests_break_nothing(whole, orders):  # noqa: F811
    """Provider states publish events that the others take for real ones, and come a second time over what is there."""
    for _ in range(2):
        done = whole.run("contract-test")
        assert done.returncode == 0, done.stdout + done.stderr
        seen = whole.invariants()
        assert not broken(seen), seen


def test_a_second_event_of_the_same_kind(whole, orders):  # noqa: F811
    """Published past the outbox, under an id of its own. Last here, since a stream forgets nothing."""
    order = orders["confirmed"][1]
    _, event = next(one for one in whole.events() if one[1]["data"]["order_id"] == order)
    event["id"] = "twin"
    with whole.nats() as nats:
        nats.request("order-service.events.order.placed", json.dumps(event).encode())
    seen = whole.invariants("--wait", "5s", code=1)
    assert broken(seen) == {"events-once"}, seen
    assert seen["events-once"]["breaches"] == [{"subject": order, "expected": "1 event order.placed", "got": "2"}]
