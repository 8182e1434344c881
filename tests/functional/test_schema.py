"""`msctl schema`: versions of an event against each other and against git, in every mode, and who is told of a break."""

import json
import os
import subprocess
import xml.etree.ElementTree

import pytest
import yaml

from conftest import ROOT
from git_repository import git

MSCTL = os.environ.get("MSCTL_BIN", str(ROOT / "build/release/bin/msctl"))
TEXT = {"type": "string"}


def schema(version, properties, required=("id",), **more):
    return {"$id": f"urn:msctl:event:thing.made:{version}", "type": "object", "properties": properties, "required": list(required), **more}


def msctl(folder, *words, code=0):
    done = subprocess.run([MSCTL, "schema", *words], cwd=folder, capture_output=True, text=True, timeout=30)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done


class Shop:
    def __init__(self, folder):
        self.folder = folder
        (folder / "maker/events").mkdir(parents=True)
        (folder / "msctl.yaml").write_text(
            "version: 1\nname: shop\nbroker: nats\nservices:\n  nats: {command: [sleep, '9'], ports: {client: 0}}\n  maker: {path: maker}\n"
            "  reader: {command: [sleep, '9'], consumes: [thing.made]}\n  other: {command: [sleep, '9']}\n")
        (folder / "maker/service.yaml").write_text("name: maker\ncommand: [sleep, '9']\npublishes: [thing.made]\n")

    def put(self, version, value):
        text = value if isinstance(value, str) else json.dumps(value)
        (self.folder / f"maker/events/thing.made.v{version}.schema.json").write_text(text)
        return self

    def mode(self, mode, policy=None):
        (self.folder / "compatibility.yaml").write_text(f"events: {{default: {mode}{f', policy: {policy}' if policy else ''}}}\n")
        return self

    def commit(self):
        git(self.folder, "init", "-q", "-b", "main")
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "-qm", "one")
        return self

    def check(self, *words, code=0):
        return json.loads(msctl(self.folder, "check", "--output", "json", *words, code=code).stdout)


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path / "shop")


ONE = schema(1, {"id": TEXT, "size": {"type": "integer"}})


@pytest.mark.parametrize("two, backward, forward", [
    (schema(2, {"id": TEXT, "size": {"type": "integer"}, "note": TEXT}), True, True),  # an optional one came
    (schema(2, {"id": TEXT}), True, True),  # an optional one went
    (schema(2, {"id": TEXT, "size": {"type": "integer"}, "note": TEXT}, ["id", "note"]), False, True),  # a required one came
    (schema(2, {"size": {"type": "integer"}}, []), True, False),  # a required one went
    (schema(2, {"id": TEXT, "size": {"type": "number"}}), True, False),  # wider
    (schema(2, {"id": TEXT, "size": {"type": "integer", "minimum": 1}}), False, True),  # narrower
    (schema(2, {"id": TEXT, "size": TEXT}), False, False),  # another type
    (schema(2, {"id": TEXT, "size": {"type": "integer"}}, ["id", "size"]), False, True),
    (schema(2, {"id": TEXT, "size": {"type": "integer"}}, []), True, False),
    (schema(2, {"id": TEXT, "size": {"type": "integer"}}, additionalProperties=False), False, True),
    (schema(2, {"id": TEXT, "size": {"type": "integer"}}, description="more words", title="T"), True, True),
], ids=["optional came", "optional went", "required came", "required went", "wider", "narrower", "type", "became required",
        "no longer required", "closed", "words"])
def test_each_mode_asks_its_question(shop, two, backward, forward):
    shop.put(1, ONE).put(2, two)
    for mode in ("BACKWARD", "BACKWARD_TRANSITIVE"):
        shop.mode(mode).check(code=0 if backward else 5)
    for mode in ("FORWARD", "FORWARD_TRANSITIVE"):
        shop.mode(mode).check(code=0 if forward else 5)
    for mode in ("FULL", "FULL_TRANSITIVE"):
        shop.mode(mode).check(code=0 if backward and forward else 5)
    shop.mode("NONE").check()


