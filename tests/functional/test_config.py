"""`msctl config`: the cluster as it will run, where each value comes from, and no secret in it."""

import json

import yaml


def tree(cluster):
    one = cluster("""\
broker: nats
services:
  nats: {command: [nats-server], ports: {client: 4222}}
  order: {path: services/order, ports: {http: 8092}}
  debug: {command: [sleep, "1"], profiles: [dev]}
""")
    folder = one.folder / "services" / "order"
    folder.mkdir(parents=True)
    (folder / "service.yaml").write_text("""\
name: order
command: [run, "${env:MODE:-fast}"]
ports: {http: 8082, grpc: 9082}
publishes: [order.placed]
env: {DB_PASSWORD: "${env:PASSWORD_OF_DB}", HOME_PAGE: "http://me:hidden@127.0.0.1:${port:http}/"}
""")
    return one


def test_defaults_overrides_and_replacements(cluster):
    one = tree(cluster)
    done = one.run("config", "order")
    assert done.returncode == 0, done.stderr
    order = yaml.safe_load(done.stdout)["services"]["order"]
    assert order["ports"] == {"http": 8092, "grpc": 9082}
    assert order["command"] == ["run", "fast"]
    assert order["restart"]["limit"] == 10
    assert order["depends_on"]["nats"]["condition"] == "ready"


def test_secrets_are_masked_in_every_format(cluster):
    one = tree(cluster)
    secret = one.folder / ".env"
    secret.write_text("PASSWORD_OF_DB=hidden\n")
    secret.chmod(0o600)
    for arguments in (["--output", "yaml"], ["--output", "json"], ["--output", "table"], ["--origins"]):
        done = one.run("config", "--env-file", secret, *arguments)
        assert done.returncode == 0, done.stderr
        assert "****" in done.stdout
        assert "hidden" not in done.stdout


def test_origins(cluster):
    one = tree(cluster)
    (one.folder / "dev.yaml").write_text("services:\n  order: {replicas: 2}\n")
    (one.folder / "mode.env").write_text("\nMODE=slow\n")
    done = one.run("config", "-f", "msctl.yaml", "-f", "dev.yaml", "--env-file", "mode.env", "--profile", "dev",
                   "--output", "json", "--origins")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    origins = document["origins"]
    assert origins["/services/order/ports/http"] == "msctl.yaml:4"
    assert origins["/services/order/ports/grpc"] == "services/order/service.yaml:3"
    assert origins["/services/order/command"] == "services/order/service.yaml:2 (mode.env:2)"
    assert origins["/services/order/replicas"] == "dev.yaml:2"
    assert origins["/services/order/stop_grace_ms"] == "default"
    assert origins["/services/debug/command"] == "msctl.yaml:5"
    assert document["config"]["services"]["order"]["command"] == ["run", "slow"]
    one.env["MODE"] = "own"
    done = one.run("config", "order", "--origins")
    assert "# services/order/service.yaml:2 (env MODE)" in done.stdout
    assert yaml.safe_load(done.stdout)["services"]["order"]["command"] == ["run", "own"]
    table = one.run("config", "order", "--output", "table").stdout
    row = next(line for line in table.splitlines() if line.startswith("services.order.ports.http "))
    assert row.split() == ["services.order.ports.http", "8092", "msctl.yaml:4"]


def test_one_value_per_option(cluster):
    one = tree(cluster)
    done = one.run("config", "--profile", "dev", "debug")
    assert done.returncode == 0, done.stderr
    assert list(yaml.safe_load(done.stdout)["services"]) == ["debug"]


def test_services_of_other_profiles_and_unknown_ones(cluster):
    one = tree(cluster)
    done = one.run("config", "debug")
    assert (done.returncode, done.stdout) == (2, "")
    assert "service debug is only there with --profile dev" in done.stderr
    done = one.run("config", "oder")
    assert done.returncode == 2
    assert 'did you mean "order"?' in done.stderr


def test_the_output_is_a_cluster_file(cluster, tmp_path):
    first = tree(cluster).run("config").stdout
    other = cluster(first, tmp_path / "again")
    assert yaml.safe_load(other.run("config").stdout)["services"] == yaml.safe_load(first)["services"]


def test_a_project_has_ports_of_its_own(cluster):
    done = tree(cluster).run("config", "--project", "two", "--output", "json", "--origins")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["config"]["services"]["order"]["ports"] == {"http": 0, "grpc": 0}
    assert document["origins"]["/services/order/ports/http"] == "a free one for this project"
    done = cluster().run("config", "--project", "../x")
    assert done.returncode == 2
    assert "--project: expected a name of a-z" in done.stderr


def test_a_secret_that_others_can_read_is_refused(cluster):
    one = cluster("""\
services:
  web: {command: [sleep, "1"], env: {DSN: "${file:secrets/db}"}}
""")
    secret = one.folder / "secrets" / "db"
    secret.parent.mkdir()
    secret.write_text("hidden")
    secret.chmod(0o644)
    for verb in (["config"], ["up", "-d"]):
        done = one.run(*verb)
        assert done.returncode == 2, done.stdout
        assert "chmod 600 secrets/db" in done.stderr
        assert "hidden" not in done.stdout + done.stderr
    secret.chmod(0o600)
    done = one.run("config")
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load(done.stdout)["services"]["web"]["env"] == {"DSN": "****"}


def test_profiles_have_an_origin(cluster):
    one = tree(cluster)
    done = one.run("config", "--profile", "dev", "--output", "json", "--origins")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["config"]["profiles"] == ["dev"]
    assert json.loads(done.stdout)["origins"]["/profiles"] == "--profile"
