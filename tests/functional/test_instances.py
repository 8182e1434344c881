"""Several instances, rolling restarts, held sockets, copies of a workspace, and what a second `up` changes."""

import json
import os
import socket
import subprocess
import threading
import time
import urllib.request

from conftest import PYTHON, free_port, processes_of, wait_for
from programs import idle, web
from test_survival import ask, inheritor


class Load:
    """Connects again and again and counts what is refused, until it is told to end."""

    def __init__(self, port):
        self.port = port
        self.pids = set()
        self.asked = 0
        self.failed = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stop.is_set():
            try:
                self.pids.add(ask(self.port))
            except (OSError, ValueError) as problem:
                self.failed.append(repr(problem))
            self.asked += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


def test_restart_of_a_held_socket_refuses_nobody(cluster):
    c = cluster()
    c.write({"services": {"web": inheritor(c)}})
    c.up()
    with Load(c.ps()["web"]["ports"]["http"]) as load:
        for _ in range(5):
            assert c.run("restart", "web").returncode == 0
    assert load.failed == [] and len(load.pids) >= 5, (load.failed, load.asked)


def test_rolling_restart_has_a_new_process_ready_before_the_old_one_ends(cluster):
    c = cluster()
    c.write({"services": {"web": inheritor(c, replicas=2)}})
    c.up()
    before = {name: row["pid"] for name, row in c.ps().items()}
    assert set(before) == {"web", "web.2"}
    with Load(c.ps()["web"]["ports"]["http"]) as load:
        for _ in range(3):
            done = c.run("restart", "--rolling", "web")
            assert done.returncode == 0, done.stdout + done.stderr
    assert load.failed == []
    after = {name: row["pid"] for name, row in c.ps().items()}
    assert set(after) == {"web", "web.2"}
    assert not set(before.values()) & set(after.values())
    wait_for(lambda: len([1 for _, command in processes_of(c.folder) if "inheritor.py" in command]) == 2)


def test_rolling_restart_to_a_broken_program_leaves_the_old_one(cluster):
    c = cluster()
    c.write({"services": {"web": inheritor(c)}})
    c.up()
    row = c.ps()["web"]
    c.script("inheritor.py", "print('broken', flush=True)\nraise SystemExit(4)\n")
    done = c.run("restart", "--rolling", "web", timeout=30)
    assert done.returncode == 1
    assert "exit code 4" in done.stdout + done.stderr
    assert "broken" in done.stderr
    assert c.ps()["web"]["pid"] == row["pid"] == ask(row["ports"]["http"])
    assert c.state("web") == "ready"


def test_up_fails_when_a_replacement_does(cluster):
    c = cluster()
    c.write({"services": {"web": inheritor(c), "other": idle(c)}})
    c.up()
    row = c.ps()["web"]
    broken = c.script("broken.py", "print('broken', flush=True)\nraise SystemExit(4)\n")
    c.write({"services": {"web": inheritor(c, command=broken), "other": idle(c)}})
    done = c.run("up", "-d", "--wait")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "exit code 4" in done.stderr and "broken" in done.stderr
    assert c.ps()["web"]["pid"] == row["pid"] == ask(row["ports"]["http"])


def test_instances_cannot_be_asked_for_where_services_are_meant(cluster):
    c = cluster()
    c.write({"services": {"web": idle(c, replicas=2)}})
    c.up()
    for arguments in (["up", "-d", "web.2"], ["up", "-d", "--scale", "web.2=3"], ["scale", "web.2=3"]):
        done = c.run(*arguments)
        assert done.returncode == 2, arguments
        assert "`web.2` is an instance: name its service" in done.stderr
    assert set(c.ps()) == {"web", "web.2"}


def registered(c, service):
    """(ID, port, passing) of each instance in the registry."""
    address = json.loads(c.run("status", "--output", "json").stdout)["registry"]
    with urllib.request.urlopen(f"http://{address}/v1/health/service/{service}", timeout=5) as answer:
        return sorted((one["Service"]["ID"], one["Service"]["Port"],
                       all(check["Status"] == "passing" for check in one["Checks"])) for one in json.loads(answer.read()))


def test_the_registry_keeps_the_old_process_when_its_successor_fails(cluster):
    c = cluster()
    c.write({"services": {"web": inheritor(c)}})
    c.up()
    before = registered(c, "web")
    assert len(before) == 1 and before[0][2]
    c.script("inheritor.py", "raise SystemExit(4)\n")
    assert c.run("restart", "--rolling", "web", timeout=30).returncode == 1
    assert registered(c, "web") == before
    os.kill(c.ps()["web"]["pid"], 9)  # and it is still its process that counts
    wait_for(lambda: not any(passing for _, _, passing in registered(c, "web")))


