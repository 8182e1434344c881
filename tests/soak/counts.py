"""What a soak test counts: a row for each step, the processes that are too many, the events that came of orders."""

import base64
import collections
import json
import time

from conftest import processes_of
from nats_client import NatsClient
from reference import PLACED, STREAM

COLUMNS = ("step", "count", "requests", "failed", "restarts", "orphans", "lost events", "twice", "seconds")
MUST_BE_0 = COLUMNS[3:8]


class Step:
    def __init__(self, name):
        self.name = name
        self.counts = collections.Counter()
        self.seconds = 0.0

    def row(self):
        return [self.name, *(str(self.counts[name]) for name in COLUMNS[1:8]), f"{self.seconds:.1f}"]


def print_table(steps):
    total = Step("all")
    for step in steps:
        total.counts.update(step.counts)
        total.seconds += step.seconds
    rows = [list(COLUMNS), *(step.row() for step in steps), total.row()]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    for row in rows:
        print("  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]))
    return sum(total.counts[name] for name in MUST_BE_0)


def spare_processes(folder, rows, wait_s):
    """(pid, command line) of each process of the cluster beside one supervisor, one nursery, and what `ps` has in
    `rows`, after giving them some time to end."""
    deadline = time.monotonic() + wait_s
    needed = {row[key] for row in rows.values() for key in ("pid", "keeper")}
    while True:
        found, single = [], {"__supervise": 1, "msctl keepers": 1}
        for pid, command in processes_of(folder):
            mark = next((mark for mark in single if mark in command), None)
            if mark and single[mark]:
                single[mark] -= 1
            elif pid not in needed:
                found.append((pid, command))
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.02)


def events_by_order(nats_port, wanted, wait_s):
    """How many events of placed orders the stream has, by order; waits until each of `wanted` has one."""
    seen, first, deadline = collections.Counter(), 1, time.monotonic() + wait_s
    with NatsClient(nats_port) as nats:
        while True:
            last = nats.jetstream(f"STREAM.INFO.{STREAM}")["state"]["last_seq"]
            for sequence in range(first, last + 1):
                message = nats.jetstream(f"STREAM.MSG.GET.{STREAM}", seq=sequence)["message"]
                if message["subject"] == PLACED:
                    seen[json.loads(base64.b64decode(message["data"]))["data"]["order_id"]] += 1
            first = last + 1
            if all(seen[order_id] for order_id in wanted) or time.monotonic() > deadline:
                return seen
            time.sleep(0.05)
