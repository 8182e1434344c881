#!/usr/bin/python3
"""A small service in another language that keeps to the house's rules: held socket, health endpoints, problem+json,
metrics, JSON logs, a graceful stop. `--without NAME` leaves one of them out, for tests of what notices that.

standin_service.py [--without problem|health|logs|metrics|drain]
"""

import argparse
import datetime
import http.server
import json
import os
import signal
import socket
import sys
import threading
import time

NAME = os.environ.get("MSCTL_SERVICE", "standin")
VERSION = "0.1.0"
HEALTH = {"/health/live": "live", "/live": "live", "/health/startup": "started", "/health/ready": "ready",
          "/ready": "ready", "/health": "ready"}
TITLES = {400: "malformed-request", 404: "not-found", 405: "method-not-allowed"}


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class State:
    def __init__(self, without):
        self.without = without
        self.lock = threading.Lock()
        self.counts = {}  # (method, route, status) to number
        self.running = 0
        self.stopping = False

    def log(self, message, **fields):
        line = json.dumps({"time": now(), "level": "info", "message": message, "service": NAME, **fields})
        print(message if "logs" in self.without else line, flush=True)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state = None

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path in HEALTH and ("health" not in self.state.without or path in ("/health/live", "/health/ready")):
            body = {"status": HEALTH[path], "service": NAME, "version": VERSION, "time": now()}
            if HEALTH[path] == "ready":
                body["checks"] = {}
            return self.answer(200, body)
        if path == "/metrics":
            return self.metrics()
        return self.refuse(404, "/v1/quotes/{id}" if path.startswith("/v1/quotes/") else "unknown")

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.refuse(404, "unknown")

    def do_PUT(self):
        self.refuse(405, "method-not-allowed")

    def refuse(self, status, route):
        with self.state.lock:
            key = (self.command, route, status)
            self.state.counts[key] = self.state.counts.get(key, 0) + 1
        self.state.log("request", method=self.command, path=self.path, status=status)
        if "problem" in self.state.without:
            return self.answer(status, "sorry", "text/plain")
        body = {"type": "urn:msctl:problem:" + TITLES[status], "title": "Refused", "status": status, "detail": "no",
                "instance": self.path}
        return self.answer(status, body, "application/problem+json")

    def metrics(self):
        lines = []
        with self.state.lock:
            counts = {} if "metrics" in self.state.without else dict(self.state.counts)
        for (method, route, status), count in counts.items():
            lines.append(f'http_server_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}')
            lines.append(f'http_server_request_duration_seconds_count{{method="{method}",route="{route}"}} {count}')
        self.answer(200, "\n".join(lines) + "\n", "text/plain; version=0.0.4")

    def answer(self, status, body, media_type="application/json"):
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(data)))
        if status == 405:
            self.send_header("Allow", "GET")
        if self.state.stopping or self.headers.get("Connection") == "close":
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def process_request_thread(self, request, client_address):
        state = self.RequestHandlerClass.state
        with state.lock:
            state.running += 1
        try:
            super().process_request_thread(request, client_address)
        finally:
            with state.lock:
                state.running -= 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--without", action="append", default=[])
    state = State(parser.parse_args().without)
    Handler.state = state
    names = os.environ["LISTEN_FDNAMES"].split(":")
    server = Server(("127.0.0.1", 0), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=3 + names.index("http"))

    def stop(*_):
        if "drain" in state.without:
            os._exit(0)
        state.stopping = True
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    state.log("serving")
    server.serve_forever(poll_interval=0.01)
    deadline = time.monotonic() + 0.5
    while state.running and time.monotonic() < deadline:
        time.sleep(0.005)
    return 0


sys.exit(main())
