"""msctl up, down and what happens to processes in between."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import time

from conftest import PYTHON, free_port, process_alive, processes_of, wait_for
from programs import DAEMONISER, DESCRIPTORS, STUBBORN, WEB, idle, web


def flat(text):
    """The lines with single spaces, whatever the columns' widths."""
    return "\n".join(" ".join(line.split()) for line in text.splitlines())


def test_up_wait_through_a_pipe_ends_at_once(cluster):
    c = cluster()
    c.write({"services": {"web": web(c)}})
    # The reader only sees the end of the pipe when no descriptor of ours is left in a detached process.
    done = subprocess.run(f"{c.bin} up -d --wait | cat", shell=True, cwd=c.folder, env=c.env, timeout=20,
                          stdout=subprocess.PIPE, text=True, check=True)
    assert "1 service ready in " in done.stdout
    assert c.state("web") == "ready"


def test_minimal_cluster_file(cluster):
    port = free_port()
    c = cluster({"services": {"web": {"command": [PYTHON, "-m", "http.server", "--bind", "127.0.0.1", str(port)]}}})
    c.up()
    assert c.state("web") == "ready"


def test_dependencies_start_first_and_stop_last(cluster):
    c = cluster()
    c.write({"services": {"app": web(c, depends_on={"db": "ready"}), "db": web(c), "other": idle(c)}})
    out = flat(c.run("up", "-d", "--wait", "app").stdout)
    assert out.index("db ready") < out.index("app ready")
    assert c.state("other") == "stopped"
    out = flat(c.run("down").stdout)
    assert out.index("app stopped") < out.index("db stopped")
    assert processes_of(c.folder) == []
    assert not c.socket_path.exists()


def test_try_this_has_the_real_ports(cluster):
    c = cluster()
    c.write({"services": {"web": web(c)}, "try_this": ["curl 127.0.0.1:${port:web.http}/"]})
    out = c.up().stdout
    assert f"curl 127.0.0.1:{c.ps()['web']['ports']['http']}/" in out


def test_second_up_attaches_and_starts_what_is_missing(cluster):
    c = cluster()
    c.write({"services": {"one": web(c), "two": web(c)}})
    c.up("one")
    pid = c.ps()["one"]["pid"]
    done = c.up()
    assert "supervisor already runs" in done.stdout
    assert "one  already ready" in done.stdout
    assert "two  ready in" in done.stdout
    assert "(1 already ran)" in done.stdout
    assert c.ps()["one"]["pid"] == pid


def test_two_ups_at_once_make_one_supervisor(cluster):
    c = cluster()
    c.write({"services": {"web": web(c)}})
    racers = [c.popen("up", "-d", "--wait") for _ in range(4)]
    for racer in racers:
        out, err = racer.communicate(timeout=30)
        assert racer.returncode == 0, out + err
    assert len([1 for _, command in processes_of(c.folder) if "web.py" in command]) == 1
    assert len([1 for _, command in processes_of(c.folder) if "__supervise" in command]) == 1


def test_killed_service_comes_back(cluster):
    c = cluster()
    c.write({"services": {"web": web(c)}})
    c.up()
    before = c.ps()["web"]
    os.kill(before["pid"], signal.SIGKILL)
    wait_for(lambda: c.ps()["web"]["restarts"] == 1, what="the restart")
    c.wait_state("web", "ready")
    assert c.ps()["web"]["pid"] != before["pid"]
    log = c.log("supervisor")
    assert "signal 9 (SIGKILL); starts again in" in log


def test_exit_9_is_not_taken_for_a_signal(cluster):
    c = cluster({"services": {"web": {"command": ["/bin/sh", "-c", "exit 9"], "restart": {"policy": "no"}}}})
    c.run("up", "-d")
    c.wait_state("web", "failed")
    assert "web failed: exit code 9\n" in c.log("supervisor")


def test_service_that_ends_well_is_completed(cluster):
    c = cluster()
    c.write({"services": {"job": {"command": ["/bin/true"]}, "app": idle(c, depends_on={"job": "completed"})}})
    done = c.up()
    assert "1 service ready and 1 completed" in done.stdout
    assert c.state("job") == "completed"


