"""Faults and gates at the supervisor: what they do, whom they spare, and that they are undone whoever is killed."""

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.request

import pytest

from conftest import process_alive, wait_for
from programs import idle, web
from test_control_socket import ask

# Asks ${TARGET} over and over, each time on a new connection, and writes each answer's status or the error's name.
CALLER = '''
import http.client, os, sys, time
while True:
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["TARGET"]), timeout=0.3)
    try:
        connection.request("GET", "/")
        word = str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as problem:
        word = type(problem).__name__
    finally:
        connection.close()
    print(word, flush=True)
    time.sleep(0.02)
'''

# Answers with its pid on the listening socket that it was handed, one request a connection.
HELD = '''
import os, socket
listener = socket.socket(fileno=3)
while True:
    peer, _ = listener.accept()
    peer.recv(65536)
    body = str(os.getpid()).encode()
    peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n%s" % (len(body), body))
    peer.close()
'''


# Keeps to the first port that it was ever given.
STUBBORN = '''
import os, socket, time
with open("port", "a+") as file:
    file.seek(0)
    port = file.read() or os.environ["PORT_HTTP"]
    if file.tell() == 0:
        file.write(port)
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(port)))
listener.listen()
print("up", flush=True)
time.sleep(1e6)
'''


def stubborn(c):
    return {"command": c.script("stubborn.py", STUBBORN), "ports": {"http": 0}, "restart": {"policy": "no"},
            "probes": {"ready": {"tcp": "http", "start_period_ms": 1500}}}


@pytest.fixture
def holder():
    process = subprocess.Popen(["/bin/sleep", "1000"])
    yield process
    process.kill()
    process.wait()


def gates(c):
    return {gate["service"]: gate for gate in ask(c, "GET", "/v1/gates")[1]["gates"]}


def faults(c):
    return ask(c, "GET", "/v1/faults")[1]["faults"]


def open_gate(c, service, holder):
    status, view = ask(c, "POST", "/v1/gates", json.dumps({"service": service, "holder": holder.pid}))
    assert status == 202, view
    assert view["state"] == "opening"
    wait_for(lambda: gates(c)[service]["state"] == "open", 20, f"the gate before {service}")
    return view


def begin(c, fault, service, holder, **more):
    wanted = {"fault": fault, "service": service, "holder": holder.pid, **more}
    status, view = ask(c, "POST", "/v1/faults", json.dumps(wanted))
    assert status == 202, view
    return view


def end(c, fault):
    assert ask(c, "POST", f"/v1/faults/{fault['id']}/end")[0] == 202


