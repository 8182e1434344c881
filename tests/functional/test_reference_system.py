"""The reference system as a client sees it: sign-up, order, reading back, health, metrics, traces and logs."""

import datetime
import json
import re
import secrets
import sqlite3

import pytest

from conftest import wait_for
from metrics_text import parse_metrics
from reference import (CHASSIS_SERVICES, PASSWORD, REQUEST_SERVICES, assert_fresh_uuid7, assert_problem, lasting,
                       order_body, shop)  # noqa: F401 (shop is a fixture)


def database(shop, service):
    path = shop.folder / ".msctl" / "data" / service / f"{service}.db"
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True)


def traceparent():
    trace_id = secrets.token_hex(16)
    return trace_id, f"00-{trace_id}-{secrets.token_hex(8)}-01"


def test_sign_up_and_read_back(shop):
    email = shop.new_email()
    answer = shop.post("/api/v1/users", {"email": email, "name": "Änn 🌱", "password": PASSWORD})
    assert answer.status == 201
    assert answer.headers["Content-Type"] == "application/json"
    user = answer.json()
    assert user.keys() == {"id", "email", "name", "created_at"}
    assert (user["email"], user["name"]) == (email, "Änn 🌱")
    assert_fresh_uuid7(user["id"])
    assert datetime.datetime.fromisoformat(user["created_at"].replace("Z", "+00:00")).tzinfo is not None
    assert answer.headers["Location"] == f"/api/v1/users/{user['id']}"
    assert shop.get(answer.headers["Location"]).json() == user
    assert shop.get(f"/api/users/{user['id']}").json() == user
    for path in ("/users/", "/v1/users/"):
        assert shop.get(path + user["id"], "user-service").json() == user


def test_location_of_the_service_itself(shop):
    answer = shop.post("/users", {"email": shop.new_email(), "name": "Bob", "password": PASSWORD}, "user-service")
    assert answer.status == 201
    assert shop.get(answer.headers["Location"], "user-service").json() == answer.json()


def test_location_through_the_alias(shop):
    answer = shop.post("/api/users", {"email": shop.new_email(), "name": "Bob", "password": PASSWORD})
    assert answer.status == 201
    assert shop.get(answer.headers["Location"]).json() == answer.json()
    order = shop.post("/api/orders", order_body(answer.json()["id"]))
    assert order.status == 201
    assert lasting(shop.get(order.headers["Location"]).json()) == lasting(order.json())


def test_order_and_read_back(shop):
    user = shop.sign_up()
    answer = shop.order(user["id"])
    assert answer.status == 201, answer
    order = answer.json()
    assert_fresh_uuid7(order["id"])
    assert order["total_cents"] == 2 * 1250 + 99
    assert (order["user_id"], order["currency"]) == (user["id"], "EUR")
    assert order["items"] == order_body(user["id"])["items"]
    assert order["status"] == "placed"
    for path, service in ((answer.headers["Location"], "gateway"), (f"/api/orders/{order['id']}", "gateway"),
                          (f"/orders/{order['id']}", "order-service")):
        assert lasting(shop.get(path, service).json()) == lasting(order)


def test_amounts_are_json_numbers(shop):
    body = order_body(shop.sign_up()["id"])
    body["items"] = [{"sku": "YACHT", "quantity": 3, "unit_price_cents": 900_000_000_001}]
    answer = shop.post("/api/v1/orders", body)
    assert '"total_cents":2700000000003' in answer.body.replace(" ", "")
    assert '"unit_price_cents":900000000001' in answer.body.replace(" ", "")


def test_defaults_are_printed(shop):
    body = order_body(shop.sign_up()["id"])
    body["items"] = [{"sku": "GIFT", "quantity": 1, "unit_price_cents": 0}]
    order = shop.post("/api/v1/orders", body).json()
    assert order["total_cents"] == 0
    assert order["items"][0]["unit_price_cents"] == 0
    page = shop.get(f"/api/v1/orders?user_id={order['user_id']}").json()
    assert page["next_page_token"] == ""


def test_list_in_pages(shop):
    user, other = shop.sign_up(), shop.sign_up()
    placed = [shop.order(user["id"]).json() for _ in range(5)]
    shop.order(other["id"])
    everything = shop.get(f"/api/v1/orders?user_id={user['id']}").json()
    assert sorted(order["id"] for order in everything["orders"]) == sorted(order["id"] for order in placed)
    assert all(order in lasting(placed) for order in lasting(everything["orders"]))

    seen, token, sizes = [], "", []
    for _ in range(10):
        page = shop.get(f"/api/v1/orders?user_id={user['id']}&page_size=2&page_token={token}").json()
        sizes.append(len(page["orders"]))
        seen += page["orders"]
        token = page["next_page_token"]
        if not token:
            break
        shop.order(user["id"])  # what comes in between neither repeats nor hides an order
    assert sizes == [2, 2, 1]
    assert lasting(seen) == lasting(everything["orders"])
    assert shop.get(f"/orders?user_id={user['id']}&page_size=1", "order-service").json()["orders"]
    assert shop.get("/api/v1/orders?user_id=nobody").json()["orders"] == []


