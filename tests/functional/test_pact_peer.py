"""The official verifier accepts our Pact files against the running providers, and refuses a broken one."""

import json

import pact_peer
from conftest import ROOT
from reference import shop  # noqa: F401  pylint: disable=unused-import

GATEWAY = ROOT / "services" / "gateway" / "contracts" / "pacts"


def states_url(shop, service):  # noqa: F811
    secret = (shop.folder / ".msctl" / "control" / "states.secret").read_text().strip()
    return f"http://127.0.0.1:{shop.port(service)}/_test/provider-states?secret={secret}"


def verify(shop, service, *files):  # noqa: F811
    return pact_peer.verify(service, shop.port(service), files, states_url(shop, service))


def test_the_official_verifier_accepts_the_users_contract(shop):  # noqa: F811
    accepted, report = verify(shop, "user-service", GATEWAY / "gateway-user-service.json")
    assert accepted, report


def test_the_official_verifier_accepts_the_orders_contract(shop):  # noqa: F811
    accepted, report = verify(shop, "order-service", GATEWAY / "gateway-order-service.json")
    assert accepted, report


def test_the_official_verifier_refuses_what_the_provider_does_not_do(shop, tmp_path):  # noqa: F811
    contract = json.loads((GATEWAY / "gateway-user-service.json").read_text())
    contract["interactions"] = contract["interactions"][:1]
    contract["interactions"][0]["response"]["body"]["content"]["age"] = 7
    (tmp_path / "broken.json").write_text(json.dumps(contract))
    accepted, report = verify(shop, "user-service", tmp_path / "broken.json")
    assert not accepted and "age" in report, report
