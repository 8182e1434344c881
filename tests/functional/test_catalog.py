"""catalog-service with a broker and nobody else, on SQLite and on PostgreSQL: orders' events come twice and in any order
while it is killed, and its stock is conserved all the same."""

import collections
import json
import random
import secrets
import uuid

import pytest
import yaml

from conftest import ROOT, wait_for
from programs import idle
from reference import Shop, assert_problem, document

ORDERS = "ORDER-SERVICE"
ANSWERS = "CATALOG-SERVICE"
POSTGRES = {
    "command": ["${dir:bin}/msctl-postgres", "serve", "${dir:data}", "${port:client}", "${dir:state}/postgres"],
    "ports": {"client": 0},
    "probes": {"ready": {"tcp": "client"}},
    "restart": {"policy": "always"},
}


class Catalog(Shop):
    """The running cluster; this test is order-service."""

    def write_for(self, database, **more):
        nats = {**document()["services"]["nats"], "ports": {"client": 0}}
        orders = {**idle(self), "publishes": ["order.paid", "order.release_requested"]}
        own = {"path": str(ROOT / "services/catalog"), "ports": {"http": 0, "grpc": 0}, "database": database, **more}
        whole = {"version": 1, "broker": "nats", "services": {"nats": nats, "order-service": orders, "catalog-service": own}}
        if database == "postgres":
            whole["postgres"] = "postgres"
            whole["services"]["postgres"] = POSTGRES
        self.write(whole)

    def up(self, *args):
        done = super().up(*args)
        with self.nats() as nats:
            nats.jetstream(f"STREAM.CREATE.{ORDERS}", name=ORDERS, storage="file", subjects=["order-service.events.>"])
        return done

    def call(self, method, path, body=None, **headers):
        return self.ask("catalog-service", method, path, body, headers=headers)

    def put(self, sku, stock):
        assert self.call("PUT", f"/v1/skus/{sku}", {"title": sku, "price_cents": 1, "currency": "EUR"}).status == 200
        receipt = {"quantity": stock}
        assert self.call("POST", f"/v1/skus/{sku}/receipts", receipt, **{"Idempotency-Key": secrets.token_hex(8)}).status == 200

    def stock(self, sku):
        answer = self.call("GET", f"/v1/skus/{sku}")
        assert answer.status == 200, answer
        return answer.json()

    def pages(self, path, key):
        """All items of a list, over its pages."""
        token, items = "", []
        while True:
            page = self.call("GET", f"{path}?page_size=100" + (f"&page_token={token}" if token else "")).json()
            items += page[key]
            token = page["next_page_token"]
            if not token:
                return items

    def history(self, sku):
        events = []
        while True:
            after = events[-1]["version"] if events else 0
            more = self.call("GET", f"/v1/skus/{sku}/events?after_version={after}&page_size=100").json()["events"]
            if not more:
                return events
            events += more

    def answers(self):
        """Every event that it published, once each however often it is in the stream."""
        with self.nats() as nats:
            events = [json.loads(message["data"]) for message in nats.stored(ANSWERS)]
        return list({event["id"]: event for event in events}.values())


def event(kind, order_id, **data):
    return {"specversion": "1.0", "id": str(uuid.uuid4()), "source": "/order-service", "type": kind, "subject": order_id,
            "data": {"order_id": order_id, **data}}


def paid(order_id, *lines):
    items = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
    return event("order.paid", order_id, user_id="ann", items=items)


def released(order_id):
    return event("order.release_requested", order_id, reason="cancelled")


def publish(nats, one):
    """Without an id that the broker would drop a repetition by."""
    stored = json.loads(nats.request(f"order-service.events.{one['type']}", json.dumps(one).encode()))
    assert "seq" in stored, stored


def assert_conserved(catalog, skus):
    """Of each SKU: what came in is there or held; what is held is what reservations say; its history comes to it."""
    held = collections.Counter()
    for one in catalog.pages("/v1/reservations", "reservations"):
        for item in one["items"] if one["status"] == "reserved" else []:
            held[item["sku"]] += item["quantity"]
    for sku in skus:
        stock = catalog.stock(sku)
        assert stock["available"] + stock["reserved"] == stock["received"] and stock["available"] >= 0, stock
        assert stock["reserved"] == held[sku], (stock, held)
        history = catalog.history(sku)
        assert [one["version"] for one in history] == list(range(1, stock["version"] + 1))
        sums = collections.Counter()
        for one in history:
            sums[one["type"]] += one["quantity"]
        assert sums["stock_received"] == stock["received"]
        assert sums["stock_reserved"] - sums["stock_released"] == stock["reserved"]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def catalog(request, msctl_bin, tmp_path_factory):
    one = Catalog(msctl_bin, tmp_path_factory.mktemp(f"catalog on {request.param}"))
    # Two instances on one database write side by side.
    one.write_for(request.param, **({"replicas": 2} if request.param == "postgres" else {}))
    try:
        one.up()
        yield one
    finally:
        one.close()


def orders_and_events(count):
    """Ids of orders with what they want, and events that are all there twice, in any order."""
    chance = random.Random(7)
    lines = {}
    for number in range(count):
        order_id = str(uuid.uuid4())
        sku = chance.choice(["HOT"] * 8 + ["PAIR", "A1"])
        lines[order_id] = [(sku, chance.randint(1, 3)), ("PAIR", 1)] if number % 2 else [(sku, 1)]
        if number % 10 == 0:
            lines[order_id].append(("NO-SUCH-SKU", 1))
    cancelled = [order_id for number, order_id in enumerate(lines) if number % 3 == 0]
    events = [paid(order_id, *wanted) for order_id, wanted in lines.items()] + [released(one) for one in cancelled]
    events = events * 2
    chance.shuffle(events)
    return lines, set(cancelled), events


