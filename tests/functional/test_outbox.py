"""The outbox on the running cluster: `msctl outbox`, and a broker that refuses, comes back empty or loses an instance."""

import json
import os
import shutil
import signal

import pytest

from conftest import wait_for
from reference import PLACED, STREAM, Shop, document, order_body, shop  # noqa: F401


def status(shop, *words):
    done = shop.run("outbox", "status", *words, "--output", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def of_orders(shop):
    return next(one for one in status(shop) if one["service"] == "order-service")


def replay(shop, *words):
    done = shop.run("outbox", "replay", "order-service", *words, "--output", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["rows"]


def place(shop, count=1):
    """Ids of new orders whose events are in the stream."""
    user = shop.sign_up()
    orders = [shop.order(user["id"]).json()["id"] for _ in range(count)]
    for order in orders:
        shop.wait_event(order)
    return orders


def wait_rest(shop, order):
    """Until the order has gone its way and nothing of it waits any more."""
    shop.wait_over(order)
    wait_for(lambda: of_orders(shop)["unsent"] == 0, 10, "its last event")


def gauge(shop, name):
    lines = shop.ask("order-service", "GET", "/metrics").body.splitlines()
    found = [line for line in lines if line.startswith(name + " ")]
    return float(found[0].split(" ")[1]) if found else None


def test_status_tells_what_waits_and_what_went_out(shop):
    wait_rest(shop, *place(shop))
    told = status(shop)
    assert [one["service"] for one in told] == ["catalog-service", "order-service", "payment-service"], "who publish"
    one = told[1]
    assert one["parked"] == 0 and one["parked_events"] == [] and one["oldest_unsent_age_s"] is None
    assert one["last_sent_at"] and one["relay"].startswith("order-service") and one["last_sequence"] >= 1
    done = shop.run("outbox", "status")
    assert done.stdout.split("\n")[0].split() == ["SERVICE", "UNSENT", "OLDEST", "PARKED", "LAST", "SENT"]
    assert done.stdout.split("\n")[2].split()[:2] == ["order-service", "0"]


def test_a_broker_that_is_away_shows_in_the_status(shop):
    user = shop.sign_up()
    assert shop.run("stop", "nats").returncode == 0
    try:
        order = shop.order(user["id"]).json()["id"]
        wait_for(lambda: (of_orders(shop)["oldest_unsent_age_s"] or 0) > 1, 10, "an age")
        assert status(shop, "order-service")[0]["unsent"] == 1
        wait_for(lambda: gauge(shop, "outbox_unsent") == 1, 15, "the gauge")
    finally:
        assert shop.run("start", "nats").returncode == 0
    shop.wait_event(order, timeout_s=20)
    wait_for(lambda: gauge(shop, "outbox_unsent") == 0, 15, "the gauge")


def test_a_broker_that_comes_back_empty_gets_all_events_again_in_order(shop):
    orders = place(shop, 5)
    before = [event for _, event in shop.events()]
    assert shop.run("stop", "nats").returncode == 0
    shutil.rmtree(shop.folder / ".msctl/data/nats")
    assert shop.run("start", "nats").returncode == 0

    def events():
        try:
            return [event for _, event in shop.events()]
        except LookupError:
            return []

    wait_for(lambda: len(events()) >= len(before), 30, "the events")
    assert sorted(event["id"] for event in events()) == sorted(event["id"] for event in before)
    assert gauge(shop, "outbox_resent_total") >= len(orders)
    assert "the broker has lost events of this service's stream" in shop.log("order-service")
    place(shop)


def test_replay_sends_again_with_the_events_own_id(shop):
    order, = place(shop)
    (_, event), = shop.events_of(order)
    assert replay(shop, "--event", event["id"]) == 1
    wait_for(lambda: len(shop.events_of(order)) == 2, 10, "the second copy")
    (first, one), (second, two) = shop.events_of(order)
    assert one == two
    assert first["nats-msg-id"] == event["id"] and second["nats-msg-id"] == event["id"] + "~1"
    assert replay(shop, "--since", "2999-01-01T00:00:00Z") == 0
    assert replay(shop, "--since", "1h") >= 1
    wait_for(lambda: of_orders(shop)["unsent"] == 0, 10, "the end of the replay")
    assert replay(shop, "--all") >= 1
    done = shop.run("outbox", "replay", "order-service", "--parked")
    assert (done.returncode, done.stdout) == (0, "order-service: nothing to send again\n")


@pytest.mark.parametrize("words, said", [
    (["replay", "order-service"], "replay what?"),
    (["replay", "order-service", "--all", "--parked"], "replay what?"),
    (["replay", "--all"], "name one service"),
    (["replay", "order-service", "--since", "soon"], "soon"),
    (["replay", "order-service", "--event", "nobody"], "no event of this id"),
    (["replay", "order-servise", "--all"], "order-service"),
    (["drop", "order-service"], "drop which one?"),
    (["drop", "order-service", "--event", "nobody"], "no parked event has the id nobody"),
    (["status", "user-service"], "user-service has no outbox"),
    (["status", "--all"], "status takes no choice"),
])
def test_what_cannot_be_done_says_why(shop, words, said):
    done = shop.run("outbox", *words)
    assert done.returncode == 2 and said in done.stderr and done.stdout == "", (done.stdout, done.stderr)


def test_a_service_that_does_not_run_hides_no_other(shop):
    assert shop.run("stop", "payment-service").returncode == 0
    try:
        done = shop.run("outbox", "status", "--output", "json")
        assert done.returncode == 1 and "payment-service does not run; start it with" in done.stderr, done.stderr
        assert [one["service"] for one in json.loads(done.stdout)] == ["catalog-service", "order-service"]
        table = shop.run("outbox", "status", "order-service", "payment-service")
        assert table.returncode == 1 and table.stdout.splitlines()[1].startswith("order-service"), table.stdout
        assert shop.run("outbox", "status", "payment-service").stdout == ""
    finally:
        assert shop.run("start", "payment-service").returncode == 0


def test_the_door_is_closed_without_the_secret(shop):
    for headers in ({}, {"Authorization": "Bearer 0123456789abcdef"}):
        assert shop.ask("order-service", "GET", "/_ops/outbox", headers=headers).status == 403
    secret = json.loads((shop.folder / ".msctl/run/gateway.json").read_text())["provider_states"]["secret"]
    answer = shop.get("/_ops/outbox", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status == 404 and "gateway has no operation" in answer.json()["detail"], "it does not lead further"


def test_what_the_broker_never_takes_is_parked_and_can_be_sent_later(shop):
    wait_rest(shop, *place(shop))
    user = shop.sign_up()
    with shop.nats() as nats:
        config = nats.jetstream(f"STREAM.INFO.{STREAM}")["config"]
        nats.jetstream(f"STREAM.UPDATE.{STREAM}", **{**config, "max_msg_size": 10})
        order = shop.order(user["id"]).json()["id"]
        wait_for(lambda: of_orders(shop)["parked"] == 1, 30, "the parking")
        parked, = of_orders(shop)["parked_events"]
        assert parked["aggregate"] == order and parked["attempts"] == 5 and parked["subject"] == PLACED
        assert "size" in parked["reason"]
        assert parked["id"] in shop.run("outbox", "status").stdout
        assert "an event was parked" in shop.log("order-service")
        nats.jetstream(f"STREAM.UPDATE.{STREAM}", **config)
    assert not shop.events_of(order)
    assert replay(shop, "--parked") == 1
    _, event = shop.wait_event(order)
    assert event["id"] == parked["id"]
    assert of_orders(shop)["parked"] == 0


def test_another_instance_takes_over_from_one_that_hangs(msctl_bin, tmp_path_factory):
    pair = Shop(msctl_bin, tmp_path_factory.mktemp("pair"))
    cluster = document()
    cluster["services"]["order-service"]["replicas"] = 2
    pair.write(cluster)
    try:
        pair.up()
        user = pair.sign_up()
        first = pair.order(user["id"]).json()["id"]
        pair.wait_event(first)
        wait_rest(pair, first)
        holder = of_orders(pair)["relay"].split("/")[0]
        other, = {"order-service", "order-service.2"} - {holder}
        hung = pair.ps()[holder]["pid"]
        os.kill(hung, signal.SIGSTOP)
        orders = []
        for _ in range(3):
            answer = pair.ask(other, "POST", "/v1/orders", order_body(user["id"]))
            assert answer.status == 201, answer
            orders.append(answer.json()["id"])
        for order in orders:
            pair.wait_event(order, timeout_s=20)
        assert f"before\":\"{holder}/" in pair.log(other).replace('": "', '":"')
        os.kill(hung, signal.SIGCONT)
        late = pair.ask(other, "POST", "/v1/orders", order_body(user["id"])).json()["id"]
        pair.wait_event(late)
    finally:
        pair.close()
