"""`contract-test --record` and `can-i-deploy`: the ledger in the repository, offline."""

import json

import pytest

from git_repository import git
from test_contract import BROKEN, MISSING, OK, USAGE, USER, Workspace, http


class Repository(Workspace):
    """The workspace in git."""

    def __init__(self, made):
        super().__init__(made)
        (self.folder / ".gitignore").write_text(".msctl/\n")
        git(self.folder, "init", "-q", "-b", "main")

    def commit(self, message="change"):
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "-qm", message, "--allow-empty")
        return git(self.folder, "describe", "--always", "--abbrev=12")

    def record(self, *args, code=OK):
        done = self.test("--record", *args)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def ask(self, service, *args):
        return self.cluster.run("can-i-deploy", service, "--to", "prod", *args)

    def verdict(self, service, *args):
        done = self.ask(service, "--output", "json", *args)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    def deployed(self, service, version):
        done = self.ask(service, "--version", version, "--record-deployment")
        assert done.returncode == OK, done.stderr

    def files(self):
        folder = self.folder / "contracts/ledger"
        return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.json")}


@pytest.fixture
def repository(cluster):
    return Repository(cluster())


def test_a_change_from_its_commit_to_its_deployment(repository):
    repository.contract(USER, MISSING)
    first = repository.commit()
    unknown = repository.ask("shop")
    assert unknown.returncode == BROKEN and "msctl contract-test --record" in unknown.stdout
    done = repository.record()
    assert f"recorded 1 verification of version {first}" in done.stderr
    files = repository.files()
    assert f"versions/users/{first}.json" in files, "who asks nobody is known as well"
    assert len([name for name in files if name.startswith("verifications/shop-users/")]) == 1

    code, verdict = repository.verdict("shop")
    assert code == BROKEN and verdict["contracts"][0]["result"] == "never deployed"
    assert "--record-deployment" in verdict["contracts"][0]["next"]
    assert repository.verdict("users")[0] == OK, "nobody is there who asks it"
    repository.deployed("users", first)
    code, verdict = repository.verdict("shop")
    assert code == OK and verdict["contracts"][0]["result"] == "verified", verdict
    repository.deployed("shop", first)
    repository.commit("what is known")

    # The provider renames a field: its next version may not follow.
    repository.write(env={"FIELD": "mail"})
    second = repository.commit("rename")
    code, verdict = repository.verdict("users")
    assert code == BROKEN and "does not know" in verdict["why"] and first in verdict["why"]
    repository.record(code=BROKEN)
    code, verdict = repository.verdict("users")
    assert code == BROKEN and verdict["version"] == second
    assert verdict["contracts"][0]["result"] == "failed" and "$.email" in verdict["contracts"][0]["why"]
    table = repository.ask("users")
    assert table.returncode == BROKEN and "no: " in table.stdout and "Next:" in table.stdout
    assert repository.verdict("users", "--version", first)[0] == OK, "the version that is there may be there"


def test_what_is_deployed_is_verified_with_what_is_here(repository):
    repository.contract(USER)
    first = repository.commit()
    repository.record()
    repository.deployed("shop", first)
    repository.deployed("users", first)
    # The consumer does not need the field any more, and the provider drops it. The consumer that is deployed still asks.
    repository.contract(http(body={"id": "42"}))
    repository.write(env={"FIELD": "mail"})
    repository.commit("drop the field on both sides")
    done = repository.record(code=BROKEN)
    assert "$.email" in done.stdout
    code, verdict = repository.verdict("users")
    assert code == BROKEN and verdict["contracts"][0]["result"] == "failed"
    code, verdict = repository.verdict("shop")
    assert code == BROKEN and verdict["contracts"][0]["result"] == "unverified", "not with the provider that is there"
    assert "--provider-version" in verdict["contracts"][0]["next"]


def test_a_provider_that_runs_elsewhere_is_verified_as_its_version(repository):
    repository.contract(USER)
    first = repository.commit()
    repository.record()
    repository.deployed("users", first)
    repository.contract(USER, MISSING)
    repository.commit("ask for more")
    repository.record()
    assert repository.verdict("shop")[1]["contracts"][0]["result"] == "unverified"
    repository.cluster.up()
    port = repository.cluster.ps()["users"]["ports"]["http"]
    base = f"http://127.0.0.1:{port}"
    repository.record("--url", base, "--states-url", base + "/states", "--provider-version", first)
    code, verdict = repository.verdict("shop")
    assert code == OK, verdict


