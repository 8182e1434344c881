"""kill -9 of the supervisor at any time: what runs goes on, and the next `up` knows and does what the first one would."""

import json
import os
import signal
import socket
import subprocess
import time

from conftest import process_alive, processes_of, wait_for
from programs import STUBBORN, DAEMONISER, idle, web

# Accepts on the socket it inherits and answers each connection with its pid; what it has accepted it answers.
INHERITOR = '''
import os, select, signal, socket
assert os.environ["LISTEN_PID"] == str(os.getpid()) and os.environ["LISTEN_FDNAMES"] == "http"
listener = socket.socket(fileno=3)
listener.setblocking(False)
wake, end = os.pipe()
os.set_blocking(end, False)
signal.set_wakeup_fd(end)
signal.signal(signal.SIGTERM, lambda *_: None)
print("listening", flush=True)
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
name = os.environ["NOTIFY_SOCKET"]
notify.sendto(b"READY=1", "\\0" + name[1:] if name[0] == "@" else name)
while True:
    ready, _, _ = select.select([listener, wake], [], [])
    if wake in ready:
        break
    try:
        connection, _ = listener.accept()
    except BlockingIOError:
        continue  # the other process of a rolling restart had it
    connection.sendall(str(os.getpid()).encode())
    connection.close()
'''

# Writes a line every few milliseconds, numbered from 1.
TICKER = '''
import itertools, time
for number in itertools.count(1):
    print("tick", number, flush=True)
    time.sleep(0.002)
'''


def inheritor(c, **more):
    return {"command": c.script("inheritor.py", INHERITOR), "ports": {"http": 0}, "sockets": ["http"],
            "probes": {"ready": {"notify": True}}, **more}


def lose_supervisor(c):
    pid = c.supervisor_pid()
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not process_alive(pid), what="the supervisor's end")


def wait_booked(c, *names):
    """The book lags a little behind what runs, and is all that tells of an instance whose keeper is lost as well."""
    book = c.folder / ".msctl" / "run" / "instances.json"
    wait_for(lambda: all("pid" in json.loads(book.read_text())["instances"][name] for name in names))


