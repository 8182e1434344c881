"""payment-service with the payment provider's sandbox as real processes: each order is charged at most once, and each
request to refund answered, whatever dies, comes twice, comes late or is not answered."""

import concurrent.futures
import os
import random
import secrets
import time

import pytest

from conftest import wait_for
from payment_cluster import Payments, document, placed, publish, refund_requested, summary


@pytest.fixture(scope="module")
def pay(msctl_bin, tmp_path_factory):
    one = Payments(msctl_bin, tmp_path_factory.mktemp("payments"))
    one.write(document())
    try:
        one.up()
        yield one
    finally:
        one.close()


@pytest.fixture
def well_behaved(pay):
    pay.lab()
    yield pay
    pay.lab()


def new_order():
    return "o-" + secrets.token_hex(8)


def booked(journal, payment):
    """How often the provider has charged and refunded a payment."""
    kinds = [line["SATZART"] for line in journal if line["HAENDLER_REF"] == payment["id"]]
    return kinds.count("BUCHUNG"), kinds.count("STORNO")


def test_an_order_is_charged_and_refunded_in_the_providers_words(well_behaved):
    pay, order = well_behaved, new_order()
    with pay.nats() as nats:
        publish(nats, placed(order, 1250))
        pay.wait_told(order, ["payment.authorized 1250"])
        publish(nats, refund_requested(order))
        pay.wait_told(order, ["payment.authorized 1250", "payment.refunded 1250"])
    payment = pay.wait_status(order, "refunded")
    lines = [line for line in pay.journal() if line["HAENDLER_REF"] == payment["id"]]
    assert [(line["SATZART"], line["BETRAG"], line["WAEHRUNG"]) for line in lines] == [
        ("BUCHUNG", "12,50", "978"), ("STORNO", "12,50", "978")]


@pytest.mark.parametrize("total,currency,amount,number", [(1250, "JPY", "1250", "392"), (1250, "BHD", "1,250", "048"),
                                                          (7, "USD", "0,07", "840")])
def test_minor_units(well_behaved, total, currency, amount, number):
    pay, order = well_behaved, new_order()
    with pay.nats() as nats:
        publish(nats, placed(order, total, currency))
    payment = pay.wait_status(order, "authorized")
    line = next(line for line in pay.journal() if line["HAENDLER_REF"] == payment["id"])
    assert (line["BETRAG"], line["WAEHRUNG"]) == (amount, number)


def test_declines_have_reasons(well_behaved):
    pay = well_behaved
    orders = {new_order(): ("insufficient_funds", 700), new_order(): ("limit_exceeded", 10_000_001)}
    pay.lab(SPERR_BETRAG="7,00")
    with pay.nats() as nats:
        for order, (_, total) in orders.items():
            publish(nats, placed(order, total))
    for order, (reason, _) in orders.items():
        assert pay.wait_status(order, "declined")["reason"] == reason
        pay.wait_told(order, ["payment.declined " + reason])
        assert booked(pay.journal(), pay.payment_of(order)) == (0, 0)


def test_a_refund_that_comes_first_keeps_the_order_from_being_charged(well_behaved):
    pay, order = well_behaved, new_order()
    with pay.nats() as nats:
        publish(nats, refund_requested(order))
        pay.wait_told(order, ["payment.refunded 0"])
        publish(nats, placed(order), refund_requested(order))
        pay.wait_told(order, ["payment.refunded 0"] * 2)
    assert pay.payment_of(order)["status"] == "voided"
    assert booked(pay.journal(), pay.payment_of(order)) == (0, 0)


def test_over_rest(well_behaved):
    pay, order = well_behaved, new_order()
    body = {"order_id": order, "amount_cents": 1250, "currency": "EUR"}
    first, again = pay.post("/v1/payments", body, "k-1"), pay.post("/v1/payments", body, "k-1")
    assert first.status == again.status == 201 and first.body == again.body
    assert pay.post("/v1/payments", body).status == 409
    payment = pay.wait_status(order, "authorized")
    assert pay.post(f"/v1/payments/{payment['id']}/refund", {}).status == 200
    pay.wait_status(order, "refunded")
    pay.wait_told(order, ["payment.authorized 1250", "payment.refunded 1250"])


@pytest.mark.parametrize("trouble", ["STUMM_PROZENT", "MURKS_PROZENT", "STOERUNG_PROZENT"])
def test_what_is_in_doubt_is_found_out(well_behaved, trouble):
    pay = well_behaved
    orders = [new_order() for _ in range(10)]
    before = pay.metric("payment_reconciliations_total")
    pay.lab(**{trouble: 100})
    with pay.nats() as nats:
        publish(nats, *map(placed, orders))
    time.sleep(1)
    pay.lab()
    for order in orders:
        payment = pay.wait_status(order, "authorized")
        assert booked(pay.journal(), payment) == (1, 0)
    assert pay.metric("payment_reconciliations_total") > before


def test_a_provider_that_is_away_delays_payments_and_parks_none(well_behaved):
    pay, order = well_behaved, new_order()
    assert pay.run("stop", "legacy-payments").returncode == 0
    try:
        with pay.nats() as nats:
            publish(nats, placed(order))
        wait_for(lambda: pay.payment_of(order), 10, "the payment")
        time.sleep(1)
        assert pay.payment_of(order)["status"] == "pending"
        ready = pay.ask("payment-service", "GET", "/health/ready")
        assert ready.status == 200 and ready.json()["checks"]["legacy-payments"]["status"] == "down"
    finally:
        assert pay.run("start", "legacy-payments").returncode == 0
    pay.wait_told(order, ["payment.authorized 1250"])
    with pay.nats() as nats:
        assert nats.stored("PAYMENT-SERVICE-PARKED") == []
    assert booked(pay.journal(), pay.payment_of(order)) == (1, 0)


