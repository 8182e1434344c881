"""What breaks comes back, and nothing that was acknowledged is lost."""

import http.client
import json
import os
import signal
import threading
import time

import pytest

from conftest import process_alive, processes_of, wait_for
from metrics_text import parse_metrics
from reference import (CHASSIS_SERVICES, PASSWORD, Shop, assert_problem, document, lasting, order_body, shop)  # noqa: F401


@pytest.fixture
def own_shop(msctl_bin, tmp_path):
    """A cluster for one test, not started yet: own_shop(document)."""
    made = []

    def make(contents=None):
        one = Shop(msctl_bin, tmp_path)
        one.write(contents or document())
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()


def ready_again(shop, *names):
    wait_for(lambda: all(shop.state(name) == "ready" for name in names), 20, f"{names} ready")


def test_order_while_user_service_is_stopped(shop):
    user = shop.sign_up()
    assert shop.run("stop", "user-service").returncode == 0
    try:
        for service, path in (("gateway", "/api/v1/orders"), ("order-service", "/orders")):
            answer = shop.post(path, order_body(user["id"]), service)
            body = assert_problem(answer, 503)
            assert int(answer.headers["Retry-After"]) >= 1
            assert "user-service" in body["detail"]
        answer = shop.get(f"/api/v1/users/{user['id']}")
        assert_problem(answer, 503)
        assert int(answer.headers["Retry-After"]) >= 1
        assert shop.get(f"/api/v1/orders?user_id={user['id']}").status == 200  # the others still answer
        assert shop.get("/health/ready").status == 200
        assert shop.get("/health").json()["checks"]["user-service"]["status"] == "down"
        assert shop.run("health").returncode == 4
    finally:
        assert shop.run("start", "user-service").returncode == 0
    # The gRPC channel may be waiting between two attempts to connect.
    wait_for(lambda: shop.order(user["id"]).status == 201, 10, "an order")
    assert shop.get(f"/api/v1/users/{user['id']}").json() == user


def test_gateway_without_order_service(shop):
    assert shop.run("stop", "order-service").returncode == 0
    try:
        assert_problem(shop.get("/api/v1/orders/x"), 503)
        assert shop.get(f"/api/v1/users/{shop.sign_up()['id']}").status == 200
    finally:
        assert shop.run("start", "order-service").returncode == 0
    assert shop.order(shop.sign_up()["id"]).status == 201


@pytest.mark.parametrize("service", ["user-service", "order-service", "gateway", "nats"])
def test_killed_service_is_recovered_with_its_data(shop, service):
    user = shop.sign_up()
    order = shop.order(user["id"]).json()
    shop.wait_event(order["id"])
    old, new = shop.kill_and_wait(service)
    assert new != old and not process_alive(old)
    ready_again(shop, "nats", *CHASSIS_SERVICES)
    assert shop.get(f"/api/v1/users/{user['id']}").json() == user
    assert lasting(shop.get(f"/api/v1/orders/{order['id']}").json()) == lasting(order)
    assert shop.wait_event(order["id"])
    wait_for(lambda: shop.order(user["id"]).status == 201, 10, "an order")
    assert_problem(shop.post("/api/v1/users", {"email": user["email"], "name": "Ann", "password": PASSWORD}), 409)


class Clients:
    """Threads that place orders until they are stopped; the acknowledged ids and every other outcome are kept."""

    def __init__(self, shop, user_id, count=2):
        self.ids, self.other, self.running = [], [], True
        self.shop, self.user_id = shop, user_id
        self.threads = [threading.Thread(target=self._run) for _ in range(count)]

    def _run(self):
        while self.running:
            try:
                answer = self.shop.order(self.user_id)
            except (OSError, http.client.HTTPException) as problem:
                self.other.append(problem)
                continue
            if answer.status == 201:
                self.ids.append(answer.json()["id"])
            else:
                self.other.append(answer)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *problem):
        self.running = False
        for thread in self.threads:
            thread.join()

    def wait_more(self, count=20):
        target = len(self.ids) + count
        wait_for(lambda: len(self.ids) >= target, 20, "more orders")


def assert_every_event_once(shop, ids):
    shop.wait_events(ids)
    events = [event for _, event in shop.events()]
    assert len({event["id"] for event in events}) == len(events), "an event is stored twice"
    orders = [event["data"]["order_id"] for event in events]
    assert len(set(orders)) == len(orders), "an order has two events"


def test_killed_broker_loses_nothing(shop):
    with Clients(shop, shop.sign_up()["id"]) as clients:
        clients.wait_more()
        for _ in range(2):
            shop.kill_and_wait("nats")
            clients.wait_more()
    assert clients.other == []
    assert_every_event_once(shop, clients.ids)


def test_orders_are_taken_while_the_broker_is_stopped(shop):
    user = shop.sign_up()
    assert shop.run("stop", "nats").returncode == 0
    try:
        ids = [shop.order(user["id"]).json()["id"] for _ in range(5)]
        checks = shop.get("/health", "order-service").json()["checks"]
        assert checks["broker"]["status"] == "down"
    finally:
        assert shop.run("start", "nats").returncode == 0
    assert_every_event_once(shop, ids)


def test_killed_order_service_loses_nothing_acknowledged(shop):
    user = shop.sign_up()
    with Clients(shop, user["id"]) as clients:
        clients.wait_more()
        shop.kill_and_wait("order-service")
        clients.wait_more()
    for each in clients.other:  # what was cut is told, not hidden
        assert_problem(each, each.status)
        assert each.status in (502, 503)
    for order_id in clients.ids:
        assert shop.get(f"/orders/{order_id}", "order-service").status == 200
    assert_every_event_once(shop, clients.ids)


