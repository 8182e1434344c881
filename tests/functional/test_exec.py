"""`msctl exec`."""

import json
import os
import subprocess

from conftest import process_alive, wait_for
from programs import idle, web


def environment(done):
    assert done.returncode == 0, done.stderr
    return dict(entry.split("=", 1) for entry in done.stdout.split("\0") if entry)


def test_exec_has_the_environment_and_folder_of_the_running_service(cluster):
    c = cluster()
    place = c.folder / "place"
    place.mkdir()
    (place / "service.yaml").write_text(json.dumps({"name": "web", **web(c, env={"COLOUR": "blue ${port:http}"})}))
    c.write({"services": {"web": {"path": "place"}}})
    c.run("up", "-d", "--wait", env={**c.env, "ONLY_AT_UP": "1", "COMMON": "up"})
    port = c.ps()["web"]["ports"]["http"]
    variables = environment(c.run("exec", "web", "--", "env", "-0", env={**c.env, "COMMON": "exec", "MINE": "1"}))
    assert variables["COLOUR"] == f"blue {port}"
    assert variables["PORT_HTTP"] == str(port)
    assert variables["ONLY_AT_UP"] == "1"
    assert variables["COMMON"] == "up"
    assert "MINE" not in variables
    assert variables["MSCTL_CONFIG"].endswith("/run/web.json")
    for mark in ("MSCTL_STATE", "MSCTL_SERVICE", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"):
        assert mark not in variables
    assert c.run("exec", "web", "pwd").stdout == f"{place}\n"


def test_exec_passes_words_streams_and_the_exit_code_through(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c)}})
    c.up()
    done = subprocess.run([c.bin, "exec", "a", "sh", "-c", 'cat; echo "$@" >&2; exit 7', "sh", "-h", "--", "x  y", "ps"],
                          cwd=c.folder, env=c.env, input="in", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, "in", "-h -- x  y ps\n")
    killed = c.run("exec", "a", "--", "sh", "-c", "kill -9 $$")
    assert killed.returncode == -9
    assert c.run("exec", "a").returncode == 2
    assert c.run("exec", "a", "no-such-program").returncode == 2
    assert c.run("exec", "b", "true").returncode == 2


def test_what_exec_runs_is_no_part_of_the_service(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c)}})
    c.up()
    with subprocess.Popen([c.bin, "exec", "a", "cat"], cwd=c.folder, env=c.env, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as running:
        wait_for(lambda: os.readlink(f"/proc/{running.pid}/exe").endswith("/cat"))
        c.run("stop", "a")
        c.run("down")
        assert process_alive(running.pid)
        out, _ = running.communicate(b"still here")
        assert out == b"still here"
        assert running.returncode == 0


def test_exec_beside_a_stopped_service_has_what_it_would_get(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c, env={"ROOT": "${dir:root}"}, ports={"http": 18099}), "b": web(c),
                          "c": idle(c, env={"OTHER": "${port:b.http}"})}})
    variables = environment(c.run("exec", "a", "env", "-0", env={**c.env, "MINE": "1"}))
    assert variables["ROOT"] == str(c.folder)
    assert variables["PORT_HTTP"] == "18099"
    assert variables["MINE"] == "1"
    assert not (c.folder / ".msctl").exists()  # asking changes nothing
    done = c.run("exec", "b", "true")
    assert done.returncode == 1
    assert "its port http gets its number when it starts" in done.stderr
    assert "msctl start b" in done.stderr
