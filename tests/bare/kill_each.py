"""Kills each instance of the running cluster with SIGKILL, one after the other, and waits until it is ready again."""

import json
import os
import signal
import subprocess
import sys
import time

DEADLINE_S = 30


def instances():
    ps = subprocess.run(["./msctl", "ps", "--output", "json"], stdout=subprocess.PIPE, timeout=10, check=False)
    if ps.returncode != 0 or not ps.stdout:
        sys.exit("msctl ps says nothing")
    return {row["name"]: row for row in json.loads(ps.stdout)}


def recovered(name, old_pid):
    began = time.monotonic()
    while time.monotonic() - began < DEADLINE_S:
        row = instances()[name]
        if row["state"] == "ready" and row["pid"] != old_pid:
            return time.monotonic() - began
        time.sleep(0.05)
    return None


def main():
    bad = 0
    rows = instances()
    if not rows:
        sys.exit("no instance runs")
    for name, row in rows.items():
        os.kill(row["pid"], signal.SIGKILL)
        seconds = recovered(name, row["pid"])
        print(f"{name}: " + ("not ready again" if seconds is None else f"ready again after {seconds:.2f} s"))
        bad += seconds is None
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
