"""`msctl contract-test`: contracts of files against providers that run, that are started for it, and that are elsewhere."""

import json
import os
import signal
import xml.etree.ElementTree

import pytest
import yaml

from conftest import processes_of, wait_for

OK, FAILED, USAGE, BROKEN, INTERRUPTED = 0, 1, 2, 5, 130

# A provider in another language: users by id, an event, states and messages at paths of its own. FIELD is what it calls
# the address.
PROVIDER = '''
import http.server, json, os

users = {}

class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body, type="application/json", **headers):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        name = self.path.rpartition("/")[2]
        if self.path == "/health":
            self.answer(200, {})
        elif self.path == "/echo":
            self.answer(200, {name.lower(): value for name, value in self.headers.items()})
        elif name in users:
            self.answer(200, {"id": name, os.environ["FIELD"]: users[name], "seen": 7})
        else:
            self.answer(404, {"error": "no such user"})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/states" and asked["state"] == "a user exists":
            if asked["action"] == "setup":
                users["42"] = asked["params"].get("email", "ann@example.com")
            else:
                users.pop("42", None)
            self.answer(200, {"id": "42"})
        elif self.path == "/states":
            self.answer(500, {"error": "the database is away"})
        elif self.path == "/messages":
            self.answer(200, {"type": "user.created", "id": "42"})
        else:
            self.answer(405, {})

    def log_message(self, *arguments):
        pass

http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT_HTTP"])), Handler).serve_forever()
'''

# The same states by a program: it tells the provider by a file.
STATES = '''
import json, os, sys, urllib.request
asked = json.load(sys.stdin)
if asked["state"] == "out of order":
    sys.exit("the seed is missing")
if asked["state"] == "chatty":
    print("no json")
    sys.exit()
request = urllib.request.Request(f"http://127.0.0.1:{os.environ['PORT_HTTP']}/states", json.dumps(asked).encode())
print(urllib.request.urlopen(request, timeout=5).read().decode())
'''

MESSAGES = '''
import json, sys
asked = json.load(sys.stdin)
print(json.dumps({"contents": {"type": "user.created", "asked": asked["description"]}, "metadata": {"topic": "users"}}))
'''


def http(description="a user", status=200, body=None, rules=None, states=("a user exists",), path="/users/42", **more):
    response = {"status": status}
    if body is not None:
        response["body"] = {"contentType": "application/json", "content": body}
    if rules:
        response["matchingRules"] = {"body": {at: {"matchers": [rule]} for at, rule in rules.items()}}
    request = {"method": "GET", "path": path, **more.pop("request", {})}
    return {"type": "Synchronous/HTTP", "description": description, "request": request, "response": response,
            "providerStates": [{"name": state} if isinstance(state, str) else state for state in states], **more}


def pact(*interactions, consumer="shop", provider="users"):
    return {"consumer": {"name": consumer}, "provider": {"name": provider}, "interactions": list(interactions),
            "metadata": {"pactSpecification": {"version": "4.0"}}}


USER = http(body={"id": "42", "email": "ann@example.com"}, rules={"$.email": {"match": "regex", "regex": ".+@.+"}})
MISSING = http("nobody", status=404, states=(), path="/users/7")


class Workspace:
    """A cluster with a provider and two consumers, of which one lies outside of services/."""

    def __init__(self, made):
        self.cluster = made
        self.folder = made.folder
        self.service = {"name": "users", "command": ["/usr/bin/python3", "-u", "provider.py"], "ports": {"http": 0},
                        "env": {"FIELD": "email"}, "probes": {"ready": {"http": "/health"}},
                        "contracts": {"states": {"http": "/states"}, "messages": {"http": "/messages"}}}
        idle = {"command": ["/usr/bin/sleep", "1000"]}
        self.document = {"services": {"users": {"path": "services/users"}, "shop": {"path": "services/shop", **idle},
                                      "web": {"path": "elsewhere/web", **idle}}}
        for name in ("services/users", "services/shop/contracts/pacts", "elsewhere/web/contracts/pacts"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "services/users/provider.py").write_text(PROVIDER)
        (self.folder / "services/shop/service.yaml").write_text("name: shop\n")
        (self.folder / "elsewhere/web/service.yaml").write_text("name: web\n")
        self.write()

    def write(self, **changed):
        self.service.update(changed)
        (self.folder / "services/users/service.yaml").write_text(yaml.safe_dump(self.service))
        self.cluster.write(self.document)

    def contract(self, *interactions, consumer="shop", **more):
        home = "elsewhere/web" if consumer == "web" else "services/shop"
        path = self.folder / home / "contracts/pacts" / f"{consumer}-{more.get('provider', 'users')}.json"
        path.write_text(json.dumps(pact(*interactions, consumer=consumer, **more)))
        return path

    def test(self, *args):
        return self.cluster.run("contract-test", *args)

    def results(self, *args):
        done = self.test("--output", "json", *args)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    def left(self):
        projects = self.folder / ".msctl/projects"
        return [entry.name for entry in projects.iterdir()] if projects.exists() else []


