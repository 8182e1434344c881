"""The other verbs, their output and exit codes."""

import json
import os
import select
import signal
import subprocess

import yaml

from conftest import wait_for
from programs import idle, web


def test_plain_msctl_shows_the_first_verbs(run):
    done = run()
    assert done.returncode == 0
    for verb in ("up", "down", "ps", "logs", "restart", "health", "help all"):
        assert verb in done.stdout


def test_help_all_lists_every_verb_and_each_has_an_example(run):
    listed = run("help", "all").stdout
    for verb in ("up", "down", "ps", "logs", "start", "stop", "restart", "health", "status", "version"):
        assert f"  {verb} " in listed
        for done in (run(verb, "--help"), run("help", verb)):
            assert done.returncode == 0
            assert "Example" in done.stdout


def test_usage_errors_are_exit_2(run):
    for arguments in (["up", "--nope"], ["ps", "--output", "xml"], ["start"], ["frobnicate"], ["logs", "-n", "x"],
                      ["up", "--wait-timeout", "0"], [""], ["ps"]):
        assert run(*arguments).returncode == 2, arguments


def test_unknown_verb_gets_a_suggestion(run):
    done = run("helth")
    assert done.returncode == 2
    assert "did you mean `health`?" in done.stderr


def test_version(run):
    assert run("version").stdout.startswith("msctl ")
    assert run("--version").returncode == 0


def test_ps_json_shape(cluster):
    c = cluster()
    c.write({"services": {"web": web(c), "idle": idle(c)}})
    c.up("web")
    rows = json.loads(c.run("ps", "--output", "json").stdout)
    by_name = {row["name"]: row for row in rows}
    web_row = by_name["web"]
    assert web_row["state"] == "ready"
    assert isinstance(web_row["pid"], int)
    assert web_row["restarts"] == 0
    assert web_row["uptime_s"] >= 0
    assert isinstance(web_row["ports"]["http"], int)
    assert by_name["idle"]["state"] == "stopped"
    assert by_name["idle"]["pid"] is None
    as_yaml = {row["name"]: row for row in yaml.safe_load(c.run("ps", "--output", "yaml").stdout)}
    assert as_yaml["idle"] == by_name["idle"]
    assert as_yaml["web"]["ports"] == web_row["ports"]


def test_ps_without_a_supervisor_lists_everything_as_stopped(cluster):
    c = cluster()
    c.write({"services": {"web": web(c)}})
    done = c.run("ps", "--output", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)[0]["state"] == "stopped"
    assert "msctl up" in done.stderr
    assert json.loads(c.run("status", "--output", "json").stdout)["supervisor"] is None


def test_table_is_aligned_and_colourless_in_a_pipe(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c), "longer-name": idle(c)}})
    c.up()
    done = c.run("ps", env={key: value for key, value in c.env.items() if key != "NO_COLOR"})
    lines = done.stdout.splitlines()
    assert len({line.index(word) for line, word in zip(lines, ("STATE", "ready", "ready"))}) == 1
    assert "\x1b" not in done.stdout


def test_status(cluster):
    c = cluster()
    c.write({"services": {"web": web(c), "idle": idle(c)}})
    c.up("web")
    status = json.loads(c.run("status", "--output", "json").stdout)
    assert status["supervisor"].keys() == {"pid", "version", "uptime_s"}
    assert status["services"] == {"ready": 1, "stopped": 1}
    assert status["root"] == str(c.folder)


def test_health_passes_on_the_checks(cluster):
    c = cluster()
    c.write({"services": {"web": web(c)}})
    assert c.run("health").returncode == 4
    c.up()
    done = c.run("health", "--output", "json")
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert report["ready"] is True
    ready = report["services"][0]["ready"]
    assert ready["ok"] is True
    assert ready["status"] == "ready"
    assert ready["checks"] == [{"name": "database", "ok": True, "status": "up", "latency_ms": 0.1, "required": True}]
    c.run("stop", "web")
    assert c.run("health").returncode == 4


HEALTH = """
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, body = {"/live": (200, b'{"status": "live"}'), "/degraded": (200, DEGRADED), "/down": (503, DOWN)}[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

DEGRADED = b'{"status": "degraded", "checks": {"broker": {"status": "down"}, "database": {"status": "up"}}}'
DOWN = b'{"status": "unready", "checks": {"database": {"status": "down"}}}'
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT_HTTP"])), Handler).serve_forever()
"""


