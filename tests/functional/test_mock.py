"""`up --mock`: a stub of a service from its consumers' contracts, in place of the service."""

import base64
import json
import urllib.request

import pytest

from conftest import ROOT, wait_for
from reference import Shop, document

USER = "01890a5d-ac96-774b-bcce-b302099a8057"
ORDER = {"user_id": USER, "currency": "EUR", "items": [{"sku": "A1", "quantity": 2, "unit_price_cents": 500}]}


@pytest.fixture(name="shop", scope="module")
def mocked_shop(msctl_bin, tmp_path_factory):
    one = Shop(msctl_bin, tmp_path_factory.mktemp("shop"))
    one.write(document())
    try:
        one.up("--mock", "user-service")
        yield one
    finally:
        one.close()


def pact(consumer, provider, *interactions):
    return json.dumps({"consumer": {"name": consumer}, "provider": {"name": provider},
                       "interactions": [{"type": "Synchronous/HTTP", **one} for one in interactions],
                       "metadata": {"pactSpecification": {"version": "4.0"}}})


def ask(port, path):
    """Status, headers, body of a GET."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.status, answer.headers, answer.read()


def test_ps_tells_a_mock_from_the_service(shop):
    assert shop.ps()["user-service"]["mock"] is True
    assert shop.ps()["order-service"]["mock"] is False
    table = {line.split()[0]: line for line in shop.run("ps").stdout.splitlines()}
    assert "ready (mock)" in table["user-service"]
    assert "(mock)" not in table["gateway"]


def test_the_gateway_gets_what_the_contract_says(shop):
    answer = shop.get(f"/api/v1/users/{USER}")
    assert answer.status == 200, answer
    assert answer.json()["email"] == "ann@example.com"


def test_a_state_is_chosen_by_a_header(shop):
    answer = shop.get(f"/api/v1/users/{USER}", headers={"X-Pact-State": "no user exists"})
    assert answer.status == 404, answer


def test_what_is_in_no_contract_is_told_with_the_nearest(shop):
    answer = shop.get("/api/v1/users/somebody-else")
    assert answer.status == 500, answer
    problem = answer.json()
    assert problem["type"] == "urn:msctl:problem:no-interaction"
    assert problem["nearest"] == "a request for a user"
    assert problem["errors"][0]["field"] == "path"
    wait_for(lambda: "is in no contract" in shop.log("user-service"), what="the line in the log")


def test_grpc_is_answered_as_well(shop):
    placed = shop.post("/api/v1/orders", ORDER)
    assert placed.status == 201, placed
    unknown = shop.post("/api/v1/orders", {**ORDER, "user_id": "11890a5d-ac96-774b-bcce-b302099a8057"})
    assert unknown.status == 500, unknown
    assert "is in no contract" in unknown.json()["detail"]


def test_the_service_comes_back(shop):
    shop.up("--no-mock")
    assert shop.ps()["user-service"]["mock"] is False
    # What is replaced may still answer on connections that are open, for up to a second.
    wait_for(lambda: shop.get(f"/api/v1/users/{USER}").status == 404, 5, "the service's own answer")
    shop.up("--mock", "user-service")
    assert shop.ps()["user-service"]["mock"] is True
    wait_for(lambda: shop.get(f"/api/v1/users/{USER}").status == 200, 5, "the mock's answer")


def test_what_a_mock_cannot_prove_is_said_with_the_way_out(shop):
    for verb, code in ((("verify", "api"), 4), (("drill", "kill", "user-service"), 1)):
        done = shop.run(*verb, timeout=60)
        assert done.returncode == code, done.stdout + done.stderr
        assert "a stub runs in place of user-service" in done.stderr and "msctl up -d --wait --no-mock" in done.stderr


def test_a_mock_needs_a_contract(shop):
    done = shop.run("up", "--dry-run", "--mock", "nats")
    assert done.returncode != 0
    assert "no contract names nats as its provider; looked in:" in done.stderr
    done = shop.run("up", "--dry-run", "--mock", "nobody")
    assert done.returncode == 2 and 'no service is named "nobody"' in done.stderr


def test_rules_generators_and_broken_files(cluster):
    one = cluster({"version": 1, "services": {"shop": {"command": ["/bin/false"], "ports": {"http": 0}}}})
    folder = one.folder / "contracts" / "pacts"
    folder.mkdir(parents=True)
    (folder / "broken.json").write_text("{")
    (folder / "web-other.json").write_text(pact("web", "other"))
    (folder / "web-shop.json").write_text(pact(
        "web", "shop",
        {"description": "any thing", "request": {"method": "GET", "path": "/things/1", "matchingRules": {
            "path": {"matchers": [{"match": "regex", "regex": "/things/\\d+"}]}}},
         "response": {"status": 200, "headers": {"X-Id": ["x"]},
                      "body": {"contentType": "application/json", "content": {"id": "x"}},
                      "generators": {"body": {"$.id": {"type": "Uuid"}},
                                     "header": {"X-Id": {"type": "RandomInt", "min": 10, "max": 99}}}}},
        {"description": "the first thing", "request": {"method": "GET", "path": "/things/7"},
         "response": {"status": 200, "body": {"contentType": "application/octet-stream", "encoded": "base64",
                                              "content": base64.b64encode(b"\x00seven").decode()}}},
        {"description": "a guess", "request": {"method": "GET", "path": "/guess"},
         "response": {"generators": {"body": {"$.a": {"type": "Telepathy"}}}}}))
    old = json.loads(pact("old", "shop", {"description": "bytes", "request": {"method": "GET", "path": "/bytes"},
                                          "response": {"headers": {"Content-Type": "image/png"}, "body": "AP8B"}}))
    old["metadata"]["pactSpecification"]["version"] = "2.0.0"
    (folder / "old-shop.json").write_text(json.dumps(old))
    one.up("--mock", "shop")
    port = one.ps()["shop"]["ports"]["http"]
    (_, headers, first), (_, _, second) = ask(port, "/things/1"), ask(port, "/things/1")
    assert json.loads(first)["id"] != json.loads(second)["id"] and len(json.loads(first)["id"]) == 36
    assert 10 <= int(headers["X-Id"]) <= 99
    assert ask(port, "/things/7")[2] == b"\x00seven"
    assert ask(port, "/bytes")[2] == b"\x00\xff\x01", "before specification 4 bytes are base64 without a word of it"
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(port, "/guess")
    assert refused.value.code == 500 and "Telepathy" in json.loads(refused.value.read())["detail"]
    assert json.loads(ask(port, "/health/ready")[2])["mock"] is True
    wait_for(lambda: "left out: " in one.log("shop"), what="the broken file in the log")


def test_the_files_of_the_reference_pairs_are_there():
    names = sorted(path.name for path in ROOT.glob("services/*/contracts/pacts/*.json"))
    assert {"gateway-order-service.json", "gateway-user-service.json", "order-service-user-service.json"} <= set(names)
