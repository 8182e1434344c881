#!/usr/bin/python3
"""Compares `msctl load` with wrk and wrk2 on the same target, and writes its part of docs/benchmarks.md.

The target is nginx with one worker that answers 93 bytes from memory, on loopback. Requests a second over 64 kept
connections from one thread: the generators take turns; each one's CPU time is what the kernel counted for it and its
children. Lateness at a constant rate is what `msctl load` says of itself: actual send less intended send.
"""

import argparse
import json
import os
import pathlib
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import pages
from proc import machine

ROOT = pathlib.Path(__file__).resolve().parents[2]
MSCTL = os.environ.get("MSCTL_BIN") or str(ROOT / "build" / "release" / "bin" / "msctl")
RATE = 5000
BODY = '{"id":"0123456789","name":"Ann Example","email":"ann@example.com","city":"Ulm","n":123456789}'
CONFIG = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{
    listen 127.0.0.1:{port};
    location / {{ default_type application/json; return 200 '{body}'; }}
  }}
}}
"""


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Nginx:
    def __init__(self, folder):
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        if not os.access(program, os.X_OK):
            raise SystemExit("bench: there is no nginx; run: .ci/deps install bench test")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        config = pathlib.Path(folder) / "nginx.conf"
        config.write_text(CONFIG.format(folder=folder, port=self.port, body=BODY))
        self.process = subprocess.Popen([program, "-p", folder, "-c", str(config)], stdin=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.01)
        raise SystemExit("bench: nginx does not listen")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def cpu_s(self):
        ticks = 0
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for pid in tasks:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.process.terminate()
        self.process.wait()


def timed(argv):
    """Standard output, and CPU seconds of the process and its children: user, system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise RuntimeError(f"{argv[0]}: {done.stderr[-300:]}")
    return done.stdout, after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime


def microseconds(text):
    number, unit = re.fullmatch(r"([0-9.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6, "m": 60e6}[unit]


def msctl_closed(url, seconds):
    out, user, system = timed([MSCTL, "load", url, "--connections", "64", "--threads", "1", "--duration", f"{seconds}s",
                               "--output", "json"])
    result = json.loads(out)
    if result["errors"]:
        raise RuntimeError(f"msctl load: {result['errors']} errors")
    return {"requests": result["completed"], "rps": result["rps"], "user": user, "system": system}


def wrk_closed(url, seconds):
    out, user, system = timed(["wrk", "-t1", "-c64", f"-d{seconds}s", url])
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    rps = float(re.search(r"Requests/sec:\s+([0-9.]+)", out).group(1))
    return {"requests": requests, "rps": rps, "user": user, "system": system}


def msctl_open(url, seconds):
    out, user, system = timed([MSCTL, "load", url, "--rate", str(RATE), "--duration", f"{seconds}s", "--warmup", "1s",
                               "--output", "json"])
    result = json.loads(out)
    late, latency = result["generator"]["late_us"], result["latency_us"]
    return {"late_p50": late["p50"], "late_p99": late["p99"], "late_max": late["max"], "p50": latency["p50"],
            "p99": latency["p99"], "cpu": user + system, "starved": result["generator"]["waited_for_a_core_s"]}


def wrk2_open(program, url, seconds):
    out, user, system = timed([program, "-t1", "-c64", f"-d{seconds}s", f"-R{RATE}", "--latency", url])
    found = dict(re.findall(r"^\s+([0-9.]+)%\s+([0-9.]+(?:us|ms|s|m))\s*$", out, re.M))
    return {"p50": microseconds(found["50.000"]), "p99": microseconds(found["99.000"]), "cpu": user + system}


def middle(rows, key):
    values = [row[key] for row in rows]
    return statistics.median(values), min(values), max(values)


def cell(rows, key, digits=0):
    if not rows:
        return "–"
    return "{:,.{d}f} ({:,.{d}f}–{:,.{d}f})".format(*middle(rows, key), d=digits)


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] +
                     ["| " + " | ".join(row) + " |" for row in rows])


