"""The sweep of tests/soak/kill_services.py in a short form: services killed at any system call lose and double nothing.

1,000 points, or as many as a busy machine gives in four minutes; MSCTL_KILL_POINTS and MSCTL_KILL_S say otherwise.
"""

import os
import subprocess

from conftest import ROOT, processes_of


def test_services_killed_at_any_call_lose_and_double_nothing(msctl_bin, tmp_path):
    points = int(os.environ.get("MSCTL_KILL_POINTS", "1000"))
    sweep = [str(ROOT / "tests" / "soak" / "kill_services.py"), "--points", str(points), "--checkpoint", str(points // 2),
             "--seconds", os.environ.get("MSCTL_KILL_S", "240")]
    env = {**os.environ, "MSCTL_BIN": str(msctl_bin), "TMPDIR": str(tmp_path)}
    done = subprocess.run(sweep, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=900,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    row, = (line.split() for line in done.stdout.splitlines() if line.startswith("all "))
    assert int(row[-1]) >= points or "the time is over" in done.stderr, done.stdout
    assert int(row[-1]) >= min(points, 100) and min(map(int, row[1:])) > 0, "each service had its share of points"
    assert processes_of(tmp_path) == []