def test_health_table_says_what_is_well_and_what_is_not(cluster):
    c = cluster()
    command = c.script("health.py", HEALTH)

    def service(ready):
        return {"command": command, "ports": {"http": 0}, "probes": {"live": {"http": "/live"}, "ready": {"http": ready}}}

    c.write({"services": {"good": service("/live"), "half": service("/degraded"), "sick": service("/down"),
                          "plain": idle(c)}})
    c.run("up", "-d")
    for name in ("good", "half", "plain"):
        c.wait_state(name, "ready")

    def table():
        done = c.run("health")
        assert done.returncode == 4
        return {line.split()[0]: " ".join(line.split()[1:]) for line in done.stdout.splitlines()}

    wait_for(lambda: table()["sick"].startswith("starting ok "), what="sick alive")
    shown = table()
    assert shown["NAME"] == "STATE LIVE READY CHECKS"
    assert shown["good"] == "ready ok ok -"
    assert shown["half"] == "ready ok degraded broker NOT OK, database ok"
    assert shown["sick"] == "starting ok NOT OK: unready database NOT OK"
    assert shown["plain"] == "ready ok ok -"


def test_logs_and_blocks_cannot_steer_the_terminal(cluster):
    c = cluster({"services": {"web": {"command": ["/usr/bin/printf", "gr\u00fc\u00df \\033[2J\\n\\377\\n"]}}})
    c.run("up", "-d")
    c.wait_state("web", "completed")
    inside = ["/usr/bin/script", "-qec", f"{c.bin} logs web", "/dev/null"]
    shown = subprocess.run(inside, cwd=c.folder, env={**c.env, "TERM": "xterm"}, stdout=subprocess.PIPE, check=True).stdout
    assert "gr\u00fc\u00df \\x1b[2J".encode() in shown
    assert b"\x1b[2J" not in shown


def test_logs_work_with_the_cluster_down(cluster):
    c = cluster({"services": {"a": {"command": ["/bin/sh", "-c", "seq 5"]}, "b": {"command": ["/bin/echo", "hello"]}}})
    c.up()
    c.wait_state("a", "completed")
    c.wait_state("b", "completed")
    c.run("down")
    done = c.run("logs", "-n", "2")
    assert sorted(done.stdout.splitlines()) == ["a | 4", "a | 5", "b | hello"]
    assert c.run("logs", "b").stdout == "b | hello\n"
    assert c.run("logs", "nobody").returncode == 2


def test_logs_follow_survives_truncation(cluster):
    c = cluster()
    c.write({"services": {"web": idle(c)}})
    c.up()
    log = c.folder / ".msctl/logs/web.log"
    wait_for(lambda: "idle" in c.log("web"))
    following = c.popen("logs", "-f", "-n", "0")
    try:
        def append(text):
            with open(log, "a") as file:
                file.write(text)

        def shows(text):
            # A line can be missed while the follower starts, so it is written again until it is shown.
            append(text + "\n")
            readable, _, _ = select.select([following.stdout], [], [], 0.1)
            return readable and following.stdout.readline() == f"web | {text}\n"

        wait_for(lambda: shows("more"), what="the line")
        os.truncate(log, 0)
        append("anew\n")
        for line in following.stdout:  # the rest of the repeated ones comes first
            if line == "web | anew\n":
                break
        following.send_signal(signal.SIGINT)
        assert following.wait(timeout=5) == 0
    finally:
        following.kill()
        following.wait()


def test_command_of_the_cluster(cluster):
    c = cluster()
    c.write({"services": {"web": web(c)},
             "commands": {"where": {"command": ["/bin/sh", "-c", "echo $PORT_WEB_HTTP $PWD $MSCTL_STATE $0 $1; exit 7"],
                                    "help": "tells the port"}}})
    c.up()
    below = c.folder / "below"
    below.mkdir()
    done = c.run("where", "x y", cwd=below)
    assert done.returncode == 7
    port = c.ps()["web"]["ports"]["http"]
    assert done.stdout == f"{port} {c.folder} {c.folder}/.msctl x y\n"
    assert "tells the port" in c.run("help", "all").stdout


def test_cluster_file_by_option_and_environment(cluster, tmp_path):
    c = cluster(folder=tmp_path / "one")
    c.write({"services": {"web": idle(c)}})
    assert c.run("up", "-d", "--wait", "-f", c.folder / "msctl.yaml", cwd="/").returncode == 0
    done = c.run("ps", cwd="/", env={**c.env, "MSCTL_FILE": str(c.folder / "msctl.yaml")})
    assert "ready" in done.stdout


def test_down_without_anything(cluster):
    c = cluster({"services": {"web": {"command": ["/bin/true"]}}})
    done = c.run("down")
    assert done.returncode == 0
    assert "nothing runs" in done.stdout


