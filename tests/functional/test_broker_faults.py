"""The steps of tests/soak/broker.py in a short form: whatever happens to the broker, no event is lost or doubled."""

import os
import subprocess

import pytest

from conftest import ROOT, processes_of

STEPS = ("kill", "freeze", "drop", "reject", "slow", "empty", "older")


def test_each_step(msctl_bin, tmp_path):
    if subprocess.run(["unshare", "--user", "--map-root-user", "--net", "true"], check=False).returncode != 0:
        pytest.skip("this machine gives no network namespace")
    soak = [str(ROOT / "tests" / "soak" / "broker.py"), "--kills", "5", "--outage", "4"]
    env = {**os.environ, "MSCTL_BIN": str(msctl_bin), "TMPDIR": str(tmp_path)}
    done = subprocess.run(soak, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split() for line in done.stdout.splitlines()[1:1 + len(STEPS)]]
    assert tuple(row[0] for row in rows) == STEPS
    assert all(row[-1] == "0" for row in rows)
    assert processes_of(tmp_path) == []