@pytest.mark.parametrize("query, status", [
    ("", 422), ("page_size=2", 422), ("user_id=u&page_size=-1", 422), ("user_id=u&page_size=100000", 422),
    ("user_id=u&page_size=two", 400), ("user_id=u&page_token=nonsense", 400), ("user_id=u&nonsense=1", 400)])
def test_bad_list_queries(shop, query, status):
    assert_problem(shop.get(f"/api/v1/orders?{query}"), status)


def test_head_is_get_without_a_body(shop):
    user_id = shop.sign_up()["id"]
    for service, path in (("gateway", f"/api/v1/users/{user_id}"), ("user-service", f"/users/{user_id}"),
                          ("gateway", "/api/v1/users/nobody"), ("gateway", "/nowhere")):
        whole, head = shop.get(path, service), shop.ask(service, "HEAD", path)
        assert (head.status, head.body) == (whole.status, "")
        assert head.headers["Content-Length"] == whole.headers["Content-Length"]  # RFC 9110 §8.6


def test_the_password_stays_nowhere(shop):
    secret = "pw-" + secrets.token_hex(12)
    fields = {"email": shop.new_email(), "name": "Ann", "password": secret}
    answers = [shop.post("/api/v1/users", fields),
               shop.post("/api/v1/users", fields),  # taken
               shop.post("/api/v1/users", {**fields, "email": "no address"}),
               shop.post("/api/v1/users", {**fields, "email": 5}),
               shop.post("/api/v1/users", {**fields, "passwort": secret}),
               shop.post("/api/v1/users", {**fields, "password": [secret]}),
               shop.post("/api/v1/users", json.dumps(fields)[:-1]),
               shop.post("/api/v1/users", "{'password': '" + secret + "'}"),
               shop.post("/users", {**fields, "email": shop.new_email()}, "user-service")]
    assert [answer.status for answer in answers] == [201, 409, 422, 400, 400, 400, 400, 400, 201]
    answers.append(shop.get(f"/api/v1/users/{answers[0].json()['id']}"))
    shop.order(answers[0].json()["id"])
    for answer in answers:
        assert secret not in answer.body
        assert secret not in str(answer.headers)
    files = [path for path in (shop.folder / ".msctl").rglob("*") if path.is_file()]
    assert len(files) > 8
    for path in files:
        assert secret.encode() not in path.read_bytes(), path


