#!/usr/bin/python3
"""Compares msctl with other supervisors in one run and writes docs/benchmarks.md. README.md beside this file says how."""

import argparse
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile

import measure
import pages
import peers
import reference
import report
import tools
from proc import machine

CURVE = (10, 300, 1000)
IDLE_ROUNDS = 1  # each takes ten seconds for each supervisor


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, help="repetitions with 100 processes (5)")
    parser.add_argument("--curve-repeat", type=int, default=2, help="repetitions of each other size; 0: none (2)")
    parser.add_argument("--peers", default="", help="only these, separated by commas")
    parser.add_argument("--output", type=pathlib.Path, help="where the page goes, such as docs/benchmarks.md")
    parser.add_argument("--values", type=pathlib.Path, help="where all measured values go, as JSON")
    return parser.parse_args()


class Bench:
    """The values so far: per size and supervisor, name of the figure to a list."""

    def __init__(self, chosen, folder):
        self.peers, self.folder = chosen, pathlib.Path(folder)
        self.values, self.loads, self.failures = {}, [], []

    def add(self, size, name, found):
        table = self.values.setdefault(str(size), {}).setdefault(name, {})
        for figure, values in found.items():
            table.setdefault(figure, []).extend(values)

    def round(self, size, number, idle):
        """One repetition: each supervisor once, so that a busy while of the machine meets all of them."""
        for offset in range(len(self.peers)):
            peer = self.peers[(offset + number) % len(self.peers)]
            if size not in peer.sizes:
                continue
            self.loads.append(os.getloadavg()[0])
            try:
                self.add(size, peer.name, measure.round_of(peer, self.folder / "run" / peer.name, size, idle))
            except (RuntimeError, OSError) as error:
                what = re.sub(rf"{self.folder}\S*", "…", str(error).splitlines()[0])
                self.failures.append(f"{peer.name} with {size}: {what[-200:]}")
                say(self.failures[-1])
        self.add(size, "floor", measure.bare_spawn(size, peers.SLEEP, peers.FOREVER))

    def system(self, msctl):
        found = reference.Reference(msctl, self.folder / "run" / "shop").measure()
        self.add("reference", "msctl", found)


def main():
    chosen = options()
    wanted = set(filter(None, chosen.peers.split(",")))
    # Short, since sockets live below it.
    folder = tempfile.mkdtemp(prefix="bench-")
    try:
        found = tools.find(folder)
        everyone = [make(found) for make in peers.PEERS if not wanted or make.name in wanted]
        left_out = {peer.name: peer.missing() for peer in everyone if peer.missing()}
        for name, why in left_out.items():
            say(f"{name} is left out: {why}")
        bench = Bench([peer for peer in everyone if peer.name not in left_out], folder)
        for number in range(chosen.repeat):
            say(f"100 processes, repetition {number + 1} of {chosen.repeat}")
            bench.round(100, number, number < IDLE_ROUNDS)
            bench.system(found["msctl"])
        for number in range(chosen.curve_repeat):
            for size in CURVE:
                say(f"{size} processes, repetition {number + 1} of {chosen.curve_repeat}")
                bench.round(size, number, False)
        outcome = {
            "machine": {**machine(), "load": [min(bench.loads), max(bench.loads)]},
            "peers": [{"name": peer.name, "version": peer.version(), "note": peer.note} for peer in bench.peers],
            "left_out": left_out,
            "failures": bench.failures,
            "values": bench.values,
        }
        if chosen.values:
            chosen.values.write_text(json.dumps(outcome, indent=1) + "\n")
        page = report.page(outcome)
        print(page)
        if chosen.output:
            pages.write_part(chosen.output, "supervisor", page)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if bench.failures else 0


if __name__ == "__main__":
    sys.exit(main())
