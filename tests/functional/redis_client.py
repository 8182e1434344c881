"""An outside reader of Redis Streams: RESP2 over a plain socket, so that nothing of ours is in between.

https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

import socket

TIMEOUT_S = 5


class RedisClient:
    """One connection; not thread-safe. A context manager."""

    def __init__(self, port, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=TIMEOUT_S)
        self.reader = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.reader.close()
        self.socket.close()

    def ask(self, *words):
        """The reply: text, number, None or a list of these."""
        parts = [str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
        return self._reply()

    def _reply(self):
        line = self.reader.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the broker closed the connection")
        kind, rest = line[:1], line[1:-2].decode()
        if kind == b"-":
            raise RuntimeError(rest)
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == "-1" else self.reader.read(int(rest) + 2)[:-2].decode()
        if kind == b"*":
            return None if rest == "-1" else [self._reply() for _ in range(int(rest))]
        return rest

    def stored(self, stream):
        """Each entry of a stream, oldest first, as a dict of its fields."""
        entries = self.ask("XRANGE", f"msctl:stream:{stream}", "-", "+")
        return [dict(zip(fields[::2], fields[1::2])) for _, fields in entries]
