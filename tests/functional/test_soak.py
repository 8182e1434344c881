"""The soak test of tests/soak in a short form: nothing is lost while the supervisor is killed and services are replaced."""

import os
import re
import subprocess

from conftest import ROOT, processes_of

KILLS = ("kill, up", "kill, three up at once", "kill during up")

def test_a_killed_supervisor_and_replaced_services_cost_nothing(msctl_bin, tmp_path):
    soak = [str(ROOT / "tests" / "soak" / "supervisor.py"), "--kills", "10", "--rounds", "1", "--seconds", "80"]
    env = {**os.environ, "MSCTL_BIN": str(msctl_bin), "TMPDIR": str(tmp_path)}
    done = subprocess.run(soak, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    cells = [re.split(" {2,}", line) for line in done.stdout.splitlines()[1:]]
    rows = {name: row for name, *row in cells}
    assert list(rows)[-2:] == ["down", "all"]
    kills = sum(int(row[0]) for name, row in rows.items() if name in KILLS)
    assert kills == 10
    assert int(rows["all"][1]) > 100  # requests
    assert rows["all"][2:7] == ["0"] * 5
    assert processes_of(tmp_path) == []