def test_scale_up_and_down(cluster):
    c = cluster()
    c.write({"services": {"web": web(c), "held": inheritor(c)}})
    c.up()
    assert c.run("scale", "web=3").returncode == 0
    rows = c.ps()
    assert [rows[name]["state"] for name in ("web", "web.2", "web.3")] == ["ready"] * 3
    ports = {rows[name]["ports"]["http"] for name in ("web", "web.2", "web.3")}
    assert len(ports) == 3
    for port in ports:
        assert urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).status == 200
    assert c.run("scale", "held=2").returncode == 0
    rows = c.ps()
    assert rows["held"]["ports"] == rows["held.2"]["ports"]
    assert c.run("stop", "web.2").returncode == 0
    assert c.state("web.2") == "stopped"
    assert c.run("scale", "web=1").returncode == 0
    assert set(c.ps()) == {"web", "held", "held.2"}
    for wrong in ("web=x", "web", "web=-1", "=2"):
        assert c.run("scale", wrong).returncode == 2, wrong
    assert c.run("scale", "nobody=2").returncode == 2


def test_scale_survives_a_lost_supervisor(cluster):
    c = cluster()
    c.write({"services": {"web": idle(c)}})
    c.up("--scale", "web=2")
    before = {name: row["pid"] for name, row in c.ps().items()}
    assert set(before) == {"web", "web.2"}
    os.kill(c.supervisor_pid(), 9)
    wait_for(lambda: c.supervisor_pid() is None)
    c.up()
    assert {name: row["pid"] for name, row in c.ps().items()} == before


def test_scale_option_takes_one_value(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c), "b": idle(c), "other": idle(c)}})
    c.up("--scale", "a=2", "b")
    rows = c.ps()
    assert rows["b"]["state"] == "ready" and rows["other"]["state"] == "stopped"
    assert rows["a.2"]["state"] == "ready"  # what is scaled is asked for as well
    assert c.run("up", "-d", "--scale", "a=two").returncode == 2


def test_no_deps_starts_only_what_is_named(cluster):
    c = cluster()
    c.write({"services": {"db": idle(c), "app": idle(c, depends_on={"db": "ready"})}})
    c.up("--no-deps", "app")
    assert (c.state("app"), c.state("db")) == ("ready", "stopped")


def test_dry_run_says_what_would_change_and_changes_nothing(cluster):
    c = cluster()
    plain = idle(c)  # once: a program that is just being started must not be written anew
    c.write({"services": {"a": plain, "b": plain, "gone": plain}})
    done = c.run("up", "--dry-run")
    assert done.returncode == 7
    assert [line.split()[:2] for line in done.stdout.splitlines()[1:4]] == [["a", "start"], ["b", "start"],
                                                                           ["gone", "start"]]
    assert "does not run" in c.run("ps").stderr
    c.up()
    assert c.run("up", "--dry-run").returncode == 0
    before = c.ps()
    c.write({"services": {"a": plain, "b": {**plain, "env": {"NEW": "1"}}, "fresh": plain}})
    done = c.run("up", "--dry-run")
    assert done.returncode == 7
    plan = dict(line.split()[:2] for line in done.stdout.splitlines()[1:-1])
    assert plan == {"a": "keep", "b": "replace", "fresh": "start", "gone": "stop"}
    assert {name: row["pid"] for name, row in c.ps().items()} == {name: row["pid"] for name, row in before.items()}


def test_copies_of_one_workspace_have_ports_and_state_of_their_own(cluster):
    c = cluster()
    c.write({"services": {"web": web(c, ports={"http": 0})}})
    c.up()
    try:
        assert c.run("up", "-d", "--wait", "--project", "two").returncode == 0
        mine = c.ps()["web"]
        other = {row["name"]: row for row in json.loads(c.run("--project", "two", "ps", "--output", "json").stdout)}["web"]
        assert mine["pid"] != other["pid"] and mine["ports"] != other["ports"]
        assert (c.folder / ".msctl" / "projects" / "two" / "logs" / "web.log").exists()
        assert c.run("restart", "web", "--project=two").returncode == 0
        assert c.ps()["web"]["pid"] == mine["pid"]
        assert c.run("up", "--project", "../x").returncode == 2
    finally:
        assert c.run("down", "--project", "two").returncode == 0
    assert c.state("web") == "ready"


