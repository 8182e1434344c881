"""`contract-test` and `can-i-deploy` with a Pact Broker: publishing, selectors, pending, results, deployments."""

import json
import shutil
import subprocess

import pytest

from pact_broker import Broker
from test_contract import BROKEN, FAILED, MISSING, OK, USAGE, USER, Workspace, http

TOKEN = "0123456789abcdef-token"


@pytest.fixture
def workspace(cluster):
    made = Workspace(cluster())
    made.cluster.env["PACT_BROKER_TOKEN"] = TOKEN
    return made


@pytest.fixture
def broker():
    made = Broker(token=TOKEN).start()
    made.store.environments["prod"] = {}
    yield made
    made.close()


class Talk:
    """The verbs with this broker."""

    def __init__(self, workspace, broker):
        self.workspace, self.broker = workspace, broker

    def test(self, *args):
        return self.workspace.test("--broker", self.broker.base, *args)

    def publish(self, version, branch="main"):
        done = self.test("--publish", "contracts", "--version", version, "--branch", branch)
        assert done.returncode == OK, done.stdout + done.stderr
        return done

    def verify(self, version, *args, branch="main"):
        done = self.test("--provider", "users", "--version", version, "--branch", branch, "--publish", "results",
                         "--output", "json", *args)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    def ask(self, service, version, *args):
        done = self.workspace.cluster.run("can-i-deploy", service, "--version", version, "--to", "prod", "--broker",
                                          self.broker.base, *args)
        return done

    def verdict(self, service, version):
        done = self.ask(service, version, "--output", "json")
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)


@pytest.fixture
def talk(workspace, broker):
    return Talk(workspace, broker)


def test_a_contract_from_its_publication_to_its_deployment(talk):
    talk.workspace.contract(USER, MISSING)
    talk.workspace.contract(USER, consumer="web")
    published = talk.publish("1")
    assert "published 1 contract of shop 1" in published.stderr
    assert "Pact successfully published for web version 1 and provider users." in published.stderr
    assert "Next steps" not in published.stderr
    assert set(talk.broker.store.pacts) == {("shop", "1", "users"), ("web", "1", "users")}

    code, document = talk.verify("u1")
    assert code == OK, document
    assert document["passed"] == 3
    results = talk.broker.store.results
    assert [(one["version"], one["success"]) for one in results] == [("u1", True), ("u1", True)]
    assert talk.broker.store.versions[("users", "u1")]["branches"] == ["main", "main"]
    assert results[0]["verifiedBy"]["implementation"] == "msctl"

    code, verdict = talk.verdict("shop", "1")
    assert code == BROKEN
    assert verdict["contracts"][0]["result"] == "never deployed"
    recorded = talk.ask("users", "u1", "--record-deployment")
    assert recorded.returncode == OK and "users u1 is in prod now" in recorded.stdout
    code, verdict = talk.verdict("shop", "1")
    assert code == OK and verdict["contracts"][0]["result"] == "verified", verdict
    assert talk.ask("shop", "1").stdout.count("yes: ") == 1

    # Nothing was reached but by links.
    assert all(path.strip("/").split("/")[0].split("?")[0] in [*talk.broker.names.values(), ""]
               for _, path in talk.broker.log)


def test_unverified_and_failed_are_told_apart(talk):
    talk.workspace.contract(USER)
    talk.publish("1")
    talk.broker.store.environments["prod"]["users"] = "u1"
    talk.broker.store.version("users", "u1")
    code, verdict = talk.verdict("shop", "1")
    assert code == BROKEN and verdict["contracts"][0]["result"] == "unverified"
    talk.workspace.write(env={"FIELD": "mail"})
    code, document = talk.verify("u1")
    assert code == OK, "new for this branch: pending"
    assert document["pending"] == 1
    result = talk.broker.store.results[-1]
    assert not result["success"] and "$.email" in json.dumps(result["testResults"])
    ids = [one["_id"] for document in talk.broker.store.contents.values() for one in document["interactions"]]
    assert [one["interactionId"] for one in result["testResults"]] == ids
    code, verdict = talk.verdict("shop", "1")
    assert code == BROKEN and verdict["contracts"][0]["result"] == "failed"
    assert "failed" in talk.ask("shop", "1").stdout


def test_a_contract_that_was_kept_once_is_not_pending(talk):
    talk.workspace.contract(USER)
    talk.publish("1")
    assert talk.verify("u1")[0] == OK
    talk.workspace.write(env={"FIELD": "mail"})
    code, document = talk.verify("u2")
    assert code == BROKEN
    assert document["contracts"][0]["mismatches"][0]["path"] == "$.email" and not document["contracts"][0]["pending"]


