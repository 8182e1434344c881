"""`msctl doctor`."""

import json
import os
import signal
import socket
import subprocess

from conftest import free_port, wait_for
from programs import idle, web


def findings(c, **options):
    done = c.run("doctor", "--output", "json", **options)
    return done.returncode, {one["check"]: one for one in json.loads(done.stdout)}


def test_a_good_cluster_has_nothing_in_the_way(cluster):
    c = cluster()
    port = free_port()
    c.write({"services": {"web": web(c, ports={"http": port})}})
    code, found = findings(c)
    assert code == 0
    assert found["program python3"]["level"] == "ok"
    assert found[f"port {port}"] == {"check": f"port {port}", "level": "ok", "text": "free (web.http)", "remedy": ""}
    assert found["supervisor"]["level"] == "ok"
    for check in ("system", "kernel", "cores and memory", "open files", "processes", "inotify watches",
                  "resource limits", "clock", "core dumps", "debugger", "cluster", "disk"):
        assert check in found
        assert (found[check]["level"] == "ok") == (found[check]["remedy"] == "")
    c.up()
    code, found = findings(c)
    assert code == 0
    assert found[f"port {port}"]["text"] == "held by this cluster (web.http)"
    assert found["supervisor"]["text"] == "runs and answers"


def test_what_is_missing_or_taken_fails_with_a_remedy(cluster):
    c = cluster()
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        c.write({"services": {"web": web(c, ports={"http": port}),
                              "odd": {"command": ["no-such-program-here"]},
                              "file": {"command": ["./not-there"]},
                              "built": {"command": ["./out"], "build": {"command": ["redis-server-of-mine"]}}}})
        code, found = findings(c)
    assert code == 1
    assert found[f"port {port}"]["level"] == "fail"
    assert f"taken by pid {os.getpid()}" in found[f"port {port}"]["text"]
    assert found[f"port {port}"]["remedy"].startswith(f"kill {os.getpid()}")
    assert found["program no-such-program-here"]["level"] == "fail"
    assert "for odd" in found["program no-such-program-here"]["text"]
    assert "apt-cache search no-such-program-here" in found["program no-such-program-here"]["remedy"]
    assert found["program not-there"]["level"] == "fail"
    assert found["program out"]["level"] == "warn"
    assert found["program out"]["remedy"] == "msctl up --build"
    assert "for build of built" in found["program redis-server-of-mine"]["text"]
    text = c.run("doctor").stdout
    assert "fail  program not-there" in text
    assert "-> msctl up --build" in text


def test_an_event_that_nobody_publishes_is_pointed_out(cluster):
    c = cluster()
    c.write({"broker": "nats", "services": {
        "nats": idle(c, ports={"client": free_port()}),
        "shop": idle(c, publishes=["order.placed"]),
        "mailer": idle(c, consumes=["order.placed", "order.placd"])}})
    _, found = findings(c)
    assert found["event order.placd"]["level"] == "warn" and "for mailer" in found["event order.placd"]["text"]
    assert "event order.placed" not in found


def test_what_a_killed_supervisor_left_is_found(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c)}})
    c.up()
    pid = c.ps()["a"]["pid"]
    supervisor = c.supervisor_pid()
    os.kill(supervisor, signal.SIGKILL)
    wait_for(lambda: not os.path.exists(f"/proc/{supervisor}/exe"))
    code, found = findings(c)
    assert code == 0  # not in the way: the next `up` sees to it
    assert f"a (pid {pid})" in found["leftovers"]["text"]
    assert found["leftovers"]["remedy"].startswith("msctl up")
    assert found["socket"]["level"] == "warn"
    c.run("down")
    _, found = findings(c)
    assert "leftovers" not in found and "socket" not in found


def test_a_supervisor_that_does_not_answer_is_found(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c)}})
    control = c.folder / ".msctl" / "control"
    control.mkdir(parents=True)
    with subprocess.Popen(["/usr/bin/flock", str(control / "supervisor.lock"), "/bin/sh", "-c", "echo held; read x"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        code, found = findings(c)
        holder.stdin.close()
    assert code == 1
    assert "has the lock and does not answer" in found["supervisor"]["text"]


def test_few_open_files_fail(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c)}})
    done = subprocess.run(["/bin/sh", "-c", f"ulimit -n 64; exec {c.bin} doctor"], cwd=c.folder, env=c.env,
                          stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "fail  open files" in done.stdout
    assert "-> prlimit" in done.stdout


def test_doctor_works_without_a_cluster_and_with_a_broken_one(cluster, tmp_path):
    c = cluster(folder=tmp_path / "empty")
    code, found = findings(c)
    assert code == 0
    assert found["cluster"]["level"] == "warn"
    c.write("services: {a: {comand: [x]}, b: 1}\n")
    done = c.run("doctor")
    assert done.returncode == 1
    assert 'did you mean "command"?' in done.stdout
    (c.folder / "msctl.yaml").unlink()
