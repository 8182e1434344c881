"""From nothing to a running system: an installed msctl, a new workspace, a service and a worker that hears of its events,
built, tested, run and called through the gateway, without a hand on the code."""

import http.client
import json
import os
import time

from conftest import Cluster, free_port, processes_of, wait_for
from git_repository import git
from test_install import call, prefix  # noqa: F401  (a fixture)


def ask(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
        return answer.status, json.loads(text) if path != "/metrics" else text
    finally:
        connection.close()


def patterns_hold(shop):
    """What verify finds in a workspace that nobody has touched, and that has rendered one target only."""
    (shop.folder / "environments").mkdir()
    (shop.folder / "environments" / "staging.yaml").write_text(
        "image_prefix: registry.example.com/shop\ntag: 0.1.0\nservices:\n  nats:\n"
        "    image: registry.example.com/nats:2.9\n    command: [nats-server, --port, '4222', --jetstream]\n")
    done = shop.run("deploy", "--target", "monitoring")
    assert done.returncode == 0, done.stderr
    done = shop.run("verify", "contracts", "deployment", timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fail with DATA_LOSS" in done.stdout and "deploy/ for staging are up to date" in done.stdout, done.stdout
    rendered = next(path for path in (shop.folder / "deploy" / "staging").rglob("*") if path.is_file())
    rendered.write_text(rendered.read_text() + "# by hand\n")
    done = shop.run("verify", "deployment", timeout=60)
    assert done.returncode == 1 and "--target monitoring --check" in done.stdout, done.stdout + done.stderr


def test_from_nothing_to_a_running_system(prefix, tmp_path):  # noqa: F811
    shop = Cluster(prefix / "bin" / "msctl", tmp_path / "shop")
    shop.env.update(PATH=f"{prefix}/bin:{os.environ['PATH']}", CMAKE_PREFIX_PATH=str(prefix),
                    CCACHE_BASEDIR=str(tmp_path), CCACHE_NOHASHDIR="1")
    done = Cluster(shop.bin, tmp_path).run("init", "shop")
    assert done.returncode == 0, done.stderr
    gateway, http_port, worker = free_port(), free_port(), free_port()
    settings = shop.folder / "services/gateway/service.yaml"
    settings.write_text(settings.read_text().replace("8080", str(gateway)))
    began = time.monotonic()
    for args in (("billing", "--resource", "invoice", "--publishes", "invoice.created", "--port", http_port,
                  "--set", f"grpc_port={free_port()}"),
                 ("mailer", "--template", "cpp-worker", "--consumes", "invoice.created", "--calls", "billing", "--port", worker)):
        done = shop.run("new-service", *args)
        assert done.returncode == 0, done.stderr

    call(".ci/build", "--tests", cwd=shop.folder, env=shop.env, timeout=400)
    log = (shop.folder / "build/release/build.log").read_text()
    assert "warning" not in log, log
    tests = call("ctest", "--test-dir", "build/release", "--no-tests=error", "--output-on-failure", cwd=shop.folder)
    for name in ("billing_domain", "billing_service_tests", "billing_program", "mailer_service_tests"):
        assert name in tests, tests
    assert (shop.folder / "services/mailer/contracts/pacts/mailer-billing.json").is_file()
    try:
        shop.up("--wait-timeout", "60")
        took = time.monotonic() - began
        status, made = ask(gateway, "POST", "/api/v1/invoices", {"name": "first"})
        assert status == 201, made
        assert ask(gateway, "GET", "/api/v1/invoices/" + made["id"]) == (200, made)
        assert ask(gateway, "GET", "/api/v1/invoices")[1]["invoices"] == [made]
        counted = 'consumer_events_total{event="invoice.created",outcome="done"} 1'
        wait_for(lambda: counted in ask(worker, "GET", "/metrics")[1], 20, "the event at the worker")
        verified = shop.run("contract-test")
        assert verified.returncode == 0 and "a question whether it is well" in verified.stdout, verified.stdout + verified.stderr
        patterns_hold(shop)
    finally:
        shop.run("down")
    assert processes_of(shop.folder) == []
    git(shop.folder, "init", "-q")
    git(shop.folder, "add", "-A")
    git(shop.folder, "commit", "-q", "-m", "all")
    assert shop.run("update", "--check").returncode == 0
    print(f"from new-service to ready, tests built and run: {took:.0f} s")
