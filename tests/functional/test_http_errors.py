"""What clients get wrong: every error has one shape and its own status, and the services stay up."""

import json
import socket
import threading
import time

import pytest

from reference import (CHASSIS_SERVICES, PASSWORD, TIMEOUT_S, assert_problem, order_body, shop)  # noqa: F401

BIG = 100 * 1000 * 1000
CHUNK = b"x" * (1 << 20)
SIGN_UP = {"gateway": "/api/v1/users", "user-service": "/users"}


@pytest.fixture(scope="module", autouse=True)
def stays_up(shop):
    """After all of it, every service is the same process as before, ready, and still works."""
    before = shop.ps()
    yield
    after = shop.ps()
    for name in after:
        assert (after[name]["state"], after[name]["pid"]) == ("ready", before[name]["pid"])
        assert after[name]["restarts"] == 0
    assert shop.order(shop.sign_up()["id"]).status == 201


@pytest.fixture(scope="module", autouse=True)
def half_sent(shop, stays_up):
    """Half a header, sent to each service when the module starts, as its time limit takes a while."""
    sockets = {}
    for service in CHASSIS_SERVICES:
        sockets[service] = shop.connect(service)
        sockets[service].sendall(b"POST /users HTTP/1.1\r\nHost: x\r\nContent-Le")
    yield sockets
    for one in sockets.values():
        one.close()


def user(**changed):
    return {"email": "ann@example.com", "name": "Ann", "password": PASSWORD, **changed}


def read_answer(connection, timeout_s=TIMEOUT_S):
    """(status, headers, body as dict) of the answer on a socket, read to its announced end."""
    connection.settimeout(timeout_s)
    reader = connection.makefile("rb")
    status_line = reader.readline().decode()
    assert status_line.startswith("HTTP/1.1 "), f"no answer but {status_line!r}"
    headers = {}
    while (line := reader.readline().strip()):
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    if status_line.startswith("HTTP/1.1 100"):
        return read_answer(connection)
    return int(status_line.split()[1]), headers, json.loads(reader.read(int(headers["content-length"])))


MALFORMED = {
    "empty": "",
    "half": '{"email": "a@example.com"',
    "not an object": '["a"]',
    "a word": "hello",
    "duplicate keys": '{"email": "a@example.com", "email": "b@example.com", "name": "A", "password": "12345678"}',
    "duplicate keys, escaped": '{"name": "A", "na\\u006de": "B", "email": "a@example.com", "password": "12345678"}',
    "trailing comma": '{"email": "a@example.com", "name": "A", "password": "12345678",}',
    "single quotes": "{'email': 'a@example.com', 'name': 'A', 'password': '12345678'}",
    "bare keys": '{email: "a@example.com", name: "A", password: "12345678"}',
    "comment": '{"email": "a@example.com", "name": "A", "password": "12345678"} // hello',
    "two documents": '{"email": "a@example.com", "name": "A", "password": "12345678"}{}',
    "raw newline": '{"email": "a@example.com", "name": "A\nB", "password": "12345678"}',
    "NaN": '{"email": "a@example.com", "name": NaN, "password": "12345678"}',
    "lone surrogate": '{"email": "a@example.com", "name": "\\ud800", "password": "12345678"}',
    "not UTF-8": b'{"email": "a@example.com", "name": "\xff", "password": "12345678"}',
}


@pytest.mark.parametrize("service", SIGN_UP)
@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_json_is_400(shop, service, name):
    assert_problem(shop.post(SIGN_UP[service], MALFORMED[name], service), 400)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "01", "+1", "1.", ".5", "0x1", "1e400", "1.5", "1e0"])
def test_odd_numbers_are_400(shop, text):
    body = json.dumps(order_body("u")).replace('"quantity": 2', f'"quantity": {text}')
    assert_problem(shop.post("/api/v1/orders", body), 400)


def test_depth_is_limited(shop):
    def nested(depth):
        return '{"name":' * (depth - 1) + "{}" + "}" * (depth - 1)

    assert_problem(shop.post("/api/v1/users", nested(65)), 400)
    assert "errors" in assert_problem(shop.post("/api/v1/users", nested(64)), 400)  # parsed, but not a text
    assert_problem(shop.post("/api/v1/users", "[" * 500_000), 400)


@pytest.mark.parametrize("changed, field", [
    ({"email": 5}, "email"), ({"name": None}, "name"), ({"password": ["12345678"]}, "password"),
    ({"name": {"a": 1}}, "name"), ({"name": True}, "name"), ({"nickname": "A"}, "nickname"), ({"Email": "A"}, "Email")])
def test_wrong_types_and_unknown_fields_of_a_user(shop, changed, field):
    assert_problem(shop.post("/api/v1/users", user(**changed)), 400, field)