@pytest.fixture
def workspace(cluster):
    return Workspace(cluster())


def the(document, number=0):
    return document["contracts"][number]


def test_starts_what_it_needs_and_leaves_nothing(workspace):
    workspace.contract(USER, MISSING)
    workspace.contract(USER, consumer="web")
    code, document = workspace.results()
    assert code == OK, document
    assert [(one["consumer"], one["result"]) for one in document["contracts"]] == [
        ("web", "ok"), ("shop", "ok"), ("shop", "ok")]
    assert document["passed"] == 3 and document["failed"] == 0
    assert not workspace.left()
    assert not processes_of(workspace.folder / ".msctl/projects")


def test_asks_the_cluster_that_runs(workspace):
    workspace.contract(USER)
    workspace.cluster.up()
    before = workspace.cluster.ps()["users"]["pid"]
    done = workspace.test()
    assert done.returncode == OK, done.stdout + done.stderr
    assert "starting" not in done.stderr, "the running one was meant"
    assert workspace.cluster.ps()["users"]["pid"] == before
    fresh = workspace.test("--fresh")
    assert fresh.returncode == OK and "starting users" in fresh.stderr
    assert not workspace.left()


def test_a_provider_that_does_not_start_is_told_once_with_its_cause(workspace):
    workspace.contract(USER, MISSING)
    (workspace.folder / "services/users/provider.py").write_text("import sys\nsys.exit('no configuration')\n")
    workspace.write(restart={"policy": "no"})
    code, document = workspace.results()
    assert code == FAILED
    assert [one["result"] for one in document["contracts"]] == ["provider down"] * 2
    why = the(document)["why"]
    assert "exit code 1 (no configuration)" in why and "msctl up users" in why and "\n" not in why, why
    done = workspace.test()
    assert done.stderr.count("| no configuration") == 1, done.stderr
    assert ".msctl/projects" not in done.stderr, "a log that is gone"
    assert not workspace.left()


def test_a_stub_in_the_providers_place_proves_nothing(workspace):
    workspace.contract(USER)
    workspace.write(env={"FIELD": "mail"})
    workspace.cluster.up("--mock", "users")
    code, document = workspace.results()
    assert code == BROKEN and the(document)["mismatches"][0]["path"] == "$.email"


def test_a_renamed_field_is_named(workspace, tmp_path):
    workspace.contract(USER)
    workspace.write(env={"FIELD": "mail"})
    code, document = workspace.results("--junit", tmp_path / "r.xml", "--html", tmp_path / "r.html")
    assert code == BROKEN
    mismatch = the(document)["mismatches"][0]
    assert (the(document)["result"], mismatch["where"], mismatch["path"]) == ("mismatch", "body", "$.email")
    assert "email" in mismatch["message"]
    table = workspace.test()
    assert table.returncode == BROKEN
    assert "$.email in the body" in table.stdout and "expected" in table.stdout and "1 broken" in table.stdout
    suite = xml.etree.ElementTree.parse(tmp_path / "r.xml").getroot()
    assert suite.get("failures") == "1" and "$.email" in suite.find(".//failure").text
    assert "$.email in the body" in (tmp_path / "r.html").read_text()


@pytest.mark.parametrize("option", ["--junit", "--html"])
def test_a_report_that_cannot_be_written_is_told_before_the_run(workspace, tmp_path, option):
    workspace.contract(USER)
    workspace.write()
    done = workspace.test(option, tmp_path / "none" / "r")
    assert done.returncode == 2 and "cannot write" in done.stderr and done.stdout == "", done.stdout + done.stderr


def test_zero_contracts_is_a_failure(workspace):
    done = workspace.test()
    assert done.returncode == BROKEN
    assert "no contract was found" in done.stderr and "services/shop/contracts/pacts/*.json" in done.stderr
    assert "elsewhere/web/contracts/pacts/*.json" in done.stderr
    workspace.contract()
    assert workspace.test().returncode == BROKEN, "a file without interactions is no contract"


def test_selection(workspace):
    workspace.contract(USER, MISSING)
    workspace.contract(USER, consumer="web")
    assert len(workspace.results("--consumer", "web")[1]["contracts"]) == 1
    assert [one["interaction"] for one in workspace.results("--interaction", "nobo")[1]["contracts"]] == ["nobody"]
    assert len(workspace.results("--provider", "users")[1]["contracts"]) == 3
    assert len(workspace.results("--service", "users")[1]["contracts"]) == 3
    assert len(workspace.results("--service", "web")[1]["contracts"]) == 1
    nothing = workspace.test("--provider", "user")
    assert nothing.returncode == BROKEN and "no contract is selected, of 3" in nothing.stderr
    assert workspace.test("--interaction", "x").returncode == BROKEN


