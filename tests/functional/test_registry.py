"""The registry of a running cluster, asked by a client that was written for Consul (Debian's python3-consul) and by
plain HTTP."""

import json
import os
import socket
import stat
import threading
import time
import urllib.error
import urllib.request

import consul
import pytest
from conftest import free_port, wait_for

import programs

TOKEN_BYTES = 64


def token_file(cluster):
    return cluster.folder / ".msctl" / "control" / "registry.token"


def client_of(cluster, with_token=True):
    client = consul.Consul(port=cluster.registry_port)
    if with_token:
        # As with a Consul that has ACLs on: this old client sends a token of its own only when it registers.
        client.http.session.headers["X-Consul-Token"] = token_file(cluster).read_text().strip()
    return client


def get(cluster, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{cluster.registry_port}{path}", timeout=10) as answer:
        return json.load(answer)


def passing(client, name):
    return [entry["Service"]["ID"] for entry in client.health.service(name, passing=True)[1]]


@pytest.fixture
def shop(cluster):
    """A cluster of one HTTP service `web` on two ports, with its registry on a port of its own."""
    port = free_port()
    made = cluster()
    made.registry_port = port
    made.web_port, made.admin_port = free_port(), free_port()
    made.write({
        "registry": {"port": port},
        "services": {
            "web": {
                "command": made.script("web.py", programs.WEB),
                "ports": {"http": made.web_port, "admin": made.admin_port},
                "probes": {"ready": {"http": "/health/ready", "interval_ms": 100}},
                "restart": {"policy": "no"},
            },
        },
    })
    made.up()
    return made


def test_an_instance_of_the_supervisor_is_found(shop):
    (entry,) = get(shop, "/v1/health/service/web?passing")
    service = entry["Service"]
    assert service["ID"] == "web"
    assert service["Port"] == shop.web_port
    assert service["Address"] == "127.0.0.1"
    assert service["Meta"]["port_http"] == str(shop.web_port)
    assert service["Meta"]["port_admin"] == str(shop.admin_port)
    assert "web" in get(shop, "/v1/catalog/services")


def test_an_instance_that_stops_leaves(shop):
    client = client_of(shop)
    index, entries = client.health.service("web", passing=True)
    assert len(entries) == 1
    assert shop.run("stop", "web").returncode == 0
    wait_for(lambda: passing(client, "web") == [], what="web gone")
    assert get(shop, "/v1/catalog/service/web") == []
    assert int(client.health.service("web")[0]) > int(index)
    assert shop.run("start", "web").returncode == 0
    wait_for(lambda: passing(client, "web") == ["web"], what="web back")


def test_a_client_written_for_consul(shop):
    client = client_of(shop)
    assert client.agent.self()["Config"]["Datacenter"] == "dc1"
    assert client.status.leader()
    assert client.catalog.datacenters() == ["dc1"]
    assert client.agent.service.register(
        "mailer", service_id="mailer-1", address="127.0.0.1", port=9000, tags=["v1"], check=consul.Check.ttl("30s"))
    assert client.health.service("mailer", passing=True)[1] == []
    assert client.agent.check.ttl_pass("service:mailer-1", notes="fine")
    index, (entry,) = client.health.service("mailer", passing=True, tag="v1")
    assert entry["Service"]["Port"] == 9000
    assert [check["Output"] for check in entry["Checks"] if check["ServiceID"]] == ["fine"]
    assert client.catalog.services()[1]["mailer"] == ["v1"]
    assert client.catalog.service("mailer")[1][0]["ServiceID"] == "mailer-1"
    assert client.catalog.nodes()[1][0]["Node"] == client.agent.self()["Config"]["NodeName"]
    assert client.agent.services()["mailer-1"]["Service"] == "mailer"
    assert client.agent.checks()["service:mailer-1"]["Status"] == "passing"
    assert client.health.checks("mailer")[1][0]["Status"] == "passing"
    assert client.agent.service.maintenance("mailer-1", "true", reason="new disk")
    assert passing(client, "mailer") == []
    assert client.agent.service.maintenance("mailer-1", "false")
    assert passing(client, "mailer") == ["mailer-1"]
    assert client.agent.check.ttl_fail("service:mailer-1")
    assert passing(client, "mailer") == []
    assert client.agent.service.deregister("mailer-1")
    assert client.catalog.service("mailer")[1] == []
    assert int(client.health.service("mailer")[0]) > int(index)


def test_a_blocking_query_answers_at_the_change(shop):
    client = client_of(shop)
    index, _ = client.health.service("mailer", passing=True)
    answers = []

    def follow():
        other = client_of(shop)
        answers.append((other.health.service("mailer", passing=True, index=index, wait="30s"), time.monotonic()))

    follower = threading.Thread(target=follow)
    follower.start()
    client.agent.service.register("other")
    changed = time.monotonic()
    client.agent.service.register("mailer", port=9000)
    follower.join(20)
    ((later, entries), answered), = answers
    assert [entry["Service"]["ID"] for entry in entries] == ["mailer"]
    assert int(later) > int(index)
    assert answered - changed < 10


def test_a_blocking_query_ends_after_its_wait(shop):
    client = client_of(shop)
    index, _ = client.health.service("web")
    began = time.monotonic()
    later, entries = client.health.service("web", index=index, wait="200ms")
    assert time.monotonic() - began >= 0.2
    assert (later, len(entries)) == (index, 1)


def test_an_http_check_finds_out(shop):
    client = client_of(shop)
    check = consul.Check.http(f"http://127.0.0.1:{shop.web_port}/health/ready", "1s", timeout="1s")
    assert client.agent.service.register("watched", port=shop.web_port, check=check)
    wait_for(lambda: passing(client, "watched") == ["watched"], what="the check passed")
    shop.run("stop", "web")
    wait_for(lambda: passing(client, "watched") == [], what="the check failed")


def test_the_registry_asks_no_other_machine(shop):
    client = client_of(shop)
    for url in ("http://169.254.169.254/latest/meta-data", "https://127.0.0.1/", "http://example.com/"):
        with pytest.raises(consul.base.BadRequest, match="Invalid check"):
            client.agent.service.register("evil", check=consul.Check.http(url, "1s"))


def test_a_change_needs_the_token_of_a_private_file(shop):
    mode = os.stat(token_file(shop)).st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert len(token_file(shop).read_text().strip()) == TOKEN_BYTES
    stranger = client_of(shop, with_token=False)
    with pytest.raises(consul.base.ACLPermissionDenied, match="Permission denied"):
        stranger.agent.service.register("mailer")
    with pytest.raises(consul.base.ACLPermissionDenied):
        stranger.agent.service.register("mailer", token="0" * TOKEN_BYTES)
    with pytest.raises(consul.base.ACLPermissionDenied):
        stranger.agent.service.deregister("web")
    assert passing(stranger, "web") == ["web"], "reading is open"
    assert stranger.agent.service.register("mailer", token=token_file(shop).read_text().strip())


def test_who_registered_outlives_a_killed_supervisor(shop):
    client = client_of(shop)
    client.agent.service.register("mailer", port=9000, tags=["v1"])
    book = shop.folder / ".msctl" / "run" / "registry.json"
    wait_for(lambda: "mailer" in book.read_text(), what="the book written")
    before = int(client.health.service("mailer")[0])
    token = token_file(shop).read_text()
    os.kill(shop.supervisor_pid(), 9)
    shop.up()
    wait_for(lambda: get(shop, "/v1/catalog/service/mailer"), what="mailer known again")
    assert token_file(shop).read_text() == token
    client = client_of(shop)
    later, (entry,) = client.health.service("mailer", passing=True)
    assert entry["Service"]["Tags"] == ["v1"]
    assert int(later) > before
    wait_for(lambda: passing(client, "web") == ["web"], what="web ready again")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"Name": 1}', b'{"Name": "a", "Port": -1}',
                                  b'{"Name": "a\\u0000b"}', b"[" * 50_000, b'{"Name": "' + b"a" * 60_000 + b'"}',
                                  b"\xff\xfe", b'{"Name": "a", "Check": {"HTTP": "http://127.0.0.1:1/", "Interval": -1}}'])
def test_junk_is_refused_and_harms_nothing(shop, body):
    request = urllib.request.Request(f"http://127.0.0.1:{shop.registry_port}/v1/agent/service/register", body,
                                     {"X-Consul-Token": token_file(shop).read_text().strip()}, method="PUT")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 400
    assert passing(client_of(shop), "web") == ["web"]


def test_a_port_that_was_given_and_is_taken_is_an_error(cluster):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        made = cluster({"registry": {"port": port}, "services": {"one": {"command": ["sleep", "1000"]}}})
        done = made.run("up", "-d")
        assert done.returncode != 0
        assert str(port) in done.stdout + done.stderr
        assert "registry" in done.stdout + done.stderr
