"""`msctl api check`: changes of protos and OpenAPI documents against git, good and broken, and who is told of them."""

import json
import os
import pathlib
import shutil
import subprocess
import xml.etree.ElementTree

import pytest

from conftest import ROOT
from git_repository import git

MSCTL = os.environ.get("MSCTL_BIN", str(ROOT / "build/release/bin/msctl"))
BASE = """syntax = "proto3";
package shop.v1;
service Shop {
  rpc Get(GetRequest) returns (Item);
  rpc List(GetRequest) returns (Item);
}
message GetRequest { string id = 1; }
message Item {
  reserved 20 to 24, 30;
  reserved "gone";
  string id = 1;
  int32 count = 2;
  Kind kind = 3;
  repeated string tags = 4;
  map<string, int32> stock = 5;
  optional string note = 6;
  oneof price { int64 cents = 7; string text = 8; }
  Part part = 9;
  message Part { string name = 1; }
}
message Spare { string id = 1; }
enum Kind { reserved 7; reserved "KIND_OLD"; KIND_UNKNOWN = 0; KIND_RED = 1; KIND_BLUE = 2; }
"""


def msctl(folder, *words, code=0):
    done = subprocess.run([MSCTL, *words], cwd=folder, capture_output=True, text=True, timeout=30)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done


def found(folder, *words, code):
    return json.loads(msctl(folder, "api", "check", "--base", "HEAD", "--output", "json", *words, code=code).stdout)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    (folder / "services/shop/proto").mkdir(parents=True)
    (folder / "msctl.yaml").write_text(
        "version: 1\nname: shop\nservices:\n  shop: {path: services/shop}\n"
        "  till: {command: [sleep, '9'], calls: {shop: {}}}\n  clock: {command: [sleep, '9']}\n")
    (folder / "services/shop/service.yaml").write_text("name: shop\ncommand: [sleep, '9']\nports: {grpc: 0}\n")
    (folder / "services/shop/proto/shop.proto").write_text(BASE)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    return folder


@pytest.fixture
def shop(made):
    """The repository as it was committed."""
    git(made, "reset", "-q", "--hard", "main")
    git(made, "clean", "-qfd")
    return made


def change(folder, *replacements, path="services/shop/proto/shop.proto"):
    file = folder / path
    text = file.read_text()
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new, 1)
    file.write_text(text)


GOOD = {
    "nothing": [],
    "a field added": [("int32 count = 2;", "int32 count = 2; int32 more = 10;")],
    "a comment": [("int32 count = 2;", "int32 count = 2;  // how many")],
    "a method added": [("rpc List", "rpc Add(Item) returns (Item); rpc List")],
    "a message added": [("message Spare", "message New { int32 a = 1; } message Spare")],
    "a value added": [("KIND_BLUE = 2;", "KIND_BLUE = 2; KIND_GREEN = 3;")],
    "a field deleted, number and name reserved": [("int32 count = 2;", "reserved 2; reserved \"count\";")],
    "a value deleted, number and name reserved": [("reserved 7; reserved \"KIND_OLD\";", "reserved 2, 7; reserved \"KIND_OLD\", \"KIND_BLUE\";"),
                                                  ("KIND_BLUE = 2;", "")],
    "an unused message deleted": [("message Spare { string id = 1; }", "")],
    "int32 to uint32": [("int32 count", "uint32 count")],
    "optional to implicit": [("optional string note", "string note")],
    "reserved ranges joined": [("reserved 20 to 24, 30;", "reserved 20 to 30;")],
}

