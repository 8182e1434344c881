"""`msctl logs`: by time over all instances, filters, JSON, following."""

import calendar
import json
import os
import select
import signal
import struct
import subprocess
import time

import pytest

from conftest import wait_for
from programs import idle

OUT, ERR = 1, 2
BASE_S = calendar.timegm((2026, 1, 31, 14, 0, 0))


def record(time_us, offset, length, stream, pid=1):
    """One record of an index, as supervisor/logs/record.hpp lays it out."""
    source = pid << 2 | stream
    mix = (time_us * 0x9e3779b97f4a7c15 ^ (offset + length) * 0xc2b2ae3d27d4eb4f ^ source) & (1 << 64) - 1
    return struct.pack("<qQIIII", time_us, offset, length, source, 0x3158444C, (mix >> 32 ^ mix) & 0xFFFFFFFF)


class Logs:
    """Log files as a keeper leaves them."""

    def __init__(self, cluster):
        self.folder = cluster.folder / ".msctl" / "logs"
        (self.folder / ".index").mkdir(parents=True, exist_ok=True)

    def write(self, instance, after_s, text, stream=OUT):
        """Appends text as if it had come so many seconds after 14:00:00Z on 31 January 2026."""
        path = self.folder / f"{instance}.log"
        data = text if isinstance(text, bytes) else text.encode()
        offset = path.stat().st_size if path.exists() else 0
        with open(path, "ab") as log, open(self.folder / ".index" / f"{instance}.log", "ab") as index:
            log.write(data)
            log.flush()
            index.write(record(int((BASE_S + after_s) * 1_000_000), offset, len(data), stream))

    def rotate(self, instance):
        os.rename(self.folder / f"{instance}.log", self.folder / f"{instance}.log.1")
        os.rename(self.folder / ".index" / f"{instance}.log", self.folder / ".index" / f"{instance}.log.1")


@pytest.fixture
def three(cluster):
    """Services web, with two instances, and db, and their logs."""
    c = cluster({"services": {"web": {"command": ["/bin/true"], "build": {"command": ["/bin/true"]}},
                              "db": {"command": ["/bin/true"]}}})
    logs = Logs(c)
    logs.write("web", 1, "INFO web starts\n")
    logs.write("web.2", 3, '{"level":"warn","msg":"slow"}\n')
    logs.write("db", 2, "db starts\n", ERR)
    logs.write("web", 4, "ERROR no answer\n  from db\n", ERR)
    logs.write("db", 5, "db ends\n")
    (logs.folder / "supervisor.log").write_text("supervising\n")
    (logs.folder / "build-web.log").write_text("linking\n")
    c.logs = logs
    return c


def lines(done):
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_lines_of_all_instances_come_by_time(three):
    assert lines(three.run("logs")) == [
        "web   | INFO web starts", "db    | db starts", 'web.2 | {"level":"warn","msg":"slow"}',
        "web   | ERROR no answer", "web   |   from db", "db    | db ends"]
    assert lines(three.run("logs", "-n", "1", "--no-prefix")) == [
        '{"level":"warn","msg":"slow"}', "  from db", "db ends"]
    assert lines(three.run("logs", "-n", "0")) == []


def test_a_service_means_all_its_instances_and_an_instance_itself(three):
    assert [line[:5] for line in lines(three.run("logs", "web"))] == ["web  ", "web.2", "web  ", "web  "]
    assert lines(three.run("logs", "web.2", "--no-prefix")) == ['{"level":"warn","msg":"slow"}']
    assert lines(three.run("logs", "supervisor")) == ["supervisor | supervising"]
    assert lines(three.run("logs", "build-web")) == ["build-web | linking"]
    assert lines(three.run("logs", "build-db")) == []
    assert lines(three.run("logs", "db.7")) == []
    done = three.run("logs", "wep")
    assert done.returncode == 2
    assert "did you mean `web`?" in done.stderr


