"""An outside reader of JetStream: the NATS text protocol over a plain socket, so that nothing of ours is in between.

https://docs.nats.io/reference/reference-protocols/nats-protocol and the JetStream wire API.
"""

import base64
import json
import socket

TIMEOUT_S = 5


class NatsClient:
    """One connection; not thread-safe. A context manager."""

    def __init__(self, port, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")
        self.last_sid = 0
        assert self._line().startswith("INFO ")
        options = {"verbose": False, "pedantic": True, "headers": True, "no_responders": True, "lang": "test",
                   "version": "1", "protocol": 1}
        self._send(f"CONNECT {json.dumps(options)}\r\nPING\r\n")
        assert self._line() == "PONG"

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.reader.close()
        self.socket.close()

    def _send(self, text):
        self.socket.sendall(text.encode())

    def _line(self):
        """The next control line; PING is answered on the way."""
        while True:
            line = self.reader.readline()
            if not line.endswith(b"\r\n"):
                raise ConnectionError("the broker closed the connection")
            text = line[:-2].decode()
            if text == "PING":
                self._send("PONG\r\n")
            elif text.startswith("-ERR"):
                raise ConnectionError(text)
            else:
                return text

    def _message(self):
        """(sid, subject, header block, payload) of the next message."""
        words = self._line().split(" ")
        assert words[0] in ("MSG", "HMSG"), words
        total = int(words[-1])
        header_size = int(words[-2]) if words[0] == "HMSG" else 0
        block = self.reader.read(total + 2)[:-2]
        return words[2], words[1], block[:header_size].decode(), block[header_size:]

    def subscribe(self, subject):
        """Receives what is published from now on; see next_message()."""
        self.last_sid += 1
        self._send(f"SUB {subject} {self.last_sid}\r\nPING\r\n")
        assert self._line() == "PONG"

    def next_message(self):
        """(subject, headers, payload) of the next message of the subscription."""
        _, subject, header, payload = self._message()
        return subject, parse_headers(header), payload

    def request(self, subject, payload=b"", headers=None):
        """The one answer to a request; LookupError when nobody listens there."""
        self.last_sid += 1
        sid, inbox = str(self.last_sid), f"_INBOX.test.{self.socket.getsockname()[1]}.{self.last_sid}"
        block = format_headers(headers) if headers else b""
        verb, sizes = ("HPUB", f"{len(block)} {len(block) + len(payload)}") if headers else ("PUB", str(len(payload)))
        ask = f"SUB {inbox} {sid}\r\nUNSUB {sid} 1\r\n{verb} {subject} {inbox} {sizes}\r\n"
        self.socket.sendall(ask.encode() + block + payload + b"\r\n")
        while True:
            got, _, header, answer = self._message()
            if got == sid:
                break
        if header.startswith("NATS/1.0 503"):
            raise LookupError(f"nobody answers at {subject}")
        return answer

    def jetstream(self, verb, **arguments):
        """The JSON answer of `$JS.API.<verb>`; LookupError for a 404."""
        answer = json.loads(self.request(f"$JS.API.{verb}", json.dumps(arguments).encode()))
        error = answer.get("error")
        if error:
            raise LookupError(f"{verb}: {error}") if error["code"] == 404 else AssertionError(f"{verb}: {error}")
        return answer

    def stored(self, stream, first=1):
        """Every message of a stream from `first` on in order, as dicts of seq, subject, headers, data (bytes)."""
        state = self.jetstream(f"STREAM.INFO.{stream}")["state"]
        messages = []
        for sequence in range(max(first, state["first_seq"]), state["last_seq"] + 1):
            try:
                message = self.jetstream(f"STREAM.MSG.GET.{stream}", seq=sequence)["message"]
            except LookupError:
                continue  # deleted
            messages.append({"seq": message["seq"], "subject": message["subject"],
                             "headers": parse_headers(base64.b64decode(message.get("hdrs", "")).decode()),
                             "data": base64.b64decode(message.get("data", ""))})
        return messages


def format_headers(fields):
    return ("NATS/1.0\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n").encode()


def parse_headers(block):
    """Header fields by lower-case name."""
    fields = {}
    for line in block.split("\r\n")[1:]:
        if line:
            name, _, value = line.partition(":")
            fields[name.strip().lower()] = value.strip()
    return fields