# Changes, the rule that must be named, and the subject that it names.
BROKEN = {
    "deleted field": ([("int32 count = 2;", "")], "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED", "shop.v1.Item.count"),
    "deleted field, only the number reserved": ([("int32 count = 2;", "reserved 2;")], "FIELD_NO_DELETE_UNLESS_NAME_RESERVED", "shop.v1.Item.count"),
    "another number": ([("int32 count = 2;", "int32 count = 12;")], "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED", "shop.v1.Item.count"),
    "renamed field": ([("int32 count", "int32 amount")], "FIELD_SAME_NAME", "shop.v1.Item.amount"),
    "another json_name": ([("int32 count = 2;", "int32 count = 2 [json_name = \"c\"];")], "FIELD_SAME_JSON_NAME", "shop.v1.Item.count"),
    "another type": ([("int32 count", "string count")], "FIELD_WIRE_JSON_COMPATIBLE_TYPE", "shop.v1.Item.count"),
    "int32 to int64 is another JSON": ([("int32 count", "int64 count")], "FIELD_WIRE_JSON_COMPATIBLE_TYPE", "shop.v1.Item.count"),
    "string to bytes is another JSON": ([("string id = 1;\n  int32", "bytes id = 1;\n  int32")], "FIELD_WIRE_JSON_COMPATIBLE_TYPE", "shop.v1.Item.id"),
    "another message": ([("Part part", "Spare part")], "FIELD_WIRE_JSON_COMPATIBLE_TYPE", "shop.v1.Item.part"),
    "another value of a map": ([("map<string, int32>", "map<string, string>")], "FIELD_WIRE_JSON_COMPATIBLE_TYPE", "shop.v1.Item.stock.value"),
    "map to list": ([("map<string, int32> stock = 5;", "repeated E stock = 5; message E { string key = 1; int32 value = 2; }")],
                    "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY", "shop.v1.Item.stock"),
    "list to one": ([("repeated string tags", "string tags")], "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY", "shop.v1.Item.tags"),
    "into a oneof": ([("optional string note = 6;", ""), ("int64 cents = 7;", "int64 cents = 7; string note = 6;")], "FIELD_SAME_ONEOF", "shop.v1.Item.note"),
    "out of a oneof": ([("int64 cents = 7;", ""), ("Part part = 9;", "Part part = 9; int64 cents = 7;")], "FIELD_SAME_ONEOF", "shop.v1.Item.cents"),
    "deleted value": ([("KIND_BLUE = 2;", "")], "ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED", "shop.v1.Kind.KIND_BLUE"),
    "renamed value": ([("KIND_BLUE = 2;", "KIND_AZURE = 2;")], "ENUM_VALUE_SAME_NAME", "shop.v1.Kind.KIND_BLUE"),
    "reserved number given free": ([("reserved 20 to 24, 30;", "reserved 20, 22 to 24;")], "RESERVED_MESSAGE_NO_DELETE", "shop.v1.Item"),
    "reserved name given free": ([("reserved \"gone\";", "")], "RESERVED_MESSAGE_NO_DELETE", "shop.v1.Item"),
    "reserved value given free": ([("reserved 7; ", "")], "RESERVED_ENUM_NO_DELETE", "shop.v1.Kind"),
    "deleted method": ([("rpc List(GetRequest) returns (Item);", "")], "RPC_NO_DELETE", "shop.v1.Shop/List"),
    "another request": ([("rpc Get(GetRequest)", "rpc Get(Spare)")], "RPC_SAME_REQUEST_TYPE", "shop.v1.Shop/Get"),
    "another response": ([("returns (Item);\n  rpc List", "returns (Spare);\n  rpc List")], "RPC_SAME_RESPONSE_TYPE", "shop.v1.Shop/Get"),
    "client streams": ([("rpc Get(GetRequest)", "rpc Get(stream GetRequest)")], "RPC_SAME_CLIENT_STREAMING", "shop.v1.Shop/Get"),
    "server streams": ([("rpc Get(GetRequest) returns (", "rpc Get(GetRequest) returns (stream ")], "RPC_SAME_SERVER_STREAMING", "shop.v1.Shop/Get"),
    "another idempotency": ([("rpc Get(GetRequest) returns (Item);", "rpc Get(GetRequest) returns (Item) { option idempotency_level = IDEMPOTENT; }")],
                            "RPC_SAME_IDEMPOTENCY_LEVEL", "shop.v1.Shop/Get"),
    "renamed service": ([("service Shop", "service Store")], "PACKAGE_SERVICE_NO_DELETE", "shop.v1.Shop"),
    "another package": ([("package shop.v1;", "package shop.v2;")], "FILE_SAME_PACKAGE", "services/shop/proto/shop.proto"),
}


