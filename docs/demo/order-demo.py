#!/usr/bin/python3
"""Places an order at the reference cluster and shows what happened on the way: ./msctl order-demo

Needs nothing but Python's standard library. msctl passes the cluster's ports (PORT_GATEWAY_HTTP and so on) and its
state folder (MSCTL_STATE) in the environment; see `commands` in msctl.yaml.
"""

import argparse
import base64
import datetime
import http.client
import json
import os
import pathlib
import secrets
import socket
import sys
import time

TIMEOUT_S = 5
SERVICES = ("gateway", "order-service", "user-service", "catalog-service")
STREAM = "ORDER-SERVICE"
SUBJECT = "order-service.events.order.placed"


class Failure(Exception):
    """One sentence for the user, with the next step."""


class Style:
    """Colours, on a terminal only; https://no-color.org."""

    def __init__(self, stream):
        on = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self.bold, self.dim, self.green, self.cyan, self.off = (
            ("\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[36m", "\x1b[0m") if on else ("",) * 5)


def port(variable):
    """The port msctl put into the environment; 0 stands for one that is chosen when the cluster starts."""
    text = os.environ.get(variable)
    if text is None:
        raise Failure(f"{variable} is not set; run this as `./msctl order-demo`, which passes the cluster's ports")
    if text == "0":
        raise Failure("the cluster does not run; start it with `./msctl up -d --wait`")
    return int(text)


def ask(what, at, method, path, body=None, headers=None):
    """(status, headers, body, milliseconds) of one request; `what` names the service in errors."""
    connection = http.client.HTTPConnection("127.0.0.1", at, timeout=TIMEOUT_S)
    began = time.monotonic()
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None,
                           {"Content-Type": "application/json", **(headers or {})})
        response = connection.getresponse()
        text = response.read()
    except ConnectionRefusedError:
        raise Failure(f"{what} does not answer on 127.0.0.1:{at}; start the cluster with `./msctl up -d --wait`")
    except (OSError, http.client.HTTPException) as problem:
        raise Failure(f"{what} on 127.0.0.1:{at} gave no answer ({problem}); see `./msctl ps` and `./msctl logs`")
    finally:
        connection.close()
    took_ms = (time.monotonic() - began) * 1000
    try:
        content = json.loads(text)
    except ValueError:
        raise Failure(f"127.0.0.1:{at} is not {what}: its answer is not JSON; see `./msctl ps`")
    if response.status >= 400:
        detail = content.get("detail", "no detail")
        raise Failure(f"{method} {path} got {response.status}: {detail}; see `./msctl health`")
    return response.status, response.headers, content, took_ms


