#!/usr/bin/python3 -B
"""Does to the broker what can happen to one, while orders are placed, and checks that nothing is lost or doubled.

tests/soak/README.md says what each step does. It runs in a network namespace of its own, so that packets can be dropped
there without being root. Exit status: 0 when all holds, 1 when not, 2 usage or no namespace, 130 interrupted.
"""

import argparse
import contextlib
import fcntl
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "functional")]
from conftest import wait_for  # noqa: E402
from flow_invariants import Journal, faults, settle, verified  # noqa: E402
from keyed_orders import KeyedOrders  # noqa: E402
from private_shop import run_in_shop  # noqa: E402
from reference import document  # noqa: E402
from test_control_socket import ask  # noqa: E402
from test_gates import begin, end, open_gate  # noqa: E402

NATS = "nats"
INSIDE = "MSCTL_SOAK_NAMESPACE"  # set once the process is in the namespace
READY_S = 30


class Holder:
    """Whose pid gates and faults belong to: they end with this process at the latest."""

    pid = os.getpid()


class Broker:
    """The steps, each a fault from its beginning to its end."""

    def __init__(self, shop, options):
        self.shop = shop
        self.options = options
        self.random = random.Random(options.seed)
        self.port = shop.ports[NATS]["client"]
        self.data = shop.folder / ".msctl" / "data" / NATS

    def steps(self):
        return {"kill": self.kill, "freeze": self.freeze, "drop": lambda: self.filter("DROP"),
                "reject": lambda: self.filter("REJECT", "--reject-with", "tcp-reset"), "slow": self.slow,
                "empty": self.empty, "older": self.older}

    def kill(self):
        for _ in range(self.options.kills):
            time.sleep(self.random.uniform(0, 0.2))
            self.shop.kill_and_wait(NATS, READY_S)

    def freeze(self):
        pid = self.shop.ps()[NATS]["pid"]
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(self.options.outage)
        finally:
            os.kill(pid, signal.SIGCONT)

    def filter(self, *target):
        """Packets to and from the broker's port meet `target`; connections that were open as well as new ones."""
        ends = [["--dport"], ["--sport"]] if target[0] == "DROP" else [["--dport"]]
        rules = [["INPUT", "-p", "tcp", *side, str(self.port), "-j", *target] for side in ends]
        for rule in rules:
            iptables("-A", *rule)
        try:
            assert self.answer_s() is None, "packets get through"
            time.sleep(self.options.outage)
        finally:
            for rule in rules:
                iptables("-D", *rule)

    def slow(self):
        """Each round trip takes 200 ms longer."""
        open_gate(self.shop, NATS, Holder)
        slow = begin(self.shop, "delay", NATS, Holder, delay_ms=200)
        assert self.answer_s() > 0.099, "it is not slow"
        time.sleep(self.options.outage)
        end(self.shop, slow)
        assert ask(self.shop, "POST", f"/v1/gates/{NATS}/close")[0] == 202
        wait_for(lambda: not ask(self.shop, "GET", "/v1/gates")[1]["gates"], READY_S, "the end of the gate")

    def answer_s(self):
        """How long a new connection waits for the broker's first byte; None without one in a second."""
        began = time.monotonic()
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.recv(1)
        except OSError:
            return None
        return time.monotonic() - began

    @contextlib.contextmanager
    def stopped(self):
        assert self.shop.run("stop", NATS).returncode == 0
        time.sleep(self.options.outage / 4)
        yield
        assert self.shop.run("start", NATS).returncode == 0

    def empty(self):
        with self.stopped():
            shutil.rmtree(self.data)

    def older(self):
        """Its files are those of some time ago."""
        copy = self.shop.folder / "older"
        with self.stopped():
            shutil.copytree(self.data, copy)
        time.sleep(self.options.outage)
        with self.stopped():
            shutil.rmtree(self.data)
            shutil.move(copy, self.data)


def iptables(*words):
    """By nftables or, in a kernel without them, as before."""
    done = subprocess.run(["iptables", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        done = subprocess.run(["iptables-legacy", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def check(shop, customers, options):
    """What is wrong; the streams are read from their beginning, since a step may have replaced them."""
    wait_for(lambda: all(row["state"] == "ready" for row in shop.ps().values()), READY_S, "all ready")
    journal = Journal(shop)
    with customers.held(READY_S):
        parked = settle(shop, customers.orders, journal, options.settle)
        wrong = customers.problems + faults(shop, customers.orders, journal) + (verified(shop) or [])
    return journal.messages, parked, wrong


def soak(shop, options):
    contents = document()
    # Killed as often as here, it would be given up by its restart policy.
    contents["services"][NATS]["restart"] = {"policy": "always", "first_ms": 1, "cap_ms": 1, "limit": 0}
    shop.write(contents).up()
    broker, wrong = Broker(shop, options), []
    print("step    seconds  orders meanwhile  orders  messages  replayed  wrong", flush=True)
    with KeyedOrders(shop, options.clients, options.pause) as customers:
        customers.wait_more(10)
        for name in options.steps:
            before, since = len(customers.orders), time.monotonic()
            try:
                broker.steps()[name]()
                meanwhile, seconds = len(customers.orders) - before, time.monotonic() - since
                messages, parked, found = check(shop, customers, options)
            except AssertionError as problem:
                wrong.append(f"{name}: {problem}")
                break
            if not meanwhile:
                found.append("no order was taken meanwhile")
            wrong += [f"{name}: {line}" for line in found]
            print(f"{name:6}  {seconds:7.1f}  {meanwhile:16}  {len(customers.orders):6}  {messages:8}  {parked:8}  "
                  f"{len(found):5}", flush=True)
    print("answers: " + ", ".join(f"{count} {what}" for what, count in sorted(customers.outcomes.items())))
    for line in wrong[:20]:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


def enter_namespace():
    """Starts this program again where it may filter packets, and makes the loopback interface there usable."""
    if INSIDE not in os.environ:
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "--user", "--map-root-user", "--net", sys.executable, "-B", *sys.argv])
    flags = 0x1 | 0x40  # IFF_UP | IFF_RUNNING
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", flags))  # SIOCSIFFLAGS


def parse():
    parser = argparse.ArgumentParser(description="Faults of the broker under load: nothing may be lost or doubled.")
    names = ["kill", "freeze", "drop", "reject", "slow", "empty", "older"]
    parser.add_argument("--steps", nargs="+", choices=names, default=names, metavar="STEP", help=", ".join(names))
    parser.add_argument("--kills", type=int, default=100, help="of step `kill` (default 100)")
    parser.add_argument("--outage", type=float, default=10, help="seconds that a fault lasts (default 10)")
    parser.add_argument("--settle", type=float, default=120, help="seconds until all must be done (default 120)")
    parser.add_argument("--clients", type=int, default=4, help="at once (default 4)")
    parser.add_argument("--pause", type=float, default=0.1, help="seconds of a client between two orders (default 0.1)")
    parser.add_argument("--seed", type=int, default=1, help="of the pauses (default 1)")
    return parser.parse_args()


def main():
    options = parse()
    enter_namespace()
    return run_in_shop(soak, options, "broker-")  # short: the path of a socket comes behind it


if __name__ == "__main__":
    sys.exit(main())