@pytest.mark.parametrize("replacements", GOOD.values(), ids=GOOD.keys())
def test_a_compatible_change_passes(shop, replacements):
    change(shop, *replacements)
    assert found(shop, code=0)["compatible"] is True


@pytest.mark.parametrize("replacements, rule, subject", BROKEN.values(), ids=BROKEN.keys())
def test_a_breaking_change_is_named(shop, replacements, rule, subject):
    change(shop, *replacements)
    document = found(shop, code=5)
    assert document["compatible"] is False
    hits = [f for f in document["findings"] if f["rule"] == rule and f["subject"] == subject]
    assert hits, document["findings"]
    assert hits[0]["service"] == "shop" and hits[0]["file"] == "services/shop/proto/shop.proto"
    assert hits[0]["breaks"] == ["till"] and hits[0]["message"]


def test_the_line_is_where_the_change_is(shop):
    change(shop, ("int32 count", "string count"))
    line = (shop / "services/shop/proto/shop.proto").read_text().split("\n").index("  string count = 2;") + 1
    assert found(shop, code=5)["findings"][0]["line"] == line


def test_the_report_says_field_rule_and_consumer(shop):
    change(shop, ("int32 count = 2;", ""))
    text = msctl(shop, "api", "check", "--base", "main", code=5).stdout
    assert "services/shop/proto/shop.proto:" in text and "shop.v1.Item.count" in text
    assert "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED" in text and "reserved 2;" in text
    assert "broken  shop: 2 changes break till" in text
    change(shop, ("string id = 1;\n", "string id = 1;\n  int32 count = 2;\n"))
    git(shop, "checkout", "-q", ".")
    assert "shop: compatible with main" in msctl(shop, "api", "check", "--base", "main").stdout


def test_junit(shop):
    change(shop, ("int32 count = 2;", ""))
    msctl(shop, "api", "check", "--base", "HEAD", "--junit", "out.xml", code=5)
    suite = xml.etree.ElementTree.parse(shop / "out.xml").getroot()
    failures = suite.findall(".//failure")
    assert len(failures) == 2 and "reserve" in failures[0].attrib["message"]
    msctl(shop, "api", "check", "--base", "HEAD", "--junit", "/nowhere/out.xml", code=1)


def test_deleted_files_and_services(shop):
    (shop / "services/shop/proto/shop.proto").unlink()
    assert {f["rule"] for f in found(shop, code=5)["findings"]} == {"PACKAGE_NO_DELETE"}
    (shop / "compatibility.yaml").write_text("api: {use: [FILE, PACKAGE]}\n")
    assert {"FILE_NO_DELETE", "PACKAGE_NO_DELETE"} <= {f["rule"] for f in found(shop, code=5)["findings"]}
    (shop / "compatibility.yaml").unlink()
    shutil.rmtree(shop / "services/shop")
    (shop / "msctl.yaml").write_text("version: 1\nservices:\n  clock: {command: [sleep, '9']}\n")
    gone = found(shop, code=5)["findings"]
    assert [(f["service"], f["rule"], f["subject"]) for f in gone] == [("shop", "PACKAGE_NO_DELETE", "shop.v1")]