def test_a_rolling_restart_loses_and_repeats_nothing(well_behaved):
    pay = well_behaved
    orders = [new_order() for _ in range(60)]
    pay.lab(NACHLAUF_MS=50)
    with pay.nats() as nats, concurrent.futures.ThreadPoolExecutor(1) as pool:
        restart = pool.submit(pay.run, "restart", "--rolling", "payment-service")
        for order in orders:
            publish(nats, placed(order))
            time.sleep(0.02)
        assert restart.result().returncode == 0, restart.result().stderr
    check_all(pay, orders, [])


def settled(pay, orders, to_refund):
    """Whether each order's payment is at an end, and told of."""
    status = {payment["order_id"]: payment["status"] for payment in pay.payments()}
    if any(status.get(order, "pending") in ("pending", "refund_pending") for order in orders):
        return False
    told = {order: [event["type"] for event in events] for order, events in pay.told().items()}
    return all(("payment.refunded" in told.get(order, [])) if order in to_refund else told.get(order) for order in orders)


def check_all(pay, orders, to_refund, timeout_s=60):
    """Everything has come to an end, once, and the provider's journal agrees."""
    wait_for(lambda: settled(pay, orders, to_refund), timeout_s, "all payments settled")
    time.sleep(1)  # for what would be one too many
    payments = {}
    for payment in pay.payments():
        assert payment["order_id"] not in payments, "one payment for an order"
        payments[payment["order_id"]] = payment
    journal, told = pay.journal(), pay.told()
    for order in orders:
        charges, refunds = booked(journal, payments[order])
        events = [summary(event) for event in told[order]]
        allowed = {(1, 0): [["payment.authorized 1250"]], (0, 0): [["payment.declined card_refused"]]}
        if order in to_refund:
            allowed = {(1, 1): [["payment.authorized 1250", "payment.refunded 1250"], ["payment.refunded 1250"]],
                       (0, 0): [["payment.refunded 0"], ["payment.declined card_refused", "payment.refunded 0"]]}
        assert events in allowed.get((charges, refunds), []), (order, charges, refunds, events, payments[order])


def test_kills_under_load_charge_nobody_twice(well_behaved):
    """200 orders, a third of them to be refunded, all events twice and in any order, a provider that misbehaves in each
    way, two instances of payment-service, and kill -9 of everybody."""
    pay = well_behaved
    assert pay.run("scale", "payment-service=2").returncode == 0
    seed = secrets.randbits(32)
    print("seed", seed)
    chance = random.Random(seed)
    orders = [new_order() for _ in range(200)]
    to_refund = set(orders[::3])
    # Twice the very same event: made once, listed twice.
    events = [event for order in orders for event in [placed(order)] * 2]
    events += [event for order in to_refund for event in [refund_requested(order)] * 2]
    chance.shuffle(events)
    trouble = {"VORLAUF_MS": 20, "NACHLAUF_MS": 20, "ABLEHNUNG_PROZENT": 10, "STOERUNG_PROZENT": 15,
               "MURKS_PROZENT": 10, "STUMM_PROZENT": 5}
    pay.lab(**trouble)
    kills = 0
    with pay.nats() as nats:
        until = time.monotonic() + 20
        while events or time.monotonic() < until:
            publish(nats, *events[:15])
            del events[:15]
            time.sleep(chance.uniform(0.05, 0.7))
            name = chance.choice(["payment-service", "payment-service.2", "legacy-payments"])
            pid = pay.ps()[name]["pid"]
            if pid:
                os.kill(pid, 9)
                kills += 1
            if name == "legacy-payments":
                wait_for(lambda: pay.state(name) == "ready", 30, name)
                pay.lab(**trouble)
    print("kills", kills)
    assert kills >= 20
    for name in ("payment-service", "payment-service.2", "legacy-payments"):
        pay.wait_state(name, "ready", 30)
    pay.lab()
    check_all(pay, orders, to_refund)
    logs = pay.log("payment-service") + pay.log("payment-service.2")
    assert '"outcome":"found"' in logs, "something was in doubt, and had been booked"
    assert pay.run("scale", "payment-service=1").returncode == 0
    assert len({line["BELEG"] for line in pay.journal()}) == len(pay.journal())


def on_postgres():
    cluster = document()
    cluster["postgres"] = "postgres"
    cluster["services"]["postgres"] = {
        "command": ["${dir:bin}/msctl-postgres", "serve", "${dir:data}", "${port:client}", "${dir:state}/postgres"],
        "ports": {"client": 0},
        "probes": {"ready": {"tcp": "client"}},
        "restart": {"policy": "always"},
    }
    cluster["services"]["payment-service"].update(database="postgres", replicas=2)
    return cluster


def test_on_postgresql(msctl_bin, tmp_path):
    pay = Payments(msctl_bin, tmp_path)
    pay.write(on_postgres())
    try:
        pay.up()
        orders = [new_order() for _ in range(60)]
        to_refund = set(orders[::3])
        pay.lab(ABLEHNUNG_PROZENT=10, STOERUNG_PROZENT=15, MURKS_PROZENT=10, NACHLAUF_MS=20)
        with pay.nats() as nats:
            publish(nats, *map(placed, orders))
            wait_for(lambda: len(pay.payments()) == len(orders), 20, "the payments")
            os.kill(pay.ps()["payment-service"]["pid"], 9)
            publish(nats, *map(refund_requested, to_refund))
        pay.wait_state("payment-service", "ready", 30)
        pay.lab()
        check_all(pay, orders, to_refund)
    finally:
        pay.close()
