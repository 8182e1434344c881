"""Events as a program outside sees them in JetStream."""

import base64
import datetime
import json
import secrets
import threading

from nats_client import NatsClient
from reference import (PLACED, STREAM, assert_fresh_uuid7, assert_problem, order_body, shop)  # noqa: F401


def test_order_placed_is_a_cloud_event(shop):
    user = shop.sign_up()
    order = shop.order(user["id"]).json()
    headers, event = shop.wait_event(order["id"])
    assert event["specversion"] == "1.0"
    assert event["type"] == "order.placed"
    assert "order-service" in event["source"]
    assert event["subject"] == order["id"]
    assert event["datacontenttype"] == "application/json"
    assert event["dataschema"]
    assert datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00")).tzinfo is not None
    assert_fresh_uuid7(event["id"])
    assert headers["nats-msg-id"] == event["id"]
    assert headers["content-type"].startswith("application/cloudevents+json")
    expected = {"order_id": order["id"], "user_id": user["id"], "currency": "EUR", "total_cents": 2599,
                "items": order_body(user["id"])["items"]}
    assert event["data"] == expected


def test_last_event_by_subject(shop):
    order = shop.order(shop.sign_up()["id"]).json()
    shop.wait_event(order["id"])
    with shop.nats() as nats:
        last = nats.jetstream(f"STREAM.MSG.GET.{STREAM}", last_by_subj=PLACED)["message"]
        assert last["subject"] == PLACED
        info = nats.jetstream(f"STREAM.INFO.{STREAM}")
    assert info["config"]["storage"] == "file"
    assert json.loads(base64.b64decode(last["data"]))["data"]["order_id"] == order["id"]
    assert last["seq"] <= info["state"]["last_seq"], "others of the order may have come since"


def test_the_event_carries_trace_and_request_id(shop):
    trace_id = secrets.token_hex(16)
    order = shop.order(shop.sign_up()["id"], headers={"traceparent": f"00-{trace_id}-{'1' * 16}-01",
                                                      "tracestate": "vendor=abc", "X-Request-Id": "req-7"}).json()
    headers, _ = shop.wait_event(order["id"])
    assert headers["traceparent"].split("-")[1] == trace_id
    assert headers["traceparent"].split("-")[2] != "1" * 16
    assert headers["tracestate"] == "vendor=abc"
    assert headers["x-request-id"] == "req-7"


def test_a_subscriber_gets_it_at_once(shop):
    user = shop.sign_up()
    with NatsClient(shop.ports["nats"]["client"]) as nats:
        nats.subscribe(PLACED)
        order = shop.order(user["id"]).json()
        subject, headers, payload = nats.next_message()
    assert subject == PLACED
    assert json.loads(payload)["data"]["order_id"] == order["id"]
    assert headers["traceparent"]


def test_refused_orders_make_no_event(shop):
    user = shop.sign_up()
    before = len(shop.events())
    assert_problem(shop.order("01a1fd04-cee9-7951-9603-f509591cef76"), 422, "user_id")
    assert_problem(shop.post("/api/v1/orders", {**order_body(user["id"]), "items": []}), 422, "items")
    assert_problem(shop.post("/api/v1/orders", "{"), 400)
    order = shop.order(user["id"]).json()
    shop.wait_event(order["id"])
    assert len(shop.events()) == before + 1


def test_orders_of_many_clients_at_once(shop):
    user = shop.sign_up()
    placed = []

    def client():
        for _ in range(10):
            placed.append(shop.order(user["id"]))

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in placed} == {201}
    ids = {answer.json()["id"] for answer in placed}
    assert len(ids) == 80
    shop.wait_events(ids)
    events = [event for _, event in shop.events()]
    assert len({event["id"] for event in events}) == len(events)
    assert len([event for event in events if event["data"]["order_id"] in ids]) == 80


def test_the_broker_keeps_its_data_in_the_state_folder(shop):
    assert (shop.folder / ".msctl" / "data" / "nats" / "jetstream").is_dir()