def test_stubborn_service_is_killed_after_its_grace(cluster):
    c = cluster()
    c.write({"services": {"web": {"command": c.script("stubborn.py", STUBBORN), "stop_grace_ms": 500}}})
    c.up()
    wait_for(lambda: "stubborn" in c.log("web"))
    begin = time.monotonic()
    assert c.run("down").returncode == 0
    assert 0.4 < time.monotonic() - begin < 1.5


def test_stopped_process_gets_its_sigterm(cluster):
    c = cluster()
    c.write({"services": {"web": idle(c, stop_grace_ms=8000)}})
    c.up()
    wait_for(lambda: "idle" in c.log("web"))
    os.kill(c.ps()["web"]["pid"], signal.SIGSTOP)
    begin = time.monotonic()
    assert c.run("down").returncode == 0
    assert time.monotonic() - begin < 5


def test_daemonised_grandchild_does_not_survive(cluster):
    c = cluster()
    pid_file = c.folder / "grandchild.pid"
    command = c.script("daemoniser.py", DAEMONISER) + [str(pid_file)]
    c.write({"services": {"web": {"command": command, "stop_grace_ms": 300}, "other": idle(c)}})
    c.up()
    wait_for(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
    grandchild = int(pid_file.read_text())
    assert process_alive(grandchild)
    assert c.run("stop", "web").returncode == 0
    assert not process_alive(grandchild)
    assert c.state("other") == "ready"


def test_crash_leaves_no_grandchild_behind(cluster):
    c = cluster()
    pid_file = c.folder / "grandchild.pid"
    command = c.script("daemoniser.py", DAEMONISER) + [str(pid_file)]
    c.write({"services": {"web": {"command": command, "restart": {"policy": "no"}}}})
    c.up()
    wait_for(lambda: "daemonised" in c.log("web"))
    grandchild = int(wait_for(lambda: pid_file.exists() and pid_file.read_text()))
    os.kill(c.ps()["web"]["pid"], signal.SIGKILL)
    c.wait_state("web", "failed")
    assert not process_alive(grandchild)


def test_child_has_three_descriptors(cluster):
    c = cluster()
    listing = c.folder / "descriptors"
    c.write({"services": {"web": {"command": c.script("descriptors.py", DESCRIPTORS) + [str(listing)]}}})
    inherited = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(inherited, True)
    try:
        assert c.run("up", "-d", "--wait", close_fds=False).returncode == 0
    finally:
        os.close(inherited)
    wait_for(listing.exists)
    links = dict(line.split(" ", 1) for line in listing.read_text().splitlines())
    assert sorted(links) == ["0", "1", "2"]
    assert links["0"] == "/dev/null"
    assert links["1"].startswith("pipe:") and links["2"].startswith("pipe:")


def test_child_starts_with_default_signals(cluster):
    c = cluster({"services": {"web": {"command": ["/bin/cat", "/proc/self/status"]}}})
    c.up()
    c.wait_state("web", "completed")
    status = dict(line.split(":\t", 1) for line in c.log("web").splitlines() if ":\t" in line)
    assert int(status["SigBlk"], 16) == 0
    # Signals 32 and 33 are the C library's own; no program can set them, and they come from whoever started the test.
    assert int(status["SigIgn"], 16) & ~(0b11 << 31) == 0
    assert status["NSsid"] == status["NSpid"]


def test_environment_of_a_service(cluster):
    c = cluster({"services": {"web": {"command": ["/usr/bin/env"], "ports": {"http": 0, "admin-api": 0},
                                      "env": {"WHERE": "http://127.0.0.1:${port:http}"}}}})
    c.up()
    c.wait_state("web", "completed")
    env = dict(line.split("=", 1) for line in c.log("web").splitlines() if "=" in line)
    ports = c.ps()["web"]["ports"]
    assert env["PORT_HTTP"] == str(ports["http"])
    assert env["PORT_ADMIN_API"] == str(ports["admin-api"])
    assert env["WHERE"] == f"http://127.0.0.1:{ports['http']}"
    assert env["MSCTL_SERVICE"] == "web"
    assert json.loads(pathlib.Path(env["MSCTL_CONFIG"]).read_text())


def test_taken_port_names_its_holder(cluster):
    c = cluster()
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        c.write({"services": {"web": web(c, ports={"http": port})}})
        done = c.run("up", "-d", "--wait")
    assert done.returncode == 1
    assert f"port {port} (http) is taken by pid {os.getpid()}" in done.stderr
    assert f"kill {os.getpid()}" in done.stderr


def test_failed_start_with_a_probe_prints_cause_log_and_next_step(cluster):
    c = cluster()
    command = c.script("dies.py", "print('no disk', flush=True)\nraise SystemExit(3)\n")
    c.write({"services": {"db": web(c, command=command, restart={"policy": "no"}),
                          "app": idle(c, depends_on={"db": "ready"}), "bff": idle(c, depends_on={"app": "ready"})}})
    done = c.run("up", "-d", "--wait")
    assert done.returncode == 1
    assert "db: failed\n  cause  exit code 3\n  blocks app, bff\n" in done.stderr
    assert "| no disk\n" in done.stderr
    assert "next   msctl logs db\n" in done.stderr
    assert "app: " not in done.stderr  # one block for the one cause


def test_nobody_waits_for_what_cannot_come(cluster):
    """What is pending behind a failed one ends each waiting verb at once, with the first cause in the chain."""
    c = cluster({"services": {
        "db": {"command": ["/bin/sh", "-c", "exit 3"], "restart": {"policy": "no"}, "ports": {"http": 0},
               "probes": {"ready": {"tcp": "http"}}},
        "app": {"command": ["/bin/sleep", "1000"], "depends_on": {"db": "ready"}},
        "bff": {"command": ["/bin/sleep", "1000"], "depends_on": {"app": "ready"}}}})
    for arguments in (["up", "-d", "--wait"], ["up", "-d", "--wait"], ["start", "bff"], ["restart", "bff"],
                      ["up", "bff"]):
        done = c.run(*arguments, timeout=10)
        assert done.returncode == 1, arguments
        assert "db: failed\n  cause  exit code 3\n" in done.stderr, arguments


def test_one_that_completed_never_becomes_ready(cluster):
    c = cluster({"services": {"job": {"command": ["/bin/true"], "ports": {"http": 0},
                                      "probes": {"ready": {"tcp": "http"}}},
                              "app": {"command": ["/bin/sleep", "1000"], "depends_on": {"job": "ready"}}}})
    done = c.run("up", "-d", "--wait", timeout=10)
    assert done.returncode == 1
    assert "job: completed\n  cause  exit code 0\n  blocks app\n" in done.stderr


def read_until(process, text):
    """What the process printed up to the line with `text`."""
    seen = ""
    for line in process.stdout:
        seen += line
        if text in line:
            return seen
    raise AssertionError(f"{text!r} was not printed:\n{seen}")


def test_failed_start_in_the_foreground_leaves_the_others_running(cluster):
    c = cluster()
    c.write({"services": {"db": {"command": ["/no/such/program"]}, "other": idle(c),
                          "app": idle(c, depends_on={"db": "ready"})}})
    up = c.popen("up", stderr=subprocess.STDOUT)
    try:
        seen = read_until(up, "runs all the same")
        assert "db: failed\n  cause  cannot run /no/such/program" in seen
        assert c.ps()["other"]["state"] == "ready"
        up.send_signal(signal.SIGINT)
        assert up.wait(timeout=10) == 130
    finally:
        up.kill()
        up.wait()
    assert processes_of(c.folder) == []


def test_failed_start_in_the_foreground_ends_when_nothing_runs(cluster):
    c = cluster()
    c.write({"services": {"db": {"command": ["/no/such/program"]}, "app": idle(c, depends_on={"db": "ready"})}})
    done = c.run("up", timeout=20)
    assert done.returncode == 1
    assert "db: failed\n  cause  cannot run /no/such/program" in done.stderr
    assert processes_of(c.folder) == []


def test_block_quotes_only_this_start(cluster):
    c = cluster({"services": {"web": {"command": ["/bin/sh", "-c", "echo earlier; exit 1"],
                                      "restart": {"policy": "no"}, "ports": {"http": 0},
                                      "probes": {"ready": {"tcp": "http"}}}}})
    assert "| earlier\n" in c.run("up", "-d", "--wait").stderr
    c.run("down")
    text = (c.folder / "msctl.yaml").read_text()
    c.write(text.replace("echo earlier", "echo later"))
    done = c.run("up", "-d", "--wait")
    assert "| later\n" in done.stderr
    assert "earlier" not in done.stderr
    done = c.run("start", "web")
    assert done.stderr.count("| later\n") == 1
    c.run("down")
    c.write({"services": {"web": {"command": ["/no/such/program"]}}})
    done = c.run("up", "-d", "--wait")
    assert "web.log (nothing from this start)\n  next" in done.stderr


def test_up_again_tries_what_had_failed(cluster):
    c = cluster()
    fixed = c.folder / "fixed"
    c.write({"services": {
        "db": {"command": ["/bin/sh", "-c", f"test -e {fixed} && exec sleep 1000"], "restart": {"policy": "no"},
               "ports": {"http": 0}},
        "app": idle(c, depends_on={"db": "started"})}})
    c.run("up", "-d", "--wait")
    c.wait_state("db", "failed")
    fixed.touch()
    c.up()
    assert c.state("db") == "ready"
    assert c.state("app") == "ready"


def test_programs_in_sbin_are_found(cluster):
    """Debian's servers are in /usr/sbin, which an ordinary user's PATH lacks; the child's PATH stays as it is."""
    c = cluster({"services": {"tool": {"command": ["ldconfig", "--version"]},
                              "shell": {"command": ["sh", "-c", "echo path $PATH"]}}})
    done = c.run("up", "-d", "--wait", env={**c.env, "PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    c.wait_state("tool", "completed")
    c.wait_state("shell", "completed")
    assert "ldconfig" in c.log("tool")
    assert c.log("shell") == "path /usr/bin:/bin\n"


def test_missing_program_is_told(cluster):
    c = cluster({"services": {"web": {"command": ["/no/such/program"]}}})
    done = c.run("up", "-d", "--wait")
    assert done.returncode == 1
    assert "cannot run /no/such/program" in done.stderr
    assert "No such file or directory" in done.stderr


def test_not_ready_in_time_is_exit_3(cluster):
    c = cluster()
    c.write({"services": {"web": web(c, command=c.script("never.py", "import signal\nsignal.pause()\n"))}})
    done = c.run("up", "-d", "--wait", "--wait-timeout", "1")
    assert done.returncode == 3
    assert "not ready within 1 s" in done.stderr
    assert "web: starting\n  cause  not ready yet (pid " in done.stderr


def test_start_period_ends_a_start(cluster):
    c = cluster()
    command = c.script("never.py", "import signal\nsignal.pause()\n")
    c.write({"services": {"web": web(c, command=command, restart={"policy": "no"},
                                     probes={"ready": {"http": "/", "start_period_ms": 300}})}})
    done = c.run("up", "-d", "--wait")
    assert done.returncode == 1
    assert "not ready within" in done.stderr


def test_ctrl_c_in_the_foreground_stops_everything(cluster):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        c = cluster()
        c.write({"services": {"app": web(c, depends_on={"db": "ready"}), "db": web(c)}})
        running = c.popen("up")
        for line in running.stdout:
            if "services ready" in line:
                break
        running.send_signal(number)
        out, err = running.communicate(timeout=20)
        assert running.returncode == 0, err
        assert flat(out).index("app stopped") < flat(out).index("db stopped")
        assert processes_of(c.folder) == []


def test_ctrl_c_before_all_is_up_is_130(cluster):
    c = cluster()
    c.write({"services": {"db": idle(c), "web": web(c, command=c.script("n.py", "import signal\nsignal.pause()\n"))}})
    running = c.popen("up")
    for line in running.stdout:
        if "starting" in line and "web" in line:
            break
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=20)
    assert running.returncode == 130
    assert processes_of(c.folder) == []


def test_foreground_tells_of_crashes(cluster):
    c = cluster()
    c.write({"services": {"web": web(c)}})
    running = c.popen("up")
    for line in running.stdout:
        if "service ready" in line:
            break
    os.kill(c.ps()["web"]["pid"], signal.SIGKILL)
    seen = []
    for line in running.stdout:
        seen.append(line)
        if "web  ready in" in line:
            break
    assert any("backoff: signal 9 (SIGKILL); starts again in" in line for line in seen)
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=20) == 0


def test_down_ends_what_a_killed_supervisor_left(cluster):
    c = cluster()
    c.write({"services": {"web": web(c)}})
    c.up()
    pid = c.ps()["web"]["pid"]
    os.kill(c.supervisor_pid(), signal.SIGKILL)
    wait_for(lambda: c.supervisor_pid() is None)
    assert process_alive(pid)
    for verb in ("ps", "health", "stop"):
        done = c.run(verb, *(["web"] if verb == "stop" else []), timeout=5)
        assert "the supervisor is gone and its services may still run; start anew with: msctl up" in done.stderr
    assert "the supervisor is gone" in c.run("status").stdout
    assert c.run("down").returncode == 0
    assert not process_alive(pid)
    assert processes_of(c.folder) == []


def test_up_after_a_killed_supervisor_runs_one_of_each(cluster):
    c = cluster()
    c.write({"services": {"web": web(c, ports={"http": free_port()})}})
    c.up()
    old = c.ps()["web"]["pid"]
    os.kill(c.supervisor_pid(), signal.SIGKILL)
    wait_for(lambda: c.supervisor_pid() is None)
    c.up()
    assert process_alive(old)
    assert c.ps()["web"]["pid"] == old
    assert len([1 for _, command in processes_of(c.folder) if "web.py" in command]) == 1


def test_stop_start_restart(cluster):
    c = cluster()
    c.write({"services": {"web": web(c)}})
    c.up()
    first = c.ps()["web"]["pid"]
    assert c.run("restart", "web").returncode == 0
    second = c.ps()["web"]["pid"]
    assert second != first
    assert not process_alive(first)
    assert c.run("stop", "web").returncode == 0
    row = c.ps()["web"]
    assert (row["state"], row["pid"], row["restarts"]) == ("stopped", None, 0)
    assert "already stopped" in c.run("stop", "web").stdout
    assert c.run("start", "web").returncode == 0
    assert c.state("web") == "ready"
    assert c.run("stop", "web").stdout == "web  stopped\n"
    assert c.run("start", "web").returncode == 0
    assert c.run("start", "web").stdout == "web  already ready\n"


def test_restart_leaves_dependents_running(cluster):
    c = cluster()
    c.write({"services": {"db": web(c), "app": web(c, depends_on={"db": "ready"})}})
    c.up()
    before = c.ps()
    done = c.run("restart", "db")
    assert done.returncode == 0
    after = c.ps()
    assert after["db"]["pid"] != before["db"]["pid"]
    assert (after["app"]["pid"], after["app"]["state"]) == (before["app"]["pid"], "ready")


def test_slow_log_reader_does_not_stop_a_service(cluster):
    c = cluster()
    c.write({"services": {"web": {"command": c.script("loud.py", "for i in range(200000): print('x' * 50)\n")}}})
    c.up()
    supervisor = c.supervisor_pid()
    os.kill(supervisor, signal.SIGSTOP)
    try:
        wait_for(lambda: len(c.log("web")) == 200000 * 51, timeout_s=20)
    finally:
        os.kill(supervisor, signal.SIGCONT)
    c.wait_state("web", "completed")


def test_broken_cluster_file_is_usage(cluster):
    c = cluster({"services": {"web": {"comand": ["/bin/true"]}}})
    done = c.run("up", "-d")
    assert done.returncode == 2
    assert "msctl.yaml:" in done.stderr
    assert "command" in done.stderr


def test_reader_that_goes_away_does_not_end_up(cluster):
    c = cluster()
    c.write({"services": {"web": web(c), "app": web(c, depends_on={"web": "ready"})}})
    subprocess.run(f"{c.bin} up -d --wait | head -n 1", shell=True, cwd=c.folder, env=c.env, timeout=20,
                   stdout=subprocess.DEVNULL, check=True)
    c.wait_state("app", "ready")
