"""Processes of a service that replace each other on one listening socket, held by whoever started them (LISTEN_FDS):
no request fails, whether the next process is there before the old one is told to end or only afterwards."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from conftest import free_port, wait_for

REPLACEMENTS = 5
CLIENTS = 32
USER = {"email": "not an address", "name": "Ann", "password": "correct horse battery staple"}  # refused: 4xx


class Notify:
    """The supervisor's end of sd_notify: what each process said, by pid."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(20)

    def expect(self, text):
        message = self.socket.recv(4096).decode()
        assert text in message.splitlines(), message
        return dict(line.split("=", 1) for line in message.splitlines())


class Service:
    """The socket of a service and the processes on it."""

    def __init__(self, binary, folder, config):
        self.binary = binary
        self.folder = folder
        folder.mkdir()
        self.notify = Notify(folder / "notify")
        self.log = open(folder / "log", "ab")
        self.sockets = {}
        for name in config["ports"]:
            one = socket.socket()
            one.bind(("127.0.0.1", 0))
            one.listen(1024)
            self.sockets[name] = one
            config["ports"][name] = one.getsockname()[1]
        self.ports = config["ports"]
        self.config = folder / "config.json"
        self.config.write_text(json.dumps(config))
        self.alive = []

    def start(self):
        """Another process; returns when it says that it is ready."""
        descriptors = [one.fileno() for one in self.sockets.values()]

        def hand_over():
            copies = [os.dup2(fd, 100 + i) for i, fd in enumerate(descriptors)]
            for i, fd in enumerate(copies):
                os.dup2(fd, 3 + i, inheritable=True)
            os.environ["LISTEN_PID"] = str(os.getpid())
            os.environ.update(LISTEN_FDS=str(len(descriptors)), LISTEN_FDNAMES=":".join(self.sockets),
                              NOTIFY_SOCKET=self.notify.path)
            os.execv(self.binary, [str(self.binary), "--config", str(self.config)])

        # By hand, since LISTEN_PID is known only in the child.
        process = subprocess.Popen(["unused"], executable="/proc/self/exe", preexec_fn=hand_over, close_fds=False,
                                   stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        said = self.notify.expect("READY=1")
        assert said["MAINPID"] == str(process.pid)
        assert said["STATUS"].startswith("serving ")
        self.alive.append(process)
        return process

    def terminate(self, process):
        process.send_signal(signal.SIGTERM)
        self.notify.expect("STOPPING=1")

    def wait(self, process):
        assert process.wait(20) == 0, self.text()
        self.alive.remove(process)

    def text(self):
        return (self.folder / "log").read_text(errors="replace")

    def close(self):
        for process in self.alive:
            process.kill()
            process.wait()
        for one in self.sockets.values():
            one.close()
        self.notify.socket.close()
        self.log.close()


class Load:
    """Clients of a REST port: each keeps its connection as long as the server does, half of them make a new one for each
    request. GET and POST in turn; nothing is sent twice."""

    def __init__(self, port, get, post):
        self.port, self.get, self.post = port, get, post
        self.answered = 0
        self.failures = []
        self.stopped = False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.client, args=(i < CLIENTS,)) for i in range(CLIENTS + 4)]

    def client(self, keeps):
        connection = None
        number = 0
        while not self.stopped:
            number += 1
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
            problem = self.one(connection, number)
            with self.lock:
                if problem:
                    self.failures.append(problem)
                else:
                    self.answered += 1
            # http.client closes it when the answer says so.
            if problem or not keeps or connection.sock is None:
                connection.close()
                connection = None

    def one(self, connection, number):
        method, path, expected = (("GET", *self.get), ("POST", *self.post))[number % 2]
        body = json.dumps(USER) if method == "POST" else None
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            return f"{method}: {error!r}"
        return None if response.status == expected else f"{method}: {response.status} {text[:300]}"

    def wait_for(self, more):
        target = self.answered + more
        wait_for(lambda: self.answered >= target or self.failures, 60, f"{more} more answers")

    @contextlib.contextmanager
    def running(self):
        for thread in self.threads:
            thread.start()
        try:
            yield self
        finally:
            self.stopped = True
            for thread in self.threads:
                thread.join()


@pytest.fixture
def users(msctl_bin, tmp_path):
    folder = tmp_path / "user-service"
    config = {"service": {"name": "user-service", "version": "1", "instance": "user-service"},
              "ports": {"http": 0, "grpc": 0}, "database": {"url": f"sqlite:{folder}/users.db"}}
    service = Service(msctl_bin.parent / "user-service", folder, config)
    yield service
    service.close()


@pytest.fixture
def gateway(msctl_bin, tmp_path, users):
    routes = [{"prefix": "/api/v1/users", "to": "/v1/users", "service": "user-service",
               "address": f"127.0.0.1:{users.ports['http']}"}]
    config = {"service": {"name": "gateway", "version": "1", "instance": "gateway"}, "ports": {"http": 0},
              "routes": routes}
    service = Service(msctl_bin.parent / "gateway", tmp_path / "gateway", config)
    yield service
    service.close()


def replace_often(service, old, load):
    for number in range(REPLACEMENTS):
        load.wait_for(300)
        if number % 2 == 0:  # as a rolling restart does
            new = service.start()
            load.wait_for(50)
            service.terminate(old)
            service.wait(old)
        else:  # as a restart does
            service.terminate(old)
            service.wait(old)
            new = service.start()
        old = new
    load.wait_for(300)


def test_replacing_a_service_loses_no_request(users):
    first = users.start()
    with Load(users.ports["http"], ("/v1/users/none", 404), ("/v1/users", 422)).running() as load:
        replace_often(users, first, load)
    assert not load.failures, load.failures[:10]


def test_replacing_a_service_behind_the_gateway_loses_no_request(users, gateway):
    first = users.start()
    gateway.start()
    with Load(gateway.ports["http"], ("/api/v1/users/none", 404), ("/api/v1/users", 422)).running() as load:
        replace_often(users, first, load)
    assert not load.failures, load.failures[:10]


def test_replacing_the_gateway_loses_no_request(users, gateway):
    users.start()
    first = gateway.start()
    with Load(gateway.ports["http"], ("/api/v1/users/none", 404), ("/api/v1/users", 422)).running() as load:
        replace_often(gateway, first, load)
    assert not load.failures, load.failures[:10]


def test_an_idle_service_ends_at_once(users):
    process = users.start()
    begin = time.monotonic()
    users.terminate(process)
    users.wait(process)
    assert time.monotonic() - begin < 0.9  # no lame duck


def test_a_held_socket_that_is_not_the_configured_port_is_refused(users, gateway):
    config = json.loads(users.config.read_text())
    config["ports"]["http"] = free_port()
    users.config.write_text(json.dumps(config))
    with pytest.raises(TimeoutError):
        users.notify.socket.settimeout(1)
        users.start()
    assert "is not the configured port" in users.text()
