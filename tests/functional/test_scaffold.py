"""`msctl init` and `msctl new-service`: what they write, what they refuse, and that nothing is ever half written."""

import http.client
import json
import os
import subprocess
import time

import pytest
import yaml

from conftest import ROOT, Cluster, free_port
from git_repository import git

HOSTILE = ("../up", "/etc/passwd", "a/../../b", "a\nb", "a\tb", "{{name}}", "{{{x}}}", 'a"b', "a'b", "a\\b", "$(id)", "${HOME}",
           "`id`", "a\x1b[31m", "x" * 300)


def tree(folder):
    """Every file below with its content, but for git's own and the cluster's."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if not name.startswith((".git/", ".msctl/")) and (path.is_symlink() or path.is_file()):
            found[name] = os.readlink(path) if path.is_symlink() else path.read_bytes()
    return found


@pytest.fixture
def shop(msctl_bin, tmp_path):
    """A workspace as init makes it."""
    folder = tmp_path / "shop"
    one = Cluster(msctl_bin, tmp_path)
    done = one.run("init", folder)
    assert done.returncode == 0, done.stderr
    return Cluster(msctl_bin, folder)


def refused(one, *args, code=2):
    """Runs it; it must fail with one message on standard error and change no file. Returns the message."""
    before = tree(one.folder)
    done = one.run(*args)
    assert done.returncode == code, (args, done.stdout, done.stderr)
    assert done.stdout == "" and done.stderr.startswith("msctl: "), (done.stdout, done.stderr)
    assert tree(one.folder) == before, args
    assert "\x1b" not in done.stderr
    return done.stderr


# init


def test_init_makes_a_workspace_that_loads(shop):
    config = json.loads(shop.run("config", "--output", "json").stdout)
    assert config["name"] == "shop"
    assert set(config["services"]) == {"nats", "gateway"}
    assert config["services"]["gateway"]["command"] == [f"{shop.folder}/build/release/bin/gateway"]
    assert os.access(shop.folder / ".ci" / "build", os.X_OK)
    assert (shop.folder / "services" / "gateway" / "gateway_service.cpp").read_bytes() == (
        ROOT / "services" / "gateway" / "gateway_service.cpp").read_bytes()
    for name in (".ci/build", ".clang-format"):
        assert (shop.folder / name).read_bytes() == (ROOT / name).read_bytes(), "the template's copy fell behind"


def test_init_says_how_to_go_on(msctl_bin, tmp_path):
    one = Cluster(msctl_bin, tmp_path)
    done = one.run("init", "my-shop")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[lines.index("Next:") + 1].strip() == "cd my-shop"
    assert any("msctl new-service" in line for line in lines)


def test_init_can_be_looked_at_first(msctl_bin, tmp_path):
    one = Cluster(msctl_bin, tmp_path)
    done = one.run("init", "new", "--dry-run")
    assert done.returncode == 0
    assert "CREATE    msctl.yaml" in done.stdout and done.stdout.endswith("nothing was written\n")
    assert list(tmp_path.iterdir()) == []
    document = json.loads(one.run("init", "new", "--dry-run", "--output", "json").stdout)
    assert document["written"] is False
    assert {"change": "CREATE", "path": "services/gateway/main.cpp"} in document["files"]


def test_init_refuses_a_folder_with_something_in_it(msctl_bin, tmp_path):
    one = Cluster(msctl_bin, tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    assert "is not empty (notes.txt)" in refused(one, "init", code=1)
    assert "is there and no folder" in refused(one, "init", "notes.txt", code=1)


def test_init_takes_a_fresh_repository(msctl_bin, tmp_path):
    git(tmp_path, "init", "-q")
    one = Cluster(msctl_bin, tmp_path)
    assert one.run("init", "--name", "mine").returncode == 0
    assert yaml.safe_load((tmp_path / "msctl.yaml").read_text())["name"] == "mine"


@pytest.mark.parametrize("value", HOSTILE)
def test_init_refuses_hostile_names(msctl_bin, tmp_path, value):
    refused(Cluster(msctl_bin, tmp_path), "init", "here", "--name", value)


# new-service


def test_a_new_service_can_be_looked_at_first(shop):
    before = tree(shop.folder)
    done = shop.run("new-service", "billing", "--resource", "invoice", "--dry-run")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "nothing was written"
    assert "UPDATE    msctl.yaml" in lines
    assert {line.split()[0] for line in lines[:-1]} == {"CREATE", "UPDATE"}
    assert tree(shop.folder) == before
    written = json.loads(shop.run("new-service", "billing", "--resource", "invoice", "--output", "json").stdout)
    assert sorted(f"{one['change']:<9} {one['path']}" for one in written["files"]) == sorted(lines[:-1])
    assert written["written"] is True
    assert [one for one in written["next"] if one.startswith("curl ")]


def test_a_new_service_is_in_the_cluster(shop):
    text = (shop.folder / "msctl.yaml").read_text().replace("services:\n", "services:\n  # ours\n")
    (shop.folder / "msctl.yaml").write_text(text)
    shop.run("new-service", "billing-service", "--resource", "invoice", "--publishes", "invoice.created")
    after = (shop.folder / "msctl.yaml").read_text()
    entry = "  billing-service: {path: services/billing}\n"
    assert entry in after and after.replace(entry, "") == text
    service = json.loads(shop.run("config", "--output", "json").stdout)["services"]["billing-service"]
    assert service["ports"] == {"http": 8101, "grpc": 9101}
    assert service["publishes"] == ["invoice.created"]
    assert service["routes"][0] == {"prefix": "/api/v1/invoices", "to": "/v1/invoices"}
    schema = json.loads((shop.folder / "services/billing/events/invoice.created.v1.schema.json").read_text())
    assert schema["required"] == ["invoice_id", "name"]
    assert "{{" not in "".join(path.read_text() for path in (shop.folder / "services/billing").rglob("*.hpp"))


def test_a_first_service_on_postgresql_brings_the_server(shop):
    for name in ("ledger", "bank"):
        done = shop.run("new-service", name, "--db", "postgres")
        assert done.returncode == 0, done.stderr
    config = json.loads(shop.run("config", "--output", "json").stdout)
    assert config["postgres"] == "postgres"
    assert config["services"]["postgres"]["command"][1] == "serve"
    assert config["services"]["ledger"]["database"] == config["services"]["bank"]["database"] == "postgres"
    text = (shop.folder / "msctl.yaml").read_text()
    assert text.startswith("# The cluster.") and text.count("msctl-postgres") == 1


def test_a_service_that_happens_to_be_named_postgres_is_left_alone(shop):
    text = (shop.folder / "msctl.yaml").read_text().replace("services:\n", "services:\n  postgres: {command: [sleep, '1']}\n")
    (shop.folder / "msctl.yaml").write_text(text)
    assert "add the line: postgres: postgres" in refused(shop, "new-service", "ledger", "--db", "postgres", code=1)


def test_inputs_name_all_that_a_build_reads(shop):
    for args in (("catalog",), ("cart", "--calls", "catalog"), ("mailer", "--template", "cpp-worker", "--consumes", "a.b")):
        assert shop.run("new-service", *args).returncode == 0
    services = json.loads(shop.run("config", "--output", "json").stdout)["services"]
    for name in ("catalog", "cart", "mailer"):
        inputs = services[name]["build"]["inputs"]
        assert {f"services/{name}/**", "CMakeLists.txt", "services/CMakeLists.txt", ".ci/build"} <= set(inputs)
    assert "services/catalog/proto/**" in services["cart"]["build"]["inputs"]


def test_a_consumer_gets_its_publishers_schemas(shop):
    assert shop.run("new-service", "billing", "--resource", "invoice", "--publishes", "invoice.created").returncode == 0
    events = shop.folder / "services/billing/events"
    first = (events / "invoice.created.v1.schema.json").read_text()
    (events / "invoice.created.v2.schema.json").write_text(first.replace("created:1", "created:2"))
    note = "invoice.created: schema copied from billing (v1, v2)"
    done = shop.run("new-service", "mailer", "--template", "cpp-worker", "--consumes", "invoice.created", "--dry-run")
    assert "NOTE      " + note in done.stdout.splitlines(), done.stdout + done.stderr
    done = shop.run("new-service", "mailer", "--template", "cpp-worker", "--consumes", "invoice.created", "--output", "json")
    assert json.loads(done.stdout)["notes"] == [note], done.stdout + done.stderr
    copies = shop.folder / "services/mailer/consumes"
    assert tree(copies) == tree(events)
    code = (shop.folder / "services/mailer/mailer_service.cpp").read_text()
    assert "consumer.check_with(consumed_schemas());" in code and "CO_TRY(consumer.start());" in code
    test = (shop.folder / "services/mailer/tests/mailer_consumer_test.cpp").read_text()
    assert '"invoice.created", 2, data' in test and '{"invoice_id":"01234567-89ab-7def-8123-456789abcdef","name":"x"}' in test
    assert "mailer (v1, v2)" in shop.run("schema", "list").stdout
    done = shop.run("schema", "check")
    assert done.returncode == 0, done.stdout + done.stderr
    copy = copies / "invoice.created.v2.schema.json"
    copy.write_text(copy.read_text().replace("200", "100"))
    done = shop.run("schema", "check", "mailer")
    assert done.returncode == 5 and "COPY_DIFFERS" in done.stdout, done.stdout + done.stderr
    assert "services/mailer/consumes/invoice.created.v2.schema.json" in done.stdout


def test_a_consumer_of_its_own_events_has_its_own_schema(shop):
    done = shop.run("new-service", "notes", "--publishes", "note.made", "--consumes", "note.made")
    assert done.returncode == 0 and "NOTE      note.made: schema copied from notes (v1)" in done.stdout, done.stdout + done.stderr
    home = shop.folder / "services/notes"
    assert tree(home / "consumes") == tree(home / "events")


def test_a_consumer_of_what_nobody_publishes_is_told_what_to_do(shop):
    (shop.folder / "services/old").mkdir()
    (shop.folder / "services/old/service.yaml").write_text("name: old\ncommand: ['true']\npublishes: [old.thing]\n")
    text = (shop.folder / "msctl.yaml").read_text().replace("services:\n", "services:\n  old: {path: services/old}\n")
    (shop.folder / "msctl.yaml").write_text(text)
    done = shop.run("new-service", "mailer", "--consumes", "user.named", "--consumes", "old.thing")
    assert done.returncode == 0, done.stderr
    notes = [line for line in done.stdout.splitlines() if line.startswith("NOTE")]
    assert "no service of this workspace publishes it" in notes[0] and notes[0].endswith("then msctl update mailer"), notes
    assert "old publishes it without a schema" in notes[1], notes
    schema = json.loads((shop.folder / "services/mailer/consumes/user.named.v1.schema.json").read_text())
    assert schema["$id"] == "urn:msctl:event:user.named:1" and schema["type"] == "object"


@pytest.mark.parametrize("args", ((), ("--publishes", "a.b"), ("--consumes", "a.b"), ("--publishes", "a.b", "--consumes", "a.b"),
                                  ("--template", "cpp-worker", "--consumes", "a.b")))
def test_migrations_are_numbered_without_a_gap(shop, args):
    assert shop.run("new-service", "notes", *args).returncode == 0
    numbers = [int(path.name.split("_")[0]) for path in sorted((shop.folder / "services/notes/migrations").iterdir())]
    assert numbers == list(range(1, len(numbers) + 1))


def test_ports_do_not_collide(shop):
    for name in ("one", "two"):
        assert shop.run("new-service", name).returncode == 0
    ports = [s["ports"] for n, s in json.loads(shop.run("config", "--output", "json").stdout)["services"].items()
             if n in ("one", "two")]
    assert ports == [{"http": 8101, "grpc": 9101}, {"http": 8102, "grpc": 9102}]
    # All ports of a project are free ones, whatever is written.
    project = dict(shop.env, MSCTL_PROJECT="q")
    for name in ("five", "six"):
        done = shop.run("new-service", name, env=project)
        assert done.returncode == 0, done.stderr
    assert "http: 8104" in (shop.folder / "services/six/service.yaml").read_text()
    assert shop.run("new-service", "three", "--port", "7000").returncode == 0
    assert "grpc: 8000" in (shop.folder / "services/three/service.yaml").read_text()
    assert "another service's port" in refused(shop, "new-service", "four", "--port", "8101")
    for port in ("0", "80", "70000", "x", "-1", "81 "):
        refused(shop, "new-service", "four", "--port", port)


def test_calls_are_generated_for_published_clients_only(shop):
    assert shop.run("new-service", "catalog").returncode == 0
    assert shop.run("new-service", "cart", "--calls", "catalog").returncode == 0
    code = (shop.folder / "services/cart/cart_service.cpp").read_text()
    assert "catalog_service::client::connect(env)" in code and "catalog_client->ping" in code
    assert yaml.safe_load((shop.folder / "services/cart/service.yaml").read_text())["calls"] == {
        "catalog": {"timeout_ms": 2000}}
    assert "publishes no C++ client" in refused(shop, "new-service", "other", "--calls", "gateway")
    assert "no such service" in refused(shop, "new-service", "other", "--calls", "nobody")
    assert "twice" in refused(shop, "new-service", "other", "--calls", "cart", "--calls", "cart")


def test_nothing_is_overwritten(shop):
    (shop.folder / "services" / "billing").mkdir()
    assert "is there already" in refused(shop, "new-service", "billing", code=1)
    (shop.folder / "docs" / "services").mkdir(parents=True)
    (shop.folder / "docs" / "services" / "notes.md").write_text("mine\n")
    assert "docs/services/notes.md is there already" in refused(shop, "new-service", "notes", code=1)


def test_a_link_out_of_the_workspace_is_not_followed(shop, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    os.symlink(outside, shop.folder / "docs")
    assert "symbolic link" in refused(shop, "new-service", "notes", code=1)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("flag", ("NAME", "--resource", "--db", "--publishes", "--consumes", "--calls", "--port", "--set",
                                  "--template"))
def test_hostile_values_are_refused_in_every_field(shop, flag):
    for value in HOSTILE:
        if flag == "NAME":
            refused(shop, "new-service", "--", value)
        elif flag == "--set":
            refused(shop, "new-service", "fine", "--set", "resource=" + value)
            refused(shop, "new-service", "fine", "--set", value + "=x")
        else:
            refused(shop, "new-service", "fine", flag + "=" + value)


@pytest.mark.parametrize("name", ("class", "std", "base", "chassis", "msctl", "gateway", "nats", "up", "new-service", "test",
                                  "Billing", "a_b", "a--b", "1a", "x" * 41))
def test_reserved_and_taken_names_are_refused(shop, name):
    refused(shop, "new-service", name)


@pytest.mark.parametrize("args, message", (
    (("--db", "none", "--publishes", "a.b"), "--publishes needs a database"),
    (("--db", "none", "--consumes", "a.b"), "--consumes needs a database"),
    (("--db", "mysql"), "db must be sqlite, postgres or none"),
    (("--template", "python-http", "--db", "sqlite"), "has no parameter \"db\"; it has resource, port"),
    (("--template", "cpp-worker"), "needs consumes"),
    (("--template", "nothing"), "there are cpp-service, cpp-worker, "),
    (("--template", "workspace"), "use msctl init"),
    (("--set", "x"), "expected KEY=VALUE"),
    (("--publishes", "create.thing.request", "--resource", "thing"), "its message would be called"),
))
def test_contradictions_are_refused_with_what_to_do(shop, args, message):
    assert message in refused(shop, "new-service", "fine", *args)


def test_events_need_a_broker(shop):
    text = (shop.folder / "msctl.yaml").read_text().replace("broker: nats\n", "")
    (shop.folder / "msctl.yaml").write_text(text)
    assert "need a broker" in refused(shop, "new-service", "fine", "--publishes", "thing.made")


def test_an_unusual_layout_is_not_edited_by_guess(shop):
    text = (shop.folder / "msctl.yaml").read_text()
    (shop.folder / "msctl.yaml").write_text(json.dumps(yaml.safe_load(text)) + "\n")
    assert "fine: {path: services/fine}" in refused(shop, "new-service", "fine", code=1)


def test_a_service_in_python_runs_and_tests_itself(cluster, tmp_path):
    one = cluster({"version": 1, "services": {}}, tmp_path / "web")
    port = free_port()
    done = one.run("new-service", "guest-book", "--template", "python-http", "--resource", "entry", "--port", str(port))
    assert done.returncode == 0, done.stderr
    own = subprocess.run(["/usr/bin/python3", "test_service.py"], cwd=one.folder / "services/guest-book",
                         capture_output=True, text=True, timeout=60, check=False)
    assert own.returncode == 0, own.stderr
    one.up()

    def ask(method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    status, made = ask("POST", "/v1/entries", '{"name": "hello"}')
    assert status == 201
    assert ask("GET", "/v1/entries") == (200, {"entries": [made]})
    assert one.run("restart", "--rolling", "guest-book").returncode == 0
    assert ask("GET", "/v1/entries") == (200, {"entries": []}), "a new process on the same socket"
    assert any('"level": "info"' in line for line in one.log("guest-book").splitlines())


def test_two_at_once_do_not_undo_each_other(shop):
    names = ["ann", "bob", "cyd", "dan"]
    running = [shop.popen("new-service", name, "--template", "python-http") for name in names]
    for one in running:
        told = one.communicate(timeout=60)
        assert one.returncode == 0, told
    services = json.loads(shop.run("config", "--output", "json").stdout)["services"]
    assert set(names) < set(services)
    assert len({services[name]["ports"]["http"] for name in names}) == 4


def test_a_signal_leaves_nothing_half_written(shop):
    """Ctrl-C at any moment: the service is there as a whole, or not at all."""
    for attempt in range(20):
        name = f"web{attempt}"
        one = shop.popen("new-service", name)
        time.sleep(attempt / 1000)
        one.terminate()
        one.communicate(timeout=60)
        listed = yaml.safe_load((shop.folder / "msctl.yaml").read_text())["services"]
        assert (name in listed) == (shop.folder / "services" / name).exists(), one.returncode
        assert shop.run("config").returncode == 0
    assert not list(shop.folder.rglob(".*.msctl-*"))
