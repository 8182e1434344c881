"""`msctl drill` on the reference system, and on small systems that are broken on purpose."""

import json
import os
import pathlib
import signal
import time
import xml.etree.ElementTree

import pytest
import yaml

from conftest import wait_for
from reference import shop  # noqa: F401  a fixture
from test_gates import faults, gates, state_of, stubborn

# A shop in one process. MODE: honest (on the disk before it answers), early (answers first), twice (what was not
# confirmed in time is done again at a restart), dead (does not come up again), slow (takes half a second).
SHOP = '''
import http.server, json, os, socketserver, sys, threading, time, urllib.parse, uuid

MODE, BOOK = os.environ["MODE"], os.environ["BOOK"]
lock, book = threading.Lock(), {"users": {}, "orders": []}
if os.path.exists(BOOK):
    if MODE == "dead":
        sys.exit(3)
    with open(BOOK) as file:
        for line in file:
            kind, entry = json.loads(line)
            if kind == "users":
                book["users"][entry["id"]] = entry
            else:
                book["orders"].append(entry)
    if MODE == "twice" and book["orders"]:
        book["orders"].append({**book["orders"][-1], "id": str(uuid.uuid4())})
disk = open(BOOK, "a")

def keep(kind, entry):
    with lock:
        if kind == "users":
            book["users"][entry["id"]] = entry
        else:
            book["orders"].append(entry)
        text = json.dumps([kind, entry]) + "\\n"
        if MODE == "early" and kind == "orders":
            threading.Timer(0.3, lambda: (disk.write(text), disk.flush())).start()
        else:
            disk.write(text)
            disk.flush()

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def do_POST(self):
        entry = {"id": str(uuid.uuid4()), **json.loads(self.rfile.read(int(self.headers["Content-Length"])))}
        keep("users" if self.path.endswith("users") else "orders", entry)
        time.sleep(0.5 if MODE == "slow" else 0)
        self.answer(201, entry)
    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/health/ready":
            return self.answer(200, {"status": "ready"})
        if url.path.startswith("/api/v1/orders/"):
            found = [order for order in book["orders"] if order["id"] == url.path.rpartition("/")[2]]
            return self.answer(200 if found else 404, found[0] if found else {})
        if url.path.startswith("/api/v1/users/"):
            user = book["users"].get(url.path.rpartition("/")[2])
            return self.answer(200 if user else 404, user or {})
        with lock:
            mine = [order for order in book["orders"] if order["user_id"] == query["user_id"]]
        start = int(query.get("page_token", 0))
        more = str(start + 100) if len(mine) > start + 100 else ""
        self.answer(200, {"orders": mine[start:start + 100], "next_page_token": more})
    def log_message(self, *arguments):
        pass

class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

Server(("127.0.0.1", int(os.environ["PORT_HTTP"])), Handler).serve_forever()
'''


def drill(c, *words, code=0, rate=40):
    done = c.run("drill", *words, "--rate", rate, "--output", "json", timeout=120)
    assert done.returncode == code, done.stdout[-3000:] + done.stderr
    return json.loads(done.stdout)


def processes_with_parent(pid):
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def nothing_is_left(c):
    assert gates(c) == {} and faults(c) == []
    assert all(row["state"] == "ready" for row in c.ps().values())


def orders_go_through(shop):  # noqa: F811
    """order-service looks for a peer that was away once a second."""
    user = shop.sign_up()
    wait_for(lambda: shop.order(user["id"]).status == 201, 5, "an order")


def small(cluster, mode, **more):
    c = cluster()
    entry = {"command": c.script("shop.py", SHOP), "ports": {"http": 0}, "gateway": True,
             "env": {"MODE": mode, "BOOK": str(c.folder / "book")}, "probes": {"ready": {"http": "/health/ready"}},
             "restart": {"policy": "always"}}
    entry.update(more)
    c.write({"services": {"shop": entry}})
    c.up()
    return c


def held(report, faults_done):
    """What every drill of a good system shows."""
    assert report["holds"], report["findings"]
    assert (report["lost"], report["twice"], report["stuck"]) == (0, 0, 0)
    assert [one["fault"] for one in report["faults"]] == faults_done
    assert report["acknowledged"]["orders"] > 40
    assert all(one["back_ms"] is not None for one in report["faults"])
    assert all(one["during"]["sent"] > 0 for one in report["faults"])