def test_rules_are_chosen(shop):
    change(shop, ("int32 count", "int32 amount"))
    (shop / "services/shop/compatibility.yaml").write_text("api: {use: [WIRE]}\n")
    found(shop, code=0)
    (shop / "services/shop/compatibility.yaml").write_text("api: {except: [FIELD_SAME_NAME, FIELD_SAME_JSON_NAME]}\n")
    found(shop, code=0)
    for ignored in ("shop.v1.Item", "shop.v1", "services/shop/proto", "services/shop/proto/shop.proto"):
        (shop / "compatibility.yaml").write_text(f"api: {{ignore: ['{ignored}']}}\n")
        (shop / "services/shop/compatibility.yaml").unlink(missing_ok=True)
        found(shop, code=0)
    for other in ("shop.v1.It", "shop", "services/shop/prot"):
        if other != "shop":
            (shop / "compatibility.yaml").write_text(f"api: {{ignore: ['{other}']}}\n")
            found(shop, code=5)
    (shop / "compatibility.yaml").write_text("api: {ignore_only: {FIELD_SAME_NAME: [shop.v1.Item]}}\n")
    assert {f["rule"] for f in found(shop, code=5)["findings"]} == {"FIELD_SAME_JSON_NAME"}
    (shop / "compatibility.yaml").write_text("api: {use: [FIELD_SAME_LABEL]}\n")  # an old name of buf's
    found(shop, code=0)


@pytest.mark.parametrize("text, problem", [
    ("api: {use: [FIELD_SAME_NAMES]}", "did you mean FIELD_SAME_NAME?"),
    ("api: {ignore_only: {NOPE: []}}", "there is no rule or category \"NOPE\""),
    ("api: {used: []}", "compatibility.yaml:1: api.used: unknown key; did you mean use?"),
    ("api: []", "compatibility.yaml:1: api: expected a map"),
    ("api:\n  use: WIRE", "compatibility.yaml:2: api.use: expected a list of texts"),
    ("- a", "compatibility.yaml:1: expected a map"),
    ("api: {", "compatibility.yaml:"),
    ("events: {a.b: 5}", "expected a mode"),
])
def test_wrong_preferences_are_said(shop, text, problem):
    (shop / "compatibility.yaml").write_text(text)
    assert problem in msctl(shop, "api", "check", "--base", "HEAD", code=2).stderr


def test_wrong_arguments_are_said(shop):
    assert "compared with what?" in msctl(shop, "api", "check", code=2).stderr
    assert "git knows no revision \"nope\"" in msctl(shop, "api", "check", "--base", "nope", code=2).stderr
    assert "shap" in msctl(shop, "api", "check", "shap", "--base", "HEAD", code=2).stderr
    msctl(shop, "api", "fly", code=2)


def test_a_broken_proto_is_one_line(shop):
    change(shop, ("int32 count = 2;", "Nope count = 2;"))
    done = msctl(shop, "api", "check", "--base", "HEAD", code=2)
    assert "services/shop/proto/shop.proto:12:3: \"Nope\" is not defined" in done.stderr and done.stdout == ""


def test_outside_git_that_is_said(shop, tmp_path):
    shutil.copytree(shop, tmp_path / "x", ignore=shutil.ignore_patterns(".git"))
    done = subprocess.run([MSCTL, "api", "check", "--base", "HEAD"], cwd=tmp_path / "x", capture_output=True, text=True,
                          env={**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path)})
    assert done.returncode == 2 and "git" in done.stderr


def test_compares_with_where_the_branches_parted(shop):
    """What main got meanwhile is not missed here."""
    git(shop, "checkout", "-qb", "feature")
    git(shop, "checkout", "-q", "main")
    change(shop, ("int32 count = 2;", "int32 count = 2; int32 later = 11;"))
    git(shop, "commit", "-qam", "two")
    git(shop, "checkout", "-q", "feature")
    try:
        msctl(shop, "api", "check", "--base", "main")
    finally:
        git(shop, "checkout", "-q", "main")
        git(shop, "reset", "-q", "--hard", "HEAD~1")
        git(shop, "branch", "-qD", "feature")


def test_imports_beside_the_file_and_from_the_root(shop):
    (shop / "services/shop/proto/more.proto").write_text('syntax = "proto3";\npackage shop.v1;\nimport "extra.proto";\nmessage M { E e = 1; }\n')
    (shop / "services/shop/proto/extra.proto").write_text('syntax = "proto3";\npackage shop.v1;\nmessage E { int32 a = 1; }\n')
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "two")
    try:
        found(shop, code=0)
        change(shop, ("int32 a", "string a"), path="services/shop/proto/extra.proto")
        hit, = found(shop, code=5)["findings"]
        assert hit["file"] == "services/shop/proto/extra.proto" and hit["line"] == 3
    finally:
        git(shop, "reset", "-q", "--hard", "HEAD~1")


