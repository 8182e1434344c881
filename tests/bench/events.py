#!/usr/bin/python3
"""Measures the way of an event against JetStream itself in one run (tests/bench/events/main.cpp), and writes its part
of docs/benchmarks.md."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

import pages
from proc import machine

ROOT = pathlib.Path(__file__).resolve().parents[2]
AIM_THROUGHPUT = 0.8
AIM_OVER_MS = 2.0
PROGRAM = os.environ.get("BENCH_EVENTS_BIN") or str(ROOT / "build" / "release" / "bin" / "bench-events")


def part(values, rounds, load):
    host = machine()
    lines = ["## Events", "",
             "`make bench-events` measured all of this in one run and wrote this part; [how](../tests/bench/README.md).",
             "", f"Machine: {host['processor']}, {host['cores']} cores, {host['memory']}, {host['kernel']}, "
             f"{time.strftime('%Y-%m-%d')}. Load average {load[0]:.1f} before, {load[1]:.1f} after: above 1, other work ran "
             "beside it.", ""]  # fmt: skip
    lines += throughput("NATS JetStream, file storage", values["throughput"], rounds)
    lines += throughput("Redis Streams, `appendfsync always`", values["redis"], rounds)
    lines += latency(values) + flat(values["flat"])
    return "\n".join(lines)


def throughput(broker, through, rounds):
    raw = through["raw"]
    rows = (("the client library alone, asynchronous", raw, ""),
            (f"the outbox, {through['aggregates']} aggregates: from rows that wait to a queue that is empty",
             through["relay"], "≥ 0.8 ×"),
            ("the outbox, one aggregate, in order", through["relay_one_aggregate"], ""))  # fmt: skip
    lines = [f"{broker}: {through['events']} events of 600 bytes, {rounds} times in turn, medians. CPU is that of the "
             "process and of the server together.", "",
             "|  | events/s | × | CPU-µs an event | × | aim |", "|---|---|---|---|---|---|"]  # fmt: skip
    for name, one, aim in rows:
        lines.append(f"| {name} | {one['per_s']:.0f} | {one['per_s'] / raw['per_s']:.2f} | {one['cpu_us']:.1f} |"
                     f" {raw['cpu_us'] / one['cpu_us']:.2f} | {aim} |")  # fmt: skip
    lines.append("")
    if through["relay"]["per_s"] / raw["per_s"] < AIM_THROUGHPUT:
        lines += ["**Missed**: an event of the outbox is also read from SQLite, and taken from the queue there.", ""]
    elif raw["cpu_us"] / through["relay"]["cpu_us"] < AIM_THROUGHPUT:
        lines += ["In CPU an event costs more than by the library alone: it is also read from SQLite and taken from the "
                  "queue there, and on Redis a script keeps order and drops repetitions.", ""]
    return lines


def latency(values):
    late, delivery = values["latency_ms"], values["delivery_ms"]
    over = delivery["commit_to_commit"]["p50"] - delivery["raw"]["p50"]
    rows = (("a publication until its answer", late["raw_publish"], ""),
            ("commit until the broker has stored it", late["commit_to_stored"], ""),
            ("a publication until another connection has received it", delivery["raw"], ""),
            ("commit until the commit of the consumer, effect and ledger", delivery["commit_to_commit"],
             f"{over:+.2f} (p50), ≤ +{AIM_OVER_MS:g}"))  # fmt: skip
    lines = ["| one event at a time | p50, ms | p99, ms | over raw, aim |", "|---|---|---|---|"]
    lines += [f"| {name} | {one['p50']:.2f} | {one['p99']:.2f} | {aim} |" for name, one, aim in rows]
    burst = delivery["burst"]
    return lines + ["", f"A burst of {burst['events']} events of one commit: {burst['per_s']:.0f} a second until the consumer "
                    "has committed the last one, each in a transaction with its ledger entry.", ""]  # fmt: skip


def flat(shapes):
    lines = ["| when these wait | rows | reading 10 of them: p50, ms | p99, ms | reading and marking 512: p50, ms | p99, ms |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    for one in shapes:
        read, portion = one["read_10_ms"], one.get("portion_ms")
        taken = f"{portion['p50']:.1f} | {portion['p99']:.1f}" if portion else "– | –"
        lines.append(f"| {one['shape']} | {one['backlog']} | {read['p50']:.3f} | {read['p99']:.3f} | {taken} |")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--backlog", type=int, default=1_000_000)
    parser.add_argument("--output", type=pathlib.Path, help="the page to write; without it, standard output")
    options = parser.parse_args()
    before = os.getloadavg()[0]
    done = subprocess.run([PROGRAM, str(options.events), str(options.rounds), str(options.backlog)],
                          stdout=subprocess.PIPE, text=True, check=False)  # fmt: skip
    if done.returncode != 0:
        sys.exit("bench: bench-events failed")
    text = part(json.loads(done.stdout), options.rounds, (before, os.getloadavg()[0]))
    if options.output:
        pages.write_part(options.output, "events", text)
    else:
        print(text)


if __name__ == "__main__":
    main()
