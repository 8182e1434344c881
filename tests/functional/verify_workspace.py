"""Copies of this checkout whose cluster `msctl verify` is tried on: the reference system on free ports, in a git
repository of its own, with programs that a test may replace by others."""

import json
import os
import shutil

import pytest
import yaml

from conftest import PYTHON, ROOT, free_port
from git_repository import git
from reference import Shop, document

LEFT_OUT = ("build", ".git", ".msctl", "node_modules", "__pycache__", ".pytest_cache", "deploy")
TOOLS = ROOT / "tests" / "functional"

# Runs in place of a service's program: changes what the service is told, or does something first, and becomes it.
WRAPPER = """#!{python}
import json, os, sys, urllib.request
program = {program!r}
config = json.load(open(os.environ["MSCTL_CONFIG"]))
{code}
path = os.environ["MSCTL_CONFIG"] + ".changed"
with open(path, "w") as file:
    json.dump(config, file)
os.environ["MSCTL_CONFIG"] = path
os.execv(program, [program] + sys.argv[1:])
"""


def reference_file():
    """The checkout's msctl.yaml with every port free, its services where they lie in a copy."""
    cluster = document()
    for service in cluster["services"].values():
        if "path" in service:
            service["path"] = os.path.relpath(service["path"], ROOT)
    return cluster


class Workspace(Shop):
    """A copy with its own programs; nothing runs until up()."""

    def __init__(self, msctl_bin, folder, master):
        shutil.copytree(master, folder, symlinks=True)
        programs = folder / "build" / "release" / "bin"
        programs.mkdir(parents=True)
        self.originals = msctl_bin.parent
        for program in self.originals.iterdir():
            if program.is_file() and os.access(program, os.X_OK):
                (programs / program.name).symlink_to(program)
        own = programs / "msctl"  # no link, since msctl finds its files from where it lies
        own.unlink()
        try:
            os.link(msctl_bin, own)
        except OSError:
            shutil.copy2(msctl_bin, own)
        super().__init__(own, folder)

    @property
    def programs(self):
        return self.folder / "build" / "release" / "bin"

    def edit(self, name, change):
        """Applies `change` to a YAML file of the copy."""
        path = self.folder / name
        value = yaml.safe_load(path.read_text())
        change(value)
        path.write_text(yaml.safe_dump(value, sort_keys=False))
        git(self.folder, "commit", "-q", "-am", "changed")

    def wrap(self, program, code):
        """Puts a wrapper in place of a program; `code` may change `config`."""
        path = self.programs / program
        path.unlink()
        path.write_text(WRAPPER.format(python=PYTHON, program=str(self.originals / program), code=code))
        path.chmod(0o755)

    def add_service(self, name, service):
        self.edit("msctl.yaml", lambda cluster: cluster["services"].update({name: service}))

    def add_rewriter(self, before, service, old, new):
        """On the way to the port `before`, each `old` becomes `new`; gives the port to go there by. The service whose
        file is `service` waits for it."""
        assert len(old) == len(new)
        port = free_port()
        self.add_service("rewriter", {
            "command": [PYTHON, "-u", str(TOOLS / "tcp_rewriter.py"), str(port), before, old, new],
            "ports": {"client": port}, "probes": {"ready": {"tcp": "client"}}})
        self.edit(service, lambda file: file.update(depends_on={"rewriter": "ready"}))
        return port

    def rewrite_to_broker(self, old, new):
        """Between order-service and the broker, each `old` becomes `new`."""
        port = self.add_rewriter("${port:nats.client}", "services/order/service.yaml", old, new)
        self.wrap("order-service", f'config["broker"]["url"] = "nats://127.0.0.1:{port}"')

    def add_standin(self, *without):
        """A further service, in Python; see standin_service.py."""
        words = [word for name in without for word in ("--without", name)]
        self.add_service("quote-service", {
            "command": [PYTHON, "-u", str(TOOLS / "standin_service.py"), *words], "version": "0.1.0",
            "ports": {"http": 0}, "sockets": ["http"], "routes": [{"prefix": "/api/v1/quotes", "to": "/v1/quotes"}],
            "probes": {"ready": {"http": "/health/ready"}, "live": {"http": "/health/live"}}})

    def verify(self, *patterns, code=0, timeout=60):
        """What verify says, by pattern number, or by name where there is none."""
        done = self.run("verify", *patterns, "--output", "json", timeout=timeout)
        assert done.returncode == code, done.stdout + done.stderr
        return {one["pattern"] or one["name"]: one for one in json.loads(done.stdout)}


def committed_copy(folder, cluster):
    """The checkout as it is with this msctl.yaml, committed."""
    shutil.copytree(ROOT, folder, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (folder / "msctl.yaml").write_text(yaml.safe_dump(cluster, sort_keys=False))
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "all of it")
    return folder


@pytest.fixture(scope="session")
def master(tmp_path_factory):
    return committed_copy(tmp_path_factory.mktemp("master") / "repo", reference_file())


@pytest.fixture
def workspace(msctl_bin, master, tmp_path):
    one = Workspace(msctl_bin, tmp_path / "repo", master)
    try:
        yield one
    finally:
        one.close()