def openapi(**changes):
    document = {"openapi": "3.1.0", "info": {"title": "shop", "version": "1"}, "paths": {"/v1/items/{id}": {
        "get": {"parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                               {"name": "page_size", "in": "query", "schema": {"type": "integer", "maximum": 100}}],
                "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}}}}},
        "post": {"requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/New"}}}},
                 "responses": {"201": {"description": "ok"}}}}},
        "components": {"schemas": {
            "Item": {"type": "object", "properties": {"id": {"type": "string"}, "kind": {"type": "string", "enum": ["a", "b"]},
                                                      "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}},
                     "required": ["id", "kind"]},
            "New": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 9}, "size": {"type": "integer"}}, "required": ["name"]}}}}
    return document


ITEM = ("components", "schemas", "Item")
NEW = ("components", "schemas", "New")
GET = ("paths", "/v1/items/{id}", "get")
POST = ("paths", "/v1/items/{id}", "post")
REST_BROKEN = {
    "operation gone": ((*GET[:2],), lambda d: d.pop("get"), "REST_OPERATION_NO_DELETE", "GET /v1/items/{id}"),
    "path gone": (("paths",), lambda d: d.clear(), "REST_OPERATION_NO_DELETE", "POST /v1/items/{id}"),
    "parameter gone": ((*GET, "parameters"), lambda d: d.pop(1), "REST_PARAMETER_NO_DELETE", "GET /v1/items/{id} query page_size"),
    "parameter narrower": ((*GET, "parameters", 1, "schema"), lambda d: d.update(maximum=50), "REST_PARAMETER_SAME_TYPE", "GET /v1/items/{id} query page_size"),
    "parameter required": ((*GET, "parameters", 1), lambda d: d.update(required=True), "REST_PARAMETER_NOT_REQUIRED", "GET /v1/items/{id} query page_size"),
    "required parameter added": ((*GET, "parameters"), lambda d: d.append({"name": "x", "in": "header", "required": True, "schema": {}}),
                                 "REST_PARAMETER_NOT_REQUIRED", "GET /v1/items/{id} header x"),
    "request field gone": ((*NEW, "properties"), lambda d: d.pop("size"), "REST_REQUEST_FIELD_NO_DELETE", "POST /v1/items/{id} request.size"),
    "request field required": ((*NEW, "required"), lambda d: d.append("size"), "REST_REQUEST_FIELD_NOT_REQUIRED", "POST /v1/items/{id} request.size"),
    "request narrower": ((*NEW, "properties", "name"), lambda d: d.update(maxLength=5), "REST_REQUEST_SAME_TYPE", "POST /v1/items/{id} request.name"),
    "request another type": ((*NEW, "properties", "size"), lambda d: d.update(type="string"), "REST_REQUEST_SAME_TYPE", "POST /v1/items/{id} request.size"),
    "response field gone": ((*ITEM, "properties"), lambda d: d.pop("parts"), "REST_RESPONSE_FIELD_NO_DELETE", "GET /v1/items/{id} response.parts"),
    "response field now and then": ((*ITEM, "required"), lambda d: d.remove("kind"), "REST_RESPONSE_FIELD_NO_DELETE", "GET /v1/items/{id} response.kind"),
    "response wider": ((*ITEM, "properties", "kind", "enum"), lambda d: d.append("c"), "REST_RESPONSE_SAME_TYPE", "GET /v1/items/{id} response.kind"),
    "response another type": ((*ITEM, "properties", "id"), lambda d: d.update(type="integer"), "REST_RESPONSE_SAME_TYPE", "GET /v1/items/{id} response.id"),
    "status": ((*POST, "responses"), lambda d: d.update({"200": d.pop("201")}), "REST_STATUS_NO_DELETE", "POST /v1/items/{id} 201"),
    "media type": ((*GET, "responses", "200", "content"), lambda d: d.update({"text/csv": d.pop("application/json")}),
                   "REST_MEDIA_TYPE_NO_DELETE", "GET /v1/items/{id} response"),
}
REST_GOOD = {
    "path renamed parameter": (("paths",), lambda d: d.update({"/v1/items/{key}": d.pop("/v1/items/{id}")})),
    "response field added": ((*ITEM, "properties"), lambda d: d.update(more={"type": "string"})),
    "response narrower": ((*ITEM, "properties", "kind", "enum"), lambda d: d.remove("b")),
    "request field added": ((*NEW, "properties"), lambda d: d.update(more={"type": "string"})),
    "request wider": ((*NEW, "properties", "size"), lambda d: d.update(type="number")),
    "parameter wider": ((*GET, "parameters", 1, "schema"), lambda d: d.pop("maximum")),
    "no longer required": ((*NEW, "required"), lambda d: d.clear()),
}


