"""`msctl wait`."""

import os
import signal
import time

from conftest import wait_for
from programs import idle, web

LATE = """
import os, signal, sys, http.server
while not os.path.exists(sys.argv[1]):
    signal.sigtimedwait([signal.SIGUSR1], 0.02)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *arguments):
        pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT_HTTP"])), Handler).serve_forever()
"""


def late(c, **more):
    """A service that is ready once the file `go` is there."""
    return {"command": [*c.script("late.py", LATE), str(c.folder / "go")], "ports": {"http": 0},
            "probes": {"ready": {"http": "/"}}, **more}


def test_wait_returns_when_all_are_ready(cluster):
    c = cluster()
    c.write({"services": {"late": late(c), "idle": idle(c)}})
    c.run("up", "-d")
    waiting = c.popen("wait")
    c.wait_state("idle", "ready")
    assert waiting.poll() is None
    (c.folder / "go").touch()
    assert waiting.wait(timeout=10) == 0
    assert c.state("late") == "ready"
    assert c.run("wait", "--timeout", "5").returncode == 0  # at once, as it is true already


def test_wait_for_one_does_not_wait_for_the_others(cluster):
    c = cluster()
    c.write({"services": {"late": late(c), "idle": idle(c)}})
    c.run("up", "-d")
    assert c.run("wait", "idle", "--timeout", "10").returncode == 0
    assert c.state("late") == "starting"


def test_wait_times_out_with_3_and_says_for_whom(cluster):
    c = cluster()
    c.write({"services": {"late": late(c)}})
    c.run("up", "-d")
    done = c.run("wait", "--timeout", "1")
    assert done.returncode == 3
    assert "not ready within 1 s: late is starting" in done.stderr


def test_wait_gives_up_when_it_can_not_come_any_more(cluster):
    c = cluster()
    c.write({"services": {"bad": {"command": ["/bin/false"], "restart": {"policy": "no"},
                                  "ports": {"http": 0}, "probes": {"ready": {"http": "/"}}},
                          "after": idle(c, depends_on={"bad": "ready"})}})
    c.run("up", "-d")
    for name in ("bad", "after"):
        done = c.run("wait", name, timeout=20)
        assert done.returncode == 1, name
        assert f"will not become ready: {name} is" in done.stderr


def test_wait_for_completed(cluster):
    c = cluster()
    hold = c.folder / "go"
    c.write({"services": {"job": {"command": ["/bin/sh", "-c", f"until [ -e {hold} ]; do sleep 0.02; done"]},
                          "bad": {"command": ["/bin/sh", "-c", "exit 3"], "restart": {"policy": "no"}},
                          "idle": idle(c)}})
    c.run("up", "-d")
    waiting = c.popen("wait", "job", "--for", "completed")
    c.wait_state("bad", "failed")
    assert waiting.poll() is None
    hold.touch()
    assert waiting.wait(timeout=10) == 0
    assert c.run("wait", "bad", "--for", "completed").returncode == 1
    assert c.run("wait", "idle", "--for", "completed", "--timeout", "1").returncode == 3
    assert c.run("wait", "job").returncode == 0  # what has completed need not be ready


def test_wait_for_stopped_sees_a_stop_and_the_end_of_the_cluster(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c), "b": idle(c)}})
    c.up()
    one, both = c.popen("wait", "a", "--for", "stopped"), c.popen("wait", "--for", "stopped")
    ready = c.popen("wait", "--for", "completed", "b")
    c.run("stop", "a")
    assert one.wait(timeout=10) == 0
    assert both.poll() is None
    c.run("down")
    assert both.wait(timeout=10) == 0
    # Taken down is stopped: that never completes, unless the end of the whole cluster is seen first.
    assert ready.wait(timeout=10) in (0, 1)
    assert c.run("wait", "--for", "stopped").returncode == 0
    assert c.run("wait", "--for", "completed").returncode == 0


def test_wait_without_a_cluster_says_what_to_do(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c)}})
    done = c.run("wait")
    assert done.returncode == 1
    assert "msctl up" in done.stderr
    unknown = c.run("wait", "aa", "--for", "stopped")
    assert unknown.returncode == 2
    assert "did you mean" in unknown.stderr
    assert c.run("wait", "--for", "happy").returncode == 2


def test_services_that_nobody_asked_for_are_not_waited_for(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c), "b": idle(c)}})
    c.up("a")
    assert c.run("wait", "--timeout", "5").returncode == 0
    done = c.run("wait", "b", timeout=10)
    assert done.returncode == 1
    assert "b is stopped" in done.stderr


def test_waiting_uses_no_cpu(cluster):
    c = cluster()
    c.write({"services": {"late": late(c)}})
    c.run("up", "-d")
    waiting = c.popen("wait")

    def switches():
        with open(f"/proc/{waiting.pid}/status", encoding="ascii") as file:
            return sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)

    wait_for(lambda: os.readlink(f"/proc/{waiting.pid}/exe") and switches() > 2)
    time.sleep(0.5)
    before = switches()
    time.sleep(1)
    assert switches() - before <= 2, "it wakes up although nothing happens"
    waiting.send_signal(signal.SIGINT)
    assert waiting.wait(timeout=5) != 0
