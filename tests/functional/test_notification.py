"""notification-service as a program with a real broker: each order is told once, whatever comes twice, in whatever order,
and whoever is killed; what it hands over is read by Python's own mail parser. The events are published by the test."""

import email
import email.policy
import json
import os
import random
import re
import time

import pytest

from conftest import ROOT, wait_for
from metrics_text import parse_metrics
from programs import IDLE
from reference import Shop, document
from test_openapi import mistakes

NAME = "notification-service"
EVENTS = ("order.confirmed", "order.cancelled")
POSTGRES = {"command": ["${dir:bin}/msctl-postgres", "serve", "${dir:data}", "${port:client}", "${dir:state}/postgres"],
            "ports": {"client": 0}, "probes": {"ready": {"tcp": "client"}}, "restart": {"policy": "always"}}


class Mailbox(Shop):
    """A broker, notification-service, and the name of order-service, whose events the tests publish."""

    published = 0

    def start(self, database):
        services = {"nats": document()["services"]["nats"],
                    "order-service": {"command": self.script("idle.py", IDLE), "publishes": list(EVENTS)},
                    NAME: {"path": str(ROOT / "services" / "notification"), "ports": {"http": 0, "grpc": 0},
                           "database": database}}
        cluster = {"version": 1, "name": "mail", "broker": "nats", "services": services}
        if database == "postgres":
            services["postgres"] = POSTGRES
            cluster["postgres"] = "postgres"
        self.write(cluster)
        self.up()
        with self.nats() as nats:
            nats.jetstream("STREAM.CREATE.ORDER-SERVICE", name="ORDER-SERVICE", storage="file",
                           subjects=["order-service.events.>"])

    def publish(self, events):
        """One message an event; the broker is given no id by which it could drop a repetition."""
        with self.nats() as nats:
            for event in events:
                answer = nats.request(f"order-service.events.{event['type']}", json.dumps(event).encode())
                assert json.loads(answer)["stream"] == "ORDER-SERVICE", answer
                self.published += 1

    def mails(self, **query):
        """Every mail of all pages, newest first."""
        found, token = [], ""
        while True:
            words = "&".join(f"{name}={value}" for name, value in {**query, "page_size": 100, "page_token": token}.items() if value)
            answer = self.get(f"/v1/mailbox?{words}", service=NAME)
            assert answer.status == 200, answer
            page = answer.json()
            found += page["mails"]
            token = page["next_page_token"]
            if not token:
                return found

    def of_orders(self, prefix):
        return [mail for mail in self.mails() if mail["order_id"].startswith(prefix)]

    @property
    def spool(self):
        return self.folder / ".msctl" / "data" / NAME / "mail" / "new"

    def spooled(self):
        """The messages that lie in the spool, by file name."""
        return {path.name: email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                for path in self.spool.iterdir()}

    def counted(self, outcome):
        """Events of which this process says so: `done` are all that it is through with, `repeated` those it knew."""
        text = self.get("/metrics", service=NAME).body  # empty before anything was counted
        counts = parse_metrics(text).get("consumer_events_total", []) if text else []
        return sum(value for labels, value in counts if labels["outcome"] == outcome)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def box(request, msctl_bin, tmp_path_factory):
    one = Mailbox(msctl_bin, tmp_path_factory.mktemp("mail on " + request.param))
    try:
        one.start(request.param)
        yield one
    finally:
        one.close()


def text_of(message):
    return message.get_content().replace("\r\n", "\n")


def event(order, kind="order.confirmed", language="en", **data):
    """As order-service publishes it; the id is the same each time."""
    data = {"order_id": order, "user_id": "ann", "currency": "EUR", "total_cents": 123450, "language": language, **data}
    if kind == "order.cancelled":
        data.setdefault("reason", "sold_out")
    return {"specversion": "1.0", "id": f"{kind} of {order}", "source": "/order-service", "type": kind, "subject": order,
            "time": "2026-11-27T04:38:26.123Z", "datacontenttype": "application/json",
            "dataschema": f"urn:msctl:event:{kind}:1", "data": data}


