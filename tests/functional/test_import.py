"""`msctl import`: Procfiles and compose files become cluster files that load, and run."""

import json

import programs
import yaml
from conftest import PYTHON

COMPOSE = """\
services:
  web:
    image: nginx:1.25
    ports: ["8080:80"]
    environment: {LEVEL: "${LEVEL:-info}"}
    depends_on: {db: {condition: service_healthy}}
    volumes: ["./site:/usr/share/nginx/html"]
  db:
    image: postgres:15
    environment: [POSTGRES_DB=shop]
    healthcheck: {test: [CMD, pg_isready], interval: 5s}
    restart: unless-stopped
volumes: {data: {}}
"""


def test_procfile_runs(cluster):
    one = cluster()
    one.script("web.py", programs.WEB.replace("PORT_HTTP", "PORT"))
    one.script("idle.py", programs.IDLE)
    (one.folder / "Procfile").write_text(
        f"web: {PYTHON} -u web.py $PORT\n# a comment\nworker: WORDS='two words' {PYTHON} -u idle.py\n")
    done = one.run("import", "Procfile")
    assert done.returncode == 0, done.stderr
    assert "web: runs through sh -c" in done.stderr
    written = yaml.safe_load((one.folder / "msctl.yaml").read_text())["services"]
    assert written["worker"]["env"] == {"WORDS": "two words"}
    one.up()
    assert {name: row["state"] for name, row in one.ps().items()} == {"web": "ready", "worker": "ready"}


def test_compose_file_loads(cluster):
    one = cluster()
    (one.folder / "compose.yaml").write_text(COMPOSE)
    done = one.run("import", "compose.yaml")
    assert done.returncode == 0, done.stderr
    assert "web: volumes has no equivalent and is left out" in done.stderr
    assert "volumes has no equivalent and is left out" in done.stderr.splitlines()[-2]
    config = json.loads(one.run("config", "--output", "json").stdout)["services"]
    assert config["web"]["image"] == "nginx:1.25"
    assert config["web"]["env"] == {"LEVEL": "info"}
    assert config["web"]["depends_on"]["db"]["condition"] == "ready"
    assert config["db"]["probes"]["ready"]["exec"] == ["pg_isready"]
    assert config["db"]["restart"]["policy"] == "always"


def test_never_overwrites(cluster):
    one = cluster({"services": {}})
    before = (one.folder / "msctl.yaml").read_text()
    (one.folder / "Procfile").write_text("web: true\n")
    done = one.run("import", "Procfile")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip().splitlines() == [
        "msctl: msctl.yaml is there already and is not overwritten; name another file with --out, or look at the result "
        "with --dry-run"]
    assert (one.folder / "msctl.yaml").read_text() == before
    link = one.folder / "link.yaml"
    link.symlink_to("nowhere.yaml")
    assert one.run("import", "Procfile", "--out", "link.yaml").returncode == 1
    assert not (one.folder / "nowhere.yaml").exists()
    done = one.run("import", "Procfile", "--out", "other.yaml")
    assert done.returncode == 0, done.stderr
    assert "web" in (one.folder / "other.yaml").read_text()


def test_dry_run_and_standard_output(run, tmp_path):
    (tmp_path / "Procfile").write_text("web: 'true' yes 8080\n")
    for arguments in (["--dry-run"], ["--out", "-"]):
        done = run("import", "Procfile", *arguments)
        assert done.returncode == 0, done.stderr
        assert yaml.safe_load(done.stdout) == {"services": {"web": {"command": ["true", "yes", "8080"]}}}
    assert [path.name for path in tmp_path.iterdir()] == ["Procfile"]


def test_what_cannot_be_imported(run, tmp_path):
    for name, text, message in (
        ("Procfile", "just text\n", "Procfile:1: expected NAME: COMMAND"),
        ("compose.yaml", "services:\n  web: {image: x}\n  web: {image: y}\n", 'compose.yaml:3: key "web" occurs twice'),
        ("compose.yml", "a: &a [*a]\n", "compose.yml:1: an alias inside of what it stands for"),
        ("setup.py", "", "setup.py: expected a file named Procfile, or a compose file in .yaml"),
    ):
        (tmp_path / name).write_text(text)
        done = run("import", name)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert message in done.stderr
    done = run("import", "nowhere.yaml")
    assert done.returncode == 2
    assert done.stderr.strip() == "msctl: nowhere.yaml: no such file"
    assert not (tmp_path / "msctl.yaml").exists()


def test_a_mistake_in_env_is_told_once(cluster):
    one = cluster()
    (one.folder / "Procfile").write_text("web: sleep 1\nworker: sleep 2\n")
    (one.folder / ".env").write_text("no value\n")
    done = one.run("import", "Procfile")
    assert done.returncode == 1
    assert done.stderr.count(".env:1: expected NAME=value") == 1