def test_frozen_user_service_ends_in_time(shop):
    user = shop.sign_up()
    pid = shop.ps()["user-service"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        answer = shop.order(user["id"])
        took_s = time.monotonic() - began
    finally:
        os.kill(pid, signal.SIGCONT)
    assert answer.status in (503, 504)
    assert_problem(answer, answer.status)
    assert took_s < 4  # its call has 2 s
    wait_for(lambda: shop.order(user["id"]).status == 201, 10, "an order")


def test_frozen_broker_does_not_hold_up_orders(shop):
    user = shop.sign_up()
    pid = shop.ps()["nats"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        ids = [shop.order(user["id"]).json()["id"] for _ in range(10)]
        took_s = time.monotonic() - began
    finally:
        os.kill(pid, signal.SIGCONT)
    assert took_s < 4
    assert_every_event_once(shop, ids)


def server_has_read(port, client_port):
    """True when the kernel holds nothing any more of what the client sent."""
    with open("/proc/net/tcp") as lines:
        for line in list(lines)[1:]:
            words = line.split()
            if words[1].endswith(f":{port:04X}") and words[2].endswith(f":{client_port:04X}"):
                return int(words[4].partition(":")[2], 16) == 0
    return False


def test_sigterm_finishes_what_was_begun(own_shop):
    contents = document()
    contents["services"]["order-service"]["calls"] = {"user-service": {"timeout_ms": 8000}}
    shop = own_shop(contents)
    shop.up()
    user = shop.sign_up()
    user_pid = shop.ps()["user-service"]["pid"]
    port = shop.ports["order-service"]["http"]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    os.kill(user_pid, signal.SIGSTOP)  # holds the order back
    try:
        connection.request("POST", "/orders", json.dumps(order_body(user["id"])),
                           {"Content-Type": "application/json"})
        client_port = connection.sock.getsockname()[1]
        wait_for(lambda: server_has_read(port, client_port), what="the request to be read")
        stopping = shop.popen("stop", "order-service")
        wait_for(lambda: '"message":"stopping"' in shop.log("order-service"), what="the drain")
        assert stopping.poll() is None
    finally:
        os.kill(user_pid, signal.SIGCONT)
    response = connection.getresponse()
    order = json.loads(response.read())
    assert response.status == 201
    assert response.headers["Connection"] == "close"
    out, err = stopping.communicate(timeout=15)
    assert stopping.returncode == 0, out + err
    assert '"message":"stopped"' in shop.log("order-service")
    connection.close()
    assert shop.run("start", "order-service").returncode == 0
    assert lasting(shop.get(f"/api/v1/orders/{order['id']}").json()) == lasting(order)
    shop.wait_event(order["id"])


def test_down_is_quick_and_clean_and_keeps_the_data(own_shop):
    shop = own_shop()
    shop.up()
    user = shop.sign_up()
    order = shop.order(user["id"]).json()
    pids = [row["pid"] for row in shop.ps().values()]
    idle = shop.connect("gateway")  # a client that stays connected does not hold it up
    done = shop.run("down", timeout=5)
    idle.close()
    assert done.returncode == 0, done.stderr
    assert not any(process_alive(pid) for pid in pids)
    assert processes_of(shop.folder) == []
    assert not shop.socket_path.exists()
    for service in CHASSIS_SERVICES:
        assert shop.log_lines(service)[-1]["message"] == "stopped"
    for service in CHASSIS_SERVICES:
        assert f"{service} stopped: exit code 0\n" in shop.log("supervisor")
    shop.up()
    assert shop.get(f"/api/v1/users/{user['id']}").json() == user
    assert lasting(shop.get(f"/api/v1/orders/{order['id']}").json()) == lasting(order)
    shop.wait_event(order["id"])


def test_an_ordinary_user_s_path_is_enough(own_shop):
    """Debian's nats-server is in /usr/sbin, which is only in root's PATH."""
    shop = own_shop()
    shop.env["PATH"] = "/usr/local/bin:/usr/bin:/bin"
    done = shop.run("up", "-d", "--wait", "--wait-timeout", "10")
    assert done.returncode == 0, done.stdout + done.stderr


def test_requests_go_to_each_instance_in_turn(own_shop):
    """Without held sockets each instance has a port of its own; the gateway finds them in the registry."""
    contents = document()
    contents["services"]["user-service"]["sockets"] = []
    shop = own_shop(contents)
    shop.up()
    user = shop.sign_up()
    assert shop.run("scale", "user-service=3").returncode == 0
    names = ("user-service", "user-service.2", "user-service.3")
    shop.ports = {name: row["ports"] for name, row in shop.ps().items()}
    assert len({shop.ports[name]["http"] for name in names}) == 3

    def served():
        counts = {}
        for name in names:
            samples = parse_metrics(shop.get("/metrics", name).body).get("http_server_requests_total", [])
            counts[name] = sum(value for labels, value in samples if "{id}" in labels["route"])
        return counts

    def read(times):
        return [shop.get(f"/api/v1/users/{user['id']}").status for _ in range(times)]

    wait_for(lambda: read(6) == [200] * 6 and all(served().values()), 20, "an answer of each instance")
    before = served()
    assert read(30) == [200] * 30
    shares = {name: count - before[name] for name, count in served().items()}
    assert sum(shares.values()) == 30 and min(shares.values()) >= 8, shares
    assert shop.run("scale", "user-service=1").returncode == 0
    assert read(10) == [200] * 10