def doubled_and_shuffled(prefix, count):
    """Two of each, in no order; every other order is cancelled."""
    events = [event(f"{prefix}-{number}", EVENTS[number % 2]) for number in range(count)] * 2
    random.Random(prefix).shuffle(events)
    return events


def expect_one_each(box, prefix, count):
    """One row an order, and one file a row, under its Message-ID."""
    # What a killed process had in its hands comes again after 30 s.
    wait_for(lambda: len(box.of_orders(prefix)) >= count, 90, f"{count} mails")
    wait_for(lambda: all(mail["delivered_at"] for mail in box.of_orders(prefix)), 60, "all mails handed over")
    mails = box.of_orders(prefix)
    assert sorted(mail["order_id"] for mail in mails) == sorted(f"{prefix}-{number}" for number in range(count))
    spooled = box.spooled()
    for mail in mails:
        message = spooled[mail["message_id"]]
        assert message["Message-ID"] == f"<{mail['message_id']}>"
        assert message["Subject"] == mail["subject"]
        assert text_of(message) == mail["body"]
    of_prefix = [message for message in spooled.values() if f"{prefix}-" in message["Subject"]]
    assert len(of_prefix) == count


def test_doubled_and_shuffled_events_are_told_once(box):
    before = box.counted("done")
    events = doubled_and_shuffled("twice", 150)
    box.publish(events)
    expect_one_each(box, "twice", 150)
    wait_for(lambda: box.counted("done") == before + 300, 20, "every event handled")
    assert box.counted("repeated") == 150
    box.publish(events)  # all of it once more, later
    wait_for(lambda: box.counted("done") == before + 600, 20, "every repetition passed over")
    assert box.counted("repeated") == 450
    expect_one_each(box, "twice", 150)


def test_killed_in_between_each_is_told_once(box):
    events = doubled_and_shuffled("killed", 150)
    for number in range(5):
        box.publish(events[number * 60:(number + 1) * 60])
        if number % 2:
            time.sleep(0.05)  # some while it handles them, some at once
        box.kill_and_wait(NAME)
    expect_one_each(box, "killed", 150)


def test_killed_after_the_hand_over_it_sends_the_same_message_again(box):
    """The process dies as soon as the first of many files is there: of those in its hands nothing is written down."""
    spool = box.spool
    aside = spool.with_name("aside")
    wait_for(spool.is_dir, 10, "the spool")
    spool.rename(aside)
    spool.write_text("no folder")
    try:
        box.publish([event(f"again-{number}") for number in range(300)])
        wait_for(lambda: len(box.of_orders("again")) == 300, 20, "the mails")
        wait_for(lambda: box.get("/health/ready", service=NAME).json()["status"] == "degraded", 10, "the spool missed")
        pid = box.ps()[NAME]["pid"]
        mails = box.of_orders("again")
    finally:
        spool.unlink()
        aside.rename(spool)
    known = {mail["message_id"] for mail in mails}
    assert all(not mail["delivered_at"] for mail in mails)

    def first_ones():
        return {path.name: path.stat().st_ino for path in spool.iterdir() if path.name in known}

    until = time.monotonic() + 30
    while not first_ones() and time.monotonic() < until:
        pass  # a pause might be longer than the whole batch takes
    os.kill(pid, 9)
    handed_over = first_ones()
    wait_for(lambda: box.ps()[NAME]["pid"] not in (pid, None) and box.state(NAME) == "ready", 20, "it is back")
    unmarked = {mail["message_id"] for mail in box.of_orders("again") if not mail["delivered_at"]} & handed_over.keys()
    assert unmarked, "it was killed too late to see anything"
    expect_one_each(box, "again", 300)
    after = first_ones()
    assert after.keys() == known
    assert all(after[name] != handed_over[name] for name in unmarked), "written anew, under the same name"


