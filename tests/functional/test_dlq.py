"""`msctl dlq` on events that a consumer parked, as chassis/consumer/parked.hpp says, with each of the two brokers."""

import base64
import json
import subprocess
import time

import pytest

from nats_client import NatsClient
from redis_client import RedisClient
from reference import document
from test_gates import idle
from test_redis import REDIS

REASON = "no such user: 'ann'"


class Box:
    """A cluster of a broker and a service that parks, and what lies in its stream."""

    def __init__(self, cluster, kind, broker_program):
        self.cluster = cluster
        self.kind = kind
        self.program = broker_program
        self.port = cluster.ps()["broker"]["ports"]["client"]

    def make_stream(self):
        if self.kind == "nats":
            with NatsClient(self.port) as nats:
                nats.jetstream("STREAM.CREATE.MAILER-PARKED", name="MAILER-PARKED", storage="file",
                               subjects=["mailer.parked.>", "mailer.quarantined.>", "mailer.replay.>"])
        else:
            with RedisClient(self.port) as redis:
                redis.ask("HSET", "msctl:streams", "MAILER-PARKED", "mailer.parked.> mailer.quarantined.> mailer.replay.>")

    def broker(self, *words, body=""):
        done = subprocess.run([self.program, "--url", f"{self.kind}://127.0.0.1:{self.port}", *words], input=body,
                              capture_output=True, text=True, timeout=20, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def park(self, event_id, event="order.placed", reason=REASON, body=None, kind="parked"):
        whole = {"specversion": "1.0", "id": event_id, "source": "/shop", "type": event, "subject": f"of-{event_id}",
                 "data": {"n": event_id}}
        headers = {"Parked-Reason": reason, "Parked-Subject": f"shop.events.{event}", "Parked-Attempts": "5",
                   "Parked-Time": "2026-11-26T10:00:00.000Z", "X-Request-Id": f"r-{event_id}"}
        words = [word for name, value in headers.items() for word in ("--header", f"{name}:{value}")]
        return self.broker("publish", f"mailer.{kind}.{event}", *words,
                           body=json.dumps(whole) if body is None else body)[0]["seq"]

    def park_many(self, count):
        """Past msctl-broker, which would take a process for each."""
        body = json.dumps({"specversion": "1.0", "id": "e", "source": "/shop", "type": "order.placed", "data": {}})
        if self.kind == "nats":
            with NatsClient(self.port) as nats:
                for _ in range(count):
                    nats.request("mailer.parked.order.placed", body.encode())
        else:
            with RedisClient(self.port) as redis:
                for _ in range(count):
                    redis.ask("XADD", "msctl:stream:MAILER-PARKED", "*", "subject", "mailer.parked.order.placed",
                              "id", "", "body", body)

    def stored(self):
        return self.broker("read", "MAILER-PARKED")

    def dlq(self, *words, code=0):
        done = self.cluster.run("dlq", *words)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def listed(self, *words):
        return json.loads(self.dlq("list", *words, "--output", "json").stdout)


@pytest.fixture(params=["nats", "redis"])
def box(request, cluster, msctl_bin):
    one = cluster()
    broker = {**document()["services"]["nats"], "ports": {"client": 0}} if request.param == "nats" else REDIS
    one.write({"broker": "broker", "broker_kind": request.param,
               "services": {"broker": broker, "mailer": idle(one), "other": idle(one)}})
    one.up()
    made = Box(one, request.param, msctl_bin.parent / "msctl-broker")
    assert made.listed() == [], "there is no stream yet"
    assert made.dlq("list").stdout == "no event is parked or quarantined\n"
    made.make_stream()
    return made


def test_what_is_parked_is_listed_and_shown(box):
    first, second = box.park("e1"), box.park("e2", event="user.changed", reason="\x1b[31mred\x07")
    listed = box.listed()
    assert [one["number"] for one in listed] == [first, second]
    assert listed[0] == {"service": "mailer", "number": first, "ref": str(first), "kind": "parked", "event": "order.placed",
                         "id": "e1", "aggregate": "of-e1", "attempts": 5, "parked_at": "2026-11-26T10:00:00.000Z", "from": "shop.events.order.placed",
                         "reason": REASON}
    assert box.listed("mailer") == listed and box.listed("other") == []
    assert [one["id"] for one in box.listed("--event", "user.changed")] == ["e2"]
    table = box.dlq("list").stdout
    assert table.splitlines()[0].split() == ["SERVICE", "NUMBER", "KIND", "EVENT", "AGGREGATE", "ATTEMPTS", "PARKED", "REASON"]
    assert "\x1b" not in table and "\x07" not in table
    whole = json.loads(box.dlq("show", "mailer", first, "--output", "json").stdout)
    assert whole["data"]["data"] == {"n": "e1"} and whole["headers"]["x-request-id"] == "r-e1"
    assert "reason: no such user" in box.dlq("show", "mailer", first).stdout.replace('"', "")


def test_a_program_that_rounds_large_numbers_has_the_text_of_them(box):
    """As jq 1.6 does, and JavaScript: numbers of Redis are beyond 2^53."""
    box.park("e1")
    one, = json.loads(box.dlq("list", "--output", "json").stdout, parse_int=float)
    assert one["attempts"] == 5 and (box.kind == "nats" or int(one["ref"]) > 2**53)
    assert json.loads(box.dlq("show", "mailer", one["ref"], "--output", "json").stdout)["id"] == "e1"
    box.dlq("replay", "mailer", one["ref"])
    assert box.listed() == []


def test_what_is_no_event_is_shown_all_the_same(box):
    number = box.park("e1", body="not json {")
    assert json.loads(box.dlq("show", "mailer", number, "--output", "json").stdout)["data"] == "not json {"
    assert box.listed()[0]["aggregate"] == ""


def test_bytes_are_replayed_as_they_were(box):
    """What is no text must not become an empty event, whose original is then gone."""
    raw = b"\xff\x00\xfebin"
    subprocess.run([box.program, "--url", f"{box.kind}://127.0.0.1:{box.port}", "publish", "mailer.parked.raw"],
                   input=raw, stdout=subprocess.DEVNULL, timeout=20, check=True)
    number = box.listed()[0]["number"]
    shown = json.loads(box.dlq("show", "mailer", number, "--output", "json").stdout)
    assert base64.b64decode(shown["data_base64"]) == raw and "data" not in shown
    box.dlq("replay", "mailer", number)
    assert [(one["subject"], base64.b64decode(one["data_base64"])) for one in box.stored()] == [("mailer.replay.raw", raw)]


def test_a_thousand_is_done_over_one_connection(box):
    box.park_many(1000)
    begin = time.monotonic()
    assert "1000 events given" in box.dlq("replay", "mailer", "--all").stdout
    took = time.monotonic() - begin
    assert took < 6, f"{took:.1f} s; a process for each event takes 15 s"
    assert box.listed() == []
    assert [one["subject"] for one in box.stored()] == ["mailer.replay.order.placed"] * 1000


def test_what_fails_half_way_says_how_far_it_came(box):
    box.park("e1")
    lines = (json.dumps({"seq": box.listed()[0]["number"]}) + "\n") * 2
    done = subprocess.run([box.program, "--url", f"{box.kind}://127.0.0.1:{box.port}", "settle", "MAILER-PARKED"],
                          input=lines, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1 and "there is no such message; 1 message before it was done" in done.stderr
    assert len(done.stdout.splitlines()) == 1 and box.listed() == []


def test_a_replayed_event_goes_to_that_service_alone_and_is_gone(box):
    numbers = [box.park(f"e{i}") for i in range(3)]
    done = box.dlq("replay", "mailer", numbers[1])
    assert "1 event given to mailer again" in done.stdout
    assert [one["number"] for one in box.listed()] == [numbers[0], numbers[2]]
    replayed = [one for one in box.stored() if one["subject"].startswith("mailer.replay.")]
    assert [one["subject"] for one in replayed] == ["mailer.replay.order.placed"]
    headers = {name.lower(): value for name, value in replayed[0]["headers"].items()}
    assert headers["x-request-id"] == "r-e1" and headers["parked-subject"] == "shop.events.order.placed"
    assert headers["parked-replay"] and "parked-reason" not in headers
    assert json.loads(replayed[0]["data"])["id"] == "e1"
    assert "2 events given to mailer again" in box.dlq("replay", "mailer", "--all").stdout
    assert box.listed() == []


def test_only_those_of_one_event_are_replayed(box):
    box.park("e1")
    kept = box.park("e2", event="user.changed")
    box.dlq("replay", "mailer", "--event", "order.placed")
    assert [one["number"] for one in box.listed()] == [kept]


def test_quarantined_events_are_told_apart(box):
    parked, quarantined = box.park("e1"), box.park("e2", kind="quarantined", reason="version 2 is not known here")
    last = box.park("e3")
    assert [(one["number"], one["kind"]) for one in box.listed()] == [
        (parked, "parked"), (quarantined, "quarantined"), (last, "parked")], "in the order in which they came"
    assert [one["number"] for one in box.listed("--quarantined")] == [quarantined]
    assert box.dlq("list", "--quarantined").stdout.splitlines()[1].split()[2] == "quarantined"
    assert 'kind: "quarantined"' in box.dlq("show", "mailer", quarantined).stdout
    assert "1 event given" in box.dlq("replay", "mailer", "--quarantined").stdout
    assert [one["number"] for one in box.listed()] == [parked, last]
    assert box.dlq("list", "--quarantined").stdout == "no event is quarantined\n"
    replayed = [one for one in box.stored() if ".replay." in one["subject"]]
    assert [json.loads(one["data"])["id"] for one in replayed] == ["e2"]
    assert "--yes" in box.dlq("drop", "mailer", "--quarantined", code=2).stderr


def test_dropping(box):
    first, second = box.park("e1"), box.park("e2")
    assert "--yes" in box.dlq("drop", "mailer", "--all", code=2).stderr
    assert len(box.listed()) == 2
    assert "1 event of mailer dropped" in box.dlq("drop", "mailer", first).stdout
    assert [one["number"] for one in box.listed()] == [second]
    box.dlq("drop", "mailer", "--all", "--yes")
    assert box.listed() == [] and box.stored() == []


def test_mistakes_have_a_next_step(box):
    box.park("e1")
    for words, code, hint in [
        (("show", "mailer"), 2, "name its number"),
        (("replay", "mailer"), 2, "--event TYPE, --quarantined or --all"),
        (("replay", "1"), 2, "name one service"),
        (("replay", "mailer", "other", "1"), 2, "name one service"),
        (("replay", "mailr", "1"), 2, 'did you mean "mailer"?'),
        (("replay", "mailer", "999999"), 2, "has no parked event 999999"),
        (("replay", "mailer", "1", "--all"), 2, "exclude each other"),
        (("list", "1"), 2, "takes services"),
        (("empty",), 2, "list"),
    ]:
        done = box.cluster.run("dlq", *words)
        assert done.returncode == code and hint in done.stderr, (words, done)
        assert done.stderr.count("\n") <= 2, done.stderr
    assert len(box.listed()) == 1
    box.cluster.run("stop", "broker")
    assert "the broker:" in box.dlq("list", code=1).stderr