def test_since_and_until(three):
    texts = lambda *arguments: lines(three.run("logs", "--no-prefix", *arguments))
    assert texts("--since", "2026-01-31T14:00:04Z") == ["ERROR no answer", "  from db", "db ends"]
    assert texts("--since", "2026-01-31T15:00:02+01:00", "--until", "2026-01-31T14:00:03Z") == [
        "db starts", '{"level":"warn","msg":"slow"}']
    assert texts("--until", "2026-01-31T14:00:01.5Z") == ["INFO web starts"]
    assert texts("--since", "1m") == []
    assert texts("--since", "2026-01-01", "-n", "1", "web") == ['{"level":"warn","msg":"slow"}', "  from db"]
    three.logs.write("db", time.time() - BASE_S, "just now\n")
    assert texts("--since", "1m") == ["just now"]
    assert texts("--since", "2026-01-31 16:00:05", "db") == ["just now"]  # local time without a zone


def test_since_finds_its_place_in_rotated_files(cluster):
    c = cluster({"services": {"web": {"command": ["/bin/true"]}}})
    logs = Logs(c)
    for second in range(400):
        if second == 200:
            logs.rotate("web")
        logs.write("web", second, f"{second}\n")
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(BASE_S + 150))
    assert lines(c.run("logs", "--no-prefix", "--since", stamp)) == [str(second) for second in range(150, 400)]
    assert lines(c.run("logs", "--no-prefix")) == [str(second) for second in range(300, 400)]
    assert lines(c.run("logs", "--no-prefix", "-n", "399")) == [str(second) for second in range(1, 400)]


def test_grep_and_level(three):
    texts = lambda *arguments: lines(three.run("logs", "--no-prefix", *arguments))
    assert texts("--grep", "^db (starts|ends)$") == ["db starts", "db ends"]
    assert texts("--grep", "db", "-n", "1") == ["  from db", "db ends"]
    assert texts("--level", "warn") == ['{"level":"warn","msg":"slow"}', "ERROR no answer", "  from db"]
    assert texts("--level", "ERROR") == ["ERROR no answer", "  from db"]
    assert texts("--level", "info", "--grep", "web") == ["INFO web starts"]


