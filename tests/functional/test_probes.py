"""Probes of every kind, each on a program that is ready, and stops being ready, when the test says so."""

import http.server
import json
import os
import pathlib
import signal
import threading
import time

import pytest
from conftest import ROOT, process_alive, wait_for
from programs import IDLE, WEB

QUICK = {"interval_ms": 20, "timeout_ms": 500, "failures": 2}

# Writes what the file SAY next to it holds, whenever that changes.
TALKER = '''
import os, time
said = ""
while True:
    text = open("SAY").read() if os.path.exists("SAY") else ""
    if text != said:
        print(text, end="", flush=True)
        said = text
    time.sleep(0.01)
'''

# Says to its supervisor what the file SAY holds, whenever that changes; gives a sign of life while ALIVE exists.
NOTIFIER = '''
import os, socket, time
where = os.environ["NOTIFY_SOCKET"]
line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
line.connect("\\0" + where[1:] if where.startswith("@") else where)
said = ""
while True:
    text = open("SAY").read() if os.path.exists("SAY") else ""
    if text != said:
        line.send(text.encode())
        said = text
    if os.path.exists("ALIVE"):
        line.send(b"WATCHDOG=1")
    time.sleep(0.02)
'''


def say(cluster, text):
    """Replaces SAY in one step."""
    new = cluster.folder / "SAY.new"
    new.write_text(text)
    new.rename(cluster.folder / "SAY")


def service(cluster, program, probes, **more):
    """A cluster of one service, `one`, that runs the Python program."""
    entry = {"command": cluster.script("one.py", program), "probes": probes, **more}
    return cluster.write({"services": {"one": entry}})


def up_in_background(cluster):
    """`up -d` without `--wait`, until the service has its process."""
    done = cluster.run("up", "-d")
    assert done.returncode == 0, done.stdout + done.stderr
    wait_for(lambda: cluster.ps()["one"]["pid"], what="the process")


def reason(cluster, name="one"):
    return cluster.ps()[name]["reason"]


# --- exec ---


def check_file(cluster, name, **more):
    """A probe that is good while the file exists, and says what it misses."""
    script = f'test -e {name} || {{ echo "no {name} yet"; exit 3; }}'
    return {"exec": ["sh", "-c", script], **QUICK, **more}


def test_exec_is_good_while_the_command_succeeds(cluster):
    c = cluster()
    service(c, IDLE, {"ready": check_file(c, "open")})
    up_in_background(c)
    assert c.state("one") == "starting"
    (c.folder / "open").touch()
    c.wait_state("one", "ready")
    (c.folder / "open").unlink()
    c.wait_state("one", "degraded")
    assert "failed 2 times: exit code 3: no open yet" in reason(c)
    (c.folder / "open").touch()
    c.wait_state("one", "ready")


def test_exec_has_the_service_s_ports_folder_and_environment(cluster):
    c = cluster()
    script = "env > seen; echo ${port:http} >> seen; exit 0"
    service(c, WEB, {"ready": {"exec": ["sh", "-c", script]}}, ports={"http": 0}, env={"COLOUR": "red"})
    c.up()
    seen = (c.folder / "seen").read_text().splitlines()
    assert "COLOUR=red" in seen
    assert seen[-1] == str(c.ps()["one"]["ports"]["http"])
    assert not [line for line in seen if line.startswith(("NOTIFY_SOCKET=", "LISTEN_", "WATCHDOG_"))]


def test_exec_that_hangs_is_killed_with_all_it_started(cluster):
    c = cluster()
    script = "sleep 1000 & echo $! >> children; echo $$ >> children; echo still waiting; wait"
    service(c, IDLE, {"ready": {"exec": ["sh", "-c", script], "timeout_ms": 100, "start_period_ms": 400}},
            restart={"policy": "no"})
    done = c.run("up", "-d", "--wait")
    assert done.returncode != 0
    assert "did not end within 100 ms: still waiting" in done.stdout + done.stderr
    children = [int(pid) for pid in (c.folder / "children").read_text().split()]
    assert len(children) >= 4
    wait_for(lambda: not [pid for pid in children if process_alive(pid)], what="the end of all probes")


