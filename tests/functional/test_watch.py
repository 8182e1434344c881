"""`msctl up --watch`."""

import signal
import subprocess

from conftest import wait_for
from programs import idle

def built(c, name):
    build = {"command": ["/bin/sh", "-c", f"echo build >>builds-{name}; ! grep -q broken {name}.src"],
             "inputs": [f"{name}.src"]}
    (c.folder / f"{name}.src").write_text("first\n")
    return idle(c, build=build)


def test_a_change_rebuilds_and_restarts_just_its_service(cluster):
    c = cluster()
    c.write({"services": {"a": built(c, "a"), "b": built(c, "b"), "c": idle(c)}})
    up = c.popen("up", "--watch", stderr=subprocess.STDOUT)
    try:
        for name in ("a", "b", "c"):
            wait_for(lambda: c.run("status").returncode == 0 and c.ps()[name]["state"] == "ready", what=name)
        before = {name: row["pid"] for name, row in c.ps().items()}
        for line in up.stdout:
            if line.startswith("watching"):
                break

        def builds(name):
            path = c.folder / f"builds-{name}"
            return len(path.read_text().splitlines()) if path.exists() else 0

        first = builds("a")
        (c.folder / "a.src").write_text("second\n")
        wait_for(lambda: c.ps()["a"]["pid"] not in (None, before["a"]), what="the restart of a")
        c.wait_state("a", "ready")
        after = {name: row["pid"] for name, row in c.ps().items()}
        assert (after["b"], after["c"]) == (before["b"], before["c"])
        assert builds("a") == first + 1

        (c.folder / "a.src").write_text("broken\n")
        wait_for(lambda: builds("a") == first + 2, what="the build that fails")
        (c.folder / "b.src").write_text("second\n")
        wait_for(lambda: c.ps()["b"]["pid"] not in (None, before["b"]), what="the restart of b")
        assert c.ps()["a"]["pid"] == after["a"]
        up.send_signal(signal.SIGINT)
        assert up.wait(timeout=20) == 0
    finally:
        if up.poll() is None:
            up.send_signal(signal.SIGINT)
            up.wait(timeout=20)
        up.stdout.close()