def test_more_instances_than_descriptors(cluster):
    c = cluster({"services": {"web": {"command": ["/bin/true"]}}})
    logs = Logs(c)
    for number in range(2, 600):
        logs.write(f"web.{number}", number, f"{number}\n")
    done = subprocess.run(["/bin/sh", "-c", f"ulimit -S -n 256; exec {c.bin} logs --no-prefix"], cwd=c.folder,
                          env=c.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert lines(done) == [str(number) for number in range(2, 600)]


def test_json(three):
    three.logs.write("web.2", 6, b"\xff\x00\x1b[2J\r\n")
    shown = [json.loads(line) for line in lines(three.run("logs", "--json", "web"))]
    assert shown[0] == {"time": "2026-01-31T14:00:01.000Z", "instance": "web", "service": "web", "stream": "stdout",
                        "line": "INFO web starts", "level": "info"}
    assert shown[1]["instance"] == "web.2" and shown[1]["service"] == "web"
    assert shown[1]["fields"] == {"level": "warn", "msg": "slow"} and shown[1]["level"] == "warn"
    assert shown[2]["stream"] == "stderr"
    assert shown[-1]["line"] == "\ufffd\x00\x1b[2J\r"
    assert lines(three.run("logs", "--output", "json", "web")) == lines(three.run("logs", "--json", "web"))


def test_timestamps(three):
    assert lines(three.run("logs", "-t", "-n", "1", "db")) == ["db | 2026-01-31T14:00:05.000Z db ends"]


def test_mistakes_are_one_sentence(three):
    for arguments in (["--since", "yesterday"], ["--until", "2026-02-30"], ["--since", "10"], ["--grep", "("],
                      ["--level", "loud"], ["-n", "-1"], ["-n", "1.5"], ["--output", "yaml"]):
        done = three.run("logs", *arguments)
        assert done.returncode == 2, arguments
        assert done.stdout == ""
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_a_broken_cluster_file_does_not_hide_the_logs(three):
    text = (three.folder / "msctl.yaml").read_text()
    (three.folder / "msctl.yaml").write_text("services: [")
    assert len(lines(three.run("logs"))) == 6
    assert lines(three.run("logs", "db"))[-1] == "db | db ends"
    assert three.run("logs", "nobody").returncode == 2
    (three.folder / "msctl.yaml").write_text(text)


def test_nothing_steers_the_terminal(three):
    three.logs.write("db", 7, "gr\u00fc\u00df \u009b2J \x1b]0;x\x07 a\rb\x7f\n")
    environment = {**three.env, "TERM": "xterm", "NO_COLOR": ""}
    for option in ("-t", "--json"):
        inside = ["/usr/bin/script", "-qec", f"{three.bin} logs db {option} -n 1", "/dev/null"]
        shown = subprocess.run(inside, cwd=three.folder, env=environment, stdout=subprocess.PIPE, check=True).stdout
        for bad in (b"\x1b]", b"\xc2\x9b", b"\x07", b"a\rb", b"\x7f"):
            assert bad not in shown, (option, bad)
    assert json.loads(shown)["line"] == "gr\u00fc\u00df \u009b2J \x1b]0;x\x07 a\rb\x7f"


class Following:
    """`msctl logs -f …` and the lines it has shown."""

    def __init__(self, cluster, *arguments):
        self.process = cluster.popen("logs", "-f", *arguments)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def line(self):
        readable, _, _ = select.select([self.process.stdout], [], [], 10)
        assert readable, "no line came"
        return os_line(self.process.stdout.fileno())


def os_line(descriptor):
    """One line without reading ahead, so that select keeps telling the truth."""
    data = b""
    while not data.endswith(b"\n"):
        one = os.read(descriptor, 1)
        assert one, f"ended after {data!r}"
        data += one
    return data.decode().rstrip("\n")


def test_follow_waits_for_the_first_run_and_outlives_supervisors(cluster):
    c = cluster()
    c.write({"services": {"web": idle(c)}})
    with Following(c) as following:
        # No folder for logs yet; the follower looks for one every 200 ms.
        assert not (c.folder / ".msctl" / "logs").exists()
        c.up()
        assert following.line() == "web | idle"
        c.run("down")
        c.up()
        assert following.line() == "web | idle"
        following.process.send_signal(signal.SIGINT)
        assert following.process.wait(timeout=5) == 0


def test_follow_shows_new_instances_rotation_and_only_what_passes(three):
    with Following(three, "-n", "1", "--no-prefix", "--grep", "[a-z]") as following:
        assert [following.line() for _ in range(3)] == ['{"level":"warn","msg":"slow"}', "  from db", "db ends"]
        three.logs.write("web.3", 10, "third\n1\n")
        assert following.line() == "third"
        three.logs.rotate("web")
        three.logs.write("web", 11, "after\nrotation\n")
        assert [following.line(), following.line()] == ["after", "rotation"]
        three.logs.write("web", 12, "half ")
        three.logs.write("web", 13, "1\n", ERR)
        three.logs.write("web", 14, "line\n")
        assert following.line() == "half line"
        os.truncate(three.logs.folder / "db.log", 0)
        with open(three.logs.folder / "db.log", "a") as plain:
            plain.write("anew\n")
        assert following.line() == "anew"


def test_follow_ends_when_its_reader_is_gone(three):
    with Following(three) as following:
        following.line()
        following.process.stdout.close()
        wait_for(lambda: following.process.poll() is not None, 5, "the end")
        assert following.process.returncode == 0
        following.process.stdout = open(os.devnull)


def test_follow_ends_at_until(three):
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
    with Following(three, "--until", moment) as following:
        assert following.process.wait(timeout=5) == 0