def test_passwords_are_argon2id(shop):
    first, second = shop.sign_up(), shop.sign_up()
    with database(shop, "user-service") as db:
        hashes = [db.execute("SELECT password_hash FROM users WHERE id = ?", (user["id"],)).fetchone()[0]
                  for user in (first, second)]
    for text in hashes:
        memory, passes = re.fullmatch(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=\d+\$[^$]+\$[^$]+", text).groups()
        assert int(memory) >= 19 * 1024 and int(passes) >= 2  # OWASP's least for Argon2id
    assert hashes[0] != hashes[1]  # a salt each


@pytest.mark.parametrize("service", ["user-service", "order-service"])
def test_database_is_wal_and_versioned(shop, service):
    with database(shop, service) as db:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        versions = [row[0] for row in db.execute("SELECT version FROM schema_migrations ORDER BY version")]
    assert versions == list(range(1, len(versions) + 1)) and versions


@pytest.mark.parametrize("service, checks", [
    ("gateway", {"user-service", "order-service"}), ("user-service", {"database"}),
    ("order-service", {"database", "broker", "user-service"})])
def test_health(shop, service, checks):
    for path in ("/health/live", "/live"):
        assert shop.get(path, service).status == 200
    for path in ("/health/ready", "/ready"):
        answer = shop.get(path, service)
        assert answer.status == 200
        assert set(answer.json()["checks"]) >= checks
        for check in answer.json()["checks"].values():
            assert check["status"] == "up"
    body = shop.get("/health", service).json()
    assert body["status"] == "ready"
    assert re.match(r"\d+\.\d+\.\d+", body["version"])
    now = datetime.datetime.now(datetime.timezone.utc)
    told = datetime.datetime.fromisoformat(body["time"].replace("Z", "+00:00"))
    assert abs((now - told).total_seconds()) < 60


def test_msctl_health_names_every_dependency(shop):
    done = shop.run("health", "--output", "json")
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert report["ready"] is True
    ready = {one["name"]: {check["name"] for check in one["ready"]["checks"]} for one in report["services"]}
    assert ready["user-service"] >= {"database"}
    assert ready["order-service"] >= {"database", "broker"}


@pytest.mark.parametrize("service", CHASSIS_SERVICES)
def test_metrics_parse(shop, service):
    shop.get("/api/v1/users/nobody")
    shop.get("/api/v1/orders/nothing")
    answer = shop.get("/metrics", service)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert len(parse_metrics(answer.body)) >= 2


def test_metrics_count_requests(shop):
    def placed(service):
        samples = parse_metrics(shop.get("/metrics", service).body)["http_server_requests_total"]
        return sum(value for labels, value in samples
                   if labels["method"] == "POST" and labels["status"] == "201" and "orders" in labels["route"])

    user = shop.sign_up()
    before = placed("gateway"), placed("order-service")
    for _ in range(3):
        assert shop.order(user["id"]).status == 201
    assert (placed("gateway"), placed("order-service")) == (before[0] + 3, before[1] + 3)


def test_odd_paths_and_methods_make_no_new_series(shop):
    def series():
        return sum(len(samples) for samples in parse_metrics(shop.get("/metrics").body).values())

    def odd():
        for each in (lambda: shop.get(f"/nowhere/{secrets.token_hex(8)}"),
                     lambda: shop.get(f"/api/v1/users/{secrets.token_hex(8)}"),
                     lambda: shop.ask("gateway", "M" + secrets.token_hex(4).upper(), "/api/v1/users")):
            assert 400 <= each().status < 500

    odd()
    before = series()
    for _ in range(5):
        odd()
    assert series() == before


def test_a_trace_goes_through_all_services(shop):
    user = shop.sign_up()
    trace_id, parent = traceparent()
    order = shop.order(user["id"], headers={"traceparent": parent, "X-Request-Id": "my-request-1"})
    assert order.status == 201
    assert order.headers["X-Request-Id"] == "my-request-1"
    spans = set()
    for service in REQUEST_SERVICES:
        def of_the_trace():
            return [line for line in shop.log_lines(service) if line.get("trace_id") == trace_id]

        # The answer may be here before its line is on disk.
        wait_for(of_the_trace, what=f"a line of the trace from {service}")
        lines = of_the_trace()
        assert {line["request_id"] for line in lines} == {"my-request-1"}
        spans |= {line["span_id"] for line in lines}
        for line in lines:
            assert line["service"] == service
            assert line["level"] == "info" and line["message"] and line["time"]
    assert len(spans) >= len(REQUEST_SERVICES)  # a span of its own in each service
    headers, _ = shop.wait_event(order.json()["id"])
    assert headers["traceparent"].split("-")[1] == trace_id


@pytest.mark.parametrize("bad", ["", "00-0-0-01", "00-" + "0" * 32 + "-" + "1" * 16 + "-01", "x" * 5000])
def test_a_broken_traceparent_starts_a_new_trace(shop, bad):
    answer = shop.get("/api/v1/users/nobody", headers={"traceparent": bad})
    assert re.fullmatch("[0-9a-f]{32}", assert_problem(answer, 404)["trace_id"])


def test_request_ids(shop):
    first, second = (shop.get("/api/v1/users/nobody").headers["X-Request-Id"] for _ in range(2))
    assert first and second and first != second
    hostile = shop.get("/api/v1/users/nobody", headers={"X-Request-Id": 'a"} ' + "x" * 2000})
    assert len(hostile.headers["X-Request-Id"]) < 300 and '"' not in hostile.headers["X-Request-Id"]
    assert_problem(shop.get("/api/v1/users/nobody", headers={"X-Request-Id": "a\x1b[31m"}), 400)
    for service in CHASSIS_SERVICES:
        shop.log_lines(service)  # still one JSON object a line


@pytest.mark.parametrize("service", ["user-service", "order-service"])
def test_grpc_port_speaks_http2(shop, service):
    with shop.connect(service, "grpc") as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
        header = connection.recv(9, 0x100)  # MSG_WAITALL
    assert header[3] == 4, "the first frame of an HTTP/2 server is SETTINGS"


def test_ports_are_on_loopback_only(shop):
    wanted = {port for ports in shop.ports.values() for port in ports.values()}
    listening = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as lines:
            for line in list(lines)[1:]:
                words = line.split()
                address, _, port = words[1].rpartition(":")
                if words[3] == "0A":
                    listening.setdefault(int(port, 16), set()).add(address)
    loopback = {"0100007F", "0000000000000000FFFF00000100007F"}  # 127.0.0.1 and the same as a mapped IPv6 address
    for port in wanted:
        assert listening[port] <= loopback, port