@pytest.fixture
def documented(shop):
    (shop / "services/shop/openapi.json").write_text(json.dumps(openapi()))
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "two")
    yield shop
    git(shop, "reset", "-q", "--hard", "HEAD~1")


def rewrite(folder, path, act):
    document = openapi()
    at = document
    for step in path:
        at = at[step]
    act(at)
    (folder / "services/shop/openapi.json").write_text(json.dumps(document))


@pytest.mark.parametrize("path, act, rule, subject", REST_BROKEN.values(), ids=REST_BROKEN.keys())
def test_a_breaking_change_of_rest_is_named(documented, path, act, rule, subject):
    rewrite(documented, path, act)
    findings = found(documented, code=5)["findings"]
    assert (rule, subject) in [(f["rule"], f["subject"]) for f in findings], findings
    assert {f["file"] for f in findings} == {"services/shop/openapi.json"}


@pytest.mark.parametrize("path, act", REST_GOOD.values(), ids=REST_GOOD.keys())
def test_a_compatible_change_of_rest_passes(documented, path, act):
    rewrite(documented, path, act)
    found(documented, code=0)


@pytest.mark.parametrize("text", ["{", "[]", '{"paths": 5}', '{"paths": {"/a": []}}', '{"paths": {"/v1/items/{id}": {"get": {"parameters": [1, {"$ref": "#/x"}]}}}}',
                                  '{"paths": {"/v1/items/{id}": {"get": {"parameters": 5, "responses": []}}}}'])
def test_a_hostile_document_is_survived(documented, text):
    (documented / "services/shop/openapi.json").write_text(text)
    done = subprocess.run([MSCTL, "api", "check", "--base", "HEAD"], cwd=documented, capture_output=True, text=True, timeout=30)
    assert done.returncode in (2, 5)
    git(documented, "commit", "-qam", "three")
    try:
        (documented / "services/shop/openapi.json").write_text(json.dumps(openapi()))
        done = subprocess.run([MSCTL, "api", "check", "--base", "HEAD"], cwd=documented, capture_output=True, text=True, timeout=30)
        assert done.returncode in (0, 2, 5)
    finally:
        git(documented, "reset", "-q", "--hard", "HEAD~1")


def test_the_rules_are_listed():
    listed = json.loads(msctl(ROOT, "api", "rules", "--output", "json").stdout)
    assert len(listed) > 60 and {"rule", "categories", "purpose"} == set(listed[0])
    page = (ROOT / "docs/api-check.md").read_text()
    assert [r["rule"] for r in listed if r["rule"].startswith("REST_") and r["rule"] not in page] == []


