#!/usr/bin/python3
"""Passes TCP connections on and changes bytes on the way to the server, to break a protocol on purpose.

tcp_rewriter.py PORT UPSTREAM_PORT OLD NEW      OLD and NEW have the same length
"""

import socket
import sys
import threading


def pump(source, target, change):
    """Until one side closes. A match that is cut in two by a read is put together first."""
    kept = b""
    try:
        while True:
            block = source.recv(65536)
            if not block:
                break
            data, kept = change(kept + block)
            target.sendall(data)
    except OSError:
        pass
    for one in (source, target):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def changer(old, new):
    def change(data):
        data = data.replace(old, new)
        # The longest end that may be the beginning of `old`.
        for size in range(min(len(old) - 1, len(data)), 0, -1):
            if old.startswith(data[-size:]):
                return data[:-size], data[-size:]
        return data, b""

    return change


def serve(client, port, change):
    try:
        server = socket.create_connection(("127.0.0.1", port), timeout=5)
    except OSError:
        client.close()
        return
    server.settimeout(None)
    for one in (client, server):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=pump, args=(server, client, lambda data: (data, b"")), daemon=True).start()
    pump(client, server, change)


def main():
    port, upstream = int(sys.argv[1]), int(sys.argv[2])
    change = changer(sys.argv[3].encode(), sys.argv[4].encode())
    listener = socket.create_server(("127.0.0.1", port))
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, upstream, change), daemon=True).start()


if __name__ == "__main__":
    main()