def test_fixed_port_becomes_a_free_one_in_a_copy(cluster):
    c = cluster()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    c.write({"services": {"web": web(c, ports={"http": port})}})
    c.up()
    try:
        assert c.run("up", "-d", "--wait", "--project", "copy").returncode == 0
    finally:
        assert c.run("down", "--project", "copy").returncode == 0


def test_held_dependent_comes_back_with_its_dependency(cluster):
    c = cluster()
    fine = c.folder / "fine"
    fine.touch()
    script = f"import os, signal, sys\nif not os.path.exists({str(fine)!r}):\n    sys.exit(1)\nsignal.pause()\n"
    c.write({"services": {"db": {"command": c.script("db.py", script), "restart": {"first_ms": 20, "cap_ms": 20, "limit": 0},
                                 "probes": {"ready": {"exec": ["/bin/sh", "-c", f"test -e {fine}"]}}},
                          "held": idle(c, depends_on={"db": {"condition": "ready", "on_crash": "hold"}}),
                          "fresh": idle(c, depends_on={"db": {"condition": "ready", "on_crash": "restart"}}),
                          "calm": idle(c, depends_on={"db": "ready"})}})
    c.up()
    before = c.ps()
    fine.unlink()
    os.kill(before["db"]["pid"], 9)
    c.wait_state("held", "pending")
    assert c.state("fresh") == "ready"
    fine.touch()
    c.wait_state("held", "ready")
    wait_for(lambda: c.ps()["fresh"]["pid"] not in (None, before["fresh"]["pid"]) and c.state("fresh") == "ready")
    assert c.ps()["held"]["pid"] != before["held"]["pid"]
    assert c.ps()["calm"]["pid"] == before["calm"]["pid"]


def test_ports_that_were_chosen_stay_chosen(cluster):
    c = cluster()
    c.write({"services": {"web": web(c)}})
    c.up()
    port = c.ps()["web"]["ports"]["http"]
    c.run("down")
    c.up()
    assert c.ps()["web"]["ports"]["http"] == port


def test_limits_reach_the_process(cluster):
    c = cluster({"services": {
        "files": {"command": ["/bin/sh", "-c", "ulimit -n"], "resources": {"open_files": 77}},
        "hog": {"command": [PYTHON, "-c", "bytearray(300 << 20)"], "resources": {"memory": "64M"},
                "restart": {"policy": "no"}}}})
    c.run("up", "-d")
    c.wait_state("files", "completed")
    assert c.log("files") == "77\n"
    c.wait_state("hog", "failed")


def test_crashes_restart_within_milliseconds(cluster):
    c = cluster()
    c.write({"services": {"web": idle(c)}})
    c.up()
    pid = c.ps()["web"]["pid"]
    begin = time.monotonic()
    os.kill(pid, 9)
    wait_for(lambda: c.ps()["web"]["restarts"] == 1 and c.state("web") == "ready", timeout_s=5)
    assert time.monotonic() - begin < 2
    lines = c.log("supervisor").splitlines()
    assert any("starts again in 0 ms" in line for line in lines)


def test_image_needs_an_engine_or_runs(cluster):
    c = cluster({"services": {"box": {"image": "localhost/none:1"}}})
    done = c.run("up", "-d", "--wait", env={**c.env, "PATH": str(c.folder)}, timeout=30)
    assert done.returncode == 1
    assert "needs podman or docker: apt-get install podman" in done.stderr


def test_a_container_engine_is_called_with_its_arguments(cluster):
    c = cluster()
    engine = c.folder / "podman"
    engine.write_text("#!/bin/sh\n[ \"$1\" = run ] || exit 0\necho \"$@\"\nexec sleep 1000\n")
    engine.chmod(0o755)
    c.write({"services": {"box": {"image": "localhost/shop:1", "command": ["serve", "--all"], "env": {"KEY": "hidden"},
                                  "ports": {"http": 0}}}})
    done = c.run("up", "-d", "--wait", env={**c.env, "PATH": f"{c.folder}:/usr/bin:/bin",
                                            "MSCTL_CONTAINER_ARGS": "--cgroups=disabled"})
    assert done.returncode == 0, done.stderr
    wait_for(lambda: "localhost/shop:1" in c.log("box"))
    line = c.log("box")
    assert line.startswith("run --rm --network=host --name msctl-")
    assert "--cgroups=disabled" in line and "--env KEY" in line and "--env PORT_HTTP" in line
    assert "hidden" not in line
    assert line.endswith("localhost/shop:1 serve --all\n")