def test_the_reference_system(tmp_path):
    """A field that order-service needs is taken out of user-service's proto."""
    for path in ("msctl.yaml", *(str(p.relative_to(ROOT)) for p in [*ROOT.glob("services/*/service.yaml"), *ROOT.glob("services/*/proto/*.proto"),
                                                                    *ROOT.glob("services/*/openapi.json")])):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    msctl(tmp_path, "api", "check", "--base", "main")
    change(tmp_path, ("  string email = 2;\n  string name = 3;", "  string name = 3;"), path="services/user/proto/user.proto")
    done = msctl(tmp_path, "api", "check", "--base", "main", code=5)
    assert "user.v1.User.email" in done.stdout and "broken  user-service" in done.stdout
    assert "order-service" in done.stdout.split("broken  user-service")[1].splitlines()[0]
    assert "order-service: compatible" in done.stdout


def test_a_folder_that_moved_is_the_same_service(shop):
    git(shop, "mv", "services/shop", "services/store")
    change(shop, ("path: services/shop", "path: services/store"), path="msctl.yaml")
    assert found(shop, code=0)["compatible"]
    change(shop, ("int32 count", "string count"), path="services/store/proto/shop.proto")
    finding, = found(shop, code=5)["findings"]
    assert finding["rule"] == "FIELD_WIRE_JSON_COMPATIBLE_TYPE" and finding["file"] == "services/store/proto/shop.proto"


def test_what_was_broken_before_is_said_to_be_of_then(shop):
    git(shop, "checkout", "-qB", "side")
    change(shop, ("message Spare", "message {} message Spare"))
    git(shop, "commit", "-qam", "broken")
    change(shop, ("message {} message Spare", "message Spare"))
    assert "as it was at --base, services/shop/proto/shop.proto:" in msctl(shop, "api", "check", "--base", "HEAD", code=2).stderr


TEXTS = {"type": "string"}
BODY = lambda schema: {"requestBody": {"content": {"application/json": {"schema": schema}}}}
ANSWER = lambda schema: {"responses": {"200": {"description": "x", "content": {"application/json": {"schema": schema}}}}}
PARAMETER = lambda schema, place="query", name="tag": {"parameters": [{"name": name, "in": place, "required": place == "path", "schema": schema}]}
HEADED = lambda *names: {"responses": {"200": {"description": "x", "headers": {name: {"schema": TEXTS} for name in names}}}}