@pytest.mark.parametrize("item, field", [
    ({"quantity": "2"}, "quantity"), ({"quantity": 2.5}, "quantity"), ({"quantity": 2**31}, "quantity"),
    ({"unit_price_cents": "100"}, "unit_price_cents"), ({"unit_price_cents": 2**63}, "unit_price_cents"),
    ({"unitPriceCents": 100}, "unitPriceCents"), ({"sku": 7}, "sku"), ({"colour": "red"}, "colour")])
def test_wrong_types_and_unknown_fields_of_an_item(shop, item, field):
    body = order_body("u")
    body["items"][1].update(item)
    assert_problem(shop.post("/api/v1/orders", body), 400, f"items[1].{field}")


def test_an_object_is_no_list(shop):
    assert_problem(shop.post("/api/v1/orders", {**order_body("u"), "items": {"sku": "A", "quantity": 1}}), 400, "items")


@pytest.mark.parametrize("email", ["", "ann", "ann@", "@example.com", "ann@@example.com", "a b@example.com",
                                   "ann@example", "ann@example.com ", "ann@exa\nmple.com", "a" * 250 + "@example.com"])
def test_email_shape(shop, email):
    assert_problem(shop.post("/api/v1/users", user(email=email)), 422, "email")


@pytest.mark.parametrize("length, status", [(0, 422), (1, 201), (200, 201), (201, 422)])
def test_name_length_is_in_characters(shop, length, status):
    for letter in "aä🌱":
        answer = shop.post("/api/v1/users", user(email=shop.new_email(), name=letter * length))
        assert answer.status == status
        if status == 422:
            assert_problem(answer, 422, "name")


@pytest.mark.parametrize("password, status", [("", 422), ("1234567", 422), ("12345678", 201), ("äöüß123", 422)])
def test_password_length(shop, password, status):
    answer = shop.post("/api/v1/users", user(email=shop.new_email(), password=password))
    assert answer.status == status
    if status == 422:
        assert_problem(answer, 422, "password")


def test_all_broken_rules_at_once(shop):
    answer = shop.post("/api/v1/users", {})
    assert {error["field"] for error in assert_problem(answer, 422)["errors"]} == {"email", "name", "password"}


@pytest.mark.parametrize("quantity, status", [(0, 422), (-1, 422), (1, 201)])
def test_quantity(shop, quantity, status):
    body = order_body(shop.sign_up()["id"])
    body["items"][0]["quantity"] = quantity
    answer = shop.post("/api/v1/orders", body)
    assert answer.status == status
    if status == 422:
        assert_problem(answer, 422, "items[0].quantity")


@pytest.mark.parametrize("changed, field", [
    ({"items": []}, "items"), ({"currency": "euro"}, "currency"), ({"user_id": ""}, "user_id"),
    ({"user_id": "00000000-0000-7000-8000-000000000000"}, "user_id"), ({"user_id": "nobody"}, "user_id")])
def test_orders_that_break_a_rule(shop, changed, field):
    assert_problem(shop.post("/api/v1/orders", {**order_body(shop.sign_up()["id"]), **changed}), 422, field)


def test_taken_email_is_409(shop):
    email = shop.new_email()
    assert shop.post("/api/v1/users", user(email=email)).status == 201
    assert_problem(shop.post("/api/v1/users", user(email=email)), 409, "email")
    assert_problem(shop.post("/api/v1/users", user(email=email.upper())), 409, "email")


def test_same_email_at_the_same_time(shop):
    fields = user(email=shop.new_email())
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(shop.post("/api/v1/users", fields).status))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] + [409] * 7


@pytest.mark.parametrize("service, path", [
    ("gateway", "/api/v1/users/nobody"), ("gateway", "/api/orders/nothing"), ("gateway", "/nowhere"),
    ("gateway", "/api/v1/usersandmore"), ("gateway", "/api/v1/users/"), ("user-service", "/users/nobody"),
    ("user-service", "/users/a/b"), ("user-service", "/"), ("order-service", "/orders/nothing"),
    ("order-service", "/api/v1/orders")])
def test_404(shop, service, path):
    assert_problem(shop.get(path, service), 404)


@pytest.mark.parametrize("method, path, allowed", [
    ("DELETE", "/api/v1/users/x", "GET"), ("PUT", "/api/v1/orders/x", "GET"), ("GET", "/api/v1/users", "POST"),
    ("PATCH", "/api/v1/orders", "POST"), ("BREW", "/api/v1/orders", "GET")])
def test_405_has_allow(shop, method, path, allowed):
    answer = shop.ask("gateway", method, path)
    assert_problem(answer, 405)
    names = [name.strip() for name in answer.headers["Allow"].split(",")]
    assert allowed in names and method not in names


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
def test_415(shop, kind):
    for service, path in SIGN_UP.items():
        answer = shop.post(path, json.dumps(user()), service, headers={"Content-Type": kind})
        assert_problem(answer, 415)


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_by_any_spelling(shop, kind):
    body = json.dumps(user(email=shop.new_email()))
    assert shop.post("/api/v1/users", body, headers={"Content-Type": kind}).status == 201


