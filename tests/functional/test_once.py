"""Requests with an Idempotency-Key on the running reference system: each is done once, whatever dies or comes twice."""

import concurrent.futures
import http.client
import os
import secrets
import threading
import time

from conftest import wait_for
from reference import assert_problem, order_body, shop  # noqa: F401


def place(shop, key, body, path="/api/v2/orders", **options):
    return shop.post(path, body, headers={"Idempotency-Key": key}, **options)


def orders_of(shop, user):
    return [order["id"] for order in shop.get(f"/api/v2/orders?user_id={user['id']}&page_size=100").json()["orders"]]


def test_the_same_answer_and_one_order(shop):
    user = shop.sign_up()
    first = place(shop, "k-1", order_body(user["id"]))
    again = place(shop, '"k-1"', order_body(user["id"]))
    assert first.status == again.status == 201, first
    assert again.body == first.body
    assert first.headers["Location"] == again.headers["Location"] == f"/api/v2/orders/{first.json()['id']}"
    assert again.headers["Idempotent-Replayed"] == "true" and "Idempotent-Replayed" not in first.headers
    assert orders_of(shop, user) == [first.json()["id"]]
    shop.wait_event(first.json()["id"])


def test_refusals(shop):
    user = shop.sign_up()
    assert_problem(shop.post("/api/v2/orders", order_body(user["id"])), 400, "Idempotency-Key")
    key = secrets.token_hex(8)
    assert place(shop, key, order_body(user["id"])).status == 201
    other = {**order_body(user["id"]), "currency": "USD"}
    assert_problem(place(shop, key, other), 422, "Idempotency-Key")
    unknown = order_body("01a1fd04-cee9-7951-9603-f509591cef76")
    key = secrets.token_hex(8)
    first, again = place(shop, key, unknown), place(shop, key, unknown)
    assert_problem(first, 422, "user_id")
    assert_problem(again, 422, "user_id")
    assert again.headers["Idempotent-Replayed"] == "true"


def test_the_older_version_says_that_it_will_go(shop):
    user = shop.sign_up()
    answer = shop.order(user["id"])
    assert answer.status == 201
    assert answer.headers["Deprecation"].startswith("@")
    assert answer.headers["Sunset"].endswith(" GMT")
    assert answer.headers["Link"] == '</api/v2/orders>; rel="successor-version"'
    assert "Deprecation" not in shop.get(f"/api/v2/orders/{answer.json()['id']}").headers


def test_a_hundred_at_once_make_one_order(shop):
    user = shop.sign_up()
    key = secrets.token_hex(8)
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: place(shop, key, order_body(user["id"])), range(100)))
    assert {answer.status for answer in answers} <= {201, 409}, answers
    made = {answer.json()["id"] for answer in answers if answer.status == 201}
    assert len(made) == 1
    assert all("Retry-After" in answer.headers for answer in answers if answer.status == 409)
    assert orders_of(shop, user) == list(made)
    assert place(shop, key, order_body(user["id"])).json()["id"] in made
    shop.wait_event(made.pop())


def test_a_service_killed_in_between_does_nothing_twice(shop):
    """Clients that keep trying each key until they have an answer, while order-service is killed again and again."""
    user = shop.sign_up()
    answered = {}
    over = threading.Event()

    def client(number):
        while not over.is_set():
            key = f"{number}-{secrets.token_hex(8)}"
            while True:
                try:
                    answer = place(shop, key, order_body(user["id"]), service="order-service", path="/v2/orders")
                except (OSError, http.client.HTTPException):
                    time.sleep(0.02)
                    continue
                if answer.status == 201:
                    answered[key] = answer.json()["id"]
                    break
                assert answer.status in (409, 503, 504), answer
                time.sleep(0.02)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        running = [pool.submit(client, number) for number in range(8)]
        try:
            for _ in range(5):
                before = shop.ps()["order-service"]
                os.kill(before["pid"], 9)
                wait_for(lambda before=before: shop.ps()["order-service"]["pid"] not in (0, None, before["pid"])
                         and shop.state("order-service") == "ready", 20, "order-service again")
                time.sleep(0.2)
        finally:
            over.set()
        for one in running:
            one.result()
    assert len(answered) > 20
    assert len(set(answered.values())) == len(answered), "no order has two keys"
    found, token = [], ""
    while True:
        page = shop.get(f"/api/v2/orders?user_id={user['id']}&page_size=100&page_token={token}").json()
        found += [order["id"] for order in page["orders"]]
        token = page["next_page_token"]
        if not token:
            break
    assert sorted(found) == sorted(answered.values()), "an order for each key, and none besides"
    shop.wait_events(found, 30)