class Nats:
    """Enough of the NATS protocol to ask JetStream for a message."""

    def __init__(self, at):
        try:
            self.socket = socket.create_connection(("127.0.0.1", at), timeout=TIMEOUT_S)
        except OSError:
            raise Failure(f"the broker does not answer on 127.0.0.1:{at}, so the event waits in the outbox; start it "
                          "with `./msctl start nats`")
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")
        self.reader.readline()  # INFO
        self.socket.sendall(b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n')

    def request(self, verb, **arguments):
        body = json.dumps(arguments).encode()
        inbox = "_INBOX." + secrets.token_hex(8)
        head = f"SUB {inbox} 1\r\nUNSUB 1 1\r\nPUB $JS.API.{verb} {inbox} {len(body)}\r\n"
        self.socket.sendall(head.encode() + body + b"\r\n")
        while True:
            words = self.reader.readline().decode().split()
            if not words:
                raise Failure("the broker closed the connection; see `./msctl logs nats`")
            if words[0] == "PING":
                self.socket.sendall(b"PONG\r\n")
            elif words[0] == "HMSG":
                raise Failure("the broker has no JetStream; see `./msctl logs nats`")
            elif words[0] == "MSG":
                return json.loads(self.reader.read(int(words[-1]) + 2))

    def event_of(self, order):
        """(headers, event, stored message): from the newest event backwards, as others may order at the same time."""
        answer = self.request(f"STREAM.MSG.GET.{STREAM}", last_by_subj=SUBJECT)
        while "message" in answer:
            message = answer["message"]
            event = json.loads(base64.b64decode(message["data"]))
            if event["data"]["order_id"] == order["id"]:
                return base64.b64decode(message.get("hdrs", "")).decode(), event, message
            if message["time"] < order["created_at"]:
                return None
            answer = self.request(f"STREAM.MSG.GET.{STREAM}", seq=message["seq"] - 1)
        return None

    def wait_event(self, order):
        """The event of an order: it is published right after the order's commit, so it may be a moment late."""
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            found = self.event_of(order)
            if found:
                return found
            time.sleep(0.02)
        raise Failure("the event did not come within 5 s; see `./msctl health order-service`")


def instant(text):
    """RFC 3339 with any number of decimals."""
    seconds, _, rest = text.rstrip("Z").partition(".")
    return datetime.datetime.fromisoformat(f"{seconds}.{rest[:6]:0<6}+00:00")


def log_lines(state, trace_id):
    """(began, service, text, took_ms) of each log line of the trace; who waits for another comes before it."""
    found = []
    for service in SERVICES:
        try:
            text = (state / "logs" / f"{service}.log").read_text(errors="replace")
        except OSError:
            continue
        for line in text.splitlines():
            if trace_id not in line:
                continue
            try:
                entry = json.loads(line)
                ended = instant(entry["time"])
            except (ValueError, KeyError):
                continue
            took_ms = entry.get("duration_ms", 0.0)
            what = " ".join(str(entry[key]) for key in ("method", "path", "status") if key in entry)
            found.append((ended - datetime.timedelta(milliseconds=took_ms), service, what or entry["message"], took_ms))
    # By duration, since the times of log lines have only milliseconds.
    return sorted(found, key=lambda one: -one[3])


def wait_log_lines(state, trace_id):
    """A service writes its line when it has answered, so the last one may be a moment late."""
    deadline = time.monotonic() + 1
    while True:
        lines = log_lines(state, trace_id)
        if {service for _, service, _, _ in lines} == set(SERVICES) or time.monotonic() > deadline:
            return lines
        time.sleep(0.02)


class Report:
    def __init__(self, style):
        self.style = style
        self.number = 0

    def step(self, what, how, took_ms=None):
        self.number += 1
        s = self.style
        time_text = f"{took_ms:8.1f} ms" if took_ms is not None else " " * 11
        print(f"{s.green}{self.number}{s.off}  {what:<24}{s.dim}{time_text}{s.off}  {how}", flush=True)

    def timeline(self, lines):
        s = self.style
        print(f"\n{s.bold}what each service did for the order{s.off} (its log lines with this trace id)")
        if not lines:
            print("   no lines found; are the services' logs in .msctl/logs?")
            return
        start, _, _, whole_ms = lines[0]
        width = 24
        for began, service, text, took_ms in lines:
            # A call lies within the call that waits for it, whatever the rounding of the times says.
            offset_ms = min(max(0, (began - start).total_seconds() * 1000), whole_ms - took_ms)
            first = min(width - 1, int(offset_ms / whole_ms * width)) if whole_ms else 0
            size = max(1, min(width - first, round(took_ms / whole_ms * width) if whole_ms else 1))
            bar = " " * first + "━" * size + " " * (width - first - size)
            print(f"   {service:<15}{s.cyan}{bar}{s.off}{s.dim}{took_ms:6.1f} ms{s.off}  {text}")


def run(style):
    gateway, order_port = port("PORT_GATEWAY_HTTP"), port("PORT_ORDER_SERVICE_HTTP")
    nats_port = port("PORT_NATS_CLIENT")
    state = pathlib.Path(os.environ.get("MSCTL_STATE", ".msctl"))
    report = Report(style)
    trace_id = secrets.token_hex(16)
    traceparent = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}

    email = f"ann.{secrets.token_hex(4)}@example.com"
    person = {"email": email, "name": "Ann Example", "password": secrets.token_urlsafe(12)}
    status, _, user, took_ms = ask("the gateway", gateway, "POST", "/api/v1/users", person)
    report.step("sign up", f"{status}  {email}, user {user['id']}", took_ms)

    wanted = {"user_id": user["id"], "currency": "EUR",
              "items": [{"sku": "TEA-1", "quantity": 2, "unit_price_cents": 1250},
                        {"sku": "CUP-7", "quantity": 1, "unit_price_cents": 99}]}
    status, headers, order, took_ms = ask("the gateway", gateway, "POST", "/api/v2/orders", wanted,
                                          {**traceparent, "Idempotency-Key": secrets.token_hex(8)})
    total = f"{order['total_cents'] / 100:.2f} {order['currency']}"
    report.step("place an order", f"{status}  {total}, order {order['id']}", took_ms)

    at_gateway, at_service = headers["Location"], f"/v2/orders/{order['id']}"
    status, _, read, took_ms = ask("the gateway", gateway, "GET", at_gateway)
    report.step("read it at the gateway", f"{status}  {compared(read, order)}", took_ms)
    status, _, direct, took_ms = ask("order-service", order_port, "GET", at_service)
    report.step("and at order-service", f"{status}  {compared(direct, order)}", took_ms)

    began = time.monotonic()
    header, event, message = Nats(nats_port).wait_event(order)
    late_ms = (instant(message["time"]) - instant(order["created_at"])).total_seconds() * 1000
    traced = "same trace" if trace_id in header else "ANOTHER trace"
    report.step("its event in JetStream", f"{event['type']}, {STREAM} #{message['seq']}, {traced}, "
                f"{max(0.0, late_ms):.0f} ms after the order", (time.monotonic() - began) * 1000)

    show_what_came_of_it(report, gateway, order)
    report.timeline(wait_log_lines(state, trace_id))
    print(f"\n{style.bold}look yourself{style.off}")
    print(f"   curl 127.0.0.1:{gateway}{at_gateway}")
    print(f"   curl 127.0.0.1:{order_port}{at_service}")
    print(f"   ./msctl saga show {order['id']}")
    print(f"   grep {trace_id} {relative(state)}/logs/*.log")
    if not (same(read, order) and same(direct, order)) or trace_id not in header:
        raise Failure("what was read back differs from what was placed; see `./msctl logs order-service`")


