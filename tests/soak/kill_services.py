#!/usr/bin/python3 -B
"""Kills services at one system call after the other, while orders are placed, and checks that nothing is lost or doubled.

The supervisor's own restarts drive it: each start of a service runs under strace, which kills the process at the next
point of its plan (tests/soak/README.md). Clients place orders with Idempotency-Keys all the time and ask again until they
have an answer. At checkpoints and at the end services run undisturbed until all is done; then there must be one order
for each key and its events, each once.

Exit status: 0 when all holds, 1 when not, 2 usage, 130 interrupted.
"""

import argparse
import pathlib
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "functional")]
from conftest import wait_for  # noqa: E402
from flow_invariants import Journal, faults, settle, verified  # noqa: E402
from keyed_orders import KeyedOrders  # noqa: E402
from private_shop import run_in_shop  # noqa: E402
from reference import document  # noqa: E402
from victims import Victims  # noqa: E402

# All that keep something of the flow; the gateway keeps nothing, and is how the clients ask.
VICTIMS = ("order-service", "payment-service", "catalog-service", "notification-service", "user-service",
           "legacy-payments")
LEARN_S = 2
READY_S = 60


class Sweep:
    def __init__(self, shop, victims, customers, options):
        self.shop = shop
        self.victims = victims
        self.customers = customers
        self.options = options
        self.journal = Journal(shop)
        self.begin = time.monotonic()
        self.parked = 0
        self.wrong = []

    def run(self):
        self.learn()
        following = self.options.checkpoint
        self.stir()
        while self.done() < self.options.points and not self.wrong:
            if time.monotonic() - self.begin > self.options.seconds:
                print(f"the time is over after {self.done()} points", file=sys.stderr)
                break
            time.sleep(0.05)
            self.victims.record(self.shop)
            if self.customers.problems:
                break
            if self.done() >= following and self.done() < self.options.points:
                self.checkpoint()
                following = self.done() + self.options.checkpoint
                self.stir()
        self.checkpoint(is_last=True)

    def done(self):
        return self.victims.killed.total()

    def learn(self):
        """Which calls there are: each victim is watched from its start on, under load."""
        for victim in self.victims.all.values():
            victim.stir()
        self.victims.restart(self.shop)
        self.customers.wait_more(20, READY_S)
        time.sleep(LEARN_S)
        for name, victim in self.victims.all.items():
            calls = victim.plan(self.options.points * 2)
            print(f"{name}: {sum(calls.values())} calls of {len(calls)} kinds", flush=True)

    def stir(self):
        for victim in self.victims.all.values():
            victim.stir()
        self.victims.restart(self.shop)

    def checkpoint(self, is_last=False):
        """Undisturbed until all is done; then everything must hold."""
        for victim in self.victims.all.values():
            victim.calm()
        self.victims.restart(self.shop)
        wait_for(lambda: all(row["state"] == "ready" for row in self.shop.ps().values()), READY_S, "all ready")
        with self.customers.held(READY_S):
            parked = settle(self.shop, self.customers.orders, self.journal, self.options.settle)
            self.victims.record(self.shop)
            self.wrong += self.customers.problems + faults(self.shop, self.customers.orders, self.journal)
            self.wrong += verified(self.shop) or []
            if is_last:
                self.customers.end()
        self.parked += parked
        print(f"{time.monotonic() - self.begin:6.1f} s  {self.done():6} points  {len(self.customers.orders):6} orders  "
              f"{self.journal.messages:6} messages  {parked} replayed  {len(self.wrong)} wrong", flush=True)

    def report(self):
        """One row for each call, a column for each service; ends that were no point below."""
        killed, names = self.victims.killed, list(self.victims.all)
        calls = sorted({call for _, call in killed})
        rows = [["call", *names, "all"]]
        rows += [[call, *(str(killed[name, call]) for name in names), str(sum(killed[name, call] for name in names))]
                 for call in calls]
        rows.append(["all", *(str(sum(killed[name, call] for call in calls)) for name in names), str(self.done())])
        widths = [max(map(len, column)) for column in zip(*rows)]
        for row in rows:
            print("  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]))
        print(f"points that did not come: {self.victims.late.total()}")
        for (name, how), count in sorted(self.victims.other.items()):
            print(f"{name} ended by itself {count} times: {how}")
            if how.startswith("signal"):
                self.wrong.append(f"{name}: {how}")
        print("answers: " + ", ".join(f"{count} {what}" for what, count in sorted(self.customers.outcomes.items())))
        print(f"{len(self.customers.orders)} orders acknowledged, {self.journal.messages} messages, {self.parked} events "
              f"parked and replayed, {len(self.wrong)} wrong")


def sweep(shop, options):
    contents = document()
    names = [name for name in options.victims if name in contents["services"]]
    victims = Victims(names, shop.folder / "points", options.seed)
    shop.write(victims.wrap(contents)).up()
    with KeyedOrders(shop, options.clients, options.pause) as customers:
        one = Sweep(shop, victims, customers, options)
        try:
            one.run()
        except AssertionError as problem:
            one.wrong.append(str(problem))
    one.report()
    for line in one.wrong[:20]:
        print(line, file=sys.stderr)
    return 1 if one.wrong or not one.done() else 0


def parse():
    parser = argparse.ArgumentParser(description="Kills services at their system calls under load: nothing may be lost.")
    parser.add_argument("--points", type=int, default=10_000, help="that are reached and killed at (default 10000)")
    parser.add_argument("--checkpoint", type=int, default=500, help="points from one check to the next (default 500)")
    parser.add_argument("--seconds", type=float, default=7200, help="begin no point after that time (default 7200)")
    parser.add_argument("--settle", type=float, default=240, help="seconds until all must be done (default 240)")
    parser.add_argument("--clients", type=int, default=4, help="at once (default 4)")
    parser.add_argument("--pause", type=float, default=0.1, help="seconds of a client between two orders (default 0.1)")
    parser.add_argument("--victims", nargs="+", default=VICTIMS, help="services to kill, of those that there are")
    parser.add_argument("--seed", type=int, default=1, help="of the points; the same gives the same plan (default 1)")
    return parser.parse_args()


def main():
    return run_in_shop(sweep, parse(), "msctl-kill-")


if __name__ == "__main__":
    sys.exit(main())