def test_the_default_is_full_transitive(shop):
    """Deleted, then back with another type: each step is fine, the whole is not."""
    shop.put(1, ONE).put(2, schema(2, {"id": TEXT})).put(3, schema(3, {"id": TEXT, "size": TEXT}))
    for mode in ("BACKWARD", "FULL", "FORWARD"):
        shop.mode(mode).check()
    (shop.folder / "compatibility.yaml").unlink()
    document = shop.check(code=5)
    assert document["events"][0]["mode"] == "FULL_TRANSITIVE"
    assert {(f["field"], f["rule"]) for f in document["findings"]} == {("size", "TYPE_CHANGED")}


def test_a_finding_names_field_rule_and_consumer(shop):
    inner = lambda kind: {"id": TEXT, "items": {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": kind}}}}}
    shop.put(1, schema(1, inner("string"))).put(2, schema(2, inner("integer")))
    finding = shop.check(code=5)["findings"][0]
    assert finding["event"] == "thing.made" and finding["service"] == "maker" and finding["rule"] == "TYPE_CHANGED"
    assert finding["field"] == "items[].sku" and finding["pointer"] == "#/properties/items/items/properties/sku"
    assert finding["breaks"] == ["reader"] and finding["file"] == "maker/events/thing.made.v2.schema.json"
    text = msctl(shop.folder, "check", code=5).stdout
    assert "items[].sku" in text and "TYPE_CHANGED" in text and "broken  thing.made: breaks reader" in text


def test_policies(shop):
    shop.put(1, ONE).put(2, schema(2, {**ONE["properties"], "note": TEXT}))
    shop.mode("BACKWARD").check()
    shop.mode("BACKWARD", "strict").check(code=5)
    shop.put(1, {**ONE, "additionalProperties": False}).put(2, schema(2, {"id": TEXT}, additionalProperties=False))
    shop.mode("BACKWARD").check(code=5)
    shop.mode("BACKWARD", "lenient").check()


def test_a_mode_of_one_event(shop):
    shop.put(1, ONE).put(2, schema(2, {"id": TEXT, "size": {"type": "number"}}))
    shop.check(code=5)
    (shop.folder / "maker/compatibility.yaml").write_text("events: {thing.made: BACKWARD}\n")
    shop.check()


@pytest.mark.parametrize("files, rule", [
    ({}, "EVENT_HAS_SCHEMA"),
    ({"thing.made.v1.schema.json": "{"}, "SCHEMA_VALID"),
    ({"thing.made.v1.schema.json": "[]"}, "SCHEMA_VALID"),
    ({"thing.made.v1.schema.json": '{"a": 1, "a": 2}'}, "SCHEMA_VALID"),
    ({"thing.made.v1.schema.json": json.dumps({**ONE, "$id": "urn:x"})}, "SCHEMA_VALID"),
    ({"thing.made.v1.schema.json": json.dumps(ONE), "thing.made.json": "{}"}, "SCHEMA_VALID"),
    ({"thing.made.v1.schema.json": json.dumps(ONE), "thing.made.v01.schema.json": "{}"}, "SCHEMA_VALID"),
    ({"thing.made.v1.schema.json": json.dumps(ONE), "thing.lost.v1.schema.json": '{"$id": "urn:msctl:event:thing.lost:1"}'}, "SCHEMA_HAS_EVENT"),
])
def test_wrong_files_are_named(shop, files, rule):
    for name, text in files.items():
        (shop.folder / "maker/events" / name).write_text(text)
    assert rule in {f["rule"] for f in shop.check(code=5)["findings"]}


@pytest.mark.parametrize("text", [
    json.dumps({**ONE, "properties": {"id": {"$ref": "#"}}}), json.dumps({**ONE, "properties": {"id": {"$ref": "#/$defs/gone"}}}),
    json.dumps({**ONE, "properties": {"id": {"$ref": "#/properties/id"}}}), json.dumps({**ONE, "properties": 5, "required": 7}),
    json.dumps({**ONE, "type": 9, "enum": {}, "allOf": {}, "items": "x", "pattern": 3, "maximum": "a"}),
    json.dumps({**ONE, "patternProperties": {"(": {}}, "not": 4, "oneOf": []}),
    json.dumps({**ONE, "oneOf": [{"$ref": "#"}] * 12, "anyOf": [{"$ref": "#"}] * 12}),
], ids=["itself", "gone", "loop", "numbers", "nonsense", "pattern", "many"])
def test_hostile_schemas_end(shop, text):
    shop.put(1, text).put(2, text.replace("made:1", "made:2")).put(3, schema(3, {"id": {"type": "integer"}}))
    done = subprocess.run([MSCTL, "schema", "check"], cwd=shop.folder, capture_output=True, text=True, timeout=30)
    assert done.returncode in (0, 1, 5), done.stderr


@pytest.mark.parametrize("text, what", [
    (json.dumps({**ONE, "properties": {"id": {"$ref": "http://127.0.0.1:9/x"}}}), "leads out of this file"),
    (json.dumps({**ONE, "properties": {"id": {"$ref": "#/$defs/gone"}}}), "leads nowhere"),
    (json.dumps({**ONE, "properties": {"id": {"type": "strng"}}}), "#/properties/id/type: expected object"),
    (json.dumps({**ONE, "properties": {"id": {"typ": "string"}}}), "#/properties/id/typ: JSON Schema has no such keyword; did you mean type?"),
    (json.dumps({**ONE, "$schema": "http://example.com/mine"}), "expected draft 7"),
    (json.dumps(ONE) + "\0{", "not what JSON allows"), ("", "ends too early"), ("[" * 100_000, "nested deeper"), (" " * (2 << 20), "larger than 1 MiB"),
], ids=["remote", "dangling", "type", "keyword", "draft", "nul", "empty", "deep", "huge"])
def test_a_schema_that_says_nothing_is_no_promise(shop, text, what):
    """One finding with the reason, for those who consume the event; not that there were no file."""
    finding, = shop.put(1, text).check(code=5)["findings"]
    assert finding["rule"] == "SCHEMA_VALID" and what in finding["message"] and finding["breaks"] == ["reader"]


def test_a_schema_with_which_a_service_does_not_start(shop):
    """Only what is compiled into a service on the chassis is held to the keywords that it checks."""
    shop.put(1, {**ONE, "propertyNames": {"maxLength": 9}}).check()
    (shop.folder / "maker/CMakeLists.txt").write_text("msctl_events(maker maker)\n")
    finding, = shop.check(code=5)["findings"]
    assert finding["rule"] == "SCHEMA_VALID" and "#/propertyNames: a service on the chassis does not start" in finding["message"]
    shop.put(1, ONE).check()


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: path.symlink_to("gone"), os.mkfifo], ids=["folder", "link", "fifo"])
def test_what_is_no_file_is_called_so(shop, make):
    make(shop.folder / "maker/events/thing.made.v1.schema.json")
    finding, = shop.check(code=5)["findings"]
    assert finding["rule"] == "SCHEMA_VALID" and "no file" in finding["message"]


