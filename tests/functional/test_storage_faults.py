"""A database that is locked by others, full, or on a broken disk: what cannot be kept is not acknowledged, what is kept is
there once, and the service comes back by itself."""

import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import time

import pytest

from conftest import wait_for
from flow_invariants import Journal, assert_hold, faults, settle
from keyed_orders import PATH, KeyedOrders
from reference import Shop, assert_problem, document, order_body, shop  # noqa: F401

SERVICE = "order-service"
FULL = "6m"
DISK_S = 40  # five attempts of an event took some 15 s


def database(shop):
    file, = (shop.folder / ".msctl" / "data" / SERVICE).rglob("*.db")
    return file


def place(shop, key, user):
    return shop.post(PATH, order_body(user), headers={"Idempotency-Key": key}, timeout=30)


class Injected:
    """These system calls of the service fail, while inside: all, or as `when` says (strace(1))."""

    def __init__(self, shop, what, service=SERVICE):
        calls = what.partition(":")[0]
        self.argv = ["strace", "-f", "-p", str(shop.ps()[service]["pid"]), "-o", "/dev/null", "-e", f"trace={calls}",
                     "-e", f"inject={what}"]

    def __enter__(self):
        self.strace = subprocess.Popen(self.argv, stderr=subprocess.PIPE, text=True)
        assert "attached" in self.strace.stderr.readline()

    def __exit__(self, *problem):
        self.strace.send_signal(signal.SIGINT)  # it lets the service go on
        self.strace.communicate(timeout=10)


def test_a_database_that_another_program_locks(shop):
    """Longer than a request may take; MSCTL_LOCK_S makes it last longer."""
    lock_s = float(os.environ.get("MSCTL_LOCK_S", "20"))
    user = shop.sign_up()["id"]
    with KeyedOrders(shop) as customers:
        customers.wait_more(5)
        outsider = sqlite3.connect(database(shop), isolation_level=None, timeout=30)
        outsider.execute("BEGIN IMMEDIATE")
        count = "SELECT count(*) FROM orders"
        rows = outsider.execute(count).fetchone()
        began, acknowledged = time.monotonic(), len(customers.orders)
        answer = place(shop, "locked", user)
        assert_problem(answer, 503)
        assert int(answer.headers["Retry-After"]) >= 1
        assert time.monotonic() - began < 17, "it is told in the time that a request has"
        assert shop.get(f"/api/v2/orders?user_id={user}").json()["orders"] == [], "what reads goes on"
        while time.monotonic() - began < lock_s:
            assert shop.get("/health/ready", SERVICE, timeout=20).status == 503
            time.sleep(1)
        # One whose answer was under way when the lock came may have been counted after it.
        assert len(customers.orders) <= acknowledged + len(customers.threads)
        assert outsider.execute(count).fetchone() == rows
        outsider.execute("ROLLBACK")
        outsider.close()
        customers.wait_more(5)
        assert place(shop, "locked", user).status == 201
        assert_hold(shop, customers)
    assert customers.outcomes["503"] > 0, customers.outcomes


@pytest.mark.parametrize("what", ["fdatasync:error=EIO", "pwrite64:error=ENOSPC", "pwrite64:error=EIO"])
def test_a_disk_that_fails(shop, what):
    """Whether the transaction is there after a failed sync nobody knows; the same key finds out, or does it then."""
    with KeyedOrders(shop) as customers:
        customers.wait_more(5)
        for _ in range(3):
            refused = customers.outcomes["503"]
            with Injected(shop, what):
                wait_for(lambda: customers.outcomes["503"] > refused + 3, 20, "refusals")
            customers.wait_more(5)
        assert_hold(shop, customers)
    assert shop.ps()[SERVICE]["restarts"] == 0


def parked(shop):
    done = shop.run("dlq", "list", "--output", "json")
    assert done.returncode == 0, done.stderr
    return [(one["service"], one["event"], one["reason"]) for one in json.loads(done.stdout)]


@pytest.mark.parametrize("service", ["payment-service", "catalog-service", "notification-service"])
def test_a_disk_that_fails_under_a_consumer(shop, service):
    """For longer than five attempts of an event take: what is away costs none of them."""
    with KeyedOrders(shop) as customers:
        with Injected(shop, "fdatasync:error=EIO", service):
            time.sleep(DISK_S)
        with customers.held():
            customers.end()
    assert parked(shop) == [], "while it lasted"
    journal = Journal(shop)
    assert settle(shop, customers.orders, journal, 120) == 0, "nothing was parked"
    assert customers.problems == [] and faults(shop, customers.orders, journal) == []
    waiting = [line for line in shop.log_lines(service) if line["message"] == "events wait for what their handlers need"]
    assert waiting and all("database" in line["error"] for line in waiting), "it was noticed"
    assert len(waiting) <= 2 * len({line["event"] for line in waiting}), "a line each time it begins, not one an event"
    assert shop.ps()[service]["restarts"] == 0


def test_committed_and_the_answer_is_lost(shop):
    """The gateway's connections break while it reads, from clients or from order-service; the latter may have it done."""
    with KeyedOrders(shop) as customers:
        customers.wait_more(5)
        for _ in range(3):
            with Injected(shop, "recvmsg,recvfrom:error=ECONNRESET:when=3+3", "gateway"):
                time.sleep(2)
            customers.wait_more(5)
        assert_hold(shop, customers)
    assert customers.outcomes["told later"] > 0, customers.outcomes


@pytest.fixture
def small_disk(msctl_bin, tmp_path):
    """A cluster whose order-service keeps its files on a file system of its own, with little room."""
    one = Shop(msctl_bin, tmp_path)
    one.write(document())
    data = one.folder / ".msctl" / "data" / SERVICE
    one.up()  # makes the folders
    assert one.run("down").returncode == 0
    mounting = one.folder / "mounting"
    mounting.write_text("#!/bin/sh\nexec unshare --user --map-root-user --mount sh -c "
                        f"'mount -t tmpfs -o mode=0700,size={FULL} tmpfs \"$0\" && exec \"$@\"' {data} {msctl_bin} \"$@\"\n")
    mounting.chmod(0o700)
    try:
        one.bin = str(mounting)
        one.up()
        one.bin = str(msctl_bin)
        yield one
    finally:
        one.bin = str(msctl_bin)
        one.close()


def test_a_full_disk(small_disk):
    shop = small_disk
    inside = pathlib.Path(f"/proc/{shop.ps()[SERVICE]['pid']}/root{shop.folder}/.msctl/data/{SERVICE}")
    user = shop.sign_up()["id"]
    with KeyedOrders(shop) as customers:
        customers.wait_more(5)
        filler = inside / "filler"
        with pytest.raises(OSError, match="No space left"):
            with open(filler, "wb", buffering=0) as file:
                while True:
                    file.write(b"x" * 4096)
        wait_for(lambda: customers.outcomes["503"] > 5, 60, "refusals")
        answer = place(shop, "full", user)
        assert_problem(answer, 503)
        assert int(answer.headers["Retry-After"]) >= 1
        assert shop.get(f"/api/v2/orders?user_id={user}").json()["orders"] == []
        filler.unlink()
        customers.wait_more(5)
        assert place(shop, "full", user).status == 201
        assert_hold(shop, customers)
    assert shop.ps()[SERVICE]["restarts"] == 0