def wait_end(gateway, order):
    """The order when nothing more happens to it: the others are told by events, so it takes a moment."""
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        now = ask("the gateway", gateway, "GET", f"/api/v2/orders/{order['id']}")[2]
        if now["status"] in ("confirmed", "cancelled"):
            return now
        time.sleep(0.02)
    raise Failure(f"after {TIMEOUT_S} s the order is still {now['status']}; see `./msctl saga show {order['id']}`")


def wait_mail(gateway, order):
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        mails = ask("the gateway", gateway, "GET", f"/api/v1/mailbox?order_id={order['id']}")[2]["mails"]
        if mails:
            return mails
        time.sleep(0.02)
    raise Failure(f"nobody was told within {TIMEOUT_S} s; see `./msctl health notification-service`")


def show_what_came_of_it(report, gateway, order):
    began = time.monotonic()
    now = wait_end(gateway, order)
    late_ms = (instant(now["updated_at"]) - instant(order["created_at"])).total_seconds() * 1000
    report.step("what became of it", f"{now['status']} {now['reason']}".rstrip() + f", {max(0.0, late_ms):.0f} ms after it "
                "was placed", (time.monotonic() - began) * 1000)
    _, _, found, took_ms = ask("the gateway", gateway, "GET", f"/api/v1/payments?order_id={order['id']}")
    report.step("its payment", ", ".join(f"{one['status']} {one['amount_cents'] / 100:.2f} {one['currency']}"
                                         for one in found["payments"]), took_ms)
    _, _, kept, took_ms = ask("the gateway", gateway, "GET", f"/api/v1/reservations/{order['id']}")
    goods = ", ".join(f"{item['quantity']} {item['sku']}" for item in kept["items"])
    report.step("its stock", f"{kept['status']} {goods}", took_ms)
    began = time.monotonic()
    mails = wait_mail(gateway, order)
    report.step("what the user was told", "; ".join(mail["subject"] for mail in mails),
                (time.monotonic() - began) * 1000)


def same(read, order):
    """But for what has become of it since."""
    later = {"status": None, "updated_at": None, "reason": None}
    return {**read, **later} == {**order, **later}


def compared(read, order):
    return "the same order" if same(read, order) else "NOT the same order"


def relative(path):
    try:
        return path.relative_to(pathlib.Path.cwd())
    except ValueError:
        return path


def main():
    argparse.ArgumentParser(prog="msctl order-demo", description="Places an order and shows what happened on the "
                            "way: sign-up, order, reading it back, its event, and each service's part.").parse_args()
    try:
        run(Style(sys.stdout))
    except Failure as failure:
        sys.stdout.flush()
        print(f"order-demo: {failure}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


sys.exit(main())