def test_states_that_fail_are_shown_as_such(workspace):
    workspace.contract(http(states=("the moon is full",)), MISSING)
    code, document = workspace.results()
    assert code == BROKEN
    assert {one["interaction"]: one["result"] for one in document["contracts"]} == {"a user": "state failed", "nobody": "ok"}
    assert "the moon is full" in the(document)["why"] and "the database is away" in the(document)["why"]


def test_a_service_without_states_says_what_to_do(workspace):
    workspace.contract(USER)
    workspace.write(contracts={})
    code, document = workspace.results()
    assert code == BROKEN
    assert the(document)["result"] == "state failed" and "contracts.states" in the(document)["why"]


def test_states_and_messages_by_a_program(workspace):
    for name, text in (("states.py", STATES), ("messages.py", MESSAGES)):
        (workspace.folder / "services/users" / name).write_text(text)
    workspace.write(contracts={"states": {"command": ["/usr/bin/python3", "states.py"]},
                               "messages": {"command": ["/usr/bin/python3", "messages.py"]}})
    event = {"type": "Asynchronous/Messages", "description": "a user.created event", "metadata": {"topic": "users"},
             "contents": {"contentType": "application/json",
                          "content": {"type": "user.created", "asked": "a user.created event"}}}
    workspace.contract(USER, event, http("broken", states=("out of order",)), http("odd", states=("chatty",)))
    code, document = workspace.results()
    found = {one["interaction"]: one for one in document["contracts"]}
    assert code == BROKEN
    assert found["a user"]["result"] == "ok", found["a user"]
    assert found["a user.created event"]["result"] == "ok", found["a user.created event"]
    assert found["broken"]["result"] == "state failed" and "the seed is missing" in found["broken"]["why"]
    assert found["odd"]["result"] == "state failed" and "no JSON" in found["odd"]["why"]


def test_messages_over_http_and_their_mismatches(workspace):
    event = {"type": "Asynchronous/Messages", "description": "created",
             "contents": {"contentType": "application/json", "content": {"type": "user.created"}}}
    workspace.contract(event, {**event, "description": "changed", "contents": {
        "contentType": "application/json", "content": {"type": "user.changed"}}})
    code, document = workspace.results()
    assert code == BROKEN
    found = {one["interaction"]: one for one in document["contracts"]}
    assert found["created"]["result"] == "ok"
    assert found["changed"]["mismatches"][0]["path"] == "$.type"


def test_values_of_states_reach_the_request(workspace):
    interaction = http(body={"id": "42"}, path="/users/1")
    interaction["request"]["generators"] = {"path": {"type": "ProviderState", "expression": "/users/${id}"}}
    workspace.contract(interaction)
    code, document = workspace.results()
    assert code == OK, document


def test_headers_of_the_consumer_are_never_lost(workspace):
    asked = {"headers": {"Authorization": ["Bearer own"], "X-One": ["1"]}}
    workspace.contract(http("echo", body={"authorization": "Bearer own", "x-one": "1", "x-two": "2"}, states=(),
                            path="/echo", request=asked))
    code, document = workspace.results("--header", "Authorization: Bearer other", "--header", "X-Two: 2")
    assert code == OK, document
    assert workspace.test("--header", "broken").returncode == USAGE


def test_pending_does_not_fail_but_is_shown(workspace):
    workspace.contract(MISSING, http("planned", body={"nickname": "x"}, pending=True))
    code, document = workspace.results()
    assert code == OK
    assert document["pending"] == 1 and the(document, 1)["pending"]
    table = workspace.test()
    assert "mismatch (pending)" in table.stdout and "1 pending" in table.stdout


def test_a_provider_that_is_down_is_no_mismatch(workspace):
    workspace.contract(USER)
    workspace.write(command=["/usr/bin/python3", "-c", "import sys; sys.exit('no database')"], restart={"policy": "no"})
    code, document = workspace.results()
    assert code == FAILED
    assert the(document)["result"] == "provider down" and "no database" in the(document)["why"]
    assert not workspace.left()
    away = workspace.test("--url", "http://127.0.0.1:9")
    assert away.returncode == BROKEN, "it has states, and there is nobody who sets them up"
    workspace.contract(MISSING)
    away = workspace.test("--url", "http://127.0.0.1:9")
    assert away.returncode == FAILED and "provider down" in away.stdout


