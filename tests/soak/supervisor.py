#!/usr/bin/python3 -B
"""Kills the supervisor over and over, restarts and scales services, all under load, and counts what that cost.

tests/soak/README.md says what each step does. Exit status: 0 when every count that must be 0 is, 1 otherwise,
2 usage, 130 interrupted.
"""

import argparse
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "functional")]
from conftest import process_alive, processes_of, wait_for  # noqa: E402
from counts import Step, events_by_order, print_table, spare_processes  # noqa: E402
from load import FIRST_STEP, Load  # noqa: E402
from private_shop import run_in_shop  # noqa: E402
from reference import document  # noqa: E402

HELD = ("user-service", "order-service", "gateway")  # whose sockets the supervisor holds
DRAIN_S = 10  # an instance that was told to end may still answer what it has


class Stop(Exception):
    """The run cannot go on; the message says why."""


class Soak:
    def __init__(self, shop, load, deadline, rng):
        self.shop = shop
        self.load = load
        self.deadline = deadline
        self.rng = rng
        self.steps = [Step(FIRST_STEP)]
        self.problems = []
        self.census = self.shop.ps()

    def left_s(self):
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Stop(f"out of time in step `{self.steps[-1].name}`")
        return left

    def step(self, name, count, action, asked=(), maybe=()):
        """`action()` so many times; the instances of services `asked` must get other processes, of those `maybe` may."""
        step = Step(name)
        self.steps.append(step)
        self.load.step = name
        begin = time.monotonic()
        try:
            for _ in range(count):
                step.counts["count"] += 1
                action()
                self.look(step, asked, maybe)
                self.pause(0.1)
            self.pause(0.3)  # what was sent in this step is answered in it
        finally:
            step.seconds = time.monotonic() - begin

    def pause(self, at_most_s):
        time.sleep(self.rng.uniform(0, at_most_s))
        self.left_s()

    def msctl(self, *args):
        """Runs it; whatever it says is a problem of the product when it fails."""
        try:
            done = self.shop.run(*args, timeout=min(60, self.left_s()))
        except subprocess.TimeoutExpired as late:
            raise Stop(f"msctl {' '.join(args)} does not return") from late
        if done.returncode != 0:
            raise Stop(f"msctl {' '.join(args)}: exit {done.returncode}\n{done.stdout}{done.stderr}")

    # --- what is counted

    def look(self, step, asked, maybe):
        """Which instances run other processes than before, and whether there is a process too many."""
        before, now = self.census, self.shop.ps()
        for name, row in now.items():
            if row["state"] != "ready":
                self.problems.append(f"{step.name}: {name} is {row['state']}: {row['reason']}")
            old = before.get(name, row)
            changed = old["pid"] != row["pid"]
            if row["service"] in asked and name in before and not changed:
                self.problems.append(f"{step.name}: {name} still is process {row['pid']}")
            is_asked = row["service"] in (*asked, *maybe)
            if (changed and not is_asked) or row["restarts"] != old["restarts"]:
                step.counts["restarts"] += 1
                self.problems.append(f"{step.name}: {name} was process {old['pid']}, is {row['pid']}: {row['reason']}")
        self.census = now
        extra = spare_processes(self.shop.folder, now, min(DRAIN_S, self.left_s()))
        step.counts["orphans"] += len(extra)
        self.problems += [f"{step.name}: process {pid} is one too many: {command}" for pid, command in extra]

    # --- what is done

    def supervisors(self):
        return [pid for pid, command in processes_of(self.shop.folder) if "__supervise" in command]

    def kill_supervisor(self):
        for pid in self.supervisors():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            wait_for(lambda one=pid: not process_alive(one), 5, "the supervisor's end")

    def kill_then_up(self):
        self.kill_supervisor()
        self.pause(0.05)
        self.msctl("up", "-d", "--wait")

    def kill_then_ups(self):
        """Three at once: all succeed, and one supervisor is there."""
        self.kill_supervisor()
        ups = [self.shop.popen("up", "-d", "--wait") for _ in range(3)]
        try:
            for up in ups:
                out, err = up.communicate(timeout=min(60, self.left_s()))
                if up.returncode != 0:
                    self.problems.append(f"one of three `up` at once: exit {up.returncode}: {out}{err}")
        finally:
            end(ups)
        if len(self.supervisors()) != 1:
            self.problems.append(f"{len(self.supervisors())} supervisors after three `up` at once")

    def kill_during_up(self):
        """Which starts that supervisor, or talks to it."""
        if self.rng.random() < 0.7:
            self.kill_supervisor()
        self.kill_during("up", "-d", "--wait")

    def kill_during(self, *args):
        """The supervisor is killed at any point of a command, which may fail; the next `up` may not."""
        command = self.shop.popen(*args)
        try:
            time.sleep(self.rng.uniform(0, 0.15))
            self.kill_supervisor()
            command.communicate(timeout=min(60, self.left_s()))
        except subprocess.TimeoutExpired as late:
            raise Stop(f"msctl {' '.join(args)} whose supervisor was killed does not return") from late
        finally:
            end([command])
        self.msctl("up", "-d", "--wait")

    def scale_and_back(self):
        self.msctl("scale", "order-service=3")
        names = {f"order-service{end}" for end in ("", ".2", ".3")}
        if not names <= self.shop.ps().keys():
            self.problems.append(f"scale order-service=3 made {sorted(self.shop.ps())}")
        self.pause(1)
        self.msctl("scale", "order-service=1")
        if names & self.shop.ps().keys() != {"order-service"}:
            self.problems.append(f"scale order-service=1 left {sorted(self.shop.ps())}")

    def run(self, kills, rounds):
        several, during = kills // 5, kills // 5
        self.step("kill, up", kills - several - during, self.kill_then_up)
        self.step("kill, three up at once", several, self.kill_then_ups)
        self.step("kill during up", during, self.kill_during_up)
        for service in HELD:
            self.step(f"rolling restart {service}", rounds,
                      lambda name=service: self.msctl("restart", "--rolling", name), (service,))
        for service in HELD:
            self.step(f"kill during that of {service}", rounds,
                      lambda name=service: self.kill_during("restart", "--rolling", name), maybe=(service,))
        self.step("restart nats", 1, lambda: self.msctl("restart", "nats"), ("nats",))
        self.step("scale order-service=3, =1", rounds, self.scale_and_back)

    # --- after it

    def count_events(self):
        """Every acknowledged order has one event; whoever publishes them may take a while."""
        wait_s = min(20, max(5, self.deadline - time.monotonic()))
        seen = events_by_order(self.shop.ports["nats"]["client"], self.load.orders, wait_s)
        steps = {step.name: step for step in self.steps}
        for order_id, name in self.load.orders.items():
            steps[name].counts["lost events"] += seen[order_id] == 0
            steps[name].counts["twice"] += seen[order_id] > 1

    def count_requests(self):
        for step in self.steps:
            step.counts["requests"] = self.load.requests[step.name]
            step.counts["failed"] = sum(failure.step == step.name for failure in self.load.failures)

    def down(self):
        step = Step("down")
        self.steps.append(step)
        step.counts["count"] = 1
        begin = time.monotonic()
        self.msctl("down")
        step.seconds = time.monotonic() - begin
        left = processes_of(self.shop.folder)
        step.counts["orphans"] = len(left)
        self.problems += [f"process {pid} outlives `down`: {command}" for pid, command in left]