def test_exec_dies_with_a_killed_supervisor(cluster):
    c = cluster()
    service(c, IDLE, {"ready": {"exec": ["sh", "-c", "echo $$ > pid; exec sleep 1000"], "timeout_ms": 60000}})
    up_in_background(c)
    wait_for(lambda: (c.folder / "pid").exists() and (c.folder / "pid").read_text(), what="the probe's pid")
    pid = int((c.folder / "pid").read_text())
    assert process_alive(pid)
    os.kill(c.supervisor_pid(), signal.SIGKILL)
    wait_for(lambda: not process_alive(pid), what="the end of the probe")


# --- log ---


def test_log_waits_for_a_line(cluster):
    c = cluster()
    service(c, TALKER, {"ready": {"log": "listening on \\d+$"}})
    say(c, "starting\nlistening on a port\n")
    up_in_background(c)
    wait_for(lambda: "a port" in c.log("one"), what="the line that does not match")
    assert c.state("one") == "starting"
    say(c, "listening on 8080\n")
    c.wait_state("one", "ready")


def test_log_of_an_earlier_process_does_not_count(cluster):
    c = cluster()
    service(c, TALKER, {"ready": {"log": "^ready$"}})
    say(c, "ready\n")
    c.up()
    say(c, "")
    first = c.ps()["one"]["pid"]
    restart = c.popen("restart", "one")
    wait_for(lambda: c.ps()["one"]["pid"] not in (None, first), what="the new process")
    time.sleep(0.3)  # many questions long: there is no event to wait for, as nothing must happen
    assert c.state("one") == "starting"
    say(c, "ready\n")
    out, err = restart.communicate(timeout=20)
    assert restart.returncode == 0, out + err
    assert c.state("one") == "ready"


# --- grpc: a real server, that of gRPC itself ---


def user_service(cluster, ready):
    binary = pathlib.Path(cluster.bin).parent / "user-service"
    if not binary.exists():
        pytest.fail(f"{binary} is missing: build it first")
    return cluster.write({"services": {"user-service": {
        "path": str(ROOT / "services" / "user"), "ports": {"http": 0, "grpc": 0}, "restart": {"policy": "no"},
        # It would say itself that it is ready, and nothing would depend on the probe.
        "command": ["env", "-u", "NOTIFY_SOCKET", "${dir:bin}/user-service"],
        "probes": {"ready": {**QUICK, **ready}, "live": {"tcp": "grpc"}}}}})


def test_grpc_asks_a_real_server(cluster):
    c = user_service(cluster(), {"grpc": "grpc"})
    c.up()
    assert c.state("user-service") == "ready"
    (health,) = json.loads(c.run("health", "--output", "json").stdout)["services"]
    assert health["ready"]["ok"], health
    os.kill(c.ps()["user-service"]["pid"], signal.SIGSTOP)
    c.wait_state("user-service", "degraded")
    os.kill(c.ps()["user-service"]["pid"], signal.SIGCONT)
    c.wait_state("user-service", "ready")


def test_grpc_names_a_service_that_the_server_does_not_know(cluster):
    c = user_service(cluster(), {"grpc": "grpc", "service": "no.such.Service", "start_period_ms": 1500})
    done = c.run("up", "-d", "--wait")
    assert done.returncode != 0
    assert 'it knows no service "no.such.Service"' in done.stdout + done.stderr


def test_grpc_to_a_port_that_speaks_http_1(cluster):
    c = cluster()
    service(c, WEB, {"ready": {"grpc": "http", "start_period_ms": 700}}, ports={"http": 0}, restart={"policy": "no"})
    done = c.run("up", "-d", "--wait")
    assert done.returncode != 0
    assert "it does not speak HTTP/2" in done.stdout + done.stderr


# --- boot, thresholds, liveness ---