def test_branches_merge_without_conflicts(repository):
    repository.contract(USER)
    repository.commit()
    repository.record()
    repository.commit("known")
    git(repository.folder, "checkout", "-qb", "left")
    repository.contract(USER, MISSING)
    left = repository.commit("left")
    repository.record()
    repository.deployed("shop", left)
    repository.commit("left is known")
    git(repository.folder, "checkout", "-q", "main")
    repository.contract(USER, consumer="web")
    right = repository.commit("right")
    repository.record()
    repository.deployed("web", right)
    repository.commit("right is known")
    git(repository.folder, "merge", "-q", "--no-edit", "left")
    assert repository.verdict("shop", "--version", left)[1]["contracts"]
    assert repository.verdict("web", "--version", right)[1]["contracts"]


def test_two_branches_record_the_same_commit(repository):
    repository.contract(USER)
    version = repository.commit()
    for branch in ("left", "right"):
        git(repository.folder, "checkout", "-qb", branch, version)
        repository.record()
        repository.commit(f"{branch} knows it")
    git(repository.folder, "merge", "-q", "--no-edit", "left")
    assert repository.verdict("shop", "--version", version)[1]["contracts"][0]["result"] == "never deployed"


def test_what_is_recorded_makes_no_other_version(repository):
    repository.contract(USER)
    for message in ("first", "second"):
        repository.commit(message)
        repository.record()
        repository.deployed("users", repository.verdict("users")[1]["version"])
        code, verdict = repository.verdict("shop")
        assert code == OK and not verdict["version"].endswith("-dirty"), verdict
    repository.write(env={"FIELD": "mail"})
    assert repository.verdict("users")[1]["version"].endswith("-dirty")


def test_a_pending_interaction_blocks_no_deployment(repository):
    planned = http("planned", body={"nickname": "x"})
    repository.contract(USER, {**planned, "pending": True})
    version = repository.commit()
    repository.record()
    repository.deployed("users", version)
    code, verdict = repository.verdict("shop")
    assert code == OK and verdict["contracts"][0]["result"] == "verified", verdict
    repository.contract(USER, planned)
    second = repository.commit("no longer pending")
    repository.record(code=BROKEN)
    repository.deployed("users", second)
    assert repository.verdict("shop")[0] == BROKEN


def test_recording_again_changes_nothing(repository):
    repository.contract(USER)
    repository.commit()
    repository.record()
    before = repository.files()
    repository.record()
    assert repository.files() == before
    assert all(text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
               for text in before.values()), "keys are sorted, so that lines merge"


def test_a_selection_records_both_sides(repository):
    repository.contract(USER)
    repository.contract(USER, consumer="web")
    repository.commit()
    repository.record("--consumer", "shop", "--version", "1")
    assert {name for name in repository.files() if name.startswith("versions/")} == {
        "versions/shop/1.json", "versions/users/1.json"}
    assert repository.verdict("users", "--version", "1")[0] == OK


def test_what_cannot_be_recorded(repository):
    repository.contract(USER)
    assert repository.test("--record").returncode == USAGE, "no commit: no version"
    repository.commit()
    part = repository.test("--record", "--interaction", "user")
    assert part.returncode == USAGE and "--interaction" in part.stderr
    bad = repository.test("--record", "--version", "a b")
    assert bad.returncode == USAGE
    repository.record("--version", "1.0/x")
    assert "versions/shop/1.0%2Fx.json" in repository.files()
    repository.write(command=["/usr/bin/false"], restart={"policy": "no"})
    repository.test("--record", "--version", "2")
    assert not [name for name in repository.files() if name.endswith("@2.json")], "nothing is known of it"


def test_a_work_tree_with_changes_says_so(repository):
    repository.contract(USER)
    repository.commit()
    repository.write(version="9")
    done = repository.record()
    assert "-dirty" in done.stderr and "commit" in done.stderr


def test_questions_that_make_no_sense(repository):
    repository.commit()
    assert repository.cluster.run("can-i-deploy", "users").returncode == USAGE
    unknown = repository.ask("user")
    assert unknown.returncode == USAGE and "did you mean `users`" in unknown.stderr
    assert repository.ask("users", "--version", "").returncode in (USAGE, BROKEN)
    repository.contract(USER)
    repository.record("--version", "1")
    folder = repository.folder / "contracts/ledger/deployments/prod"
    folder.mkdir(parents=True)
    (folder / "web.json").write_text("<<<<<<< HEAD\n")
    broken = repository.ask("users", "--version", "1")
    assert broken.returncode == USAGE and "deployments/prod/web.json" in broken.stderr
    (folder / "web.json").write_text('{"environment": "prod", "service": "web", "version": 5}')
    broken = repository.ask("users", "--version", "1")
    assert broken.returncode == USAGE and "deployments/prod/web.json: \"version\" must be a text" in broken.stderr
    assert repository.ask("web", "--version", "2", "--record-deployment").returncode == USAGE