def test_selectors_and_work_in_progress(talk):
    talk.workspace.contract(USER)
    talk.publish("1")
    talk.workspace.contract(USER, http("more", body={"phone": "1"}))
    talk.publish("2", branch="feature")
    talk.broker.store.environments["prod"]["shop"] = "1"
    assert talk.verify("u1", "--selector", "main-branch")[1]["passed"] == 1
    assert talk.verify("u1", "--selector", "deployed")[1]["passed"] == 1
    assert talk.verify("u1", "--selector", "environment=prod")[1]["passed"] == 1
    code, document = talk.verify("u1", "--selector", "branch=feature")
    assert code == OK and (document["passed"], document["pending"]) == (1, 1)
    code, document = talk.verify("u1", "--selector", "deployed", "--wip-since", "2026-01-01")
    assert code == OK and (document["passed"], document["pending"]) == (2, 1)
    none = talk.test("--provider", "users", "--selector", "branch=none")
    assert none.returncode == BROKEN and "no contract was found" in none.stderr
    assert talk.test("--selector", "colour=red").returncode == USAGE


def test_both_at_once(talk):
    talk.workspace.contract(USER)
    done = talk.test("--publish", "contracts", "--publish", "results", "--version", "1", "--branch", "main")
    assert done.returncode == OK, done.stdout + done.stderr
    assert len(talk.broker.store.results) == 1


def test_what_the_broker_refuses_is_said(talk, tmp_path):
    talk.workspace.contract(USER)
    talk.publish("1")
    talk.workspace.contract(USER, MISSING)
    changed = talk.test("--publish", "contracts", "--version", "1")
    assert changed.returncode != OK and "Cannot change the content of the pact for shop version 1" in changed.stderr
    unknown = talk.workspace.cluster.run("can-i-deploy", "shop", "--version", "1", "--to", "staging", "--broker",
                                         talk.broker.base)
    assert unknown.returncode == USAGE and "has no environment staging; it has prod" in unknown.stderr
    never = talk.ask("shop", "7")
    assert never.returncode == BROKEN and "No pacts or verifications have been published for version 7" in never.stdout


def test_tokens(talk, tmp_path):
    talk.workspace.contract(USER)
    del talk.workspace.cluster.env["PACT_BROKER_TOKEN"]
    refused = talk.test("--publish", "contracts", "--version", "1")
    assert refused.returncode == FAILED and "PACT_BROKER_TOKEN" in refused.stderr
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    file.chmod(0o644)
    opened = talk.test("--publish", "contracts", "--version", "1", "--broker-token-file", file)
    assert opened.returncode == FAILED and "chmod 600" in opened.stderr
    file.chmod(0o600)
    assert talk.test("--publish", "contracts", "--version", "1", "--broker-token-file", file).returncode == OK
    assert TOKEN not in refused.stderr + opened.stderr


def test_a_server_that_is_no_broker(workspace):
    workspace.contract(USER)
    workspace.cluster.up()
    port = workspace.cluster.ps()["users"]["ports"]["http"]
    for path in ("/echo", "/users/7", "/health"):
        done = workspace.test("--provider", "users", "--broker", f"http://127.0.0.1:{port}{path}")
        assert done.returncode in (FAILED, USAGE), (path, done.stderr)
    done = workspace.test("--provider", "users", "--broker", "http://127.0.0.1:9")
    assert done.returncode == FAILED and "127.0.0.1:9" in done.stderr
    assert workspace.test("--publish", "results").returncode == USAGE, "without a broker"
    assert workspace.test("--selector", "deployed").returncode == USAGE, "without a broker"


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="needs the programs curl and openssl")
def test_https_by_curl_with_the_token_out_of_sight(workspace, tmp_path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    broker = Broker(token=TOKEN, certificate=(certificate, key)).start()
    try:
        workspace.contract(USER)
        talk = Talk(workspace, broker)
        stranger = talk.test("--publish", "contracts", "--version", "1")
        assert stranger.returncode == FAILED and "certificate" in stranger.stderr.lower(), stranger.stderr
        # A curl that writes down how it was called.
        real = shutil.which("curl")
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin/curl").write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> {tmp_path}/called\nexec {real} "$@"\n')
        (tmp_path / "bin/curl").chmod(0o755)
        workspace.cluster.env["PATH"] = f"{tmp_path}/bin:{workspace.cluster.env['PATH']}"
        workspace.cluster.env["CURL_CA_BUNDLE"] = str(certificate)
        talk.publish("1")
        assert talk.verify("u1")[0] == OK
        assert broker.store.results[0]["success"]
        called = (tmp_path / "called").read_text()
        assert called and TOKEN not in called and "Bearer" not in called
    finally:
        broker.close()


def test_without_curl_https_says_what_to_install(workspace, tmp_path):
    workspace.contract(USER)
    (tmp_path / "bin").mkdir()
    workspace.cluster.env["PATH"] = str(tmp_path / "bin")
    done = workspace.test("--provider", "users", "--broker", "https://127.0.0.1:9")
    assert done.returncode != OK and "apt-get install curl" in done.stderr