def ask(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        return int(connection.makefile().read())


def test_crash_after_a_take_over_is_restarted(cluster):
    c = cluster()
    c.write({"services": {"web": web(c)}})
    c.up()
    lose_supervisor(c)
    c.up()
    pid = c.ps()["web"]["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: c.ps()["web"]["restarts"] == 1)
    c.wait_state("web", "ready")
    assert not process_alive(pid)


def test_exit_code_of_what_ended_meanwhile_is_known(cluster):
    c = cluster()
    go = c.folder / "go"
    script = f"import os, time\nwhile not os.path.exists({str(go)!r}):\n    time.sleep(0.01)\nraise SystemExit(7)\n"
    c.write({"services": {"job": {"command": c.script("job.py", script), "restart": {"policy": "no"}}, "other": idle(c)}})
    c.up()
    pid = c.ps()["job"]["pid"]
    lose_supervisor(c)
    go.touch()
    wait_for(lambda: not process_alive(pid))
    c.run("up", "-d", "other")
    row = c.ps()["job"]
    assert (row["state"], row["last_exit"]) == ("failed", "exit code 7")
    assert "exit code 7 (while no supervisor ran)" in row["reason"]


def test_what_crashed_meanwhile_is_restarted(cluster):
    c = cluster()
    c.write({"services": {"web": web(c)}})
    c.up()
    pid = c.ps()["web"]["pid"]
    lose_supervisor(c)
    os.kill(pid, signal.SIGSEGV)
    wait_for(lambda: not process_alive(pid))
    c.up()
    row = c.ps()["web"]
    assert row["pid"] != pid
    assert row["last_exit"].startswith("signal 11 (SIGSEGV)")
    assert row["restarts"] == 1


def test_the_same_sockets_are_held(cluster):
    c = cluster()
    c.write({"services": {"web": inheritor(c)}})
    c.up()
    port = c.ps()["web"]["ports"]["http"]
    first = ask(port)

    def listening():
        lines = open("/proc/net/tcp").read().splitlines()[1:]
        return [line.split()[9] for line in lines if line.split()[1] == f"0100007F:{port:04X}" and line.split()[3] == "0A"]

    before = listening()
    lose_supervisor(c)
    assert ask(port) == first
    c.up()
    assert ask(port) == first
    assert c.run("restart", "web").returncode == 0
    assert ask(port) != first
    assert listening() == before  # the same socket, never closed
    assert c.run("stop", "web").returncode == 0
    assert listening() == []


def test_no_log_line_is_lost(cluster):
    c = cluster()
    c.write({"services": {"ticker": {"command": c.script("ticker.py", TICKER)}}})
    c.up()
    wait_for(lambda: "tick 50\n" in c.log("ticker"))
    for _ in range(3):
        lose_supervisor(c)
        seen = c.log("ticker").count("\n")
        wait_for(lambda: c.log("ticker").count("\n") > seen + 50)
        c.up()
    c.run("stop", "ticker")
    numbers = [int(line.split()[1]) for line in c.log("ticker").splitlines() if line.startswith("tick ")]
    assert numbers == list(range(1, len(numbers) + 1))


def test_second_supervisor_never_starts_a_second_one(cluster):
    c = cluster()
    c.write({"services": {"web": web(c), "late": web(c, depends_on={"web": "ready"})}})
    for _ in range(5):
        up = c.popen("up", "-d", "--wait")
        time.sleep(0.02)
        for pid, command in processes_of(c.folder):
            if "__supervise" in command:
                os.kill(pid, signal.SIGKILL)
        up.communicate(timeout=60)
        c.up()
        running = [command for _, command in processes_of(c.folder) if "web.py" in command]
        assert len(running) == 2, running


def test_several_up_at_once_agree_on_one_supervisor_and_its_ports(cluster):
    c = cluster()
    c.write({"services": {"web": inheritor(c)}})
    for _ in range(5):
        ups = [c.popen("up", "-d", "--wait") for _ in range(8)]
        said = [up.communicate(timeout=60) for up in ups]
        assert [up.returncode for up in ups] == [0] * 8, said
        assert len([pid for pid, command in processes_of(c.folder) if "__supervise" in command]) == 1
        port = c.ps()["web"]["ports"]["http"]
        assert json.loads((c.folder / ".msctl" / "run" / "ports.json").read_text()) == {"web.http": port}
        assert c.run("down").returncode == 0
        (c.folder / ".msctl" / "run" / "ports.json").unlink()  # so that each chooses a port


def test_readiness_told_by_the_process_is_known_after_a_take_over(cluster):
    c = cluster()
    c.write({"services": {"web": inheritor(c)}})
    c.up()
    lose_supervisor(c)
    c.up()
    assert c.state("web") == "ready"


def test_stop_that_was_cut_off_is_finished(cluster):
    c = cluster()
    c.write({"services": {"slow": {"command": c.script("stubborn.py", STUBBORN), "stop_grace_ms": 60000},
                          "other": idle(c)}})
    c.up()
    wait_for(lambda: "stubborn" in c.log("slow"))
    stop = c.popen("stop", "slow")
    c.wait_state("slow", "stopping")
    lose_supervisor(c)
    stop.communicate(timeout=20)
    c.run("up", "-d", "other")
    row = c.ps()["slow"]
    assert row["state"] == "stopping"
    os.kill(row["pid"], signal.SIGKILL)  # or `down` would wait for its grace
    c.wait_state("slow", "stopped")


def test_down_after_a_loss_leaves_no_daemonised_grandchild(cluster):
    c = cluster()
    pid_file = c.folder / "grandchild.pid"
    command = c.script("daemoniser.py", DAEMONISER) + [str(pid_file)]
    c.write({"services": {"web": {"command": command, "stop_grace_ms": 300}}})
    c.up()
    wait_for(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
    grandchild = int(pid_file.read_text())
    lose_supervisor(c)
    assert c.run("down").returncode == 0
    assert not process_alive(grandchild)
    assert processes_of(c.folder) == []


def test_killed_keeper_is_a_crash_like_another(cluster):
    c = cluster()
    c.write({"services": {"web": web(c)}})
    c.up()
    before = c.ps()["web"]
    os.kill(before["keeper"], signal.SIGKILL)
    wait_for(lambda: c.ps()["web"]["restarts"] == 1)
    c.wait_state("web", "ready")
    after = c.ps()["web"]
    assert after["keeper"] != before["keeper"]
    assert not process_alive(before["pid"])
    assert "its keeper" in c.log("supervisor")


def test_killed_keepers_and_supervisor_leave_nothing_to_the_next(cluster):
    c = cluster()
    pid_file = c.folder / "grandchild.pid"
    deep = ["/bin/sh", "-c", f"setsid sleep 1000 & echo $! > {pid_file}; wait"]
    c.write({"services": {"web": web(c), "deep": {"command": deep}}})
    c.up()
    wait_for(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
    grandchild = int(pid_file.read_text())
    wait_booked(c, "web", "deep")
    rows = c.ps()
    lose_supervisor(c)
    for row in rows.values():  # its own process goes with a keeper, what that started does not
        os.kill(row["keeper"], signal.SIGKILL)
        wait_for(lambda: not process_alive(row["pid"]))
    assert process_alive(grandchild)
    c.up()
    assert not process_alive(grandchild)
    assert len([1 for _, command in processes_of(c.folder) if "web.py" in command]) == 1
    for name, why in (("web", "its keeper was gone, and so was it"), ("deep", "its keeper was gone; ended as a leftover")):
        assert c.ps()[name]["last_exit"] == why
        assert c.ps()[name]["restarts"] == 1
        first = c.run("events", name).stdout.splitlines()[0]
        assert "backoff" in first and why in first


def test_down_after_the_loss_of_a_keeper_starts_nothing(cluster):
    c = cluster()
    starts = c.folder / "starts"
    c.write({"services": {"web": {"command": ["/bin/sh", "-c", f"echo x >> {starts}; exec sleep 1000"]}}})
    c.up()
    wait_for(starts.exists)
    wait_booked(c, "web")
    row = c.ps()["web"]
    lose_supervisor(c)
    os.kill(row["keeper"], signal.SIGKILL)
    done = c.run("down")
    assert done.returncode == 0, done.stderr
    assert "1 service stopped" in done.stdout
    assert not process_alive(row["pid"])
    assert starts.read_text() == "x\n"


def test_completed_job_is_not_run_again(cluster):
    c = cluster()
    runs = c.folder / "runs"
    c.write({"services": {"job": {"command": ["/bin/sh", "-c", f"echo x >> {runs}"]},
                          "app": idle(c, depends_on={"job": "completed"})}})
    c.up()
    c.wait_state("job", "completed")
    lose_supervisor(c)
    c.up()
    assert runs.read_text() == "x\n"
    assert c.run("up", "-d", "--wait", "job").returncode == 0
    c.wait_state("job", "completed")
    assert runs.read_text() == "x\nx\n"


def test_stopped_supervisor_blocks_no_writer(cluster):
    c = cluster()
    c.write({"services": {"loud": {"command": c.script("loud.py", "for i in range(2000000): print('x' * 49)\nprint('end')\n")}}})
    c.up()
    supervisor = c.supervisor_pid()
    os.kill(supervisor, signal.SIGSTOP)
    try:
        newest = c.folder / ".msctl" / "logs" / "loud.log"
        wait_for(lambda: newest.exists() and newest.read_bytes().endswith(b"end\n"), timeout_s=60)
    finally:
        os.kill(supervisor, signal.SIGCONT)
    c.wait_state("loud", "completed")
    files = list((c.folder / ".msctl" / "logs").glob("loud.log*"))
    assert 1 < len(files) <= 5
    assert all(file.stat().st_size <= 10 << 20 for file in files)


def test_keepers_of_a_removed_folder_end(cluster, tmp_path):
    c = cluster(folder=tmp_path / "inner")
    c.write({"services": {"web": idle(c)}})
    c.up()
    row = c.ps()["web"]
    lose_supervisor(c)
    # Its keeper may write a file just when the folder that rm has emptied is to go.
    wait_for(lambda: subprocess.run(["rm", "-rf", str(c.folder / ".msctl")], check=False).returncode == 0)
    wait_for(lambda: not process_alive(row["pid"]) and not process_alive(row["keeper"]), timeout_s=20)


def test_reused_pid_is_spared(cluster):
    """The book names a process whose pid now belongs to somebody else: it is left alone."""
    c = cluster()
    c.write({"services": {"web": idle(c)}})
    c.up()
    row = c.ps()["web"]
    lose_supervisor(c)
    os.kill(row["keeper"], signal.SIGKILL)
    os.kill(row["pid"], signal.SIGKILL)
    wait_for(lambda: not process_alive(row["pid"]))
    bystander = subprocess.Popen(["/bin/sleep", "1000"])
    try:
        book = c.folder / ".msctl" / "run" / "instances.json"
        wait_for(book.exists)
        document = json.loads(book.read_text())
        document["instances"]["web"]["pid"] = bystander.pid
        document["instances"]["web"]["start_time"] = 1
        book.write_text(json.dumps(document))
        c.up()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_down_with_a_broken_file_after_a_loss(cluster):
    c = cluster()
    c.write({"services": {"web": web(c), "other": idle(c)}})
    c.up()
    good = (c.folder / "msctl.yaml").read_text()
    lose_supervisor(c)
    c.write("services: [broken\n")
    done = c.run("ps")
    assert done.returncode == 1 and "msctl down" in done.stderr
    done = c.run("down")
    assert done.returncode == 0, done.stderr
    assert processes_of(c.folder) == []
    c.write(good)
    assert c.state("web") == "stopped"


def test_a_state_folder_that_is_removed_ends_the_cluster(cluster, tmp_path):
    """Nobody can reach that supervisor any more: it ends what it runs, and the next `up` begins anew."""
    c = cluster(folder=tmp_path / "inner")
    c.write({"services": {"web": web(c), "quiet": idle(c)}})
    c.up()
    supervisor, before = c.supervisor_pid(), c.ps()
    wait_for(lambda: subprocess.run(["rm", "-rf", str(c.folder / ".msctl")], stderr=subprocess.DEVNULL).returncode == 0)
    rows = c.ps()
    assert {row["state"] for row in rows.values()} == {"stopped"}
    done = c.run("down")
    assert done.returncode == 0, done.stderr
    c.up()
    after = c.ps()
    wait_for(lambda: not process_alive(supervisor), timeout_s=20, what="the end of the first supervisor")
    wait_for(lambda: not any(process_alive(row["pid"]) for row in before.values()), timeout_s=20)
    assert {name: row["pid"] for name, row in c.ps().items()} == {name: row["pid"] for name, row in after.items()}
    assert c.run("down").returncode == 0
    assert processes_of(c.folder) == []