def test_boot_ready_and_live_are_separate(cluster):
    c = cluster()
    service(c, IDLE, {"boot": check_file(c, "booted"), "ready": check_file(c, "open"),
                      "live": check_file(c, "alive")})
    up_in_background(c)
    first = c.ps()["one"]["pid"]
    (c.folder / "open").touch()
    time.sleep(0.3)  # several questions long: there is no event to wait for, as nothing must happen
    assert c.state("one") == "starting"  # ready is not asked before boot
    (c.folder / "open").unlink()
    (c.folder / "alive").touch()
    (c.folder / "booted").touch()
    c.wait_state("one", "degraded")
    assert "not ready yet" in reason(c)
    (c.folder / "open").touch()
    c.wait_state("one", "ready")
    assert c.ps()["one"]["pid"] == first
    (c.folder / "alive").unlink()
    wait_for(lambda: c.ps()["one"]["restarts"] > 0, what="a restart for liveness")


def test_successes_in_a_row(cluster):
    c = cluster()
    count = "echo x >> asked; test $(wc -l < asked) -ge 3"
    service(c, IDLE, {"ready": {"exec": ["sh", "-c", count], "successes": 4, **QUICK}})
    c.up()
    assert len((c.folder / "asked").read_text().split()) >= 6


# --- services that live elsewhere ---


class Health(http.server.BaseHTTPRequestHandler):
    status = 503

    def do_GET(self):
        self.send_response(Health.status if self.path == "/up" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


def test_external_service_is_only_asked(cluster):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Health)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        Health.status = 503
        url = f"http://localhost:{server.server_port}"
        c = cluster({"services": {"far": {"external": {"url": url, "health": "/up"}}}})
        assert c.run("up", "-d").returncode == 0
        assert c.ps()["far"]["pid"] is None
        assert c.state("far") != "ready"
        Health.status = 204
        c.wait_state("far", "ready")
        Health.status = 503
        c.wait_state("far", "degraded", timeout_s=20)
    finally:
        server.shutdown()
        server.server_close()


# --- the process's own word ---


def test_notify_ready_and_back(cluster):
    c = cluster()
    service(c, NOTIFIER, {"ready": {"notify": True}})
    say(c, "STATUS=loads\n")
    up_in_background(c)
    assert c.state("one") == "starting"
    say(c, "READY=1\nSTATUS=serves")
    c.wait_state("one", "ready")
    say(c, "X_MSCTL_READY=0")
    c.wait_state("one", "degraded")
    assert "says it is not ready" in reason(c)
    say(c, "READY=1\n")
    c.wait_state("one", "ready")


def test_notify_beats_a_probe_that_is_not_good_yet(cluster):
    c = cluster()
    service(c, NOTIFIER, {"ready": check_file(c, "open", interval_ms=60000)})
    up_in_background(c)
    assert c.state("one") == "starting"
    say(c, "READY=1")
    c.wait_state("one", "ready")


def test_notify_may_ask_for_more_time(cluster):
    c = cluster()
    service(c, NOTIFIER, {"ready": {"notify": True, "start_period_ms": 800}}, restart={"policy": "no"})
    say(c, "EXTEND_TIMEOUT_USEC=60000000")
    up_in_background(c)
    time.sleep(1.2)  # longer than its start period: there is no event to wait for, as nothing must happen
    assert c.state("one") == "starting"
    say(c, "READY=1")
    c.wait_state("one", "ready")


def test_watchdog_without_a_sign_of_life(cluster):
    c = cluster()
    service(c, NOTIFIER, {"ready": {"notify": True}, "live": {"notify": True, "timeout_ms": 300}})
    (c.folder / "ALIVE").touch()
    say(c, "READY=1")
    c.up()
    time.sleep(0.6)  # twice its time: there is no event to wait for, as nothing must happen
    assert c.ps()["one"]["restarts"] == 0
    (c.folder / "ALIVE").unlink()
    wait_for(lambda: c.ps()["one"]["restarts"] > 0, what="a restart")