def end(processes):
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.communicate()


def soak(shop, options):
    """0 or 1, after printing the table."""
    deadline = time.monotonic() + options.seconds
    shop.write(document()).up()
    users = [shop.sign_up()["id"] for _ in range(4)]
    reasons = []
    with Load(shop.ports["gateway"]["http"], users, options.clients, options.rate) as load:
        one = Soak(shop, load, deadline, random.Random(options.seed))
        try:
            one.run(options.kills, options.rounds)
        except (Stop, AssertionError) as stop:
            reasons.append(str(stop))
    one.count_requests()
    for last in (one.count_events, one.down):
        try:
            last()
        except (Stop, AssertionError, OSError) as stop:
            reasons.append(str(stop))
    bad = print_table(one.steps)
    for line in [*map(str, load.failures[:20]), *one.problems[:20], *reasons]:
        print(line, file=sys.stderr)
    return 1 if bad or one.problems or reasons or not load.orders else 0


def parse():
    parser = argparse.ArgumentParser(description="Kills and restarts under load: nothing may be lost.")
    parser.add_argument("--kills", type=int, default=100, help="how often the supervisor is killed (default 100)")
    parser.add_argument("--rounds", type=int, default=5, help="rolling restarts of each service (default 5)")
    parser.add_argument("--seconds", type=int, default=240, help="give up after so many (default 240)")
    parser.add_argument("--clients", type=int, default=12, help="at once (default 12)")
    parser.add_argument("--rate", type=int, default=150, help="requests a second, at most (default 150)")
    parser.add_argument("--seed", type=int, help="of the pauses, to repeat a run")
    return parser.parse_args()


def main():
    return run_in_shop(soak, parse(), "msctl-soak-")


if __name__ == "__main__":
    sys.exit(main())
