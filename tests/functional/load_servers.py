"""Servers on loopback that tests put under load: each answers in a way that is hard on a client."""

import json
import socket
import ssl
import subprocess
import threading
import time


class Server:
    """Accepts connections, and for each request calls `answer(request)`: bytes to send, or None to close. `request` has
    method, path, headers (names in lower case) and body. Bytes that end an answer with `CLOSE` close the connection."""

    CLOSE = b"\0close"

    def __init__(self, answer, tls=None):
        self.answer, self.tls = answer, tls
        self.requests = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.ended = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended = True
        # A blocked accept() does not notice a close.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        while not self.ended:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as reader:
                while True:
                    request = read_request(reader)
                    if request is None:
                        return
                    with self.lock:
                        self.requests.append(request)
                    answer = self.answer(request)
                    if answer is None:
                        return
                    closing = answer.endswith(self.CLOSE)
                    connection.sendall(answer.removesuffix(self.CLOSE))
                    if closing:
                        return
        except (OSError, ValueError):
            return


def read_request(reader):
    line = reader.readline().split()
    if len(line) != 3:
        return None
    request = {"method": line[0].decode(), "path": line[1].decode(), "headers": {}, "body": b""}
    while (field := reader.readline().strip()):
        name, _, value = field.decode().partition(":")
        request["headers"][name.lower()] = value.strip()
    request["body"] = reader.read(int(request["headers"].get("content-length", 0)))
    return request


def ok(body=b"ok", status="200 OK", headers=""):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers += "Content-Type: application/json\r\n"
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def stalling(after_s, for_s):
    """Answers at once but for one stall, in which nobody gets an answer."""
    began = []

    def answer(_):
        began.append(time.monotonic())
        since = time.monotonic() - began[0]
        if after_s <= since < after_s + for_s:
            time.sleep(after_s + for_s - since)
        return ok()

    return answer


def one_at_a_time(seconds):
    """No more than 1/seconds answers a second."""
    turn = threading.Lock()

    def answer(_):
        with turn:
            time.sleep(seconds)
        return ok()

    return answer


def self_signed(folder):
    """(certificate file, server side context) for 127.0.0.1."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out",
                    str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context