@pytest.mark.parametrize("service", ["user-service", "order-service", "gateway", "nats"])
def test_kill(shop, service):  # noqa: F811
    before = shop.ps()[service]
    report = drill(shop, "kill", service)
    held(report, [f"kill {service}"])
    assert report["events_checked"]
    assert shop.ps()[service]["restarts"] == before["restarts"] + 1
    timeline = [moment["what"] for moment in report["faults"][0]["timeline"]]
    assert any(str(before["pid"]) in what for what in timeline), timeline
    assert any(what.startswith(f"{service} ready") for what in timeline), timeline
    nothing_is_left(shop)


def test_pause(shop):  # noqa: F811
    before = shop.ps()["user-service"]["pid"]
    report = drill(shop, "pause", "user-service", "--for", "1s")
    held(report, ["pause user-service"])
    one = report["faults"][0]
    assert one["lasted_ms"] >= 1000
    assert one["during"]["longest_us"] > 500_000 or one["refused"] > 0, "nobody noticed a second's stop"
    assert shop.ps()["user-service"]["pid"] == before
    nothing_is_left(shop)


def test_slow(shop):  # noqa: F811
    report = drill(shop, "slow", "user-service", "200ms", "--for", "1s")
    held(report, ["slow user-service 200ms"])
    one = report["faults"][0]
    assert one["during"]["p99_us"] >= 200_000 > one["before"]["p50_us"]
    nothing_is_left(shop)


def test_cut(shop):  # noqa: F811
    report = drill(shop, "cut", "order-service", "user-service", "--for", "1s")
    held(report, ["cut order-service user-service"])
    assert report["faults"][0]["refused"] > 0, "an order needs user-service"
    assert report["acknowledged"]["users"] >= 2, "the gateway still reaches it"
    nothing_is_left(shop)


def test_cut_as_a_black_hole(shop):  # noqa: F811
    report = drill(shop, "cut", "order-service", "user-service", "--blackhole", "--for", "1s")
    held(report, ["cut order-service user-service (blackhole)"])
    one = report["faults"][0]
    assert one["during"]["longest_us"] > 500_000, "orders wait: a call has 2 s"
    report = drill(shop, "cut", "order-service", "user-service", "--blackhole", "--for", "4s")
    held(report, ["cut order-service user-service (blackhole)"])
    assert report["faults"][0]["refused"] > 0, "nobody waits longer than its time"
    nothing_is_left(shop)


def test_cut_from_the_broker_delays_events_and_loses_none(shop):  # noqa: F811
    report = drill(shop, "cut", "order-service", "nats", "--for", "1s")
    held(report, ["cut order-service nats"])
    assert report["faults"][0]["refused"] == 0, "orders do not wait for the broker"
    nothing_is_left(shop)


def test_several_in_one(shop, tmp_path):  # noqa: F811
    page, junit = tmp_path / "drill.html", tmp_path / "drill.xml"
    report = drill(shop, "kill", "user-service", "slow", "nats", "50ms", "--for", "500ms", "--html", page, "--junit",
                   junit)
    held(report, ["kill user-service", "slow nats 50ms"])
    text = page.read_text()
    assert "It holds." in text and "<svg" in text and "slow nats 50ms" in text
    suite = xml.etree.ElementTree.parse(junit).getroot()
    assert [case.get("name") for case in suite.iter("testcase")] == ["kill user-service", "slow nats 50ms"]
    assert not list(suite.iter("failure"))
    nothing_is_left(shop)