def test_stock_is_conserved_whatever_dies_and_comes_twice(catalog):
    catalog.put("HOT", 250)
    catalog.put("PAIR", 400)
    lines, cancelled, events = orders_and_events(240)
    with catalog.nats() as nats:
        for number, one in enumerate(events):
            publish(nats, one)
            if number % 130 == 100:
                catalog.kill_and_wait("catalog-service")
    wanted = len(lines) + len(cancelled)
    wait_for(lambda: len(catalog.answers()) >= wanted, 60, "an answer to each event")

    by_order = collections.defaultdict(list)
    for one in catalog.answers():
        assert one["subject"] == one["data"]["order_id"]
        by_order[one["subject"]].append(one["type"])
    statuses = {one["order_id"]: one["status"] for one in catalog.pages("/v1/reservations", "reservations")}
    for order_id in lines:
        answers = collections.Counter(by_order[order_id])
        assert answers["stock.reserved"] + answers["stock.rejected"] == 1, (order_id, answers)
        assert answers["stock.released"] == (1 if order_id in cancelled else 0), (order_id, answers)
        if order_id in cancelled:
            assert statuses[order_id] in ("released", "rejected")
        else:
            assert statuses[order_id] == ("reserved" if answers["stock.reserved"] else "rejected")
    assert collections.Counter(statuses.values())["reserved"] > 50, "not all were refused"
    assert_conserved(catalog, ["HOT", "PAIR", "A1"])
    assert catalog.stock("HOT")["version"] > 100, "over a snapshot"
    parked = catalog.run("dlq", "list", "--output", "json")
    assert json.loads(parked.stdout) == [], parked.stdout + parked.stderr


def test_the_last_one_goes_to_one(catalog):
    orders = [str(uuid.uuid4()) for _ in range(20)]
    with catalog.nats() as nats:
        for order_id in orders:
            publish(nats, paid(order_id, ("LAST-ONE", 1)))

    def answered():
        found = [one for one in catalog.answers() if one["subject"] in orders]
        return found if len(found) == len(orders) else None

    answers = wait_for(answered, 30, "20 answers")
    assert [one["type"] for one in answers].count("stock.reserved") == 1
    refused = [one["data"] for one in answers if one["type"] == "stock.rejected"]
    assert all(one["reason"] == "sold_out" and one["sku"] == "LAST-ONE" for one in refused)
    assert_conserved(catalog, ["LAST-ONE"])


def test_prices_and_refusals_over_rest(catalog):
    prices = catalog.call("GET", "/v1/prices?skus=A1,NO-SUCH-SKU,YACHT")
    assert prices.status == 200, prices
    assert prices.json()["prices"] == [{"sku": "A1", "price_cents": 500, "currency": "EUR"},
                                       {"sku": "YACHT", "price_cents": 900_000_000_001, "currency": "EUR"}]
    assert_problem(catalog.call("GET", "/v1/prices?skus="), 422, "skus")
    assert_problem(catalog.call("GET", "/v1/skus/NO-SUCH-SKU"), 404)
    assert_problem(catalog.call("POST", "/v1/skus/A1/receipts", {"quantity": 1}), 400, "Idempotency-Key")


@pytest.mark.parametrize("catalog", ["sqlite"], indirect=True)
def test_provider_states(catalog):
    config = json.loads((catalog.folder / ".msctl" / "run" / "catalog-service.json").read_text())
    door = {"Authorization": "Bearer " + config["provider_states"]["secret"]}

    def state(name, **params):
        answer = catalog.call("POST", "/_test/provider-states", {"state": name, "params": params, "action": "setup"}, **door)
        assert answer.status == 200, answer
        return answer.json()

    def message(description):
        answer = catalog.call("POST", "/_test/messages", {"description": description}, **door)
        assert answer.status == 200, answer
        return answer.json()["data"]

    assert state("a sku exists", sku="OF-A-CONTRACT", price_cents=77) == {"sku": "OF-A-CONTRACT"}
    assert catalog.stock("OF-A-CONTRACT")["price_cents"] == 77 and catalog.stock("OF-A-CONTRACT")["available"] >= 100
    assert state("no such sku") == {"sku": "NO-SUCH-SKU"}
    refused = catalog.call("POST", "/_test/provider-states",
                           {"state": "no such sku", "params": {"sku": "A1"}, "action": "setup"}, **door)
    assert refused.status == 422 and catalog.stock("A1")["version"] >= 1, "what has a history stays"
    for name, kind in (("stock is reserved", "stock.reserved"), ("stock is rejected", "stock.rejected"),
                       ("stock is released", "stock.released")):
        values = state(name, order_id=f"of-{kind}")
        assert message(kind)["order_id"] == values["order_id"] == f"of-{kind}"
        assert state(name, order_id=f"of-{kind}") == values, "again"
    state("no such reservation", order_id="of-stock.reserved")
    assert catalog.call("GET", "/v1/reservations/of-stock.reserved").status == 404
    assert_conserved(catalog, ["A1"])


def test_service_yaml_says_what_the_code_consumes_and_tells():
    own = yaml.safe_load((ROOT / "services/catalog/service.yaml").read_text())
    schemas = {path.name.split(".v")[0] for path in (ROOT / "services/catalog/events").glob("*.schema.json")}
    assert set(own["publishes"]) == schemas
    handled = (ROOT / "services/catalog/adapters/in/order_events.cpp").read_text()
    assert all(f'consumer.on("{kind}"' in handled for kind in own["consumes"])