def test_an_empty_base_is_not_taken_for_none(shop):
    shop.put(1, ONE).commit()
    assert "compared with what?" in msctl(shop.folder, "check", "--base", "", code=2).stderr
    shop.put(1, {**ONE, "properties": {"id": TEXT}}).check()  # without one, git is not asked


def test_a_file_that_moved_is_the_same_promise(shop):
    shop.put(1, ONE).commit()
    git(shop.folder, "mv", "maker", "factory")
    (shop.folder / "msctl.yaml").write_text((shop.folder / "msctl.yaml").read_text().replace("path: maker", "path: factory"))
    shop.check("--base", "main")
    (shop.folder / "factory/events/thing.made.v1.schema.json").write_text(json.dumps({**ONE, "properties": {"id": TEXT, "size": TEXT}}))
    assert {f["rule"] for f in shop.check("--base", "main", code=5)["findings"]} == {"TYPE_CHANGED"}


def test_an_event_that_is_given_up(shop):
    shop.put(1, ONE).commit()
    (shop.folder / "maker/events/thing.made.v1.schema.json").unlink()
    (shop.folder / "maker/service.yaml").write_text("name: maker\ncommand: [sleep, '9']\n")
    finding, = shop.check("--base", "main", code=5)["findings"]
    assert finding["rule"] == "PUBLISHED_SCHEMA_DELETED"
    (shop.folder / "compatibility.yaml").write_text("events: {thing.made: NONE}\n")
    shop.check("--base", "main")


