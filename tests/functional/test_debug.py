"""`msctl debug`: gdb on a process while a supervisor keeps its hands off it.

The supervisor is a stand-in that speaks its API and writes down what it was asked, so that each test sees when the
pause begins and ends.
"""

import http.server
import json
import os
import pathlib
import shutil
import signal
import socketserver
import subprocess
import threading

import pytest

from conftest import PYTHON, process_alive, wait_for
from programs import IDLE
from terminal import Terminal


class StandIn(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers as a supervisor with one service `web`."""

    daemon_threads = True

    def __init__(self, path, pid):
        self.asked = []
        self.pid = pid

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, status, body):
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self):
                self.answer(200, {"services": [self.server.view()]})

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
                self.server.asked.append((self.path, body, self.server.process_state()))
                self.answer(202, {"services": [self.server.view()], "after": 0})

            def address_string(self):
                return "unix"

            def log_message(self, *arguments):
                pass

        super().__init__(str(path), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def view(self):
        return {"name": "web", "service": "web", "state": "ready" if self.pid else "stopped", "pid": self.pid,
                "restarts": 0, "uptime_s": 1.0, "ports": {}, "reason": "", "status": "", "last_exit": None,
                "keeper": None, "booted": True, "live": True, "ready": True, "paused": False, "probes": [],
                "log_from": None}

    def process_state(self):
        return state_of(self.pid)

    def paths(self):
        return [path.rpartition("/")[2] for path, _, _ in self.asked]


def state_of(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def tracer_of(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("TracerPid:")[2].split()[0])


@pytest.fixture(name="stand_in")
def fixture_stand_in(cluster):
    c = cluster()
    c.write({"services": {"web": {"command": c.script("idle.py", IDLE)}}})
    control = c.folder / ".msctl" / "control"
    control.mkdir(parents=True)
    with subprocess.Popen([PYTHON, "-u", str(c.folder / "idle.py")], stdout=subprocess.PIPE) as target:
        target.stdout.readline()
        server = StandIn(control / "supervisor.sock", target.pid)
        server.cluster = c
        yield server
        server.shutdown()
        server.server_close()
        (control / "supervisor.sock").unlink()
        target.kill()


def test_gdb_runs_attached_between_pause_and_resume(stand_in):
    done = stand_in.cluster.run("debug", "web", "--batch", "info inferiors", "--batch", "print 6*7")
    assert done.returncode == 0, done.stderr
    assert f"process {stand_in.pid}" in done.stdout
    assert "$1 = 42" in done.stdout
    assert stand_in.paths() == ["pause", "resume"]
    holder = stand_in.asked[0][1]["holder"]
    assert isinstance(holder, int) and holder > 1
    assert tracer_of(stand_in.pid) == 0
    assert state_of(stand_in.pid) == "S"
    assert "web is paused" in done.stderr and "web goes on" in done.stderr


def test_words_after_dashes_go_to_gdb_and_its_exit_code_comes_back(stand_in):
    done = stand_in.cluster.run("debug", "web", "--", "-batch", "-ex", "print 1+1", "-ex", "quit 7")
    assert "$1 = 2" in done.stdout
    assert done.returncode == 7
    assert stand_in.paths() == ["pause", "resume"]


def at_prompt(server, *arguments):
    env = {**server.cluster.env, "TERM": "dumb"}
    terminal = Terminal([server.cluster.bin, "debug", "web", *arguments], str(server.cluster.folder), env)
    terminal.read_until("(gdb)")
    assert state_of(server.pid) == "t"
    return terminal


def test_ctrl_c_belongs_to_gdb(stand_in):
    terminal = at_prompt(stand_in)
    try:
        terminal.type("\x03")
        terminal.read_until("(gdb)")
        assert stand_in.paths() == ["pause"]
        terminal.type("continue\n")
        wait_for(lambda: state_of(stand_in.pid) == "S")
        terminal.type("\x03")
        terminal.read_until("SIGINT")
        terminal.type("detach\nquit\n")
        assert terminal.end() == 0
        assert stand_in.paths() == ["pause", "resume"]
        assert state_of(stand_in.pid) == "S"
    finally:
        terminal.close()


def test_a_signal_ends_gdb_and_then_the_pause(stand_in):
    terminal = at_prompt(stand_in)
    try:
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.end() == 130
        assert stand_in.paths() == ["pause", "resume"]
        assert stand_in.asked[1][2] == "S", "resumed before gdb had let go"
    finally:
        terminal.close()


def test_the_pause_ends_when_gdb_is_killed(stand_in):
    terminal = at_prompt(stand_in)
    try:
        os.kill(tracer_of(stand_in.pid), signal.SIGKILL)
        assert terminal.end() == 1
        assert stand_in.paths() == ["pause", "resume"]
        wait_for(lambda: state_of(stand_in.pid) == "S")
    finally:
        terminal.close()


def test_a_killed_msctl_leaves_no_stopped_process(stand_in):
    terminal = at_prompt(stand_in)
    try:
        gdb = tracer_of(stand_in.pid)
        os.kill(terminal.pid, signal.SIGKILL)
        assert terminal.end() == -signal.SIGKILL
        wait_for(lambda: not process_alive(gdb))
        wait_for(lambda: state_of(stand_in.pid) == "S")
        # The supervisor ends the pause by itself, as the holder it was told is gone.
        assert stand_in.asked[0][1] == {"holder": terminal.pid}
    finally:
        terminal.close()


def test_what_is_debugged_already_or_does_not_run_is_refused(stand_in):
    terminal = at_prompt(stand_in)
    try:
        done = stand_in.cluster.run("debug", "web")
        assert done.returncode == 1
        assert "is being debugged already, by process" in done.stderr
        assert stand_in.paths() == ["pause"]
        terminal.type("detach\nquit\n")
        assert terminal.end() == 0
    finally:
        terminal.close()
    pid, stand_in.pid = stand_in.pid, None
    done = stand_in.cluster.run("debug", "web")
    stand_in.pid = pid
    assert done.returncode == 1
    assert "msctl start web" in done.stderr
    assert stand_in.cluster.run("debug", "nobody").returncode == 2


def test_without_gdb_it_says_how_to_get_it(stand_in):
    done = stand_in.cluster.run("debug", "web", env={**stand_in.cluster.env, "PATH": "/nowhere"})
    assert done.returncode == 1
    assert "apt-get install gdb" in done.stderr
    assert not stand_in.asked


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not")
def test_without_the_right_to_attach_nothing_is_paused(stand_in):
    # Root without this capability and with other groups may not trace a process of another user.
    folder = stand_in.cluster.folder
    os.chown(folder / ".msctl" / "control" / "supervisor.sock", 65534, 65534)
    for place in (folder, *folder.parents):
        if str(place).startswith("/tmp/"):
            place.chmod(0o755)
    (folder / ".msctl" / "control" / "supervisor.sock").chmod(0o777)
    program = shutil.copy(stand_in.cluster.bin, folder / "msctl")  # a checkout may lie where only root can go
    done = subprocess.run(["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program,
                           "debug", "web"], cwd=folder, env=stand_in.cluster.env, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 1
    assert "may not attach" in done.stderr
    assert "ptrace_scope" in done.stderr
    assert not stand_in.asked
