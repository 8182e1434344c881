"""/openapi.json of each service and of the gateway: valid by an outside linter, and true of the running system."""

import json

import jsonschema
import pytest

from conftest import wait_for
from deploy_validators import node
from reference import CHASSIS_SERVICES, PASSWORD, shop  # noqa: F401 (shop is a fixture)



def document(shop, service):  # noqa: F811
    answer = shop.ask(service, "GET", "/openapi.json")
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    return answer.json()


def whole_document(shop):  # noqa: F811
    """The gateway's, once both services answer."""
    def asked():
        got = document(shop, "gateway")
        return got if "x-undescribed" not in got else None
    return wait_for(asked, 10, "a whole document of the gateway")


LINT = """
import core from "@redocly/openapi-core";
import fs from "node:fs";
const config = await core.createConfig({extends: ["recommended"], rules: {"info-license": "off", "tag-description": "off"}});
const problems = await core.lintFromString({source: fs.readFileSync(0, "utf8"), config});
console.log(JSON.stringify(problems.map(p => `${p.severity} ${p.ruleId}: ${p.message} ${p.location?.[0]?.pointer}`)));
"""


def mistakes(whole):
    """What the linter finds, errors and warnings."""
    return node(LINT, json.dumps(whole))


def resolved(whole, schema):
    """A schema that stands alone, for jsonschema."""
    return {**schema, "components": whole["components"]}


@pytest.mark.parametrize("service", CHASSIS_SERVICES)
def test_an_outside_linter_takes_it(shop, service):  # noqa: F811
    whole = whole_document(shop) if service == "gateway" else document(shop, service)
    assert mistakes(whole) == []
    # The linter is awake.
    whole["paths"][next(iter(whole["paths"]))]["nonsense"] = {}
    assert any("nonsense" in line for line in mistakes(whole))


def test_answers_are_as_described(shop):  # noqa: F811
    whole = whole_document(shop)
    user = shop.ask("gateway", "POST", "/api/v1/users", {"email": "described@example.com", "name": "D", "password": PASSWORD})
    assert user.status == 201
    order = shop.ask("gateway", "POST", "/api/v1/orders", {"user_id": user.json()["id"], "currency": "EUR",
                                                           "items": [{"sku": "A1", "quantity": 1, "unit_price_cents": 500}]})
    problem = shop.ask("gateway", "POST", "/api/v1/users", {"email": 5})
    for path, method, answer, status in (("/api/v1/users", "post", user, "201"), ("/api/v1/orders", "post", order, "201"),
                                         ("/api/v1/users", "post", problem, "400")):
        response = whole["paths"][path][method]["responses"][status]
        response = whole["components"]["responses"][response["$ref"].rsplit("/", 1)[1]] if "$ref" in response else response
        media = answer.headers["Content-Type"]
        jsonschema.validate(answer.json(), resolved(whole, response["content"][media]["schema"]), format_checker=jsonschema.FormatChecker())
        assert answer.status == int(status)


@pytest.mark.parametrize("field", ["email", "name", "password"])
def test_what_is_required_is_refused_when_missing(shop, field):  # noqa: F811
    whole = document(shop, "user-service")
    body = whole["paths"]["/v1/users"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    schema = whole["components"]["schemas"][body["$ref"].rsplit("/", 1)[1]]
    assert field in schema["required"] and schema["additionalProperties"] is False
    given = {"email": "required@example.com", "name": "R", "password": PASSWORD}
    del given[field]
    assert shop.ask("user-service", "POST", "/v1/users", given).status == 422


def test_the_gateway_describes_public_paths_only(shop):  # noqa: F811
    whole = whole_document(shop)
    of_users = {f"/api/{version}users{rest}" for version in ("v1/", "") for rest in ("", "/{id}")}
    of_orders = {f"/api/{version}orders{rest}" for version in ("v2/", "v1/", "") for rest in ("", "/{id}")}
    cancel = "/api/v2/orders/{id}/cancel"
    others = {f"/api/{version}{path}" for version in ("v1/", "") for path in (
        "skus", "skus/{sku}", "skus/{sku}/receipts", "skus/{sku}/events", "prices", "reservations",
        "reservations/{order_id}", "payments", "payments/{id}", "payments/{id}/refund", "mailbox", "mailbox/{id}")}
    assert set(whole["paths"]) == of_users | of_orders | {cancel} | others
    older, newer = whole["paths"]["/api/v1/orders"]["post"], whole["paths"]["/api/v2/orders"]["post"]
    assert older["deprecated"] and "deprecated" not in newer
    assert [(one["name"], one["required"]) for one in newer["parameters"]] == [("Idempotency-Key", True)]
    ids = [operation["operationId"] for item in whole["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids))


def test_other_methods_are_refused(shop):  # noqa: F811
    for service in CHASSIS_SERVICES:
        assert shop.ask(service, "POST", "/openapi.json", {}).status in (404, 405)
        assert shop.ask(service, "HEAD", "/openapi.json").body == ""