def test_a_published_version_does_not_change(shop):
    shop.put(1, ONE).commit()
    shop.check("--base", "main")
    shop.put(1, {**ONE, "description": "words", "properties": {**ONE["properties"], "size": {"type": "integer", "title": "T"}}})
    shop.check("--base", "main")  # words only
    shop.put(1, {**ONE, "properties": {**ONE["properties"], "note": TEXT}})
    finding, = shop.check("--base", "main", code=5)["findings"]
    assert finding["rule"] == "PUBLISHED_SCHEMA_CHANGED" and "thing.made.v2.schema.json" in finding["message"]
    shop.put(1, {**ONE, "properties": {"id": TEXT, "size": TEXT}})
    assert {(f["rule"], f["field"]) for f in shop.check("--base", "main", code=5)["findings"]} == {("TYPE_CHANGED", "size")}
    shop.check()  # without git there is one version only
    shop.put(1, ONE).put(2, schema(2, {**ONE["properties"], "note": TEXT}))
    shop.check("--base", "main")
    (shop.folder / "maker/events/thing.made.v1.schema.json").unlink()
    finding, = shop.check("--base", "main", code=5)["findings"]
    assert finding["rule"] == "PUBLISHED_SCHEMA_DELETED" and finding["breaks"] == ["reader"]


def test_selection_and_mistakes(shop):
    shop.put(1, ONE).put(2, schema(2, {"id": TEXT, "size": TEXT}))
    shop.check("maker", code=5)
    shop.check("thing.made", code=5)
    shop.check("other")
    assert "did you mean thing.made?" in msctl(shop.folder, "check", "thing.mode", code=2).stderr
    shop.mode("FULLY")
    assert "did you mean FULL?" in msctl(shop.folder, "check", code=2).stderr
    shop.mode("FULL", "loose")
    assert "strict, extensible or lenient" in msctl(shop.folder, "check", code=2).stderr
    msctl(shop.folder, "fly", code=2)
    shop.mode("FULL")
    assert "in no git work tree" in msctl(shop.folder, "check", "--base", "main", code=2).stderr
    shop.commit()
    assert "nope" in msctl(shop.folder, "check", "--base", "nope", code=2).stderr


def test_list_and_diff(shop):
    shop.put(1, ONE).put(2, schema(2, {"id": TEXT, "size": {"type": "number"}}))
    listed, = json.loads(msctl(shop.folder, "list", "--output", "json").stdout)
    assert listed["event"] == "thing.made" and listed["consumers"] == ["reader"] and [v["version"] for v in listed["versions"]] == [1, 2]
    assert "thing.made" in msctl(shop.folder, "list").stdout
    assert json.loads(msctl(shop.folder, "list", "other", "--output", "json").stdout) == []
    assert "did you mean thing.made?" in msctl(shop.folder, "list", "thing.mode", code=2).stderr
    rows = json.loads(msctl(shop.folder, "diff", "thing.made", "--output", "json").stdout)
    wanted = {"v2": ("TYPE_EXTENDED", True), "v1": ("TYPE_NARROWED", False)}
    for reader, (rule, good) in wanted.items():
        assert (reader, rule, good) in [(r["reader"], r["rule"], r["compatible"]) for r in rows]
    assert "no difference" in msctl(shop.folder, "diff", "thing.made", "--from", "1", "--to", "1").stdout
    msctl(shop.folder, "diff", "thing.made", "--from", "7", code=2)
    msctl(shop.folder, "diff", "thing.lost", code=2)
    (shop.folder / "maker/events/thing.made.v2.schema.json").unlink()
    assert "has only version 1" in msctl(shop.folder, "diff", "thing.made", code=2).stderr
    msctl(shop.folder, "diff", code=2)


