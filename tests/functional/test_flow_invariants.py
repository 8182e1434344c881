"""The check that other tests end with finds what is wrong: a lost order, a lost event, a second event, an order too many."""

import json
import secrets
import sqlite3

import pytest

from flow_invariants import Journal, faults, settle
from keyed_orders import KeyedOrders
from reference import PLACED, STREAM, shop  # noqa: F401


@pytest.fixture(scope="module")
def orders(shop):  # noqa: F811
    """id -> user of some orders that are done, in which nothing is wrong yet."""
    with KeyedOrders(shop, clients=2) as customers:
        customers.wait_more(10)
        with customers.held():
            customers.end()
    journal = Journal(shop)
    settle(shop, customers.orders, journal, 60)
    assert customers.problems == [] and faults(shop, customers.orders, journal) == []
    return customers.orders


def found(shop, orders):
    return faults(shop, orders, Journal(shop).read())


def message_of(shop, order):
    with shop.nats() as nats:
        return next(message for message in nats.stored(STREAM)
                    if message["subject"] == PLACED and json.loads(message["data"])["subject"] == order)


def test_an_order_that_belongs_to_no_key(shop, orders):
    order = next(iter(orders))
    others = {one: user for one, user in orders.items() if one != order}
    assert found(shop, others) == [f"{order} is there and belongs to no key"]


def test_a_second_event(shop, orders):
    order = list(orders)[1]
    message = message_of(shop, order)
    with shop.nats() as nats:
        nats.request(PLACED, message["data"], {"Nats-Msg-Id": secrets.token_hex(8)})
        assert found(shop, orders) == [], "the same event once more is none"
        other = json.dumps({**json.loads(message["data"]), "id": secrets.token_hex(8)}).encode()
        nats.request(PLACED, other, {"Nats-Msg-Id": secrets.token_hex(8)})
    assert found(shop, orders) == [f"{order} has 2 order.placed"]


def test_a_lost_event(shop, orders):
    order = list(orders)[2]
    with shop.nats() as nats:
        nats.jetstream(f"STREAM.MSG.DELETE.{STREAM}", seq=message_of(shop, order)["seq"])
    assert f"{order} has 0 order.placed" in found(shop, orders)


def test_a_lost_order(shop, orders):
    order = list(orders)[3]
    file, = (shop.folder / ".msctl/data/order-service").rglob("*.db")
    with sqlite3.connect(file, timeout=10) as database:
        database.execute("DELETE FROM order_items WHERE order_id = ?", [order])
        database.execute("DELETE FROM orders WHERE id = ?", [order])
    assert f"{order} was acknowledged and is not there" in found(shop, orders)
