"""msctl up --build: what is built, what a failed build leaves and what Ctrl-C ends."""

import signal

from conftest import process_alive, processes_of, wait_for
from programs import idle, web


def test_build_starts_each_service_as_its_build_ends(cluster):
    c = cluster()
    made = c.folder / "made"
    c.write({"services": {
        "app": idle(c, depends_on={"lib": "ready"}, build={"command": ["/bin/sh", "-c", "echo linking"]}),
        "lib": web(c, build={"command": ["/usr/bin/touch", str(made)]})}})
    done = c.run("up", "-d", "--wait", "--build")
    assert done.returncode == 0, done.stderr
    assert made.exists()
    out = done.stdout
    assert out.index("lib  built in") < out.index("app  building") < out.index("app  built in")
    assert "linking" in (c.folder / ".msctl/logs/build-app.log").read_text()


def test_failed_build_is_shown(cluster):
    c = cluster()
    c.write({"services": {"app": idle(c, build={"command": ["/bin/sh", "-c", "echo syntax error; exit 1"]})}})
    done = c.run("up", "-d", "--wait", "--build")
    assert done.returncode == 1
    assert "app: build failed\n  cause  exit code 1\n" in done.stderr
    assert f"  log    {c.folder}/.msctl/logs/build-app.log\n         | syntax error\n" in done.stderr
    assert c.state("app") == "stopped"


def failing_build(c, command):
    c.write({"services": {"lib": idle(c), "app": idle(c, depends_on={"lib": "ready"}, build={"command": command})}})


def test_failed_build_shows_its_last_20_lines(cluster):
    c = cluster()
    failing_build(c, ["/bin/sh", "-c", "seq 100; exit 2"])
    done = c.run("up", "-d", "--build")
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if " | " in line][0].endswith("| 81")
    c.wait_state("lib", "ready")  # what could start stays up with -d


def test_missing_build_program_is_told(cluster):
    c = cluster()
    failing_build(c, ["no-such-compiler"])
    done = c.run("up", "-d", "--wait", "--build")
    assert done.returncode == 1
    assert "app: build failed\n  cause  cannot run no-such-compiler: No such file or directory\n" in done.stderr
    assert "build-app.log (empty)\n" in done.stderr
    c.wait_state("lib", "ready")


def test_failed_build_in_the_foreground_stops_everything(cluster):
    c = cluster()
    failing_build(c, ["/bin/false"])
    done = c.run("up", "--build", timeout=20)
    assert done.returncode == 1
    assert "app: build failed\n" in done.stderr
    assert processes_of(c.folder) == []


def test_interrupt_ends_all_that_a_build_started(cluster):
    """Also what ignores SIGTERM, whether it leads the build or not."""
    c = cluster()
    pids = c.folder / "build.pids"
    deaf = "trap '' TERM; "
    for first, second in (("", deaf), (deaf, "")):
        script = f"({second}sh -c 'echo $PPID >> {pids}'; while :; do sleep 0.1; done) & {first}echo $$ >> {pids}; wait"
        c.write({"services": {"lib": idle(c), "app": idle(c, build={"command": ["/bin/sh", "-c", script]})}})
        pids.unlink(missing_ok=True)
        running = c.popen("up", "--build")
        wait_for(lambda: pids.exists() and pids.read_text().count("\n") == 2)
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=20)
        assert running.returncode == 130
        assert not any(process_alive(int(pid)) for pid in pids.read_text().split())
        assert processes_of(c.folder) == []
        assert not c.socket_path.exists()


def test_interrupt_ends_the_build_as_well(cluster):
    c = cluster()
    pid_file = c.folder / "build.pid"
    c.write({"services": {"app": idle(c, build={"command": ["/bin/sh", "-c", f"echo $$ > {pid_file}; sleep 1000"]})}})
    for arguments in (["up", "--build"], ["up", "-d", "--wait", "--build"]):
        pid_file.unlink(missing_ok=True)
        running = c.popen(*arguments)
        wait_for(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
        build = int(pid_file.read_text())
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=20)
        assert running.returncode == 130
        assert not process_alive(build)