def test_languages_and_currencies(box):
    box.publish([event("lang-1", language="de-AT"), event("lang-2", language="tlh"),
                 event("lang-3", "order.cancelled", "de", reason="cancelled_by_user", currency="JPY"),
                 event("lang-4", currency="BHD")])
    wait_for(lambda: len(box.of_orders("lang")) == 4, 10, "four mails")
    wait_for(lambda: all(mail["delivered_at"] for mail in box.of_orders("lang")), 10, "four mails handed over")
    spooled = box.spooled()
    mails = {mail["order_id"]: (mail, spooled[mail["message_id"]]) for mail in box.of_orders("lang")}
    german, message = mails["lang-1"]
    assert german["language"] == "de" and message["Content-Language"] == "de"
    assert message["Subject"] == "Ihre Bestellung lang-1 ist bestätigt"
    assert "über 1.234,50 EUR ist bezahlt" in message.get_content()
    assert mails["lang-2"][0]["language"] == "en" and "EUR 1,234.50 is paid" in mails["lang-2"][1].get_content()
    assert "wie gewünscht ist Ihre Bestellung lang-3 über 123.450 JPY storniert" in mails["lang-3"][1].get_content()
    assert "BHD 123.450 is paid" in mails["lang-4"][1].get_content()


def test_nothing_in_an_event_adds_a_header(box):
    hostile = "hdr-1\r\nBcc: all@example.com\r\n\r\n<b>Hello</b>"
    box.publish([event(hostile, user_id="ann@x>\r\nCc: all@example.com")])
    mail = wait_for(lambda: [one for one in box.of_orders("hdr") if one["delivered_at"]], 10, "the mail")[0]
    message = box.spooled()[mail["message_id"]]
    assert sorted(message.keys()) == sorted(["Date", "From", "To", "Message-ID", "Subject", "Auto-Submitted", "MIME-Version",
                                             "Content-Type", "Content-Language", "Content-Transfer-Encoding"])
    assert not message.defects and not message["To"].defects and len(message["To"].addresses) == 1
    assert "\n" not in mail["subject"] and "<b>Hello</b>" in message.get_content(), "plain text is not escaped for HTML"
    raw = (box.spool / mail["message_id"]).read_bytes()
    assert all(len(line) <= 78 or line.startswith(b"To: ") for line in raw.split(b"\r\n"))
    assert not re.search(rb"[^\x20-\x7e\r\n]", raw), "seven bits"


def test_an_event_that_makes_no_sense_is_parked(box):
    before = len(box.mails())
    box.publish([event("odd-1", currency="euros"), event("odd-2", total_cents="much"), event("odd-3")])
    wait_for(lambda: box.of_orders("odd-3"), 10, "the good one")

    def parked():
        listed = json.loads(box.run("dlq", "list", "--output", "json").stdout)
        return listed if len(listed) == 2 else None

    assert {one["aggregate"] for one in wait_for(parked, 10, "two parked events")} == {"odd-1", "odd-2"}
    assert len(box.mails()) == before + 1


def test_pages_and_filters(box):
    box.publish([event(f"page-{number}", user_id="carol") for number in range(7)])
    wait_for(lambda: len([one for one in box.mails(user_id="carol") if one["delivered_at"]]) == 7, 10, "her mails")
    first = box.get("/v1/mailbox?user_id=carol&page_size=5", service=NAME).json()
    rest = box.get(f"/v1/mailbox?user_id=carol&page_size=5&page_token={first['next_page_token']}", service=NAME).json()
    assert len(first["mails"]) == 5 and len(rest["mails"]) == 2 and rest["next_page_token"] == ""
    ids = [mail["id"] for mail in first["mails"] + rest["mails"]]
    assert ids == sorted(ids, reverse=True)
    one = box.get(f"/v1/mailbox/{ids[0]}", service=NAME)
    assert one.status == 200 and one.json() == first["mails"][0]
    assert len(box.mails(user_id="carol", order_id="page-3")) == 1
    assert box.get("/v1/mailbox/none", service=NAME).status == 404


def test_its_description_passes_an_outside_linter(box):
    assert mistakes(box.get("/openapi.json", service=NAME).json()) == []
