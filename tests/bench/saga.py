#!/usr/bin/python3 -B
"""Measures how long an order takes until it is confirmed, on a cluster of its own from this checkout's msctl.yaml, and
writes its part of docs/benchmarks.md. Orders go through the gateway; a saga of order-, payment- and catalog-service
takes each of them to its end."""

import argparse
import concurrent.futures
import datetime
import http.client
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time
import uuid

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "functional")]
from conftest import ROOT, wait_for  # noqa: E402
from nats_client import NatsClient  # noqa: E402
from reference import Shop, document  # noqa: E402

import pages  # noqa: E402
from proc import machine  # noqa: E402

MSCTL = os.environ.get("MSCTL_BIN") or str(ROOT / "build" / "release" / "bin" / "msctl")
STREAM = "ORDER-SERVICE"
SKU, PRICE_CENTS = "BENCH-1", 450
FIRST, LAST = "order.placed", "order.confirmed"
POLL_S = 0.001
PATIENCE_S = 30
WARM_UP = 5


class Client:
    """A customer with a connection of its own to the gateway."""

    def __init__(self, port, user_id):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        self.user_id = user_id

    def ask(self, method, path, body=None, **headers):
        if body is not None:
            body, headers = json.dumps(body), {"Content-Type": "application/json", **headers}
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        text = response.read().decode()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path} got {response.status}: {text[:300]}")
        return json.loads(text)

    def order(self):
        """(id, milliseconds from the 201 until it was confirmed) of one order."""
        body = {"user_id": self.user_id, "currency": "EUR",
                "items": [{"sku": SKU, "quantity": 1, "unit_price_cents": PRICE_CENTS}]}  # fmt: skip
        order = self.ask("POST", "/api/v2/orders", body, **{"Idempotency-Key": str(uuid.uuid4())})
        began = time.monotonic()
        while order["status"] != "confirmed":
            if order["status"] in ("cancelling", "cancelled") or time.monotonic() - began > PATIENCE_S:
                raise RuntimeError(f"order {order['id']} is {order['status']} {order.get('reason', '')}")
            time.sleep(POLL_S)
            order = self.ask("GET", f"/api/v2/orders/{order['id']}")
        return order["id"], (time.monotonic() - began) * 1e3


def stock_up(shop, quantity):
    """Something to sell, of which there is enough."""
    key = {"Idempotency-Key": str(uuid.uuid4())}
    sku = {"title": "Benchmark", "price_cents": PRICE_CENTS, "currency": "EUR"}
    for method, path, body, headers in (("PUT", f"/v1/skus/{SKU}", sku, {}),
                                        ("POST", f"/v1/skus/{SKU}/receipts", {"quantity": quantity}, key)):  # fmt: skip
        answer = shop.ask("catalog-service", method, path, body, headers=headers)
        if answer.status >= 300:
            raise RuntimeError(f"catalog-service: {method} {path} got {answer}")


def measure(shop, user_id, count, clients):
    """{order id: milliseconds} and orders a second, with so many clients at once."""
    port = shop.ports["gateway"]["http"]

    def work(amount):
        client = Client(port, user_id)
        return [client.order() for _ in range(amount)]

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        list(pool.map(work, [WARM_UP] * clients))
        began = time.monotonic()
        found = dict(one for some in pool.map(work, [count // clients] * clients) for one in some)
        return found, len(found) / (time.monotonic() - began)


def by_events(nats_port, order_ids):
    """{order id: milliseconds} between the times in its first and its last event, read from the stream."""
    times = {FIRST: {}, LAST: {}}

    def all_there():
        with NatsClient(nats_port) as nats:
            for message in nats.stored(STREAM):
                event = json.loads(message["data"])
                if event["type"] in times:
                    at = datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00"))
                    times[event["type"]].setdefault(event["data"]["order_id"], at)
        return order_ids <= times[LAST].keys()

    wait_for(all_there, PATIENCE_S, "the event of each confirmed order")
    return {one: (times[LAST][one] - times[FIRST][one]).total_seconds() * 1e3 for one in order_ids}


def quantiles(values):
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return f"{cuts[49]:.1f} | {cuts[98]:.1f}"


def part(rows, count, load):
    host = machine()
    lines = ["## A saga from end to end", "",
             "`make bench-saga` measured this in one run and wrote this part; [how](../tests/bench/README.md).", "",
             f"Machine: {host['processor']}, {host['cores']} cores, {host['memory']}, {host['kernel']}, "
             f"{time.strftime('%Y-%m-%d')}. Load average {load[0]:.1f} before, {load[1]:.1f} after; the services, the "
             "broker and the clients share the cores.", "",
             f"{count} orders each through the gateway, SQLite and NATS. Five commits lie one after the other between the "
             "answer 201 and `confirmed`: three services hear of an event and say the next one.", "",
             "| clients | orders/s | 201 until GET says `confirmed`: p50, ms | p99, ms |"
             f" `{FIRST}` until `{LAST}`, by their times: p50, ms | p99, ms |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    for clients, per_s, seen, told in rows:
        lines.append(f"| {clients} | {per_s:.0f} | {quantiles(seen.values())} | {quantiles(told.values())} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=400)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--output", type=pathlib.Path, help="the page to write; without it, standard output")
    options = parser.parse_args()
    before, rows = os.getloadavg()[0], []
    with tempfile.TemporaryDirectory(prefix="msctl-bench-saga-") as folder:
        shop = Shop(MSCTL, folder)
        shop.write(document())
        try:
            shop.up()
            stock_up(shop, 10 * options.orders * len(options.clients))
            user_id = shop.sign_up()["id"]
            for clients in options.clients:
                seen, per_s = measure(shop, user_id, options.orders, clients)
                told = by_events(shop.ports["nats"]["client"], seen.keys())
                rows.append((clients, per_s, seen, told))
        finally:
            shop.close()
    text = part(rows, options.orders, (before, os.getloadavg()[0]))
    if options.output:
        pages.write_part(options.output, "saga", text)
    else:
        print(text)


if __name__ == "__main__":
    main()