def test_colour_on_a_terminal_only(cluster):
    c = cluster()
    c.write({"services": {"web": idle(c)}})
    c.up()
    env = {**c.env, "TERM": "xterm"}
    inside = ["/usr/bin/script", "-qec", f"{c.bin} ps", "/dev/null"]
    plain = subprocess.run(inside, cwd=c.folder, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert "\x1b" not in plain  # NO_COLOR
    del env["NO_COLOR"]
    painted = subprocess.run(inside, cwd=c.folder, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert "\x1b[32mready\x1b[0m" in painted


def test_up_applies_what_changed_in_the_file_and_nothing_else(cluster):
    c = cluster()
    plain = idle(c)  # once: a program that is just being started must not be written anew
    c.write({"services": {"a": plain, "b": plain, "gone": plain}})
    c.up()
    before = c.ps()
    c.write({"services": {"a": plain, "b": {**plain, "env": {"NEW": "1"}}, "c": plain}})
    done = c.up()
    assert "a  already ready" in done.stdout
    after = c.ps()
    assert after["a"]["pid"] == before["a"]["pid"]
    assert after["b"]["pid"] != before["b"]["pid"]
    assert after["c"]["state"] == "ready"
    wait_for(lambda: "gone" not in c.ps(), what="the removed service's end")
    assert c.run("stop", "gone").returncode == 2


def test_up_with_a_broken_file_changes_nothing(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c)}})
    c.up()
    before = c.ps()
    c.write({"services": {"a": {"comand": ["/bin/true"]}}})
    assert c.run("up", "-d", "--wait").returncode == 2
    assert c.ps()["a"]["pid"] == before["a"]["pid"]


def test_commands_of_a_cluster_cannot_be_named_like_verbs(cluster):
    c = cluster()
    c.write({"services": {"web": idle(c)}, "commands": {"ps": {"command": ["true"]}, "own": {"command": ["true"]}}})
    for arguments in (["config"], ["up", "-d"], ["own"], ["ps"]):
        done = c.run(*arguments)
        assert done.returncode == 2, (arguments, done.stdout)
        assert "commands.ps: `msctl ps` is a command of msctl itself" in done.stderr, done.stderr


def test_a_service_left_out_by_the_profile_is_named_with_it(cluster):
    c = cluster()
    c.write({"services": {"web": idle(c), "debug": idle(c, profiles=["dev", "test"])}})
    c.up()
    for arguments in (["up", "-d", "debug"], ["up", "-d", "--scale", "debug=2"], ["start", "debug"], ["scale", "debug=2"],
                      ["restart", "debug"], ["logs", "debug"], ["wait", "debug"]):
        done = c.run(*arguments)
        assert done.returncode == 2, arguments
        assert "service `debug` is only there with profile dev or test: msctl up --profile dev" in done.stderr, arguments
    c.up("--profile", "dev")
    assert c.state("debug") == "ready"
    assert c.run("scale", "debug=2").returncode == 0


def test_lost_output_is_a_failure(cluster):
    c = cluster()
    c.write({"services": {"web": idle(c)}})
    c.up()
    wait_for(lambda: "idle" in c.log("web"))
    verbs = [["ps"], ["logs"], ["logs", "-f"], ["events"], ["events", "-f"], ["top", "--once"], ["status"], ["health"],
             ["graph"], ["config"], ["config", "--output", "json"], ["doctor"], ["version"], ["--version"], ["help", "all"],
             ["help", "up"], ["up", "--help"], ["completion", "bash"], ["man"], ["restart", "web"], ["stop", "web"],
             ["start", "web"], ["scale", "web=2"], ["up", "-d", "--wait"], ["up", "--dry-run"], ["down"]]
    for arguments in verbs:
        with open("/dev/full", "w") as full:
            done = subprocess.run([c.bin, *arguments], cwd=c.folder, env=c.env, stdin=subprocess.DEVNULL, stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=30)
        assert done.returncode in (1, 7), (arguments, done.returncode, done.stderr)
        told = [line for line in done.stderr.splitlines() if "cannot write to standard output: No space left" in line]
        assert len(told) == 1, (arguments, done.stderr)
    assert c.supervisor_pid() is None  # `down` did its work all the same


def test_a_reader_that_leaves_is_no_failure(cluster):
    c = cluster()
    c.write({"services": {f"web-{number}": idle(c) for number in range(200)}})
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([c.bin, "config"], cwd=c.folder, env=c.env, stdin=subprocess.DEVNULL, stdout=write,
                          stderr=subprocess.PIPE, text=True, timeout=30)
    os.close(write)
    assert done.stderr == ""


def test_down_of_what_has_failed_tells_the_truth(cluster):
    c = cluster()
    c.write({"services": {"bad": {"command": ["/nowhere/bad"]}}})
    assert c.run("up", "-d", "--wait").returncode == 1
    done = c.run("down")
    assert done.returncode == 0
    assert "no service ran any more; the supervisor ended in" in done.stdout


def test_a_start_that_fails_is_told_once(cluster):
    c = cluster()
    entry = idle(c, ports={"http": 0}, probes={"ready": {"http": "/", "start_period_ms": 300}}, restart={"policy": "no"})
    c.write({"services": {"slow": entry}})
    done = c.run("up", "-d", "--wait")
    assert done.returncode == 1
    lines = [line.split(None, 1)[1] for line in done.stdout.splitlines() if line.startswith("slow ")]
    assert lines[0] == "starting"
    assert lines[1].startswith("starting: not ready within ") and lines[1].endswith("is being ended")
    assert lines[2].startswith("failed: not ready within ") and len(lines) == 3
