"""A consumer on the chassis before and after an upgrade, with each of the two brokers: what it can read it handles, what
its schema refuses it parks, and what is newer than it is quarantined and handled after the upgrade.

The consumer is tests/reader, which knows version 1 of thing.made, or 1 and 2. Its publisher is this test.
"""

import http.client
import json
import os
import signal
import threading

import pytest

from conftest import wait_for
from nats_client import NatsClient
from redis_client import RedisClient
from reference import document
from programs import idle
from test_redis import REDIS

OLD, NEW = {"name": "a", "size_mm": 5}, {"name": "b", "size": {"value": 6, "unit": "inch"}}


class Reader:
    def __init__(self, cluster, kind, bin_folder):
        self.cluster, self.kind, self.bin = cluster, kind, bin_folder

    def run(self, release):
        """`up` with the program of that release; what ran before is replaced."""
        broker = {**document()["services"]["nats"], "ports": {"client": 0}} if self.kind == "nats" else REDIS
        self.cluster.write({
            "broker": "broker", "broker_kind": self.kind,
            "services": {"broker": broker, "maker": {**idle(self.cluster), "publishes": ["thing.made"]},
                         "reader": {"command": [str(self.bin / f"event-reader-{release}")], "ports": {"http": 0},
                                    "consumes": ["thing.made"], "probes": {"ready": {"http": "/health/ready"}},
                                    "restart": {"policy": "always"}}}})
        self.cluster.up()
        ports = {name: one["ports"] for name, one in self.cluster.ps().items()}
        self.broker_port, self.http_port = ports["broker"]["client"], ports["reader"]["http"]

    def make_stream(self):
        if self.kind == "nats":
            with NatsClient(self.broker_port) as nats:
                nats.jetstream("STREAM.CREATE.MAKER", name="MAKER", storage="file", subjects=["maker.events.>"])
        else:
            with RedisClient(self.broker_port) as redis:
                redis.ask("HSET", "msctl:streams", "MAKER", "maker.events.>")

    def publish(self, event_id, version, data):
        self.publish_all([(event_id, version, data)])

    def publish_all(self, events):
        """(id, version or None, data) of each, all of one aggregate."""
        subject = "maker.events.thing.made"
        with (NatsClient if self.kind == "nats" else RedisClient)(self.broker_port) as client:
            for event_id, version, data in events:
                event = {"specversion": "1.0", "id": event_id, "source": "/maker", "type": "thing.made",
                         "subject": "t1", "time": "2026-11-27T00:00:00.000Z", "data": data}
                if version:
                    event["dataschema"] = f"urn:msctl:event:thing.made:{version}"
                body = json.dumps(event)
                if self.kind == "nats":
                    assert "seq" in json.loads(client.request(subject, body.encode()))
                else:
                    client.ask("XADD", "msctl:stream:MAKER", "*", "subject", subject, "id", event_id, "body", body)

    def heard(self):
        """What the handler was given: id to version of the schema and data."""
        whole = self.cluster.log("reader").rpartition("\n")[0]  # the last line may still be written
        lines = [json.loads(line) for line in whole.splitlines() if '"heard"' in line]
        return {line["id"]: (int(line["schema"].rpartition(":")[2]), line["data"]) for line in lines}

    def letters(self, *words):
        done = self.cluster.run("dlq", "list", *words, "--output", "json")
        assert done.returncode == 0, done.stderr
        return {one["id"]: one for one in json.loads(done.stdout)}

    def metrics(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=10)
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()


@pytest.fixture(params=["nats", "redis"])
def reader(request, cluster, msctl_bin):
    one = Reader(cluster(), request.param, msctl_bin.parent)
    one.run("old")
    one.make_stream()
    return one


def test_an_upgrade_reads_what_was_quarantined(reader):
    reader.publish("e1", 1, OLD)
    reader.publish("e2", 2, NEW)
    reader.publish("e3", 1, {"name": "", "size_mm": -1})
    reader.publish("e4", None, OLD)
    reader.publish("e5", 1, OLD)  # all of one aggregate
    wait_for(lambda: len(reader.heard()) == 3 and len(reader.letters()) == 2, 20, "five events, each at its place")
    assert reader.heard() == {"e1": (1, OLD), "e4": (1, OLD), "e5": (1, OLD)}
    letters = reader.letters()
    assert letters["e2"]["kind"] == "quarantined" and letters["e3"]["kind"] == "parked", letters
    assert letters["e2"]["reason"] == "version 2 of thing.made is not known here; the newest that is, is version 1"
    assert "name must have at least 1 characters; size_mm must be at least 0" in letters["e3"]["reason"]
    assert letters["e2"]["from"] == "maker.events.thing.made" and letters["e2"]["attempts"] == 1
    assert list(reader.letters("--quarantined")) == ["e2"]
    assert 'consumer_quarantined_total{event="thing.made"} 1' in reader.metrics()
    assert 'outcome="failed"' not in reader.metrics()

    again = reader.cluster.run("dlq", "replay", "reader", "--quarantined")  # too early
    assert again.returncode == 0, again.stderr
    wait_for(lambda: 'consumer_quarantined_total{event="thing.made replayed"} 1' in reader.metrics(), 20, "the replay")
    wait_for(lambda: "e2" in reader.letters("--quarantined"), 10, "it to be back")

    reader.run("new")
    reader.publish("e6", 1, OLD)
    assert reader.cluster.run("dlq", "replay", "reader", "--quarantined").returncode == 0
    wait_for(lambda: {"e2", "e6"} <= set(reader.heard()), 20, "what was quarantined")
    assert reader.heard()["e2"] == (2, NEW)
    assert reader.heard()["e6"] == (2, {"name": "a", "size": {"value": 5, "unit": "mm"}}), "brought up to version 2"
    assert list(reader.letters()) == ["e3"], "what was refused stays parked"


def test_a_killed_consumer_loses_none_of_them(reader):
    """Every event is at its place afterwards, whichever moment it was killed at; some may be there twice."""
    events = [(f"e{i}", 1 + i % 2, NEW if i % 2 else OLD) for i in range(600)]
    publisher = threading.Thread(target=reader.publish_all, args=(events,))
    publisher.start()
    for _ in range(3):
        seen = len(reader.heard())
        pid = reader.cluster.ps()["reader"]["pid"]
        wait_for(lambda: len(reader.heard()) > seen or not publisher.is_alive(), 20, "the next to be heard")
        os.kill(pid, signal.SIGKILL)  # with others in flight, which come again after 30 s
        wait_for(lambda: reader.cluster.ps()["reader"]["pid"] not in (None, pid), 20, "the next process")
    publisher.join()
    readable = {name for name, version, _ in events if version == 1}
    newer = {name for name, version, _ in events if version == 2}
    wait_for(lambda: set(reader.heard()) == readable, 60, "all that it can read")
    wait_for(lambda: set(reader.letters("--quarantined")) == newer, 60, "all others in quarantine")
    assert set(reader.letters()) == newer, "none is parked"
    reader.run("new")
    assert reader.cluster.run("dlq", "replay", "reader", "--quarantined").returncode == 0
    wait_for(lambda: set(reader.heard()) == readable | newer, 60, "all of them")
    assert reader.letters() == {}
