"""order-service alone with a real broker, killed again and again while its orders are on their way. Who takes part in their
sagas is played here: each answers as it should, some answers twice, and keeps books that must agree with the orders."""

import concurrent.futures
import json
import random
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
import uuid

import pytest
from conftest import ROOT, free_port, wait_for
from nats_client import NatsClient

SECRET = "0123456789abcdef"
PRICE = 500
PUBLISHERS = {"payment-service": ("payment.authorized", "payment.declined", "payment.refunded"),
              "catalog-service": ("stock.reserved", "stock.rejected", "stock.released")}


class Participants:
    """Hears order-service's events on a connection and a thread of its own until close()."""

    def __init__(self, port):
        self.dice = random.Random(7)
        self.charged, self.refunded, self.reserved, self.released, self.refusals = set(), set(), set(), set(), {}
        self.ends = {}
        self.nats = NatsClient(port)
        for service in PUBLISHERS:
            self.nats.jetstream(f"STREAM.CREATE.{service.upper()}", name=service.upper(), subjects=[f"{service}.events.>"])
        self.nats.subscribe("order-service.events.>")
        self.nats.socket.settimeout(120)
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        try:
            while True:
                self.hear(json.loads(self.nats.next_message()[2]))
        except (OSError, ValueError, ConnectionError):
            pass  # closed

    def say(self, kind, order, data):
        service = "payment-service" if kind.startswith("payment") else "catalog-service"
        event = {"specversion": "1.0", "id": str(uuid.uuid4()), "source": f"/{service}", "type": kind, "subject": order,
                 "time": "2026-01-02T03:04:05.000Z", "data": {"order_id": order, **data}}
        body = json.dumps(event).encode()
        message = f"PUB {service}.events.{kind} {len(body)}\r\n".encode() + body + b"\r\n"
        self.nats.socket.sendall(message * self.dice.choice((1, 1, 2)))

    def hear(self, event):
        order, kind = event["subject"], event["type"]
        refuses = self.refusals.setdefault(order, self.dice.choice(("payment", "stock", None, None)))
        if kind == "order.placed" and order not in self.refunded:
            if refuses == "payment":
                self.say("payment.declined", order, {"payment_id": "p", "reason": "limit_exceeded"})
            else:
                self.charged.add(order)
                self.say("payment.authorized", order, {"payment_id": "p", "amount_cents": PRICE, "currency": "EUR"})
        elif kind == "order.paid" and order not in self.released:
            if refuses == "stock":
                self.say("stock.rejected", order, {"reason": "sold_out", "sku": "A1"})
            else:
                self.reserved.add(order)
                self.say("stock.reserved", order, {"items": event["data"]["items"]})
        elif kind == "order.release_requested":
            self.released.add(order)
            self.reserved.discard(order)
            self.say("stock.released", order, {"items": []})
        elif kind == "order.refund_requested":
            self.refunded.add(order)
            self.say("payment.refunded", order, {"payment_id": "p", "amount_cents": PRICE, "currency": "EUR"})
        elif kind in ("order.confirmed", "order.cancelled"):
            self.ends.setdefault(order, set()).add((kind, event["id"]))

    def close(self):
        self.nats.socket.shutdown(2)
        self.thread.join(10)


class OrderService:
    def __init__(self, folder, nats_port):
        self.binary = ROOT / "build" / "release" / "bin" / "order-service"
        self.port, self.folder, self.user = free_port(), folder, str(uuid.uuid4())
        calls = {name: {"address": f"127.0.0.1:{free_port()}", "timeout_ms": 2000}
                 for name in ("user-service", "catalog-service")}  # nobody is there: the states answer for them
        config = {"service": {"name": "order-service", "version": "0.1.0", "instance": "order-service"},
                  "ports": {"http": self.port, "grpc": free_port()}, "database": {"url": f"sqlite:{folder}/order.db"},
                  "broker": {"url": f"nats://127.0.0.1:{nats_port}"}, "calls": calls,
                  "consumes": {kind: [service] for service, kinds in PUBLISHERS.items() for kind in kinds},
                  "provider_states": {"secret": SECRET}}
        (folder / "config.json").write_text(json.dumps(config))
        self.log = open(folder / "log", "ab")
        self.start()

    def start(self):
        command = [str(self.binary), "--config", str(self.folder / "config.json")]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        wait_for(lambda: self.ask("GET", "/health/live")[0] == 200, what="order-service")
        status, answer = self.ask("POST", f"/_test/provider-states?secret={SECRET}",
                                  {"state": "a user exists", "params": {"id": self.user}, "action": "setup"})
        assert status == 200, answer

    def end(self, how):
        self.process.send_signal(how)
        self.process.wait(20)

    def ask(self, method, path, body=None, key="k"):
        """Status and JSON; status 0 when there was no answer."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json", "Idempotency-Key": key})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())
        except (OSError, ValueError) as error:
            return 0, {"error": str(error)}

    def place(self, key):
        """As a client that does not give up; the order's id."""
        body = {"user_id": self.user, "currency": "EUR", "items": [{"sku": "A1", "quantity": 1, "unit_price_cents": PRICE}]}

        def placed():
            status, answer = self.ask("POST", "/v2/orders", body, key)
            return answer["id"] if status == 201 else None
        return wait_for(placed, timeout_s=30, what="an order")

    def sagas(self, state):
        status, answer = self.ask("POST", f"/_ops/saga?secret={SECRET}", {"do": "list", "state": state, "limit": 1000})
        return answer["sagas"] if status == 200 else None


@pytest.fixture
def nats_port(tmp_path):
    port = free_port()
    command = ["nats-server", "-js", "-sd", str(tmp_path / "nats"), "-a", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers():
        try:
            return NatsClient(port)
        except OSError:
            return None
    with wait_for(answers, what="nats-server"):
        yield port
    process.terminate()
    process.wait(10)


def test_orders_end_once_though_their_service_is_killed(tmp_path, nats_port):
    participants = Participants(nats_port)
    service = OrderService(tmp_path, nats_port)
    try:
        with concurrent.futures.ThreadPoolExecutor(10) as clients:
            placing = [clients.submit(service.place, f"k-{i}") for i in range(500)]
            for _ in range(5):
                time.sleep(0.2)
                service.end(signal.SIGKILL)
                service.start()
            orders = {one.result() for one in placing}
        assert len(orders) == 500
        # An event that was delivered to a dead process is delivered again after 30 s.
        wait_for(lambda: service.sagas("running") == [] and service.sagas("compensating") == [], timeout_s=60, what="an end")
        wait_for(lambda: participants.ends.keys() >= orders, what="the events of the ends")
        for order in orders:
            (kind, _), = participants.ends[order]
            is_confirmed = kind == "order.confirmed"
            assert service.ask("GET", f"/v2/orders/{order}")[1]["status"] == kind.removeprefix("order.")
            assert (order in participants.reserved) == is_confirmed
            assert (order in participants.charged - participants.refunded) == is_confirmed
            assert is_confirmed == (participants.refusals[order] is None)
        assert participants.ends.keys() == orders, "no order but those that clients know"
    finally:
        service.end(signal.SIGTERM)
        participants.close()
    assert service.process.returncode == 0
