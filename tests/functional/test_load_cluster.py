"""`msctl load` on the running reference system: by names of services, and with what the cluster says of it."""

import json
import os
import re
import signal
import threading
import time

import pytest

from conftest import ROOT, wait_for
from reference import Shop, document, shop  # noqa: F401  a fixture among them
from test_control_socket import ask
from test_gates import begin, end, gates, holder, open_gate  # noqa: F401  a fixture among them

# Answers after 30 ms, and knows no metrics.
LATE = '''
import http.server, os, time

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        time.sleep(0.03)
        self.send_response(200 if self.path.startswith("/late") else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT_HTTP"])), Handler).serve_forever()
'''


def load(cluster, *args):
    done = cluster.run("load", *args, "--output", "json")
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def test_the_example_signs_up_orders_and_reads_back(shop):  # noqa: F811
    code, result, error = load(shop, ROOT / "docs" / "demo" / "shop-load.yaml", "--rate", "10", "--duration", "4s")
    assert code == 0, error or result
    assert result["errors"] == 0 and result["iterations"] == 40
    steps = {step["name"]: step["completed"] for step in result["steps"]}
    assert steps["sign up"] == steps["place the order"] == steps["read it back"] > 0
    assert steps["look at a user"] > steps["sign up"]


def test_it_says_where_the_time_went(shop):  # noqa: F811
    user = shop.sign_up()
    code, result, error = load(shop, f"gateway:/api/v1/users/{user['id']}", "--rate", "50", "--duration", "2s")
    assert code == 0, error
    routes = {(one["service"], one["endpoint"]): one for one in result["cluster"]["routes"]}
    behind = routes["user-service", "GET /v1/users/{id}"]
    assert behind["count"] == 100 and behind["errors"] == 0
    front = routes["gateway", "GET /api/v1/users"]
    assert front["mean_us"] > behind["mean_us"] > 0
    # Nobody is behind user-service; what the gateway waits for it is not the gateway's own.
    assert behind["own_us"] > 0 and 0 <= front["own_us"] < front["mean_us"]
    assert any("/metrics" in note for note in result["cluster"]["notes"])
    assert front["own_from"] == behind["own_from"] == "metrics"
    # The access logs of sampled requests say the same.
    spans = {one["service"]: one for one in result["cluster"]["spans"]}
    assert spans["gateway"]["spans"] == spans["user-service"]["spans"] > 0
    assert result["cluster"]["restarts"] == []
    adds_up(result)


def rows_of(result):
    return {(one["service"], one["endpoint"]): one for one in result["cluster"]["routes"]}


def adds_up(result):
    """The parts are what load waited for, each once."""
    cluster = result["cluster"]
    seen = result["latency_uncorrected_us"]
    parts = sum((one["own_us"] + one.get("way_us", 0)) * one["count"] for one in cluster["routes"])
    parts += cluster["entry"]["way_us"] * cluster["entry"]["count"]
    assert abs(parts / (seen["mean"] * seen["count"]) - 1) < 0.1, cluster
    shares = sum(one["share"] for one in cluster["routes"]) + cluster["entry"]["share"]
    assert abs(shares - 1) < 0.01, cluster


@pytest.fixture
def slow_user_service(shop, holder):  # noqa: F811
    """Whatever is sent to user-service, by whichever port, comes 100 ms later."""
    open_gate(shop, "user-service", holder)
    fault = begin(shop, "delay", "user-service", holder, delay_ms=100)
    yield
    end(shop, fault)
    assert ask(shop, "POST", "/v1/gates/user-service/close")[0] == 202
    wait_for(lambda: "user-service" not in gates(shop) and shop.ps()["user-service"]["state"] == "ready", 20,
             "the gate is gone")


def test_the_way_to_a_slow_service_is_told_from_the_gateway(shop, slow_user_service):  # noqa: F811
    user = shop.sign_up()
    target = f"gateway:/api/v1/users/{user['id']}"
    code, result, error = load(shop, target, "--rate", "50", "--duration", "2s")
    assert code == 0, error
    rows = rows_of(result)
    front, behind = rows["gateway", "GET /api/v1/users"], rows["user-service", "GET /v1/users/{id}"]
    assert front["mean_us"] > 90_000 > behind["mean_us"]
    assert behind["way_us"] > 90_000 and behind["share"] > 0.8
    assert behind["own_us"] < 50_000 and front["own_us"] < 50_000 and "way_us" not in front
    assert result["cluster"]["routes"][0] == behind
    assert "on the way to user-service" in result["cluster"]["summary"]
    assert "asked by gateway GET /api/v1/users" in result["cluster"]["summary"]
    adds_up(result)
    done = shop.run("load", target, "--rate", "20", "--duration", "1s", "--html", shop.folder / "report.html")
    assert "on the way" in done.stdout and "was spent on the way to user-service" in done.stdout, done.stdout
    assert "was spent on the way to user-service" in (shop.folder / "report.html").read_text()


