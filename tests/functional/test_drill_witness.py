"""What a drill says of events, beside what was done to the outbox and to the stream behind its back, and of requests
that a fault catches under way."""

import sqlite3

import pytest

from conftest import PYTHON
from reference import shop  # noqa: F401  a fixture
from test_drill import drill, nothing_is_left, small


@pytest.mark.parametrize("harm, condition", [("lost", "NEW.id % 10 = 0"), ("stuck", "NEW.id > %d")])
def test_orders_without_their_event(shop, harm, condition):  # noqa: F811
    """One that was passed over is lost; the last ones of all may still come."""
    with sqlite3.connect(shop.folder / ".msctl" / "data" / "order-service" / "order-service.db") as database:
        last = database.execute("SELECT coalesce(max(id), 0) FROM outbox_event").fetchone()[0]
        when = condition % (last + 25) if "%d" in condition else condition
        database.execute(f"CREATE TRIGGER swallow AFTER INSERT ON outbox_queue WHEN {when} "
                         "BEGIN DELETE FROM outbox_queue WHERE id = NEW.id; END")
        database.commit()
        try:
            report = drill(shop, "kill", "nats", code=8)
        finally:
            database.execute("DROP TRIGGER swallow")
    assert report[harm] >= 3, report["findings"]
    assert "has no event" in report["findings"][0]["sentence"]
    other = {"lost": "stuck", "stuck": "lost"}[harm]
    assert report[other] <= 2, report["findings"]  # the very last ones, or those under way at once
    nothing_is_left(shop)


def test_what_the_stream_tells(shop):  # noqa: F811
    """Some orders have two events, and a consumer takes none."""
    where = "ORDER-SERVICE.lazy"
    config = {"durable_name": "lazy", "ack_policy": "explicit", "deliver_policy": "new"}
    with shop.nats() as nats, sqlite3.connect(
            shop.folder / ".msctl" / "data" / "order-service" / "order-service.db") as database:
        nats.jetstream(f"CONSUMER.DURABLE.CREATE.{where}", stream_name="ORDER-SERVICE", config=config)
        rest = "NEW.aggregate, NEW.subject, NEW.traceparent, NEW.tracestate, NEW.request_id"
        database.execute(
            "CREATE TRIGGER again AFTER INSERT ON outbox_event WHEN NEW.subject LIKE '%order.placed' "
            "AND substr(NEW.aggregate, -1) IN ('0', '1', '2') AND NEW.event_id NOT LIKE '%-again' BEGIN "
            "INSERT INTO outbox_event "
            "(event_id, aggregate, subject, traceparent, tracestate, request_id, body, created_at) "
            f"VALUES (NEW.event_id || '-again', {rest}, "
            "replace(NEW.body, NEW.event_id, NEW.event_id || '-again'), NEW.created_at); "
            "INSERT INTO outbox_queue (id, aggregate) VALUES (last_insert_rowid(), NEW.aggregate); END")
        database.commit()
        try:
            report = drill(shop, "kill", "user-service", code=8)
        finally:
            database.execute("DROP TRIGGER again")
            nats.jetstream(f"CONSUMER.DELETE.{where}")
    assert report["twice"] >= 3 and report["lost"] == 0, report["findings"]
    assert report["stuck"] == 1 and "consumer lazy is" in report["findings"][-1]["sentence"]
    nothing_is_left(shop)


def test_a_cluster_that_sells_nothing_is_told_of_scenarios(cluster):
    c = cluster()
    c.write({"services": {"web": {"command": [PYTHON, "-m", "http.server", "${port:http}", "--bind", "127.0.0.1"],
                                  "ports": {"http": 0}, "gateway": True, "probes": {"ready": {"http": "/"}}}}})
    c.up()
    done = c.run("drill", "kill", "web", timeout=60)
    assert done.returncode == 1 and "--under FILE" in done.stderr, done.stderr
    file = c.folder / "unnamed.yaml"
    file.write_text("target: web\nload: {rate: 20, duration: 1s}\nsteps: [{get: /}]\n")
    done = c.run("drill", "kill", "web", "--under", file, timeout=60)
    assert "load: 20 of scenario unnamed a second" in done.stderr, done.stderr  # by its file


def test_what_a_fault_catches_under_way_counts_as_refused_by_it(cluster):
    c = small(cluster, "slow")
    report = drill(c, "kill", "shop", "--max-refused", 0, code=6)
    one = report["faults"][0]
    assert one["before"]["refused"] == 0 and one["refused"] == report["refused"] >= 10, one
    assert one["before"]["sent"] == one["before"]["acknowledged"] and one["during"]["refused"] == one["refused"]
