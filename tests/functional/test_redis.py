"""The reference cluster with Redis Streams in place of NATS: events as a program outside sees them, over kill -9."""

import json
import secrets
import subprocess
import threading

import pytest

from conftest import wait_for
from redis_client import RedisClient
from reference import PLACED, STREAM, Shop, document

REDIS = {"command": ["redis-server", "--bind", "127.0.0.1", "--port", "${port:client}", "--dir", "${dir:data}",
                     "--appendonly", "yes", "--appendfsync", "always", "--save", ""],
         "ports": {"client": 0}, "probes": {"ready": {"exec": ["redis-cli", "-e", "-p", "${port:client}", "ping"]}},
         "restart": {"policy": "always"}}


class RedisShop(Shop):
    def redis(self):
        return RedisClient(self.ports["redis"]["client"])

    def events(self):
        with self.redis() as redis:
            return [({name[7:].lower(): value for name, value in entry.items() if name.startswith("header.")},
                     {**json.loads(entry["body"]), "entry": entry}) for entry in redis.stored(STREAM)
                    if entry["subject"] == PLACED]


@pytest.fixture(scope="module")
def shop(msctl_bin, tmp_path_factory):
    """The running cluster of this module; no NATS is part of it."""
    cluster = document()
    del cluster["services"]["nats"]
    cluster["services"]["redis"] = REDIS
    cluster["broker"] = "redis"
    one = RedisShop(msctl_bin, tmp_path_factory.mktemp("redis-shop"))
    one.write(cluster)
    try:
        one.up()
        yield one
    finally:
        one.close()


def place(shop, user):
    answer = shop.order(user)
    assert answer.status == 201, answer
    return answer.json()["id"]


def broker(shop, msctl_bin, *words):
    """The lines of msctl-broker, which `verify` and `drill` ask."""
    url = f"redis://127.0.0.1:{shop.ports['redis']['client']}"
    done = subprocess.run([msctl_bin.parent / "msctl-broker", "--url", url, *words], capture_output=True, text=True,
                          input="{}", timeout=20, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_service_is_given_the_address_of_redis(shop):
    assert "nats" not in shop.ps()
    config = json.loads(shop.run("config", "--output", "json").stdout)
    assert config["broker"] == "redis" and config["broker_kind"] == "redis", config
    health = shop.get("/health", service="order-service")
    assert health.status == 200, health


def test_an_order_is_an_event_in_the_stream(shop):
    trace_id = secrets.token_hex(16)
    user = shop.sign_up()["id"]
    order = shop.order(user, headers={"traceparent": f"00-{trace_id}-{'1' * 16}-01"}).json()
    headers, event = shop.wait_event(order["id"])
    assert event["specversion"] == "1.0" and event["data"]["order_id"] == order["id"]
    assert event["entry"]["id"] == event["id"]
    assert headers["content-type"].startswith("application/cloudevents+json")
    assert headers["traceparent"].split("-")[1] == trace_id
    with shop.redis() as redis:
        assert redis.ask("HGET", "msctl:streams", STREAM) == "order-service.events.>"
        assert redis.ask("CONFIG", "GET", "appendfsync")[1] == "always"


def test_kill_9_of_redis_under_orders_loses_no_event(shop):
    user = shop.sign_up()["id"]
    before = place(shop, user)
    shop.wait_event(before)
    placed = []
    is_over = threading.Event()

    def client():
        while not is_over.is_set():
            placed.append(place(shop, user))

    threads = [threading.Thread(target=client) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            count = len(placed)
            wait_for(lambda: len(placed) > count + 20, 20, "orders go on")
            shop.kill_and_wait("redis")
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    shop.wait_events([before, *placed])
    events = [event for _, event in shop.events()]
    assert len({event["id"] for event in events}) == len(events), "what was sent again is there once"


def test_orders_are_taken_while_redis_is_away(shop):
    user = shop.sign_up()["id"]
    assert shop.run("stop", "redis").returncode == 0
    try:
        placed = [place(shop, user) for _ in range(5)]
        assert shop.get("/health/ready", service="order-service").status == 200
    finally:
        assert shop.run("start", "redis").returncode == 0
    wait_for(lambda: shop.state("redis") == "ready", 20, "redis is ready")
    shop.wait_events(placed)


def test_what_msctl_asks_the_broker(shop, msctl_bin):
    place(shop, shop.sign_up()["id"])
    wait_for(lambda: shop.events(), 10, "an event")
    assert broker(shop, msctl_bin, "ping") == [{"ok": True}]

    def at_rest():
        """The stream and its messages, when no order is under way."""
        stream, messages = broker(shop, msctl_bin, "stream", STREAM)[0], broker(shop, msctl_bin, "read", STREAM)
        subjects = [one["subject"].removeprefix("order-service.events.order.") for one in messages]
        ended = subjects.count("confirmed") + subjects.count("cancelled")
        return (stream, messages) if ended == subjects.count("placed") and stream["messages"] == len(messages) else None

    stream, messages = wait_for(at_rest, 60, "the end of all orders")
    assert sum(one["subject"] == PLACED for one in messages) == len(shop.events())
    groups = [one["consumer"] for one in broker(shop, msctl_bin, "consumers", STREAM)]
    assert (stream["first_seq"], stream["last_seq"]) == (messages[0]["seq"], messages[-1]["seq"])
    last = messages[-1]
    assert json.loads(last["data"])["id"] == last["id"] and last["subject"].startswith("order-service.events.order.")
    assert broker(shop, msctl_bin, "read", STREAM, "--from-seq", str(last["seq"])) == [last]
    assert last in broker(shop, msctl_bin, "read", STREAM, "--from-time", last["time"])
    assert broker(shop, msctl_bin, "read", STREAM, "--subject", "*.other") == []
    first, second, consumer = broker(shop, msctl_bin, "redeliver", STREAM, "--from-seq", str(last["seq"]))
    assert (first["delivery"], second["delivery"], consumer["lag"]) == (1, 2, 0)
    assert [one["consumer"] for one in broker(shop, msctl_bin, "consumers", STREAM)] == groups, "it leaves nothing behind"
    words = ("publish", "order-service.events.test", "--header", "Nats-Msg-Id:x1")
    assert [broker(shop, msctl_bin, *words)[0]["duplicate"] for _ in range(2)] == [False, True]


def test_verify_and_drill_see_the_events(shop):
    verified = shop.run("verify", "messaging", "outbox", timeout=120)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    drilled = shop.run("drill", "kill", "redis", "--for", "1s", timeout=120)
    assert drilled.returncode == 0, drilled.stdout + drilled.stderr


def test_the_kind_can_be_named_and_is_checked(shop):
    text = (shop.folder / "msctl.yaml").read_text()
    folder = shop.folder / "named"
    folder.mkdir()
    (folder / "msctl.yaml").write_text(text + "\nbroker_kind: kafka\n")
    done = shop.run("config", cwd=folder)
    assert done.returncode != 0 and "broker_kind" in done.stderr and "nats" in done.stderr, done.stderr