def test_sign_ups_at_a_slow_service(shop, slow_user_service, tmp_path):  # noqa: F811
    (tmp_path / "sign-up.yaml").write_text("""
target: gateway
load: {rate: 10, duration: 4s}
steps:
  - post: /api/v1/users
    json: {email: "w${iteration}-${run}@example.com", name: Ann Example, password: correct horse battery}
""")
    code, result, error = load(shop, tmp_path / "sign-up.yaml")
    assert code == 0, error
    behind = rows_of(result)["user-service", "POST /v1/users"]
    # Hashing a password is the service's own work, and takes as long here.
    answered = result["completed"] - result["errors"]  # a busy machine sends late or refuses some
    assert 30 <= answered <= behind["count"] <= 40, result
    assert behind["way_us"] > 90_000 and behind["own_us"] > 10_000
    assert behind["own_us"] == pytest.approx(behind["mean_us"], rel=0.01)
    assert rows_of(result)["gateway", "POST /api/v1/users"]["own_us"] < 50_000
    adds_up(result)


def test_a_slow_service_behind_another_is_billed_to_neither_of_those_before(shop, slow_user_service, tmp_path):  # noqa: F811
    user = shop.sign_up()
    (tmp_path / "order.yaml").write_text(f"""
target: gateway
load: {{rate: 20, duration: 2s}}
steps:
  - post: /api/v1/orders
    json: {{user_id: "{user['id']}", currency: EUR, items: [{{sku: TEA-1, quantity: 1, unit_price_cents: 1250}}]}}
    expect: {{status: 201}}
""")
    code, result, error = load(shop, tmp_path / "order.yaml")
    assert code == 0, error
    rows = rows_of(result)
    asked = rows["user-service", "grpc /user.v1.UserService/GetUser"]
    order = rows["order-service", "POST /v1/orders"]
    front = rows["gateway", "POST /api/v1/orders"]
    assert asked["way_us"] > 90_000 and result["cluster"]["routes"][0] == asked
    assert order["mean_us"] > 90_000 and front["mean_us"] > 90_000
    assert max(order["own_us"], order["way_us"], front["own_us"]) < 50_000, rows
    assert "asked by order-service POST /v1/orders" in result["cluster"]["summary"]
    calls = {(one["caller"], one["service"]): one for one in result["cluster"]["calls"]}
    assert set(calls) == {("gateway", "order-service"), ("order-service", "user-service"),
                          ("order-service", "catalog-service")}
    assert calls["order-service", "user-service"]["caller_endpoint"] == "POST /v1/orders"
    assert calls["order-service", "user-service"]["count"] == 40
    adds_up(result)


def test_the_time_in_which_a_service_was_paused_is_on_the_way_to_it(shop):  # noqa: F811
    user = shop.sign_up()
    pid = shop.ps()["user-service"]["pid"]

    def pause():
        time.sleep(1.5)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.5)
        os.kill(pid, signal.SIGCONT)

    pauser = threading.Thread(target=pause)
    pauser.start()
    code, result, error = load(shop, f"gateway:/api/v1/users/{user['id']}", "--rate", "100", "--duration", "4s")
    pauser.join()
    assert code == 0, error
    assert result["latency_us"]["max"] > 300_000
    rows = rows_of(result)
    front, behind = rows["gateway", "GET /api/v1/users"], rows["user-service", "GET /v1/users/{id}"]
    assert behind["way_us"] > 3 * max(behind["own_us"], front["own_us"]), rows
    assert "on the way to user-service" in result["cluster"]["summary"]
    # The service cannot have noticed, so a note says how to read that.
    assert any("until the service took the request" in note for note in result["cluster"]["notes"])


def test_a_service_without_metrics_is_known_by_what_the_gateway_waited(msctl_bin, tmp_path):
    one = Shop(msctl_bin, tmp_path)
    cluster = document()
    script = one.script("late.py", LATE)
    cluster["services"]["late"] = {"command": script, "ports": {"http": 0}, "probes": {"ready": {"tcp": "http"}},
                                   "routes": [{"prefix": "/api/late", "to": "/late"}]}
    one.write(cluster)
    try:
        one.up("gateway", "late")
        code, result, error = load(one, "gateway:/api/late/7", "--rate", "20", "--duration", "2s")
        assert code == 0, error
        rows = rows_of(result)
        late = rows["late", "GET /late"]
        assert late["unmeasured"] and late["count"] == 40 and late["way_us"] > 28_000 and "own_us" not in late
        assert rows["gateway", "GET /api/late"]["own_us"] < 15_000
        assert "on the way to or in late: GET /late" in result["cluster"]["summary"]
        assert any(note.startswith("late says nothing of these requests") for note in result["cluster"]["notes"])
    finally:
        one.close()


