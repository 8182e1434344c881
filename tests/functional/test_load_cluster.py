"""`msctl load` on the running reference system: by names of services, and with what the cluster says of it."""

import json
import os
import threading
import time

from conftest import ROOT
from reference import shop  # noqa: F401  a fixture


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
    assert any("access logs of" in note for note in result["cluster"]["notes"])
    assert result["cluster"]["restarts"] == []


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
    (tmp_path / "g.yaml").write_text((tmp_path / "g.yaml").read_text().replace("GetUser", "GetUsr"))
    code, _, error = load(shop, tmp_path / "g.yaml")
    assert code == 2 and "no method user.v1.UserService/GetUsr" in error


def test_names_that_are_none_are_refused(shop):  # noqa: F811
    for target, why in (("gatway:/", 'did you mean "gateway"?'), ("gateway.admin:/", "it has http"),
                        ("gateway:8080", "neither a URL nor a service")):
        done = shop.run("load", target, "--rate", "5", "--duration", "1s")
        assert done.returncode == 2 and why in done.stderr, done.stderr