def test_consumers_and_the_versions_that_they_know(shop):
    """As their sources say: msctl_consumes() with files, the folder `consumes`, or nothing."""
    two = schema(2, {**ONE["properties"], "note": TEXT})
    shop.put(1, ONE).put(2, two)
    whole = yaml.safe_load((shop.folder / "msctl.yaml").read_text())
    for name in ("compiled", "copied", "silent"):
        home = shop.folder / name
        home.mkdir()
        (home / "service.yaml").write_text(f"name: {name}\ncommand: [sleep, '9']\nconsumes: [thing.made]\n")
        whole["services"][name] = {"path": name}
    (shop.folder / "msctl.yaml").write_text(yaml.safe_dump(whole))
    (shop.folder / "compiled/CMakeLists.txt").write_text(
        "msctl_module(compiled)\nmsctl_consumes(compiled compiled ../maker/events/thing.made.v2.schema.json\n"
        "  ../maker/events/thing.made.v1.schema.json)  # both\n")
    copy = shop.folder / "copied/consumes/thing.made.v1.schema.json"
    copy.parent.mkdir()
    copy.write_text(json.dumps({**ONE, "description": "other words"}))
    listed, = json.loads(msctl(shop.folder, "list", "--output", "json").stdout)
    assert listed["consumers"] == ["compiled", "copied", "reader", "silent"]
    assert listed["knows"] == {"compiled": [1, 2], "copied": [1]}
    assert "compiled (v1, v2), copied (v1), reader, silent" in msctl(shop.folder, "list").stdout
    shop.check()
    copy.write_text(json.dumps({**ONE, "required": []}))
    finding, = shop.check(code=5)["findings"]
    assert finding["rule"] == "COPY_DIFFERS" and finding["breaks"] == ["copied"]
    assert finding["file"] == "copied/consumes/thing.made.v1.schema.json" and "take it anew" in finding["message"]
    copy.write_text("{")
    assert {f["rule"] for f in shop.check("copied", code=5)["findings"]} == {"COPY_DIFFERS"}
    shop.check("silent")


def test_the_findings_of_several_services_name_their_own_consumers(shop):
    """Two publishers, one of them broken, and one without a schema at all."""
    shop.put(1, ONE).put(2, schema(2, {"id": TEXT, "size": TEXT}))
    for name, publishes, consumes in (("painter", "thing.painted", "thing.made"), ("seller", "thing.sold", "thing.painted")):
        (shop.folder / name / "events").mkdir(parents=True)
        (shop.folder / name / "service.yaml").write_text(
            f"name: {name}\ncommand: [sleep, '9']\npublishes: [{publishes}]\nconsumes: [{consumes}]\n")
    painted = {**ONE, "$id": "urn:msctl:event:thing.painted:1"}
    (shop.folder / "painter/events/thing.painted.v1.schema.json").write_text(json.dumps(painted))
    whole = yaml.safe_load((shop.folder / "msctl.yaml").read_text())
    whole["services"].update(painter={"path": "painter"}, seller={"path": "seller"})
    (shop.folder / "msctl.yaml").write_text(yaml.safe_dump(whole))
    document = shop.check(code=5)
    found = {(f["event"], f["rule"]): f for f in document["findings"]}
    assert set(found) == {("thing.made", "TYPE_CHANGED"), ("thing.sold", "EVENT_HAS_SCHEMA")}
    assert found["thing.made", "TYPE_CHANGED"]["breaks"] == ["painter", "reader"]
    assert found["thing.sold", "EVENT_HAS_SCHEMA"]["service"] == "seller"
    assert "seller/events/thing.sold.v1.schema.json" in found["thing.sold", "EVENT_HAS_SCHEMA"]["message"]
    assert [e["event"] for e in document["events"]] == ["thing.made", "thing.painted"]
    shop.check("painter")


@pytest.mark.parametrize("before, after", [
    ([], ["--file", "msctl.yaml", "--file", "more.yaml"]), (["--file", "msctl.yaml", "--file=more.yaml"], []), (["--file", "msctl.yaml"], ["--file", "more.yaml"]),
    ([], ["-f", "msctl.yaml", "-f", "more.yaml"])])
def test_files_are_laid_over_each_other_wherever_they_stand(shop, before, after):
    shop.put(1, ONE)
    (shop.folder / "more.yaml").write_text("version: 1\nservices:\n  third: {command: [sleep, '9'], consumes: [thing.made]}\n")
    done = subprocess.run([MSCTL, *before, "schema", "list", *after, "--output", "json"], cwd=shop.folder, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["consumers"] == ["reader", "third"]


def test_junit(shop):
    shop.put(1, ONE).put(2, schema(2, {"id": TEXT, "size": TEXT}))
    msctl(shop.folder, "check", "--junit", "out.xml", code=5)
    failures = xml.etree.ElementTree.parse(shop.folder / "out.xml").getroot().findall(".//failure")
    assert failures and "another type" in failures[0].attrib["message"]


def test_our_own_events_are_governed():
    listed = json.loads(msctl(ROOT, "list", "--output", "json").stdout)
    assert "order.placed" in [e["event"] for e in listed]
    assert all(e["versions"] for e in listed)
    msctl(ROOT, "check")