def head(path, *fields):
    lines = [f"POST {path} HTTP/1.1", "Host: shop", "Content-Type: application/json", *fields, "", ""]
    return "\r\n".join(lines).encode()


def send_all(connection, path, chunked):
    """100 MB in full, as a client does that looks for the answer only afterwards."""
    connection.settimeout(TIMEOUT_S)
    connection.sendall(head(path, "Transfer-Encoding: chunked" if chunked else f"Content-Length: {BIG}"))
    part = f"{len(CHUNK):x}\r\n".encode() + CHUNK + b"\r\n" if chunked else CHUNK
    left = BIG
    while left > 0:
        connection.sendall(part if chunked else part[:left])
        left -= len(CHUNK)
    if chunked:
        connection.sendall(b"0\r\n\r\n")


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("service", SIGN_UP)
def test_100_megabytes_are_413(shop, service, chunked):
    with shop.connect(service) as connection:
        send_all(connection, SIGN_UP[service], chunked)
        status, headers, body = read_answer(connection)
    assert (status, body["status"]) == (413, 413)
    assert headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("service", SIGN_UP)
def test_100_megabytes_with_expect_are_413_without_sending_them(shop, service):
    with shop.connect(service) as connection:
        connection.sendall(head(SIGN_UP[service], f"Content-Length: {BIG}", "Expect: 100-continue"))
        assert connection.recv(12, socket.MSG_PEEK | socket.MSG_WAITALL) == b"HTTP/1.1 413"
        assert read_answer(connection)[2]["status"] == 413


@pytest.mark.parametrize("service", SIGN_UP)
def test_expect_continue(shop, service):
    body = json.dumps(user(email=shop.new_email())).encode()
    with shop.connect(service) as connection:
        connection.sendall(head(SIGN_UP[service], f"Content-Length: {len(body)}", "Expect: 100-continue"))
        assert connection.recv(25, socket.MSG_WAITALL) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert read_answer(connection)[0] == 201


def test_a_megabyte_is_the_limit(shop):
    body = json.dumps(user(name="n")).encode()
    fits, over = body + b" " * ((1 << 20) - len(body)), body + b" " * ((1 << 20) + 1 - len(body))
    assert shop.post("/api/v1/users", fits).status in (201, 409)
    assert_problem(shop.post("/api/v1/users", over), 413)


def test_many_large_bodies_at_once_do_not_grow_the_gateway(shop):
    def rss_kib():
        with open(f"/proc/{shop.ps()['gateway']['pid']}/status") as lines:
            return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1])

    before = rss_kib()
    threads = [threading.Thread(target=test_100_megabytes_are_413, args=(shop, "gateway", True)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rss_kib() < before + 32 * 1024


@pytest.mark.parametrize("text", [
    b"hello\r\n\r\n", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", b"GET /\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    b"POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(200)) + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 70000 + b"\r\n\r\n"],
    ids=["words", "version", "no version", "TLS", "no host", "two hosts", "space", "smuggling", "negative", "lengths",
         "long target", "many fields", "long field"])
@pytest.mark.parametrize("service", CHASSIS_SERVICES)
def test_what_is_no_http_gets_a_problem_and_an_end(shop, service, text):
    with shop.connect(service) as connection:
        connection.sendall(text)
        status, headers, body = read_answer(connection)
        assert 400 <= status < 600 and status not in (404, 500)
        assert headers["content-type"] == "application/problem+json"
        assert body["status"] == status and body["type"] and body["title"] and body["detail"]
        assert connection.recv(1) == b""


def test_half_a_body_and_gone(shop):
    for service, path in SIGN_UP.items():
        with shop.connect(service) as connection:
            connection.sendall(head(path, "Content-Length: 100") + b'{"email":')
        with shop.connect(service) as connection:
            connection.sendall(head(path, "Transfer-Encoding: chunked") + b"5\r\n{}")
        assert shop.get("/health/live", service).status == 200


def test_dot_segments_do_not_reach_a_service(shop):
    for path in ("/api/v1/users/../orders", "/api/v1/users/%2e%2e/metrics", "/api/v1/users/a%2fb",
                 "/api/v1/users/../../metrics"):
        assert_problem(shop.get(path), 400)


def test_kept_connections(shop):
    with shop.connect("gateway") as connection:
        for _ in range(3):
            connection.sendall(b"GET /api/v1/users/nobody HTTP/1.1\r\nHost: x\r\n\r\n")
            assert read_answer(connection)[0] == 404


# Last: the others run meanwhile.
@pytest.mark.parametrize("service", CHASSIS_SERVICES)
def test_half_a_header_gets_408(shop, half_sent, service):
    status, headers, body = read_answer(half_sent[service], timeout_s=20)
    assert (status, body["status"]) == (408, 408)
    assert headers["content-type"] == "application/problem+json"
    assert shop.get("/health/ready", service).status == 200
