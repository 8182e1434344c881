"""`msctl contract-test` on the reference services: their own contracts, real events, and the test-only door."""

import json
import subprocess

import pytest
import yaml

import deploy_workspace
import reference
from conftest import ROOT
from test_contract import BROKEN, MISSING, OK, pact

@pytest.fixture
def shop(msctl_bin, tmp_path):
    made = reference.Shop(msctl_bin, tmp_path)
    made.write(reference.document())
    yield made
    made.close()


def reference_contract(consumer, provider):
    for path in (ROOT / "services").glob("*/contracts/pacts/*.json"):
        if path.name == f"{consumer}-{provider}.json":
            return json.loads(path.read_text())
    raise AssertionError(f"no contract {consumer}-{provider}")


def test_reference_services_keep_their_contracts(shop):
    shop.up()
    done = shop.run("contract-test", "--output", "json")
    document = json.loads(done.stdout)
    assert done.returncode == OK, [one for one in document["contracts"] if one["result"] != "ok"]
    pairs = {(one["consumer"], one["provider"]) for one in document["contracts"]}
    assert pairs >= {("gateway", "user-service"), ("gateway", "order-service"), ("order-service", "user-service")}
    assert any(one["kind"] == "Synchronous/Messages" for one in document["contracts"]), "gRPC as well"


def test_a_consumer_that_asks_for_more_breaks_the_reference_service(shop, tmp_path):
    contract = reference_contract("gateway", "user-service")
    for one in contract["interactions"]:
        body = one["response"].get("body", {}).get("content")
        if isinstance(body, dict) and "email" in body:
            body["phone"] = "1234"
    (tmp_path / "more.json").write_text(json.dumps(contract))
    done = shop.run("contract-test", "--file", tmp_path / "more.json", "--output", "json")
    assert done.returncode == BROKEN
    paths = {m["path"] for one in json.loads(done.stdout)["contracts"] for m in one["mismatches"]}
    assert "$.phone" in paths


def test_the_real_event_of_order_service(shop, tmp_path):
    def event(sku, **more):
        return {"type": "Asynchronous/Messages", "description": "an order.placed event",
                "providerStates": [{"name": "an order is placed", "params": {"sku": "B-2", "quantity": 3}}],
                "contents": {"contentType": "application/cloudevents+json",
                             "content": {"type": "order.placed", "source": "/order-service",
                                         "data": {"items": [{"sku": sku, "quantity": 3}], **more}}}}
    (tmp_path / "good.json").write_text(json.dumps(pact(event("B-2"), consumer="mail", provider="order-service")))
    (tmp_path / "bad.json").write_text(json.dumps(pact(event("B-2", vat_cents=1), consumer="mail", provider="order-service")))
    good = shop.run("contract-test", "--file", tmp_path / "good.json")
    assert good.returncode == OK, good.stdout + good.stderr
    bad = shop.run("contract-test", "--file", tmp_path / "bad.json")
    assert bad.returncode == BROKEN and "$.data.vat_cents" in bad.stdout


def test_the_door_needs_its_secret_and_is_never_rendered(shop, tmp_path):
    shop.up()
    asked = {"state": "a user exists", "params": {"id": "7"}}
    for service in ("user-service", "order-service", "gateway"):
        refused = shop.ask(service, "POST", "/_test/provider-states", asked)
        assert refused.status == 403, refused
    config = shop.folder / ".msctl/run/user-service.json"
    assert config.stat().st_mode & 0o077 == 0
    secret = json.loads(config.read_text())["provider_states"]["secret"]
    door = {"Authorization": f"Bearer {secret}"}
    assert shop.ask("user-service", "POST", "/_test/provider-states", asked, headers=door).json()["id"] == "7"
    assert shop.ask("user-service", "GET", "/v1/users/7").status == 200
    assert shop.ask("gateway", "POST", "/_test/provider-states", asked, headers=door).status == 404, "it has no states"
    assert shop.ask("gateway", "POST", "/api/_test/provider-states", asked, headers=door).status == 404, "nor a way in"
    # No path of the log names the secret.
    assert secret not in "".join(shop.log(name) for name in reference.CHASSIS_SERVICES)


def test_deploy_renders_no_door(cluster, tmp_path):
    deploy_workspace.write_workspace(tmp_path)
    made = cluster(folder=tmp_path)
    targets = "dockerfile,compose,k8s,istio,monitoring,ci-github,ci-gitlab"
    done = made.run("deploy", "--target", targets)
    assert done.returncode == OK, done.stderr
    texts = {path: path.read_text() for path in (tmp_path / "deploy").rglob("*") if path.is_file()}
    assert any("stop_grace_ms" in text for text in texts.values()), "configurations are among them"
    assert not [path for path, text in texts.items() if "provider_states" in text or "_test/" in text]


def test_pipelines_verify_contracts_that_there_are(cluster, tmp_path):
    environment = deploy_workspace.environment()
    del environment["ci"]["contract_test"]
    deploy_workspace.write_workspace(tmp_path, environments={"staging": environment})
    made = cluster(folder=tmp_path)
    refused = made.run("deploy", "--target", "ci-github,ci-gitlab")
    assert refused.returncode != OK and "contract_test" in refused.stderr, "nobody said how, and there are none"
    folder = tmp_path / "services/orders/contracts/pacts"
    folder.mkdir(parents=True)
    (folder / "orders-users.json").write_text(json.dumps(pact(MISSING, consumer="orders", provider="users")))
    done = made.run("deploy", "--target", "ci-github,ci-gitlab")
    assert done.returncode == OK, done.stderr
    line = 'case "$SERVICE" in orders|users) msctl contract-test --service "$SERVICE" --fresh --build ;; esac'
    texts = {path: path.read_text() for path in (tmp_path / "deploy").rglob("*.yml")}
    assert len([path for path, text in texts.items() if line in text.replace('\\"', '"')]) == 2, list(texts)
    (folder / "orders-users.json").write_text("{")
    assert made.run("deploy", "--target", "ci-github").returncode != OK, "as without any"


def test_without_the_switch_there_is_no_door(shop, tmp_path):
    shop.up("user-service")
    config = json.loads((shop.folder / ".msctl/run/user-service.json").read_text())
    secret = config.pop("provider_states")["secret"]
    config["ports"] = {"http": 0}
    config["database"] = {"url": f"sqlite:{tmp_path}/other.db"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    service = subprocess.Popen([ROOT / "build/release/bin/user-service", "--config", tmp_path / "config.json"],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        port = next(json.loads(line)["http"] for line in service.stdout if '"ready"' in line)
        shop.ports["alone"] = {"http": port}
        for path in ("/_test/provider-states", "/_test/messages"):
            answer = shop.ask("alone", "POST", path, {"state": "a user exists"}, {"Authorization": f"Bearer {secret}"})
            assert answer.status == 404, answer
    finally:
        service.terminate()
        service.communicate(timeout=10)
