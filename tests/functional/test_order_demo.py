"""`./msctl order-demo`, run as the README says."""

import re
import subprocess

import pytest

from conftest import ROOT
from reference import Shop, document, shop  # noqa: F401

DEMO = ROOT / "docs" / "demo" / "order-demo.py"


def test_it_shows_each_step(shop):
    done = shop.run("order-demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    steps = re.findall(r"^(\d)  (.*?) +([\d.]+) ms  (.*)$", done.stdout, re.MULTILINE)
    assert [what for _, what, _, _ in steps] == [
        "sign up", "place an order", "read it at the gateway", "and at order-service", "its event in JetStream",
        "what became of it", "its payment", "its stock", "what the user was told"]
    assert [how.split()[0].strip(",") for _, what, _, how in steps if what in ("what became of it", "its payment", "its stock")] == [
        "confirmed", "authorized", "reserved"]
    assert "NOT" not in done.stdout and "ANOTHER" not in done.stdout
    order_id = re.search("order ([0-9a-f-]{36})", done.stdout).group(1)
    assert shop.get(f"/api/v1/orders/{order_id}").status == 200
    assert len(shop.events_of(order_id)) == 1
    timeline = re.findall(r"^   ([a-z]+(?:-service)?) .*━", done.stdout, re.MULTILINE)
    assert timeline[:2] == ["gateway", "order-service"]
    assert sorted(timeline[2:]) == ["catalog-service", "user-service"]
    assert max(len(line) for line in done.stdout.splitlines()) <= 120
    assert "\x1b" not in done.stdout


def test_what_it_says_to_try_works(shop):
    out = shop.run("order-demo").stdout
    order_id = re.search("order ([0-9a-f-]{36})", out).group(1)
    lines = [line.strip() for line in out.partition("look yourself")[2].splitlines() if line.strip()]
    assert len(lines) == 4
    for line in lines:
        line = line.replace("./msctl", str(shop.bin))
        done = subprocess.run(line, shell=True, cwd=shop.folder, check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
        assert "trace_id" in done.stdout if line.startswith("grep") else order_id in done.stdout


def test_colour_on_a_terminal_only(shop):
    env = {**shop.env, "TERM": "xterm"}
    inside = ["/usr/bin/script", "-qec", f"{shop.bin} order-demo", "/dev/null"]
    plain = subprocess.run(inside, cwd=shop.folder, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert "\x1b" not in plain  # NO_COLOR
    del env["NO_COLOR"]
    painted = subprocess.run(inside, cwd=shop.folder, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert "\x1b[32m1\x1b[0m  sign up" in painted


@pytest.mark.parametrize("service, named", [
    ("nats", "msctl start nats"), ("user-service", "msctl health"), ("order-service", "msctl"),
    ("gateway", "msctl up")])
def test_a_missing_service_is_one_sentence(shop, service, named):
    assert shop.run("stop", service).returncode == 0
    try:
        done = shop.run("order-demo")
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1
        assert named in done.stderr
    finally:
        assert shop.run("start", service).returncode == 0
    assert shop.run("order-demo").returncode == 0


def test_without_a_cluster(msctl_bin, tmp_path):
    down = Shop(msctl_bin, tmp_path)
    down.write(document())
    done = down.run("order-demo")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "order-demo: the cluster does not run; start it with `./msctl up -d --wait`\n"
    alone = subprocess.run([str(DEMO)], env={}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert alone.returncode == 1
    assert "./msctl order-demo" in alone.stderr
