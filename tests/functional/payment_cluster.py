"""A cluster of nats, the payment provider's sandbox and payment-service on free ports, with the test in place of
order-service: it publishes orders' events, and reads what payment-service tells and what the provider has booked."""

import http.client
import json
import secrets
import urllib.parse

import yaml

from conftest import ROOT, Cluster, wait_for
from nats_client import NatsClient
from reference import Answer

CALL_TIMEOUT_MS = 400
# As often as a test kills them.
RESTART = {"policy": "always", "limit": 0, "first_ms": 50, "cap_ms": 300}
# Quick, so that what is in doubt is cleared up within a test's time.
TUNING = {"PAYMENT_BACKOFF_MS": "50", "PAYMENT_BACKOFF_CAP_MS": "500", "PAYMENT_LEASE_MS": "2000"}


def document():
    nats = yaml.safe_load((ROOT / "msctl.yaml").read_text())["services"]["nats"]
    return {
        "version": 1, "name": "payments", "broker": "nats",
        "services": {
            "nats": {**nats, "ports": {"client": 0}},
            # So that payment-service knows whose events it consumes; the test publishes them.
            "order-service": {"command": ["sleep", "infinity"], "publishes": ["order.placed", "order.refund_requested"]},
            "legacy-payments": {"path": str(ROOT / "services" / "legacy_payments"), "ports": {"http": 0},
                                "restart": RESTART},
            "payment-service": {"path": str(ROOT / "services" / "payment"), "ports": {"http": 0, "grpc": 0},
                                "calls": {"legacy-payments": {"timeout_ms": CALL_TIMEOUT_MS}}, "env": dict(TUNING),
                                "restart": RESTART},
        },
    }


class Payments(Cluster):
    """The running cluster."""

    def up(self, *args):
        done = super().up(*args)
        self.ports = {name: row["ports"] for name, row in self.ps().items()}
        with self.nats() as nats:
            nats.jetstream("STREAM.CREATE.ORDER-SERVICE", name="ORDER-SERVICE", subjects=["order-service.events.>"],
                           storage="file", retention="limits")
        return done

    def nats(self):
        return NatsClient(self.ports["nats"]["client"])

    def ask(self, service, method, path, body=None, headers=None, timeout=15):
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[service]["http"], timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read().decode())
        finally:
            connection.close()

    def post(self, path, body, key=None):
        headers = {"Content-Type": "application/json", "Idempotency-Key": key or secrets.token_hex(8)}
        return self.ask("payment-service", "POST", path, json.dumps(body), headers)

    def lab(self, **settings):
        """How the provider misbehaves from now on; without settings, not at all."""
        if settings:
            answer = self.ask("legacy-payments", "PUT", "/labor", urllib.parse.urlencode(settings))
        else:
            answer = self.ask("legacy-payments", "DELETE", "/labor")
        assert answer.status == 200, answer

    def journal(self):
        """Every booking of the provider, oldest first, as dicts."""
        found, number = [], 0
        while True:
            lines = self.ask("legacy-payments", "GET", f"/journal?ab={number}").body.splitlines()
            head = fields(lines[0])
            assert lines[-1] == "ENDE" and len(lines) - 2 == int(head["ANZAHL"]), lines
            found += [fields(line) for line in lines[1:-1]]
            if head["MEHR"] == "NEIN":
                return found
            number = int(found[-1]["BELEG"]) + 1

    def payments(self):
        """Every payment, oldest first."""
        found, token = [], ""
        while True:
            page = self.ask("payment-service", "GET", f"/v1/payments?page_size=100&page_token={token}").json()
            found += page["payments"]
            token = page["next_page_token"]
            if not token:
                return found

    def payment_of(self, order):
        found = self.ask("payment-service", "GET", f"/v1/payments?order_id={order}").json()["payments"]
        assert len(found) <= 1, found
        return found[0] if found else None

    def wait_status(self, order, status, timeout_s=20):
        def reached():
            payment = self.payment_of(order)
            return payment and payment["status"] == status and payment

        return wait_for(reached, timeout_s, f"the payment of {order} {status}")

    def told(self):
        """The events of payment-service by order, each event once, in the stream's order."""
        by_order, seen = {}, set()
        with self.nats() as nats:
            try:
                messages = nats.stored("PAYMENT-SERVICE")
            except LookupError:  # the service has not made its stream yet
                messages = []
            for message in messages:
                event = json.loads(message["data"])
                if event["id"] not in seen:
                    seen.add(event["id"])
                    by_order.setdefault(event["subject"], []).append(event)
        return by_order

    def told_of(self, order):
        return [summary(event) for event in self.told().get(order, [])]

    def wait_told(self, order, expected, timeout_s=20):
        wait_for(lambda: self.told_of(order) == expected, timeout_s, f"{expected} of {order}")

    def metric(self, name):
        """The sum over all series of that name."""
        text = self.ask("payment-service", "GET", "/metrics").body
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                   if line.startswith((name + "{", name + " ")))


def fields(line):
    return dict(part.split("=", 1) for part in line.split(";"))


def summary(event):
    """`payment.authorized 1250`."""
    data = event["data"]
    return " ".join([event["type"], *(str(data[name]) for name in ("reason", "amount_cents") if name in data)])


def event(kind, order, **data):
    body = {"specversion": "1.0", "id": secrets.token_hex(16), "source": "/order-service", "type": kind,
            "subject": order, "data": {"order_id": order, **data}}
    return kind, json.dumps(body).encode()


def placed(order, total=1250, currency="EUR"):
    return event("order.placed", order, user_id="u-1", currency=currency, total_cents=total,
                 items=[{"sku": "A1", "quantity": 1, "unit_price_cents": total}])


def refund_requested(order):
    return event("order.refund_requested", order, reason="sold_out")


def publish(nats, *events):
    """Without an id for the broker, so that it drops no repetition."""
    for kind, body in events:
        answer = json.loads(nats.request("order-service.events." + kind, body))
        assert "seq" in answer, answer