def page(values, about, note):
    ours, theirs = values["msctl"], values["wrk"]
    ratios = [a["per_core"] / b["per_core"] for a, b in zip(ours, theirs)]
    on_clock = [a["rps"] / b["rps"] for a, b in zip(ours, theirs)]
    late, wrk2 = values["late"], values["wrk2"]
    low, high = about["load"]
    closed = table(["64 connections, 1 thread", "msctl load", "wrk", "ratio, pair by pair", "aim"], [
        ["requests a second of its CPU time", cell(ours, "per_core"), cell(theirs, "per_core"),
         f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})", "≥ 1.0"],
        ["requests a second on the clock", cell(ours, "rps"), cell(theirs, "rps"),
         f"{statistics.median(on_clock):.2f} ({min(on_clock):.2f}–{max(on_clock):.2f})", ""],
        ["CPU-µs a request, user", cell(ours, "user_us", 2), cell(theirs, "user_us", 2), "", ""],
        ["CPU-µs a request, system", cell(ours, "system_us", 2), cell(theirs, "system_us", 2), "", ""],
    ])
    opened = table([f"{RATE:,} requests a second, even", "msctl load", "wrk2", "aim"], [
        ["own lateness p50, µs", cell(late, "late_p50", 1), "not told", ""],
        ["own lateness p99, µs", cell(late, "late_p99", 1), "not told", "≤ 100"],
        ["latency from the intended send, p50, µs", cell(late, "p50", 0), cell(wrk2, "p50", 0), ""],
        ["latency from the intended send, p99, µs", cell(late, "p99", 0), cell(wrk2, "p99", 0), ""],
        ["CPU time, s", cell(late, "cpu", 2), cell(wrk2, "cpu", 2), ""],
        ["ready to run but without a core, s", cell(late, "starved", 2), "", ""],
    ])
    missed = ""
    if middle(late, "late_p99")[0] > 100:
        missed = ("\n\nThe aim for the lateness is missed in this run. A send is late when the kernel gives its thread no "
                  "core in time: with other work on the same cores that is the usual case, and the time without a core "
                  "tells by how much.")
    return f"""## msctl load beside wrk and wrk2

`make bench-load` measured this in one run, the generators in turn; [how](../tests/bench/README.md). Each cell is the
median, with the lowest and highest value in parentheses. The target is nginx with one worker on loopback.

Machine: {about["processor"]}, {about["cores"]} cores, {about["memory"]}, {about["kernel"]}, {about["distribution"]},
{about["date"]}. Load average during the run: {low:.1f} to {high:.1f}; above 2 other work ran beside it.

{closed}

{opened}

{note}{missed}
"""


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=7, help="how often each generator runs")
    parser.add_argument("--seconds", type=int, default=5, help="of one run")
    parser.add_argument("--output", type=pathlib.Path, help="the page that gets the part")
    return parser.parse_args()


def main():
    chosen = options()
    if not shutil.which("wrk"):
        raise SystemExit("bench: there is no wrk; run: .ci/deps install bench")
    wrk2 = os.environ.get("WRK2_BIN") or shutil.which("wrk2")
    values = {"msctl": [], "wrk": [], "late": [], "wrk2": []}
    loads = []
    folder = tempfile.mkdtemp(prefix="bench-load-")
    nginx = None
    try:
        nginx = Nginx(folder)
        for number in range(chosen.repeat):
            say(f"repetition {number + 1} of {chosen.repeat}")
            pair = [("msctl", msctl_closed), ("wrk", wrk_closed)]
            for name, run in pair if number % 2 == 0 else pair[::-1]:
                row = run(nginx.url, chosen.seconds)
                cpu = row["user"] + row["system"]
                row.update(per_core=row["requests"] / cpu, user_us=row["user"] / row["requests"] * 1e6,
                           system_us=row["system"] / row["requests"] * 1e6)
                values[name].append(row)
            values["late"].append(msctl_open(nginx.url, chosen.seconds))
            if wrk2:
                values["wrk2"].append(wrk2_open(wrk2, nginx.url, chosen.seconds))
            loads.append(os.getloadavg()[0])
    finally:
        if nginx:
            nginx.close()
        shutil.rmtree(folder, ignore_errors=True)
    note = "" if wrk2 else "wrk2 is left out: WRK2_BIN names none (it is not a Debian package)."
    text = page(values, {**machine(), "load": [min(loads), max(loads)]}, note)
    print(text)
    if chosen.output:
        pages.write_part(chosen.output, "load", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
