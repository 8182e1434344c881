"""`msctl top`."""

import json
import os
import signal

from programs import idle
from terminal import Terminal

# A child that burns a whole core while the service itself sleeps.
BURNER = """
import os, signal
if os.fork() == 0:
    while True:
        pass
signal.pause()
"""

HOLDER = """
import os, signal, threading
block = bytearray(os.urandom(1 << 20) * 64)
files = [open("/dev/null") for _ in range(50)]
for _ in range(4):
    threading.Thread(target=signal.pause, daemon=True).start()
print("holding", flush=True)
signal.pause()
"""


def test_top_counts_cpu_of_descendants_memory_files_and_threads(cluster):
    c = cluster()
    c.write({"services": {"burner": {"command": c.script("burner.py", BURNER)},
                          "holder": {"command": c.script("holder.py", HOLDER)},
                          "idle": idle(c), "off": idle(c)}})
    c.up("burner", "holder", "idle")
    while "holding" not in c.log("holder"):
        pass
    rows = {row["name"]: row for row in json.loads(c.run("top", "--output", "json").stdout)}
    assert rows["burner"]["cpu_percent"] > 20
    assert rows["burner"]["processes"] == 2
    assert rows["idle"]["cpu_percent"] < 5
    assert rows["holder"]["memory_bytes"] > 64 << 20
    assert rows["idle"]["memory_bytes"] < 64 << 20
    assert rows["holder"]["memory_kind"] in ("pss", "rss")
    assert rows["holder"]["fds"] >= 53
    assert rows["holder"]["threads"] >= 5
    assert rows["off"] == {"name": "off", "state": "stopped", "pid": None, "restarts": 0}


def test_top_in_a_pipe_is_one_table(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c), "b": idle(c)}})
    c.up("a")
    done = c.run("top", env={**c.env, "NO_COLOR": ""})
    assert done.returncode == 0
    head, a, b = done.stdout.splitlines()
    assert head.split() == ["NAME", "STATE", "PID", "CPU%", head.split()[4], "FDS", "THREADS", "PROCS", "RESTARTS"]
    assert head.split()[4] in ("PSS", "RSS")
    assert a.split()[:3] == ["a", "ready", str(c.ps()["a"]["pid"])]
    assert b.split() == ["b", "stopped", *["-"] * 6, "0"]
    assert "\x1b" not in done.stdout


def live(c):
    env = {**c.env, "TERM": "xterm"}
    env.pop("NO_COLOR")
    return Terminal([c.bin, "top"], str(c.folder), env)


def test_top_on_a_terminal_lives_until_q_and_restores_it(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c)}})
    c.up()
    terminal = live(c)
    try:
        before = terminal.settings()
        assert "\x1b[?1049h" in terminal.read_until("RESTARTS")
        terminal.read_until("ready")
        c.run("stop", "a")
        terminal.read_until("stopped")
        terminal.type("x")
        terminal.type("q")
        assert terminal.end() == 0
        assert terminal.output.rstrip().endswith("\x1b[?1049l")
        assert terminal.settings() == before
    finally:
        terminal.close()


def test_top_restores_the_terminal_on_a_signal_and_at_the_end_of_the_cluster(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c)}})
    c.up()
    for leave, code in (("\x03", 0), (signal.SIGTERM, 0), ("down", 1)):
        terminal = live(c)
        try:
            before = terminal.settings()
            terminal.read_until("RESTARTS")
            if leave == "down":
                c.run("down")
            elif isinstance(leave, str):
                terminal.type(leave)
            else:
                os.kill(terminal.pid, leave)
            assert terminal.end() == code, leave
            assert "\x1b[?1049l" in terminal.output
            assert terminal.settings() == before
        finally:
            terminal.close()


def test_top_without_a_cluster(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c)}})
    done = c.run("top")
    assert done.returncode == 1
    assert "msctl up" in done.stderr
