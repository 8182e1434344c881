"""A private copy of the reference cluster in a temporary folder, on free ports, and what a client needs to talk to it.
`shop` is one cluster for all tests of a module."""

import http.client
import itertools
import json
import os
import secrets
import socket
import time

import pytest
import yaml

from conftest import ROOT, Cluster, wait_for
from nats_client import NatsClient

STREAM = "ORDER-SERVICE"
PLACED = "order-service.events.order.placed"
REQUEST_SERVICES = ("gateway", "order-service", "user-service", "catalog-service")  # that placing an order asks
CHASSIS_SERVICES = (*REQUEST_SERVICES, "payment-service", "notification-service")
PASSWORD = "correct horse battery staple"
TIMEOUT_S = 15


def document():
    """The checkout's own msctl.yaml, usable from another folder and with every port free."""
    cluster = yaml.safe_load((ROOT / "msctl.yaml").read_text())
    for service in cluster["services"].values():
        file = {}
        if "path" in service:
            service["path"] = str(ROOT / service["path"])
            file = yaml.safe_load((ROOT / service["path"] / "service.yaml").read_text())
        service["ports"] = {name: 0 for name in {**file.get("ports", {}), **service.get("ports", {})}}
    for command in cluster["commands"].values():
        command["command"][0] = str(ROOT / command["command"][0])
    return cluster


class Answer:
    """A response: status, headers (names without regard to case), body as text."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:500]}"


OVER = ("confirmed", "cancelled")


class Shop(Cluster):
    """The running reference cluster."""

    emails = itertools.count(1)

    def port(self, service, name="http"):
        return self.ps()[service]["ports"][name]

    def up(self, *args):
        done = super().up(*args)
        self.ports = {name: row["ports"] for name, row in self.ps().items()}
        return done

    def ask(self, service, method, path, body=None, headers=None, timeout=TIMEOUT_S):
        """One request on a connection of its own. A body that is no text is sent as JSON."""
        headers = dict(headers or {})
        if body is not None:
            if not isinstance(body, (str, bytes)):
                body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[service]["http"], timeout=timeout)
        try:
            connection.request(method, path, body=body.encode() if isinstance(body, str) else body, headers=headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read().decode())
        finally:
            connection.close()

    def get(self, path, service="gateway", **options):
        return self.ask(service, "GET", path, **options)

    def post(self, path, body, service="gateway", **options):
        return self.ask(service, "POST", path, body, **options)

    def sign_up(self, **fields):
        """A new user, as the gateway gave it."""
        body = {"email": self.new_email(), "name": "Ann Example", "password": PASSWORD, **fields}
        answer = self.post("/api/v1/users", body)
        assert answer.status == 201, answer
        return answer.json()

    def new_email(self):
        return f"user{next(self.emails)}.{secrets.token_hex(4)}@example.com"

    def order(self, user_id, **options):
        """The answer to an order of 2 at 1250 and 1 at 99."""
        return self.post("/api/v1/orders", order_body(user_id), **options)

    def connect(self, service, port="http"):
        return socket.create_connection(("127.0.0.1", self.ports[service][port]), timeout=TIMEOUT_S)

    def nats(self):
        return NatsClient(self.ports["nats"]["client"])

    def read_order(self, order):
        return self.get(f"/api/v2/orders/{order}").json()

    def wait_over(self, *orders, timeout_s=30):
        """Until each of them is confirmed or cancelled; gives the last one."""
        for order in orders:
            wait_for(lambda one=order: self.read_order(one)["status"] in OVER, timeout_s, f"the end of order {order}")
        return self.read_order(orders[-1])

    def events(self):
        """(headers, CloudEvent) of every stored order.placed, oldest first."""
        with self.nats() as nats:
            return [(message["headers"], json.loads(message["data"])) for message in nats.stored(STREAM)
                    if message["subject"] == PLACED]

    def events_of(self, order_id):
        return [(headers, event) for headers, event in self.events() if event["data"]["order_id"] == order_id]

    def wait_event(self, order_id, timeout_s=10):
        found = wait_for(lambda: self.events_of(order_id), timeout_s, f"the event of {order_id}")
        assert len(found) == 1, found
        return found[0]

    def wait_events(self, order_ids, timeout_s=20):
        """Until each of these orders has an event."""
        order_ids = set(order_ids)

        def missing():
            return order_ids - {event["data"]["order_id"] for _, event in self.events()}

        wait_for(lambda: not missing(), timeout_s, "an event for each order")

    def log_lines(self, service):
        """The service's log as dicts; a line that is no JSON object fails the test."""
        lines = [json.loads(line) for line in self.log(service).splitlines()]
        assert all(isinstance(line, dict) for line in lines)
        return lines

    def kill_and_wait(self, service, timeout_s=20):
        """kill -9, then waits until the supervisor has it ready again as another process; returns both pids."""
        before = self.ps()[service]
        os.kill(before["pid"], 9)

        def back():
            row = self.ps()[service]
            return row["state"] == "ready" and row["restarts"] == before["restarts"] + 1

        wait_for(back, timeout_s, f"{service} ready again")
        return before["pid"], self.ps()[service]["pid"]


def order_body(user_id):
    return {"user_id": user_id, "currency": "EUR",
            "items": [{"sku": "TEA-1", "quantity": 2, "unit_price_cents": 1250},
                      {"sku": "CUP-7", "quantity": 1, "unit_price_cents": 99}]}


def lasting(order):
    """An order, or several, without what changes as its saga goes on."""
    if isinstance(order, list):
        return [lasting(one) for one in order]
    return {name: value for name, value in order.items() if name not in ("status", "updated_at", "reason")}


def uuid_time_s(text):
    """Seconds since 1970 in a UUIDv7 (RFC 9562 §5.7); fails when it is none."""
    parts = text.split("-")
    assert [len(part) for part in parts] == [8, 4, 4, 4, 12], text
    assert text == text.lower() and all(c in "0123456789abcdef" for c in "".join(parts)), text
    assert parts[2][0] == "7" and parts[3][0] in "89ab", text
    return int(parts[0] + parts[1], 16) / 1000


def assert_fresh_uuid7(text):
    assert abs(uuid_time_s(text) - time.time()) < 60, text


def assert_problem(answer, status, field=None):
    """The one shape of every error (RFC 9457) and, where asked for, the field it is about."""
    assert answer.status == status, answer
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    for name in ("type", "title", "detail"):
        assert isinstance(body[name], str) and body[name], name
    known = {"type", "title", "status", "detail", "instance", "errors", "request_id", "trace_id"}
    assert body.keys() <= known, body
    if field is not None:
        assert field in [error["field"] for error in body["errors"]], body
        assert all(error["message"] for error in body["errors"])
    return body


@pytest.fixture(scope="module")
def shop(msctl_bin, tmp_path_factory):
    """The running cluster of this test module, taken down at its end."""
    one = Shop(msctl_bin, tmp_path_factory.mktemp("shop"))
    one.write(document())
    try:
        one.up()
        yield one
    finally:
        one.close()