def test_registry_lists_what_is_ready(cluster):
    c = cluster()
    c.write({"services": {"web": web(c, register={"tags": ["a"], "meta": {"k": "v"}})}})
    c.up()
    address = json.loads(c.run("status", "--output", "json").stdout)["registry"]
    with urllib.request.urlopen(f"http://{address}/v1/health/service/web?passing", timeout=5) as answer:
        entries = json.loads(answer.read())
    assert len(entries) == 1
    assert entries[0]["Service"]["Port"] == c.ps()["web"]["ports"]["http"]
    assert entries[0]["Service"]["Tags"] == ["a"]
    c.run("stop", "web")
    with urllib.request.urlopen(f"http://{address}/v1/health/service/web?passing", timeout=5) as answer:
        assert json.loads(answer.read()) == []


def test_watch_rebuilds_and_restarts_only_what_changed(cluster):
    c = cluster()
    for name in ("one", "two"):
        (c.folder / name).mkdir()
        (c.folder / name / "source").write_text("1")
    builds = {name: {"command": ["/bin/sh", "-c", f"cp {name}/source {name}.built; echo build >> {name}.count"],
                     "inputs": [f"{name}/**"]} for name in ("one", "two")}
    c.write({"services": {name: idle(c, build=builds[name]) for name in builds}})
    up = c.popen("up", "--build", "--watch", stderr=subprocess.STDOUT)
    try:
        for line in up.stdout:
            if "services ready" in line:
                break
        before = c.ps()
        time.sleep(0.3)  # the watch begins after the first build is over
        (c.folder / "one" / "source").write_text("2")
        wait_for(lambda: c.ps()["one"]["pid"] not in (None, before["one"]["pid"]), timeout_s=20)
        c.wait_state("one", "ready")
        assert c.ps()["two"]["pid"] == before["two"]["pid"]
        assert (c.folder / "one.built").read_text() == "2"
        assert (c.folder / "two.count").read_text() == "build\n"
    finally:
        up.terminate()
        up.wait(timeout=20)
    assert processes_of(c.folder) == []


def test_sanitized_build_takes_the_place_of_the_program(cluster):
    c = cluster()
    c.write({"services": {"web": idle(c, build={
        "command": ["/bin/true"],
        "sanitize": {"command": ["/bin/sh", "-c", "printf '#!/bin/sh\\necho $1 $ASAN_OPTIONS; exec sleep 1000\\n' > ${sanitizer}.sh"
                                                  " && chmod +x ${sanitizer}.sh"],
                     "program": "${sanitizer}.sh"}})}})
    c.up()
    before = c.ps()["web"]["pid"]
    done = c.up("--sanitize", "web=address")
    assert c.ps()["web"]["pid"] != before, done.stdout
    assert (c.folder / "address.sh").exists()
    wait_for(lambda: "halt_on_error=1" in c.log("web"))
    for wrong in ("web", "web=leak", "nobody=address"):
        assert c.run("up", "-d", "--sanitize", wrong).returncode == 2, wrong
    c.run("down")


def listeners_of(port):
    """Inodes of the sockets that listen there."""
    lines = open("/proc/net/tcp").read().splitlines()[1:]
    return [line.split()[9] for line in lines if line.split()[1] == f"0100007F:{port:04X}" and line.split()[3] == "0A"]


def test_sockets_dropped_from_the_file_are_closed_at_the_restart(cluster):
    """The same port, first held by msctl, then bound by the service itself."""
    c = cluster()
    port = free_port()
    held = {"services": {"web": inheritor(c, ports={"http": port})}}
    for lost in (False, True):
        c.write(held)
        c.up()
        wait_for(lambda: c.state("web") == "ready")
        assert ask(port) == c.ps()["web"]["pid"]
        if lost:
            os.kill(c.supervisor_pid(), 9)
            wait_for(lambda: c.supervisor_pid() is None)
        c.write({"services": {"web": web(c, ports={"http": port})}})
        c.up()
        row = wait_for(lambda: c.state("web") == "ready" and c.ps()["web"])
        assert row["restarts"] == 0, row
        assert urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).status == 200
        assert len(listeners_of(port)) == 1
