"""`msctl verify` on the running reference cluster: what it finds, how it says so, and that it leaves all as it was."""

import json
import signal
import xml.etree.ElementTree

import pytest

from conftest import ROOT, wait_for
from reference import Shop, document
from test_postgres import on_postgres, psql
from verify_workspace import Workspace, master, workspace  # noqa: F401, pylint: disable=unused-import

THERE = {1, 2, 3, 6, 8, 9, 11, 12, 19, 20, 21, 22}
PATTERNS = 22
BESIDE = ["saga"]  # without a number
ALL = list(range(1, PATTERNS + 1)) + [None] * len(BESIDE)


@pytest.fixture(scope="module")
def shop(msctl_bin, master, tmp_path_factory):  # noqa: F811, pylint: disable=redefined-outer-name
    """The running reference cluster in a repository of its own."""
    one = Workspace(msctl_bin, tmp_path_factory.mktemp("verify") / "repo", master)
    try:
        one.up()
        yield one
    finally:
        one.close()


def test_whole_reference_system(shop, tmp_path):
    before = {name: row["state"] for name, row in shop.ps().items()}
    report, page = shop.folder / "build" / "verify.xml", shop.folder / "build" / "verify.html"
    done = shop.run("verify", "--output", "json", "--junit", report, "--html", page,
                    env={**shop.env, "TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads(done.stdout)
    assert [one["pattern"] for one in seen] == ALL
    assert [one["name"] for one in seen if one["pattern"] is None] == BESIDE
    there = THERE - ({11} if shop.run("help", "schema").returncode != 0 else set())
    there |= {13, None} if "legacy-payments" in before else set()
    wrong = [one for one in seen if one["pattern"] in there and one["status"] != "passed"]
    assert not wrong, wrong
    for one in seen:
        assert one["status"] in ("passed", "absent") and one["title"] and one["name"] and one["evidence"], one
        assert isinstance(one["seconds"], float) or one["seconds"] == 0
    assert sum(one["seconds"] for one in seen) < 45
    assert {name: row["state"] for name, row in shop.ps().items()} == before
    assert not list(tmp_path.glob("msctl-verify-*"))

    suite = xml.etree.ElementTree.parse(report).getroot().find(".//testsuite")
    assert len(suite.findall("testcase")) == len(ALL)
    assert len(suite.findall("testcase/skipped")) == sum(one["status"] == "absent" for one in seen)
    text = page.read_text()
    assert text.startswith("<!doctype html>") or text.startswith("<!DOCTYPE html>")
    assert "Transactional outbox" in text and "exactly once" in text


def test_named_patterns(shop):
    by_name = shop.verify("outbox", "2", "outbox")
    assert sorted(by_name) == [2, 9]
    assert all(one["status"] == "passed" for one in by_name.values())


def test_what_is_absent_counts_when_it_was_named(shop):
    assert shop.verify("cdc", code=1)[10]["status"] == "absent"
    assert shop.verify("services", "--require-all")[1]["status"] == "passed"
    assert shop.run("verify", "--require-all", timeout=60).returncode == 1


def test_table(shop):
    done = shop.run("verify", "services", "api")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["#", "PATTERN", "STATUS", "TIME", "EVIDENCE"]
    column = lines[0].index("EVIDENCE")
    assert lines[1].startswith("1  Service per bounded context  passed") and lines[1][column - 1] == " "
    assert lines[-1].startswith("2 passed, 0 failed in ")
    assert "\x1b" not in done.stdout + done.stderr


def test_list_needs_no_cluster(run):
    done = run("verify", "--list", "--output", "json")
    assert done.returncode == 0
    patterns = json.loads(done.stdout)
    assert [one["pattern"] for one in patterns] == ALL
    assert {one["pattern"] for one in patterns if one["looked_at"]} >= THERE
    assert "Transactional outbox" in run("verify", "--list").stdout


def test_unknown_pattern(run):
    done = run("verify", "outbux")
    assert done.returncode == 2
    assert 'no pattern "outbux"' in done.stderr and "outbox" in done.stderr
    assert run("verify", "0").returncode == 2
    assert run("verify", "23").returncode == 2


def test_cluster_that_does_not_run(cluster):
    place = cluster({"version": 1, "services": {"web": {"command": ["true"]}}})
    done = place.run("verify", "services")
    assert done.returncode == 4
    assert "msctl up" in done.stderr and not done.stdout


def test_cluster_that_is_not_ready(cluster):
    place = cluster({"version": 1, "services": {"web": {
        "command": ["sleep", "100"], "ports": {"http": 0}, "probes": {"ready": {"http": "/"}}}}})
    assert place.run("up", "-d").returncode == 0
    done = place.run("verify", "services", timeout=30)
    assert done.returncode == 4
    assert "web is starting" in done.stderr


def test_foreign_cluster_has_nothing_of_it(cluster):
    """No gateway, no orders: every pattern is absent or was skipped, none passed, none failed."""
    place = cluster()
    place.write({"version": 1, "services": {"web": {"command": place.script("idle.py", "import signal\nsignal.pause()")}}})
    place.up()
    done = place.run("verify", "--output", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {one["status"] for one in json.loads(done.stdout)} <= {"absent", "skipped"}, done.stdout


def test_interrupt_puts_everything_back(workspace):  # noqa: F811
    workspace.up()
    before = workspace.ps()
    running = workspace.popen("verify", "9", "19", "3")
    wait_for(lambda: workspace.state("nats") == "stopped" or running.poll() is not None, what="nats stopped")
    assert running.poll() is None
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130, out + err
    assert "undone" in err
    after = workspace.ps()
    assert after.keys() == before.keys()
    assert all(row["state"] == "ready" for row in after.values()), after


def test_interrupt_waits_until_the_added_instance_is_gone(workspace):  # noqa: F811
    workspace.up()
    before = workspace.ps()
    running = workspace.popen("verify", "discovery")
    wait_for(lambda: len(workspace.ps()) > len(before) or running.poll() is not None, what="a further instance")
    assert running.poll() is None
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130, out + err
    assert workspace.ps().keys() == before.keys()


def test_second_one_waits_its_turn(workspace):  # noqa: F811
    workspace.up()
    running = workspace.popen("verify")
    try:
        wait_for(lambda: "is at work on this cluster" in workspace.run("verify", "2").stderr, what="the first one's lock")
    finally:
        running.communicate(timeout=60)
    assert running.returncode == 0


def test_roles_in_postgres(msctl_bin, tmp_path):
    """Each role is refused at the other database, until somebody lets it in."""
    one = Shop(msctl_bin, tmp_path / "on postgres")
    one.folder.mkdir()
    one.write(on_postgres())
    try:
        one.up()
        verified = one.run("verify", "8", "9", "--output", "json")
        seen = {check["pattern"]: check for check in json.loads(verified.stdout)}
        assert verified.returncode == 0, seen
        assert "refused 20 times" in seen[8]["evidence"], seen[8]
        opened = psql(one, "user-service", "user-service", 'GRANT CONNECT ON DATABASE "user-service" TO PUBLIC')
        assert opened.returncode == 0, opened.stdout
        verified = one.run("verify", "8", "--output", "json")
        assert verified.returncode == 1
        assert "-service can log in to the database user-service" in json.loads(verified.stdout)[0]["evidence"]
    finally:
        one.close()


def test_services_that_lie_elsewhere_are_only_read(msctl_bin, tmp_path):
    """Their schemas are no part of a copy of the workspace."""
    one = Shop(msctl_bin, tmp_path / "elsewhere")
    one.folder.mkdir()
    one.write(document())
    events = ROOT / "services" / "order" / "events"
    before = sorted(events.iterdir())
    try:
        one.up()
        done = one.run("verify", "schemas", "--output", "json")
        after = sorted(events.iterdir())
        for new in set(after) - set(before):
            new.unlink()
        assert after == before
        assert json.loads(done.stdout)[0]["status"] == "skipped", done.stdout
        assert done.returncode == 1, "it was named"
    finally:
        one.close()


def test_a_cluster_that_is_up_in_part(msctl_bin, tmp_path):
    one = Shop(msctl_bin, tmp_path / "part")
    one.folder.mkdir()
    one.write(document())
    try:
        one.up("order-service")
        done = one.run("verify")
        assert done.returncode == 4 and "gateway is stopped" in done.stderr, done.stdout + done.stderr
        one.up()
        assert one.run("stop", "nats").returncode == 0
        done = one.run("verify", "messaging")
        assert done.returncode == 4 and "nats is stopped" in done.stderr, done.stdout + done.stderr
    finally:
        one.close()