# What each of them adds to a schema takes values away; of the first ones, in answers as well.
NARROWER = [{"minProperties": 2}, {"maxProperties": 2}, {"propertyNames": {"maxLength": 5}}, {"not": {"required": ["a"]}},
            {"dependentRequired": {"a": ["b"]}}, {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
            {"dependentSchemas": {"a": {"required": ["b"]}}}, {"patternProperties": {"^x-": TEXTS}},
            {"additionalProperties": TEXTS}, {"unevaluatedProperties": False}]


@pytest.mark.parametrize("old, new, rule", [
    (PARAMETER({"type": "array", "items": TEXTS}), PARAMETER({"type": "array", "items": {"type": "integer"}}), "REST_PARAMETER_SAME_TYPE"),
    (PARAMETER(TEXTS, "path", "id"), PARAMETER({"type": "integer"}, "path", "id"), "REST_PARAMETER_SAME_TYPE"),
    (BODY({"type": "object"}), BODY({"type": "object", "additionalProperties": False}), "REST_REQUEST_SAME_TYPE"),
    (BODY({"const": "x"}), BODY({"const": "y"}), "REST_REQUEST_SAME_TYPE"),
    *[(BODY({"type": "object"}), BODY({"type": "object", **more}), "REST_REQUEST_SAME_TYPE") for more in NARROWER],
    *[(BODY({"type": "object", **more}), BODY({"type": "object"}), None) for more in NARROWER],
    *[(BODY({"type": "object", **more}), BODY({"type": "object", **more, "title": "x"}), None) for more in NARROWER],
    *[(ANSWER({"type": "object", **more}), ANSWER({"type": "object"}), "REST_RESPONSE_SAME_TYPE") for more in NARROWER[:7]],
    (BODY({"minProperties": 2}), BODY({"minProperties": 1}), None),
    (BODY({"propertyNames": {"maxLength": 5}}), BODY({"propertyNames": {"maxLength": 9}}), None),
    (BODY({"propertyNames": {"maxLength": 5}}), BODY({"propertyNames": {"maxLength": 3}}), "REST_REQUEST_SAME_TYPE"),
    (BODY({"required": ["b"]}), BODY({"required": ["b"], "dependentRequired": {"a": ["b"]}}), None),
    (BODY({"dependentRequired": {"a": ["b", "c"]}}), BODY({"dependentRequired": {"a": ["b"]}}), None),
    (BODY({"dependentRequired": {"a": ["b"]}}), BODY({"dependentRequired": {"a": ["b", "c"]}}), "REST_REQUEST_SAME_TYPE"),
    (BODY({"additionalProperties": False}), BODY({"additionalProperties": False, "patternProperties": {"^x-": {}}}), None),
    (BODY({"not": {"required": ["a"]}}), BODY({"not": {"required": ["b"]}}), "REST_REQUEST_SAME_TYPE"),
    (BODY({"type": "array"}), BODY({"type": "array", "items": TEXTS}), "REST_REQUEST_SAME_TYPE"),
    (BODY({"type": "array"}), BODY({"type": "array", "items": {}}), None),
    (BODY({"type": "array"}), BODY({"type": "array", "contains": TEXTS}), "REST_REQUEST_SAME_TYPE"),
    (BODY({"type": "integer"}), BODY({"type": "integer", "multipleOf": 5}), "REST_REQUEST_SAME_TYPE"),
    (BODY({"type": "integer", "multipleOf": 10}), BODY({"type": "integer", "multipleOf": 5}), None),
    (BODY({"type": "array"}), BODY({"type": "array", "uniqueItems": True}), "REST_REQUEST_SAME_TYPE"),
    (BODY({"oneOf": [TEXTS, {"type": "null"}]}), BODY({"oneOf": [TEXTS]}), "REST_REQUEST_SAME_TYPE"),
    (BODY({"oneOf": [TEXTS]}), BODY({"oneOf": [TEXTS, {"type": "null"}]}), None),
    (BODY({"allOf": [{"properties": {"a": TEXTS}}]}), BODY({"allOf": [{"properties": {}}]}), "REST_REQUEST_FIELD_NO_DELETE"),
    (ANSWER({"anyOf": [TEXTS]}), ANSWER({"anyOf": [TEXTS, {"type": "null"}]}), "REST_RESPONSE_SAME_TYPE"),
    (ANSWER({"anyOf": [TEXTS, {"type": "null"}]}), ANSWER({"anyOf": [TEXTS]}), None),
    (ANSWER({"const": "x"}), ANSWER({"enum": ["x", "y"]}), "REST_RESPONSE_SAME_TYPE"),
    ({}, {"security": [{"bearer": []}]}, "REST_SECURITY_NOT_REQUIRED"),
    ({}, {"security": [{"bearer": []}, {}]}, None),
    (HEADED("Location", "Other"), HEADED("Other"), "REST_RESPONSE_FIELD_NO_DELETE"),
], ids=str)
def test_what_a_document_says_in_other_keywords(shop, old, new, rule):
    document = shop / "services/shop/openapi.json"
    written = lambda operation: document.write_text(json.dumps({"paths": {"/x/{id}": {"get": {"responses": {"200": {"description": "x"}}, **operation}}}}))
    written(old)
    git(shop, "checkout", "-qB", "side")
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "document")
    written(new)
    assert [f["rule"] for f in found(shop, code=5 if rule else 0)["findings"]] == ([rule] if rule else [])


def test_a_path_that_is_a_reference_is_the_same_path(shop):
    document = shop / "services/shop/openapi.json"
    item = {"get": {"responses": {"200": {"description": "x"}}}}
    document.write_text(json.dumps({"paths": {"/x": item}}))
    git(shop, "checkout", "-qB", "side")
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "document")
    document.write_text(json.dumps({"paths": {"/x": {"$ref": "#/components/pathItems/X"}}, "components": {"pathItems": {"X": item}}}))
    found(shop, code=0)
