"""Services whose clocks jump by an hour or a year, there and back: deadlines, leases and time-outs are durations, and
hold."""

import base64
import json
import pathlib
import time
from datetime import datetime, timezone

import pytest

from conftest import wait_for
from flow_invariants import ENDS, Journal, assert_hold
from keyed_orders import KeyedOrders, has_flow
from reference import Shop, document

LIBRARY = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
# A type of event that the service publishes for each order, whose `time` is the service's own.
CLOCKS = {"order-service": "order.placed", "payment-service": "payment.authorized", "catalog-service": "stock.reserved"}

YEAR = 8760
HOUR_JUMPS = (1, 0, -1, 1, 0)
# An Idempotency-Key is known for a day of order-service's clock: a year ahead, those of before are over.
YEAR_JUMPS = {"payment-service": (YEAR, -YEAR, 0), "catalog-service": (YEAR, -YEAR, 0)}


@pytest.fixture
def shop(msctl_bin, tmp_path):
    """The reference cluster; what the file `clock-SERVICE` says is added to the time of that service."""
    assert LIBRARY, "the package faketime is missing"
    one, contents = Shop(msctl_bin, tmp_path), document()
    for service in CLOCKS.keys() & contents["services"].keys():
        contents["services"][service]["env"] = {
            "LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(tmp_path / f"clock-{service}"),
            "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        (tmp_path / f"clock-{service}").write_text("+0\n")
    one.write(contents)
    try:
        one.up()
        yield one
    finally:
        one.close()


def hours_off(time_text):
    told = datetime.fromisoformat(time_text.replace("Z", "+00:00"))
    return round((told - datetime.now(timezone.utc)).total_seconds() / 3600)


def latest(shop, service):
    """The `time` of the service's last event of its type."""
    subject = f"{service}.events.{CLOCKS[service]}"
    with shop.nats() as nats:
        message = nats.jetstream(f"STREAM.MSG.GET.{service.upper()}", last_by_subj=subject)["message"]
    return json.loads(base64.b64decode(message["data"]))["time"]


@pytest.mark.parametrize("service", CLOCKS)
def test_jumps(shop, service):
    user, journal = shop.sign_up()["id"], Journal(shop)
    wanted = list(ENDS) if has_flow(shop) else ["order.placed"]
    with KeyedOrders(shop) as customers:
        customers.wait_more(5)
        for hours in HOUR_JUMPS + YEAR_JUMPS.get(service, ()):
            (shop.folder / f"clock-{service}").write_text(f"{hours * 3600:+}\n")
            began = time.monotonic()
            answer = shop.order(user)
            assert answer.status == 201, answer
            assert time.monotonic() - began < 5
            order = answer.json()["id"]
            wait_for(lambda one=order: any(journal.read().has(kind, one) for kind in wanted), 30,
                     f"its events with a clock {hours} hours off")
            wait_for(lambda off=hours: hours_off(latest(shop, service)) == off, 10, f"a clock that is {hours} hours off")
            customers.wait_more(10)
        assert_hold(shop, customers, journal)
    assert shop.ps()[service]["restarts"] == 0
