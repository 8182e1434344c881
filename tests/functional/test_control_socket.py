"""The supervisor's socket: its API, who may use it, and clients that mean harm."""

import http.client
import json
import os
import shutil
import socket
import stat
import tempfile

import pytest

from programs import idle, web


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(self.path)


@pytest.fixture
def running(cluster):
    c = cluster()
    c.write({"services": {"web": web(c), "spare": idle(c)}})
    c.up("web")
    return c


def ask(c, method, target, body=None):
    connection = UnixConnection(c.socket_path)
    try:
        connection.request(method, target, body)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def raw(c, data):
    """Sends bytes and returns what comes back until the other side closes or is silent for a while."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(3)
        connection.connect(str(c.socket_path))
        answer = b""
        try:
            connection.sendall(data)
            while block := connection.recv(65536):
                answer += block
        except (TimeoutError, BrokenPipeError, ConnectionResetError):
            pass
        return answer


def test_api(running):
    status, body = ask(running, "GET", "/v1/services")
    assert status == 200
    assert {row["name"] for row in body["services"]} == {"web", "spare"}
    status, body = ask(running, "POST", "/v1/up", json.dumps({"services": ["spare"]}))
    assert status == 202
    after = body["after"]
    status, body = ask(running, "GET", f"/v1/events?after={after}&wait_ms=5000")
    assert status == 200
    assert all(event["seq"] > after for event in body["events"])
    running.wait_state("spare", "ready")
    assert ask(running, "POST", "/v1/services/spare/stop")[0] == 202
    running.wait_state("spare", "stopped")


def test_refusals(running):
    for method, target, body, expected in (
            ("GET", "/nothing", None, 404),
            ("GET", "/v1/services/../../etc/passwd", None, 405),
            ("POST", "/v1/services/nobody/start", None, 404),
            ("POST", "/v1/services/web/dance", None, 404),
            ("POST", "/v1/services//start", None, 404),
            ("POST", "/v1/services/%00/start", None, 404),
            ("GET", "/v1/down", None, 405),
            ("POST", "/v1/status", None, 405),
            ("POST", "/v1/up", "{", 400),
            ("POST", "/v1/up", "[]", 400),
            ("POST", "/v1/up", '{"services": "web"}', 400),
            ("POST", "/v1/up", '{"services": [1]}', 400),
            ("POST", "/v1/up", '{"services": [], "services": []}', 400),
            ("POST", "/v1/up", "[" * 60000, 400),
            ("POST", "/v1/up", '{"services": ["nobody"]}', 404),
            ("POST", "/v1/up", '{"scale": {"web": 101}}', 400),
            ("POST", "/v1/plan", '{"scale": {"web": 101}}', 400),
            ("POST", "/v1/plan", '{"scale": {"web": -1}}', 400),
            ("POST", "/v1/plan", '{"scale": {"web": 99999999999999999999}}', 400),
            ("POST", "/v1/services/web/scale", '{"replicas": 101}', 400),
            ("GET", "/v1/events?after=x", None, 400),
            ("GET", "/v1/events?after=-1", None, 400),
            ("GET", "/v1/events?after=99999999999999999999999", None, 400)):
        status, answer = ask(running, method, target, body)
        assert status == expected, (method, target, answer)
        assert answer["error"]["message"]


def test_hostile_clients_harm_nothing(running):
    assert b" 413 " in raw(running, b"POST /v1/up HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")
    raw(running, b"\x00" * 100_000)
    raw(running, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 50_000)
    raw(running, os.urandom(4096) + b"\r\n\r\n")
    raw(running, b"POST /v1/down HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    half_sent = []
    for _ in range(50):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(running.socket_path))
        connection.sendall(b"GET /v1/events?after=0&wait_ms=30000 HT")
        half_sent.append(connection)
    assert running.state("web") == "ready"
    for connection in half_sent:
        connection.close()


def test_client_that_leaves_a_long_poll(running):
    last = ask(running, "GET", "/v1/events?after=0")[1]["events"][-1]["seq"]
    for _ in range(20):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(running.socket_path))
            connection.sendall(f"GET /v1/events?after={last}&wait_ms=30000 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert running.run("restart", "web").returncode == 0


def test_only_the_owner_can_enter(running):
    for folder in (running.folder / ".msctl", running.socket_path.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (running.folder / ".msctl" / ".gitignore").read_text() == "*\n"


def test_folder_open_to_others_is_refused(cluster):
    c = cluster({"services": {"web": {"command": ["/bin/true"]}}})
    (c.folder / ".msctl").mkdir(mode=0o755)
    os.chmod(c.folder / ".msctl", 0o755)
    done = c.run("up", "-d", "--wait")
    assert done.returncode == 1
    assert "chmod 700" in done.stderr


def test_long_path_works(cluster, tmp_path):
    c = cluster(folder=tmp_path / ("d" * 100) / ("e" * 100))
    c.write({"services": {"web": idle(c)}})
    c.up()
    assert c.state("web") == "ready"


def test_file_in_place_of_the_socket_is_kept(cluster):
    c = cluster({"services": {"web": {"command": ["/bin/true"]}}})
    c.socket_path.parent.mkdir(parents=True, mode=0o700)
    os.chmod(c.folder / ".msctl", 0o700)
    c.socket_path.write_text("mine")
    done = c.run("up", "-d", "--wait")
    assert done.returncode == 1
    assert "not a socket" in done.stderr
    assert c.socket_path.read_text() == "mine"
    c.socket_path.unlink()


@pytest.fixture
def open_folder():
    """A folder that other users may look into; those of pytest are closed."""
    with tempfile.TemporaryDirectory(prefix="msctl-open-") as folder:
        os.chmod(folder, 0o755)
        yield folder


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to run msctl as another user")
def test_another_user_is_told_whose_cluster_it_is(cluster, open_folder):
    c = cluster(folder=open_folder)
    c.bin = shutil.copy(c.bin, open_folder)  # a checkout may lie where only root can go
    c.write({"services": {"web": idle(c)}})
    c.up()
    for arguments in (["ps"], ["health"], ["status"], ["down"], ["up", "-d"], ["stop", "web"], ["logs"], ["events"],
                      ["wait"], ["top", "--once"], ["up", "--dry-run"], ["graph", "--live"]):
        done = c.run(*arguments, user=65534, group=65534, extra_groups=[])
        assert done.returncode == 1, (arguments, done.stdout, done.stderr)
        assert "runs as another user, and only root" in done.stderr, (arguments, done.stderr)
        assert "sudo -u root msctl ps" in done.stderr
    assert c.state("web") == "ready"
