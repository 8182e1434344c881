"""Shared fixtures of the functional tests: they run the real msctl binary on clusters in temporary folders.

MSCTL_BIN names the binary under test (default: build/release/bin/msctl of this checkout). Every cluster made by the
`cluster` fixture is taken down at the end of its test, and the test fails when a process of it is still there.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PYTHON = "/usr/bin/python3"
RUN_TIMEOUT_S = 60


def wait_for(condition, timeout_s=10.0, what="the condition"):
    """Asks `condition` until it is true and returns its value; fails after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {timeout_s} s")
        time.sleep(0.01)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def process_alive(pid):
    """True while the process exists and is not a zombie."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def processes_of(folder):
    """(pid, command line) of each process that was started for the cluster in `folder`, found by its environment."""
    marker = f"MSCTL_STATE={folder}/.msctl".encode()
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid() or not process_alive(entry.name):
            continue
        try:
            if marker in (entry / "environ").read_bytes().split(b"\0"):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found.append((int(entry.name), command.strip()))
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
    return found


class Cluster:
    """A folder with a msctl.yaml, and msctl run in it."""

    def __init__(self, msctl_bin, folder):
        self.bin = str(msctl_bin)
        self.folder = pathlib.Path(folder).resolve()
        self.env = {key: value for key, value in os.environ.items() if not key.startswith("MSCTL")}
        self.env["NO_COLOR"] = "1"

    def write(self, document):
        """Writes msctl.yaml: a dict, or text as it is."""
        text = document if isinstance(document, str) else yaml.safe_dump(document, sort_keys=False)
        (self.folder / "msctl.yaml").write_text(text)
        return self

    def script(self, name, text):
        """Writes a Python program into the folder and returns the argv that runs it."""
        path = self.folder / name
        path.write_text(text)
        return [PYTHON, "-u", str(path)]

    def run(self, *args, timeout=RUN_TIMEOUT_S, **options):
        """Runs `msctl args…` in the folder and returns the CompletedProcess, text captured."""
        options.setdefault("cwd", self.folder)
        options.setdefault("env", self.env)
        return subprocess.run([self.bin, *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=timeout, check=False, **options)

    def popen(self, *args, **options):
        """Starts `msctl args…` in the folder; the caller ends it."""
        options.setdefault("cwd", self.folder)
        options.setdefault("env", self.env)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen([self.bin, *map(str, args)], stdin=subprocess.DEVNULL, text=True, **options)

    def up(self, *args):
        """`up -d --wait`, which must succeed."""
        done = self.run("up", "-d", "--wait", *args)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def ps(self):
        """What `ps --output json` lists, by name."""
        done = self.run("ps", "--output", "json")
        assert done.returncode == 0, done.stderr
        return {row["name"]: row for row in json.loads(done.stdout)}

    def state(self, name):
        return self.ps()[name]["state"]

    def wait_state(self, name, state, timeout_s=10.0):
        wait_for(lambda: self.state(name) == state, timeout_s, f"{name} {state}")

    def log(self, name):
        path = self.folder / ".msctl" / "logs" / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def socket_path(self):
        return self.folder / ".msctl" / "control" / "supervisor.sock"

    def supervisor_pid(self):
        supervisor = json.loads(self.run("status", "--output", "json").stdout)["supervisor"]
        return supervisor["pid"] if supervisor else None

    def close(self):
        """`down`, then nothing of the cluster may live; whatever does is ended and reported."""
        if not (self.folder / "msctl.yaml").exists():
            return
        self.run("down")
        left = processes_of(self.folder)
        for pid, _ in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        assert not left, f"still alive after down: {left}"


@pytest.fixture(scope="session")
def msctl_bin():
    path = pathlib.Path(os.environ.get("MSCTL_BIN", ROOT / "build" / "release" / "bin" / "msctl"))
    if not path.exists():
        pytest.exit(f"{path} is missing: run `make build` first, or set MSCTL_BIN", returncode=2)
    return path.resolve()


@pytest.fixture
def cluster(msctl_bin, tmp_path):
    """cluster(document) writes msctl.yaml into the test's folder and returns a Cluster, taken down at the end."""
    made = []

    def make(document=None, folder=None):
        folder = pathlib.Path(folder) if folder else tmp_path
        folder.mkdir(parents=True, exist_ok=True)
        one = Cluster(msctl_bin, folder)
        if document is not None:
            one.write(document)
        made.append(one)
        return one

    yield make
    problems = []
    for one in reversed(made):
        try:
            one.close()
        except (AssertionError, subprocess.TimeoutExpired) as problem:
            problems.append(str(problem))
    assert not problems, "\n".join(problems)


@pytest.fixture
def run(msctl_bin, tmp_path):
    """run(*args) runs msctl in the test's folder and returns the CompletedProcess."""
    return Cluster(msctl_bin, tmp_path).run


sys.dont_write_bytecode = True