def test_what_is_not_known_fails(workspace):
    workspace.contract({"type": "Carrier/Pigeon", "description": "a letter"},
                       {"type": "Synchronous/Messages", "description": "an avro call", "request": {"contents": {}},
                        "response": [{"contents": {}}], "pluginConfiguration": {"avro": {}}},
                       )
    workspace.write(ports={"http": 0, "grpc": 0})
    code, document = workspace.results()
    assert code == BROKEN
    assert {one["result"] for one in document["contracts"]} == {"not verifiable"}
    assert "avro" in document["contracts"][1]["why"] or "avro" in document["contracts"][0]["why"]
    workspace.contract({"type": "Carrier/Pigeon", "description": "a letter", "pending": True})
    assert workspace.test().returncode == OK


def test_files_that_are_no_contracts(workspace, tmp_path):
    workspace.contract(MISSING)
    bad = workspace.folder / "services/shop/contracts/pacts/bad.json"
    for text in ("", "{", "[]", '{"consumer": 7}', '{"interactions": "x"}', "\xff", "[" * 100000):
        bad.write_text(text, encoding="latin-1")
        code, document = workspace.results()
        assert code == BROKEN, text[:20]
        assert {one["result"] for one in document["contracts"]} == {"unreadable file", "ok"}
    missing = workspace.test("--file", tmp_path / "none.json")
    assert missing.returncode == BROKEN and "none.json" in missing.stdout


def test_files_folders_and_urls(workspace, cluster, tmp_path):
    path = workspace.contract(MISSING)
    other = tmp_path / "other"
    other.mkdir()
    path.rename(other / "x.json")
    workspace.document["services"]["files"] = {
        "command": ["/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "${port:http}", "--directory",
                    str(other)], "ports": {"http": 0}, "probes": {"ready": {"tcp": "http"}}}
    workspace.write()
    workspace.cluster.up()
    port = workspace.cluster.ps()["files"]["ports"]["http"]
    for name in (other, other / "x.json", f"http://127.0.0.1:{port}/x.json"):
        done = workspace.test("--file", name)
        assert done.returncode == OK, (name, done.stdout, done.stderr)
    gone = workspace.test("--file", f"http://127.0.0.1:{port}/y.json")
    assert gone.returncode == BROKEN and "404" in gone.stdout


def test_a_provider_elsewhere_without_a_cluster(workspace, tmp_path_factory, msctl_bin):
    path = workspace.contract(USER)
    workspace.cluster.up()
    port = workspace.cluster.ps()["users"]["ports"]["http"]
    empty = tmp_path_factory.mktemp("empty")
    base = f"http://127.0.0.1:{port}"
    done = workspace.cluster.run("contract-test", "--file", path, "--url", base, "--states-url", base + "/states", cwd=empty)
    assert done.returncode == OK, done.stdout + done.stderr
    no_url = workspace.cluster.run("contract-test", "--file", path, cwd=empty)
    assert no_url.returncode == USAGE and "--url" in no_url.stderr


def test_ctrl_c_takes_everything_down(workspace):
    workspace.contract(http("slow", states=("a user exists",)))
    (workspace.folder / "services/users/states.py").write_text(
        "import time, pathlib\npathlib.Path('begun').touch()\ntime.sleep(2)\n")
    workspace.write(contracts={"states": {"command": ["/usr/bin/python3", "states.py"]}})
    running = workspace.cluster.popen("contract-test", start_new_session=True)
    wait_for((workspace.folder / "services/users/begun").exists, 20, "the state being set up")
    assert workspace.left()
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=30)
    assert running.returncode == INTERRUPTED
    assert not workspace.left()
    assert not processes_of(workspace.folder / ".msctl/projects")


def test_what_a_killed_one_left_is_taken_away(workspace):
    workspace.contract(USER)
    (workspace.folder / "services/users/states.py").write_text(
        "import time, pathlib\npathlib.Path('begun').touch()\ntime.sleep(3)\n")
    workspace.write(contracts={"states": {"command": ["/usr/bin/python3", "states.py"]}})
    running = workspace.cluster.popen("contract-test", start_new_session=True)
    wait_for((workspace.folder / "services/users/begun").exists, 20, "the state being set up")
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate(timeout=10)
    assert len(workspace.left()) == 1
    workspace.write(contracts={"states": {"http": "/states"}})
    done = workspace.test()
    assert done.returncode == OK, done.stdout + done.stderr
    assert not workspace.left()


def test_hostile_texts_do_not_steer_the_terminal(workspace):
    workspace.contract(http("red \x1b[31m\r\n text", body={"\x1b[2J": "x"}))
    done = workspace.test()
    assert done.returncode == BROKEN
    assert "\x1b" not in done.stdout + done.stderr