def get(port, timeout=5):
    """The status of a request on a new connection, or the error's name."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as problem:
        return type(problem).__name__
    finally:
        connection.close()


@pytest.fixture
def pair(cluster):
    """`web` and two that call it by the port that their command line was given."""
    c = cluster()
    caller = c.script("caller.py", CALLER)
    c.write({"services": {"web": web(c), "one": {"command": caller, "env": {"TARGET": "${port:web.http}"}},
                          "other": {"command": caller, "env": {"TARGET": "${port:web.http}"}}}})
    c.up()
    return c


def words_after(c, name, since):
    return c.log(name).split()[since:]


def heard(c, name, word, timeout_s=10):
    since = len(c.log(name).split())
    wait_for(lambda: word in words_after(c, name, since), timeout_s, f"{name} hears {word}")


def test_a_gate_stands_where_everybody_looks(pair, holder):
    c = pair
    before = c.ps()["web"]
    port = before["ports"]["http"]
    view = open_gate(c, "web", holder)
    after = c.ps()["web"]
    assert after["ports"] == before["ports"], "what others are told stays"
    assert after["pid"] != before["pid"]
    assert view["ports"][0]["front"] == port
    registry = ask(c, "GET", "/v1/status")[1]["registry"]
    with urllib.request.urlopen(f"http://{registry}/v1/health/service/web?passing", timeout=5) as answer:
        (entry,) = json.loads(answer.read())
    assert entry["Service"]["Port"] == port and entry["Service"]["Meta"]["port_http"] == str(port)
    assert get(view["ports"][0]["back"]) == 200
    assert get(port) == 200
    for name in ("one", "other"):
        heard(c, name, "200")
    assert ask(c, "POST", "/v1/gates/web/close")[0] == 202
    wait_for(lambda: not gates(c), what="the end of the gate")
    assert get(port) == 200
    assert get(view["ports"][0]["back"]) == "ConnectionRefusedError"
    assert c.ps()["web"]["state"] == "ready"


def test_each_fault_and_its_end(pair, holder):
    c = pair
    port = c.ps()["web"]["ports"]["http"]
    open_gate(c, "web", holder)
    slow = begin(c, "delay", "web", holder, delay_ms=150)
    began = time.monotonic()
    assert get(port) == 200
    assert time.monotonic() - began >= 0.149
    end(c, slow)
    for fault, seen in (("reset", {"ConnectionResetError", "RemoteDisconnected"}), ("blackhole", {"TimeoutError"}),
                        ("refuse", {"ConnectionResetError", "RemoteDisconnected"}), ("hang", {"TimeoutError"})):
        lasting = begin(c, fault, "web", holder)
        assert [one["fault"] for one in faults(c)] == [fault]
        assert get(port, timeout=0.3) in seen, fault
        end(c, lasting)
        assert get(port) == 200, fault
    assert c.ps()["web"]["state"] == "ready", "the supervisor's own probes do not go through the gate"


def test_a_cut_concerns_one_caller_only(pair, holder):
    c = pair
    open_gate(c, "web", holder)
    cut = begin(c, "reset", "web", holder, **{"from": "one"})
    since = {name: len(c.log(name).split()) for name in ("one", "other")}
    wait_for(lambda: len(words_after(c, "one", since["one"])) > 5, what="some answers")
    # The first words may be from before.
    assert "200" not in words_after(c, "one", since["one"])[2:]
    wait_for(lambda: len(words_after(c, "other", since["other"])) > 5, what="some answers")
    assert set(words_after(c, "other", since["other"])) == {"200"}
    assert c.run("restart", "one").returncode == 0
    heard(c, "one", "ConnectionResetError")  # another process of the same service
    end(c, cut)
    heard(c, "one", "200")


def test_open_connections_are_cut_as_well(pair, holder):
    c = pair
    port = c.ps()["web"]["ports"]["http"]
    open_gate(c, "web", holder)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        begin(c, "reset", "web", holder)
        with pytest.raises(ConnectionResetError):
            assert connection.recv(1) == b""
            raise ConnectionResetError


def test_what_a_killed_holder_asked_for_is_undone(pair, holder):
    c = pair
    port = c.ps()["web"]["ports"]["http"]
    open_gate(c, "web", holder)
    begin(c, "reset", "web", holder)
    pause = begin(c, "pause", "other", holder)
    pid = pause["hit"][0]["pid"]
    wait_for(lambda: state_of(pid) == "T", what="the stop")
    os.kill(holder.pid, signal.SIGKILL)
    wait_for(lambda: not gates(c) and not faults(c), what="the end of all")
    assert get(port) == 200
    wait_for(lambda: state_of(pid) != "T", what="SIGCONT")


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0]


def test_a_fault_ends_after_its_time(pair, holder):
    c = pair
    begin(c, "pause", "one", holder, ttl_ms=200)
    assert [one["fault"] for one in faults(c)] == ["pause"]
    wait_for(lambda: not faults(c), what="the end")
    heard(c, "one", "200")


def test_kill_is_a_crash(pair, holder):
    c = pair
    before = c.ps()["web"]
    killed = begin(c, "kill", "web", holder)
    assert killed["hit"] == [{"instance": "web", "pid": before["pid"]}]
    wait_for(lambda: c.ps()["web"]["restarts"] == 1 and c.state("web") == "ready", what="the restart")
    assert faults(c) == []


def test_a_killed_supervisor_takes_its_faults_along(pair, holder):
    c = pair
    port = c.ps()["web"]["ports"]["http"]
    open_gate(c, "web", holder)
    begin(c, "blackhole", "web", holder)
    pid = begin(c, "pause", "other", holder)["hit"][0]["pid"]
    wait_for(lambda: state_of(pid) == "T", what="the stop")
    supervisor = c.supervisor_pid()
    os.kill(supervisor, signal.SIGKILL)
    wait_for(lambda: not process_alive(supervisor), what="its end")
    wait_for(lambda: state_of(pid) != "T", what="the keeper's SIGCONT")
    c.up()
    assert gates(c) == {} and faults(c) == []
    assert c.ps()["web"]["ports"]["http"] == port
    assert get(port) == 200
    heard(c, "one", "200")


def test_down_with_everything_in_place(pair, holder):
    c = pair
    open_gate(c, "web", holder)
    begin(c, "blackhole", "web", holder)
    begin(c, "pause", "other", holder)
    done = c.run("down")
    assert done.returncode == 0, done.stderr


def test_held_sockets_lose_no_request(cluster, holder):
    c = cluster()
    c.write({"services": {"held": {"command": c.script("held.py", HELD), "ports": {"http": 0}, "sockets": ["http"],
                                   "replicas": 2, "probes": {"ready": {"http": "/"}}}}})
    c.up()
    port = c.ps()["held"]["ports"]["http"]
    seen = []
    running = threading.Event()
    running.set()

    def load():
        while running.is_set():
            seen.append(get(port))

    thread = threading.Thread(target=load)
    thread.start()
    try:
        for _ in range(3):
            open_gate(c, "held", holder)
            assert c.ps()["held"]["ports"]["http"] == port
            assert ask(c, "POST", "/v1/gates/held/close")[0] == 202
            wait_for(lambda: not gates(c), 20, "the end of the gate")
    finally:
        running.clear()
        thread.join()
    # A program that ends at once on SIGTERM may have had a request in its hands; those that wait are never lost.
    assert seen.count(200) > 20
    assert "ConnectionRefusedError" not in seen, seen
    assert set(seen) <= {200, "ConnectionResetError", "RemoteDisconnected"}


def test_who_cannot_have_a_gate(cluster, holder):
    c = cluster()
    fixed = web(c)
    port = 1 + int(os.environ.get("FIXED_PORT", "42717"))
    fixed.update({"ports": {"http": port}, "env": {"PORT": str(port)}})
    c.write({"services": {"fixed": fixed, "mute": idle(c), "stubborn": stubborn(c)}})
    c.up("mute", "stubborn", "fixed")

    def refused(service):
        return ask(c, "POST", "/v1/gates", json.dumps({"service": service, "holder": holder.pid}))

    status, answer = refused("fixed")
    assert status == 422 and "write ${port:http}" in answer["error"]["message"], answer
    status, answer = refused("mute")
    assert status == 422 and "no ports" in answer["error"]["message"], answer
    assert refused("nobody")[0] == 404
    # It says nothing of its port, so this shows only when it does not come up elsewhere; then it comes back.
    assert refused("stubborn")[0] == 202
    view = wait_for(lambda: gates(c)["stubborn"]["state"] == "failed" and gates(c)["stubborn"], 30, "the failure")
    assert "did not come up at another port" in view["reason"]
    # Why stays there for its holder to see, and goes with the holder.
    holder.kill()
    wait_for(lambda: gates(c) == {}, 10, "no gate of a holder that is gone")


def test_bad_requests(pair, holder):
    c = pair
    good = {"fault": "reset", "service": "web", "holder": holder.pid}
    assert ask(c, "POST", "/v1/faults", json.dumps(good))[0] == 409, "there is no gate"
    open_gate(c, "web", holder)
    for change in ({"fault": "quake"}, {"fault": "delay"}, {"fault": "delay", "delay_ms": -1}, {"fault": 7},
                   {"fault": "throttle"}, {"holder": 0}, {"holder": "1"}, {"ttl_ms": 1.5}, {"service": None},
                   {"fault": "pieces", "piece": 2**60}, {"fault": "corrupt", "every": 0}):
        status, answer = ask(c, "POST", "/v1/faults", json.dumps({**good, **change}))
        assert status == 400, (change, answer)
    gone = subprocess.Popen(["/bin/true"])
    gone.wait()
    assert ask(c, "POST", "/v1/faults", json.dumps({**good, "holder": gone.pid}))[0] == 503
    assert faults(c) == []
    for body in ("", "[]", "{", '{"service": "web"}'):
        assert ask(c, "POST", "/v1/gates", body)[0] == 400
    assert ask(c, "POST", "/v1/faults/999/end")[0] == 404
    assert ask(c, "POST", "/v1/faults/x/end")[0] == 404
    assert ask(c, "POST", "/v1/gates/other/close")[0] == 404
    assert ask(c, "DELETE", "/v1/gates")[0] == 405
    assert ask(c, "POST", "/v1/gates", json.dumps({"service": "web", "holder": os.getpid()}))[0] == 409, "another's"
