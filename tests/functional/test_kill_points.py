"""The sweep of tests/soak/kill_points.py in a short form: a supervisor killed at any system call costs nothing."""

import os
import re
import subprocess

from conftest import ROOT


def test_a_supervisor_killed_at_any_call_is_made_good(msctl_bin, tmp_path):
    sweep = [str(ROOT / "tests" / "soak" / "kill_points.py"), "--points", "30", "--seconds", "20"]
    env = {**os.environ, "MSCTL_BIN": str(msctl_bin), "TMPDIR": str(tmp_path)}
    done = subprocess.run(sweep, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    _, points, killed, failed = re.split(" {2,}", done.stdout.splitlines()[-1])
    assert int(points) >= 10 and int(killed) > int(points) * 0.7, done.stdout + done.stderr
    assert failed == "0"