def test_the_table(shop):  # noqa: F811
    done = shop.run("drill", "kill", "order-service", "--rate", 20, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split()[:4] == ["FAULT", "BACK", "SENT", "REFUSED"]
    assert lines[1].startswith("kill order-service  ") and " ms" in lines[1]
    assert "acknowledged" in lines[-1]


def test_a_drill_that_cannot_begin_undoes_what_it_did(cluster):
    c = small(cluster, "honest")
    document = yaml.safe_load((c.folder / "msctl.yaml").read_text())
    document["services"]["stubborn"] = stubborn(c)
    c.write(document)
    c.up()
    port = c.ps()["shop"]["ports"]["http"]
    done = c.run("drill", "slow", "shop", "10ms", "slow", "stubborn", "10ms", timeout=90)
    assert done.returncode == 1 and "did not come up at another port" in done.stderr, done.stderr
    assert gates(c) == {} and faults(c) == []
    assert c.ps()["shop"]["ports"]["http"] == port and c.state("shop") == "ready"


def test_limits(shop):  # noqa: F811
    report = drill(shop, "cut", "order-service", "user-service", "--for", "500ms", "--max-refused", 0, code=6)
    assert report["holds"] and "--max-refused" in report["missed"][0]
    report = drill(shop, "pause", "order-service", "--for", "500ms", "--max-back", "1ms", code=6)
    assert "--max-back" in report["missed"][0]
    nothing_is_left(shop)


def test_an_honest_shop_holds(cluster):
    c = small(cluster, "honest")
    report = drill(c, "kill", "shop")
    held(report, ["kill shop"])
    assert not report["events_checked"]


def test_one_that_answers_before_it_writes_loses(cluster):
    c = small(cluster, "early")
    report = drill(c, "kill", "shop", code=8)
    assert not report["holds"] and report["lost"] > 0 and report["twice"] == 0
    assert "was acknowledged and is not there" in report["findings"][0]["sentence"]
    assert report["faults"][0]["lost"] == report["lost"]
    done = c.run("drill", "kill", "shop", "--rate", 40, "--junit", c.folder / "j.xml", "--html", c.folder / "r.html",
                 timeout=60)
    assert done.returncode == 8 and "lost: order drill" not in done.stderr
    assert "lost: order " in done.stdout
    assert list(xml.etree.ElementTree.parse(c.folder / "j.xml").getroot().iter("failure"))
    assert "It does not hold." in (c.folder / "r.html").read_text()


def test_one_that_repeats_does_it_twice(cluster):
    c = small(cluster, "twice")
    report = drill(c, "kill", "shop", code=8)
    assert report["twice"] >= 1 and report["lost"] == 0


def test_one_that_stays_away_is_stuck(cluster):
    c = small(cluster, "dead", restart={"policy": "on-failure", "limit": 2})
    done = c.run("drill", "kill", "shop", "pause", "shop", "--recovery", "2s", "--rate", "2.5", timeout=60)
    assert done.returncode == 8, done.stdout + done.stderr
    assert "NOT BACK" in done.stdout and "stuck: shop is " in done.stdout
    assert "cannot be read back" in done.stdout and "NOT BACK" not in done.stderr
    assert "pause shop: not done" in done.stdout
    assert "load: 2.5 orders a second" in done.stderr
    assert "lost: " not in done.stdout and "nothing is known of losses" in done.stdout


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_everything_is_undone_whoever_ends_the_drill(shop, signal_number):  # noqa: F811
    ports = {name: row["ports"] for name, row in shop.ps().items()}
    running = shop.popen("drill", "cut", "order-service", "user-service", "--blackhole", "--for", "60s")
    try:
        wait_for(lambda: faults(shop), 20, "the fault")
        running.send_signal(signal_number)
        _, err = running.communicate(timeout=30)
    finally:
        if running.poll() is None:
            running.kill()
    if signal_number != signal.SIGKILL:
        assert running.returncode == 130, err
        assert gates(shop) == {}, "it waits until all is undone"
    wait_for(lambda: not gates(shop) and not faults(shop), 20, "the end of all")
    wait_for(lambda: all(row["state"] == "ready" for row in shop.ps().values()), 20, "all ready")
    assert {name: row["ports"] for name, row in shop.ps().items()} == ports
    orders_go_through(shop)


def test_a_killed_drill_leaves_nobody_stopped(shop):  # noqa: F811
    running = shop.popen("drill", "pause", "order-service", "--for", "60s")
    try:
        wait_for(lambda: faults(shop), 20, "the fault")
        pid = shop.ps()["order-service"]["pid"]
        wait_for(lambda: state_of(pid) == "T", what="the stop")
    finally:
        running.kill()
        running.communicate(timeout=10)
    wait_for(lambda: state_of(pid) != "T", what="SIGCONT")
    shop.wait_state("order-service", "ready", 20)


def test_a_killed_supervisor_ends_the_drill(shop):  # noqa: F811
    running = shop.popen("drill", "cut", "order-service", "user-service", "--blackhole", "--for", "60s")
    try:
        wait_for(lambda: faults(shop), 20, "the fault")
        os.kill(shop.supervisor_pid(), signal.SIGKILL)
        _, err = running.communicate(timeout=20)
    finally:
        if running.poll() is None:
            running.kill()
    assert running.returncode == 1 and "the supervisor is gone" in err, err
    shop.up()
    nothing_is_left(shop)
    orders_go_through(shop)


def test_mistakes(shop):  # noqa: F811
    for words, said in ((["drill"], "expected a fault"), (["drill", "explode", "nats"], "no fault `explode`"),
                        (["drill", "kill", "user-servic"], "did you mean `user-service`"),
                        (["drill", "slow", "nats"], "something is missing"),
                        (["drill", "kill", "nats", "--for", "soon"], "expected a time"),
                        (["drill", "kill", "nats", "--max-refused", "-1"], "--max-refused")):
        done = shop.run(*words)
        assert done.returncode == 2, (words, done.stderr)
        assert said in done.stderr
    nothing_is_left(shop)


def test_without_a_cluster(cluster):
    c = cluster()
    c.write({"services": {"shop": {"command": ["/bin/true"]}}})
    done = c.run("drill", "kill", "shop")
    assert done.returncode == 1 and "msctl up" in done.stderr


def test_a_cluster_that_is_not_well_is_left_alone(cluster):
    c = small(cluster, "honest")
    document = yaml.safe_load((c.folder / "msctl.yaml").read_text())
    document["services"]["idle"] = {"command": ["sleep", "1000"]}
    c.write(document)
    c.up()
    assert c.run("stop", "shop").returncode == 0
    began = time.monotonic()
    done = c.run("drill", "kill", "idle", timeout=60)
    assert done.returncode == 1, done.stdout
    assert time.monotonic() - began < 40
    assert "load cannot begin" in done.stderr, done.stderr
    assert os.path.exists(c.folder / "book")


SCENARIO = """
version: 1
name: buying
target: %s
load: {rate: 30, duration: 5s}
setup:
  - post: /api/v1/users
    json: {email: "u.${run}@example.com", name: Ann, password: correct horse battery}
    expect: {status: 201}
    capture: {user: /id}
steps:
  - name: buy
    post: /api/v1/orders
    json: {user_id: "${user}", currency: EUR, items: [{sku: TEA-1, quantity: 1, unit_price_cents: 1250}]}
    expect: {status: 201}
    capture: {order: /id}
"""


def test_under_a_scenario(shop, tmp_path):  # noqa: F811
    file = tmp_path / "buying.yaml"
    file.write_text(SCENARIO % "gateway")
    done = shop.run("drill", "kill", "order-service", "slow", "nats", "20ms", "--for", "500ms", "--under", file,
                    "--read-back", "/api/v1/orders/${order}", "--output", "json", timeout=120)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    report = json.loads(done.stdout)
    assert report["holds"] and report["acknowledged"]["steps"] > 40
    assert report["load"] == "30 of scenario buying a second"
    assert [one["back_ms"] is not None for one in report["faults"]] == [True, True]
    assert report["faults"][0]["during"]["p99_us"] > 0
    nothing_is_left(shop)
    assert not list((shop.folder / ".msctl" / "run").glob("drill-*"))


def test_under_a_scenario_loss_is_seen(cluster, tmp_path):
    c = small(cluster, "early")
    file = tmp_path / "selling.yaml"
    file.write_text((SCENARIO % "shop").replace("name: buying\n", ""))
    done = c.run("drill", "kill", "shop", "--under", file, "--rate", "60", "--output", "json", timeout=60)
    assert done.returncode == 0, "nobody said how to read it back"
    report = json.loads(done.stdout)
    assert report["load"] == "60 of scenario selling a second", "by its file, where it has no name"
    assert report["unchecked"] == report["acknowledged"]["steps"] > 0
    done = c.run("drill", "kill", "shop", "--under", file, "--rate", "60", "--read-back", "/api/v1/orders/${order}",
                 "--output", "json", timeout=60)
    assert done.returncode == 8, done.stdout[-2000:] + done.stderr
    assert json.loads(done.stdout)["lost"] > 0


def test_what_a_scenario_cannot_tell_is_no_verdict(shop, tmp_path):  # noqa: F811
    file = tmp_path / "buying.yaml"
    file.write_text(SCENARIO % "gateway")
    done = shop.run("drill", "kill", "nats", "--under", file, "--read-back", "/api/v1/orders/${oder}", timeout=60)
    assert done.returncode == 1 and "no answer captured" in done.stderr, done.stdout + done.stderr
    running = shop.popen("drill", "pause", "user-service", "--for", "3s", "--under", file)
    try:
        wait_for(lambda: faults(shop), 20, "the fault")
        for pid in processes_with_parent(running.pid):
            os.kill(pid, signal.SIGKILL)
        out, err = running.communicate(timeout=60)
    finally:
        if running.poll() is None:
            running.kill()
    assert running.returncode == 1 and "NOT BACK" not in out, out + err
    assert "msctl-load" in err or "load" in err.splitlines()[-1], err
    nothing_is_left(shop)


def test_a_scenario_with_a_mistake(shop, tmp_path):  # noqa: F811
    file = tmp_path / "bad.yaml"
    file.write_text("version: 1\nname: x\ntarget: gateway\nsteps: [{push: /}]\n")
    done = shop.run("drill", "kill", "nats", "--under", file)
    assert done.returncode == 2 and "bad.yaml:4" in done.stderr, done.stderr
    done = shop.run("drill", "kill", "nats", "--read-back", "/x/${y}")
    assert done.returncode == 2 and "--under" in done.stderr
    file.write_text(SCENARIO % "gateway")
    done = shop.run("drill", "kill", "nats", "--under", file, "--read-back", "/orders")
    assert done.returncode == 2 and "--read-back" in done.stderr
    nothing_is_left(shop)


def test_one_at_a_time(shop):  # noqa: F811
    """A second drill would be blamed for the first one's faults, and so would a check."""
    running = shop.popen("drill", "slow", "user-service", "10ms", "--for", "3s", "--rate", "30")
    try:
        wait_for(lambda: gates(shop), 20, "the gate")
        for words in (["drill", "slow", "user-service", "10ms"], ["drill", "kill", "nats"], ["verify", "9"]):
            done = shop.run(*words)
            assert done.returncode == 1 and "is at work on this cluster" in done.stderr, (words, done.stderr)
        out, err = running.communicate(timeout=60)
    finally:
        if running.poll() is None:
            running.kill()
    assert running.returncode == 0, out + err
    nothing_is_left(shop)


def test_a_fault_that_would_hit_nobody(cluster):
    """Seen before the load begins and before any other fault is done."""
    c = small(cluster, "honest")
    document = yaml.safe_load((c.folder / "msctl.yaml").read_text())
    document["services"]["idle"] = {"command": ["sleep", "1000"], "depends_on": {"shop": "ready"}}
    document["services"]["lonely"] = {"command": ["sleep", "1000"]}
    c.write(document)
    c.up()
    pid = c.ps()["shop"]["pid"]
    done = c.run("drill", "kill", "shop", "kill", "shop.2")
    assert done.returncode == 2 and "no instance `shop.2`" in done.stderr, done.stderr
    done = c.run("drill", "kill", "shop", "cut", "lonely", "shop")
    assert done.returncode == 2 and "lonely and shop do not call each other: nothing to cut" in done.stderr, done.stderr
    assert c.run("stop", "idle").returncode == 0
    for words in (["kill", "idle"], ["pause", "idle"], ["cut", "idle", "shop"]):
        done = c.run("drill", "kill", "shop", *words)
        assert done.returncode == 1 and "idle is stopped" in done.stderr, (words, done.stderr)
        assert "msctl start idle" in done.stderr and "load:" not in done.stderr
    done = c.run("drill", "kill", "shop", "--html", c.folder / "nowhere" / "page.html")
    assert done.returncode == 2 and "nowhere/page.html" in done.stderr, done.stderr
    done = c.run("drill", "kill", "shop", "--recovery", "soon")
    assert done.returncode == 2 and "--recovery: expected a time" in done.stderr
    assert c.ps()["shop"]["pid"] == pid, "nobody was hit"


def test_a_killed_drill_leaves_no_journal_for_long(shop, tmp_path):  # noqa: F811
    file = tmp_path / "buying.yaml"
    file.write_text(SCENARIO % "gateway")
    journals = (shop.folder / ".msctl" / "run").glob
    running = shop.popen("drill", "pause", "user-service", "--for", "60s", "--under", file)
    try:
        wait_for(lambda: faults(shop), 20, "the fault")
    finally:
        running.kill()
        running.communicate(timeout=10)
    wait_for(lambda: not faults(shop), 20, "the end of the fault")
    orders_go_through(shop)
    assert list(journals("drill-*"))
    drill(shop, "kill", "nats")
    assert not list(journals("drill-*"))
    nothing_is_left(shop)