def test_it_says_what_restarted_meanwhile(shop):  # noqa: F811
    def kill():
        time.sleep(1)
        os.kill(shop.ps()["user-service"]["pid"], 9)

    killer = threading.Thread(target=kill)
    killer.start()
    code, result, error = load(shop, "gateway:/health/ready", "--rate", "20", "--duration", "4s", "--threshold", "p99<10s")
    killer.join()
    assert result is not None, error
    events = [(one["service"], one["state"]) for one in result["cluster"]["restarts"]]
    assert ("user-service", "ready") in events and ("user-service", "starting") in events, events
    done = shop.run("load", "gateway:/health", "--rate", "5", "--duration", "1s")
    assert "meanwhile" not in done.stdout


def test_grpc_by_the_services_own_protos(shop, tmp_path):  # noqa: F811
    user = shop.sign_up()
    (tmp_path / "g.yaml").write_text(f"""
target: user-service
load: {{rate: 50, duration: 2s}}
protos: ["{ROOT}/services/user/proto/user.proto"]
variables: {{id: "{user['id']}"}}
steps:
  - name: get
    grpc: user.v1.UserService/GetUser
    message: {{id: "${{id}}"}}
    expect: {{json: {{/name: Ann Example}}}}
    capture: {{email: /email}}
  - name: nobody
    grpc: user.v1.UserService/GetUser
    message: {{id: "${{uuid}}"}}
    headers: {{x-email: "${{email}}"}}
    expect: {{status: NOT_FOUND}}
""")
    code, result, error = load(shop, tmp_path / "g.yaml")
    assert code == 0, error or result["steps"]
    assert [step["completed"] for step in result["steps"]] == [100, 100], result["steps"]
    assert result["steps"][0]["statuses"] == {"0": 100} and result["steps"][1]["statuses"] == {"5": 100}
    text = (tmp_path / "g.yaml").read_text()
    (tmp_path / "g.yaml").write_text(text.replace("    expect: {status: NOT_FOUND}\n", ""))
    code, result, _ = load(shop, tmp_path / "g.yaml")
    assert result["errors"] == result["errors_by_kind"]["status"] == 100
    assert re.match(r"NOT_FOUND \(status 5\): .*user", result["steps"][1]["first_error"]), result["steps"][1]
    (tmp_path / "g.yaml").write_text(text + "    timeout: 900us\n")  # a deadline below a millisecond is one all the same
    code, result, _ = load(shop, tmp_path / "g.yaml")
    assert result["steps"][1]["completed"] > 0, result["steps"][1]


@pytest.mark.parametrize("before, after, why", [
    ("GetUser", "GetUsr", "there is no method user.v1.UserService/GetUsr in the protos; did you mean"),
    ("{id: a}", "{idd: a}", 'the message of the step "get" does not fit: idd: unknown field'),
    ("user.proto", "usr.proto", "usr.proto is not there"),
    ("tls: {}", "tls: {ca: nowhere.pem}", "nowhere.pem cannot be used: no such file"),
])
def test_what_a_scenario_names_is_checked_before_the_load(run, tmp_path, before, after, why):
    text = f"""
target: user-service
load: {{rate: 50, duration: 2s}}
protos: ["{ROOT}/services/user/proto/user.proto"]
tls: {{}}
steps: [{{name: get, grpc: user.v1.UserService/GetUser, message: {{id: a}}}}]
"""
    scenario = tmp_path / "g.yaml"
    scenario.write_text(text)
    done = run("load", scenario, "--check")
    assert done.returncode == 0, done.stderr
    scenario.write_text(text.replace(before, after))
    done = run("load", scenario, "--check")
    assert done.returncode == 2 and why in done.stderr, done.stderr


def test_names_that_are_none_are_refused(shop):  # noqa: F811
    for target, why in (("gatway:/", 'did you mean "gateway"?'), ("gateway.admin:/", "it has http"),
                        ("gateway:8080", "neither a URL nor a service")):
        done = shop.run("load", target, "--rate", "5", "--duration", "1s")
        assert done.returncode == 2 and why in done.stderr, done.stderr
