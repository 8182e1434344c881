"""`msctl deploy`: what it writes, what it leaves alone, what it refuses."""

import copy
import json
import re

import pytest

import deploy_workspace as workspace
from conftest import ROOT, Cluster

ALL = "dockerfile,compose,k8s,istio,monitoring,ci-github,ci-gitlab"


@pytest.fixture
def place(msctl_bin, tmp_path):
    workspace.write_workspace(tmp_path)
    return Cluster(msctl_bin, tmp_path)


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def deploy(place, *words, code=0):
    done = place.run("deploy", *words)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def test_renders_every_target_the_same_each_time(place):
    done = deploy(place, "--target", ALL)
    for target in ALL.split(","):
        assert re.search(rf"^{target} +[1-9]", done.stdout, re.M), done.stdout
    assert "Next:" in done.stdout
    first = files(place.folder / "deploy")
    deploy(place, "--target", ALL)
    assert files(place.folder / "deploy") == first
    deploy(place, "--target", ALL, "--check")
    elsewhere = place.folder / "elsewhere"
    deploy(place, "--target", ALL, "--out", str(elsewhere))
    assert files(elsewhere) == first


def test_a_project_changes_nothing_in_what_is_rendered(place):
    """Its ports are free ones, and its state is elsewhere: neither is of the files."""
    deploy(place, "--target", ALL)
    done = place.run("deploy", "--target", ALL, "--check", env=dict(place.env, MSCTL_PROJECT="p5"))
    assert done.returncode == 0, done.stdout + done.stderr
    deploy(place, "--project", "p5", "--target", ALL, "--check")


def test_dry_run_and_diff_write_nothing(place):
    done = deploy(place, "--target", "k8s", "--dry-run")
    assert "CREATE    staging/kubernetes/namespace.yaml" in done.stdout and "nothing was written" in done.stdout
    done = deploy(place, "--target", "k8s", "--diff")
    assert "+++ b/staging/kubernetes/namespace.yaml" in done.stdout
    assert not (place.folder / "deploy").exists()
    deploy(place, "--target", "k8s", "--check", code=7)
    deploy(place, "--target", "k8s")
    done = deploy(place, "--target", "k8s", "--tag", "1.4.1", "--diff")
    assert re.search(r"^-.*users:1\.4\.0$", done.stdout, re.M) and re.search(r"^\+.*users:1\.4\.1$", done.stdout, re.M)


def test_check_notices_a_stale_file_an_edit_and_a_leftover(place):
    deploy(place, "--target", "k8s")
    path = place.folder / "deploy/staging/kubernetes/users/service.yaml"
    text = path.read_text()
    path.write_text(text + "# mine\n")
    done = deploy(place, "--target", "k8s", "--check", code=7)
    assert "users/service.yaml  (edited by hand)" in done.stdout
    path.write_text(text)
    deploy(place, "--target", "k8s", "--check")
    path.unlink()
    deploy(place, "--target", "k8s", "--check", code=7)
    deploy(place, "--target", "k8s")
    less = workspace.cluster()
    del less["services"]["legacy"]
    own = workspace.services()
    del own["orders"]["depends_on"]
    workspace.write_workspace(place.folder, less, own)
    done = deploy(place, "--target", "k8s", "--check", code=7)
    assert "REMOVE    staging/kubernetes/legacy/service.yaml" in done.stdout
    done = deploy(place, "--target", "k8s")
    assert "1 file removed" in done.stdout
    assert not (place.folder / "deploy/staging/kubernetes/legacy").exists()


def test_an_edited_file_is_kept_unless_forced(place):
    deploy(place, "--target", "k8s,compose")
    for path in sorted((place.folder / "deploy").rglob("*")):
        if not path.is_file() or path.name == ".msctl-deploy.json":
            continue
        before = path.read_bytes()
        path.write_bytes(before + b"\n")
        done = deploy(place, "--target", "k8s,compose", code=1)
        assert str(path) in done.stderr and "--force" in done.stderr
        assert path.read_bytes() == before + b"\n"
        path.write_bytes(before)
    path.write_text("mine\n")
    deploy(place, "--target", "k8s,compose", "--force")
    assert path.read_bytes() == before
    # A file that was never msctl's is no different.
    (place.folder / "other/staging/kubernetes").mkdir(parents=True)
    (place.folder / "other/staging/kubernetes/namespace.yaml").write_text("mine\n")
    deploy(place, "--target", "k8s", "--out", "other", code=1)


def test_another_target_and_another_environment_keep_their_files(place):
    deploy(place, "--target", "k8s")
    deploy(place, "--target", "compose")
    second = workspace.environment() | {"namespace": "shop-live"}
    workspace.write_workspace(place.folder, environments={"live": second})
    assert "which environment?" in deploy(place, "--target", "k8s", code=2).stderr
    deploy(place, "--target", "k8s", "--env", "live")
    deploy(place, "--target", "k8s,compose", "--env", "staging", "--check")
    deploy(place, "--target", "k8s", "--env", "live", "--check")


def test_only_one_service(place):
    deploy(place, "--target", "k8s,monitoring", "--service", "users")
    assert {name.split("/")[2] for name in files(place.folder / "deploy") if "/kubernetes/" in name} == {"users"}
    assert "no service" in deploy(place, "--service", "uses", code=2).stderr


def test_json_tells_each_file(place):
    listed = json.loads(deploy(place, "--target", "k8s", "--dry-run", "--output", "json").stdout)
    assert listed["environment"] == "staging" and listed["stale"]
    assert {"path": "staging/kubernetes/namespace.yaml", "change": "CREATE", "target": "k8s", "edited": False} in listed["files"]
    assert any("SQLite" in note for note in listed["notes"])
    assert any("env.PEER names a port of nats, but no NetworkPolicy lets it through" in note for note in listed["notes"])


def refused(place, *words):
    done = deploy(place, *words, code=2)
    assert not (place.folder / "deploy").exists()
    return done.stderr


def changed(change):
    value = copy.deepcopy(workspace.environment())
    change(value)
    return value


@pytest.mark.parametrize("change, words, message", [
    (lambda e: e.pop("base_image"), ["--target", "dockerfile"], "set `base_image: NAME@sha256:…` in environments/staging.yaml"),
    (lambda e: e.pop("tag"), ["--target", "k8s"], "set `image_prefix` and `tag` in environments/staging.yaml"),
    (lambda e: e.pop("actions"), ["--target", "ci-github"], "which are not guessed"),
    (lambda e: e["ci"].pop("image_tools"), ["--target", "ci-gitlab"], "pinned by their digests"),
    (lambda e: e.pop("proxy_image"), ["--target", "compose"], "proxy_image"),
    (lambda e: e["services"].pop("nats"), ["--target", "k8s"], "services.nats.image"),
    (lambda e: e["services"]["users"].update(replicas={"min": 5, "max": 2}), [], "min must not be above max"),
    (lambda e: e.update(defaults={"resources": {"requests": {"memory": "1Gi"}}}), [], "the memory request 1Gi is above the limit 256Mi"),
    (lambda e: e["ingress"]["hosts"].append({"host": "shop.example.com"}), [], "the host shop.example.com occurs twice"),
    (lambda e: e["services"].update(usres={}), [], 'there is no service "usres"; did you mean "users"?'),
    (lambda e: e.update(namespce="x"), [], 'unknown key "namespce"; did you mean "namespace"?'),
    (lambda e: e["services"]["users"].update(env={"API_TOKEN": "x"}), [], "is a secret by its name"),
    (lambda e: e["services"].update(orders={"replicas": {"min": 2, "max": 3}}), ["--target", "k8s"], "its SQLite file is for one process"),
    (lambda e: e["services"]["nats"].update(command=["nats-server", "--addr", "127.0.0.1"]), ["--target", "k8s"], "listens on 127.0.0.1"),
    (lambda e: e.update(base_image="debian:12"), [], "an image with its digest"),
    (lambda e: e.update(namespace="kube-system"), [], "Kubernetes' own"),
    (lambda e: e.update(broker={"url": "nats://b:99999"}), [], "a port from 1 to 65535"),
    (lambda e: e["services"]["users"].update(env={"MSCTL_CONFIG": "/x"}), [], "names the file that msctl renders"),
    (lambda e: e["services"]["users"].update(labels={"app.kubernetes.io/name": "x"}), [], "msctl sets this label itself"),
    (lambda e: e["services"]["users"].update(labels={"k" * 64: "x"}), [], "expected a label's name"),
    (lambda e: e["actions"].update(checkout="v4"), [], "40 hexadecimal digits"),
])
def test_what_is_missing_or_contradicts_itself_is_refused_before_anything_is_written(place, change, words, message):
    workspace.write_workspace(place.folder, environments={"staging": changed(change)})
    assert message in refused(place, *words)


def test_a_broker_that_is_redis_is_named_so_and_may_be_one_that_is_there_already(place):
    def url(change):
        workspace.write_workspace(place.folder, {**workspace.cluster(), "broker_kind": "redis"},
                                  environments={"staging": changed(change)})
        deploy(place, "--target", "compose")
        config = place.folder / "deploy" / "staging" / "compose" / "config" / "orders.json"
        return json.loads(config.read_text())["broker"]["url"]

    assert url(lambda e: None) == "redis://nats:4222"
    assert url(lambda e: e.update(broker={"url": "redis://cache.example.com:6379"})) == "redis://cache.example.com:6379"


def test_names_that_kubernetes_refuses_are_refused_or_made_to_fit(place):
    cluster, own = workspace.cluster(), workspace.services()
    built = {"command": ["bin/x"], "build": {"command": ["make"], "inputs": ["gateway/**"]}, "ports": {"http": 8099},
             "probes": {"ready": {"http": "/"}}}
    workspace.write_workspace(place.folder, {**cluster, "services": {**cluster["services"], "1st": built}})
    assert "Service 1st: Kubernetes wants a letter first" in refused(place, "--target", "k8s")
    long = "b" * 60
    environment = changed(lambda e: e["services"].update({long: {"canary": {"tag": "2", "weight": 5}}}))
    workspace.write_workspace(place.folder, {**cluster, "services": {**cluster["services"], long: built}},
                              environments={"staging": environment})
    assert "app.kubernetes.io/instance" in refused(place, "--target", "k8s")
    workspace.write_workspace(place.folder, {**cluster, "services": {**cluster["services"], "proxy": built}})
    assert "so is a service called" in refused(place, "--target", "compose")
    own["users"]["ports"].update({"management-http-a": 7001, "management-http-b": 7002, "1": 7003})
    own["users"]["probes"]["live"] = {"http": "/live", "port": "management-http-b"}
    workspace.write_workspace(place.folder, cluster, own, {"staging": changed(lambda e: e.update(tag="_" + "v" * 100 + "."))})
    deploy(place, "--target", "k8s,monitoring")
    for _, value in workspace.rendered(place.folder / "deploy"):
        for label in value["metadata"].get("labels", {}).values():
            assert re.fullmatch(r"([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?", label)
        if value["kind"] == "Service" and value["metadata"]["name"] == "users":
            names = [port["name"] for port in value["spec"]["ports"]]
            assert len(set(names)) == 5 and all(re.fullmatch(r"[a-z]([a-z0-9-]{0,13}[a-z0-9])?", name) for name in names)


def test_an_address_of_this_machine_is_refused(place):
    cluster = workspace.cluster()
    cluster["services"]["legacy"]["external"]["url"] = "http://127.0.0.1:8443"
    workspace.write_workspace(place.folder, cluster)
    assert "legacy: its url names this machine" in refused(place, "--target", "k8s")


def test_the_usual_folder_is_not_written_through_a_link(place, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (place.folder / "deploy").symlink_to(tmp_path / "elsewhere")
    assert "is a symbolic link" in deploy(place, "--target", "k8s", code=1).stderr
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_wrong_words_are_refused(place):
    assert 'did you mean "k8s"?' in refused(place, "--target", "k8")
    assert "did you mean staging?" in refused(place, "--env", "stagin")
    assert "--tag: expected a tag" in refused(place, "--tag", "a b")
    assert "--image-prefix: expected" in refused(place, "--image-prefix", "http://x")
    assert "--base-image: expected an image with its digest" in refused(place, "--base-image", "debian")


def test_a_folder_of_the_workspace_overrides_a_form(place):
    own = place.folder / "manifests" / "kubernetes"
    own.mkdir(parents=True)
    (own / "namespace.yaml").write_text("path: ns.yaml\ndocuments: [{apiVersion: v1, kind: Namespace, metadata: {name: x}}]\n")
    (own / "extra.yaml").write_text("path: 'extra-${service.name}.yaml'\neach: {service: services}\ndocuments: [{apiVersion: v1, "
                                    "kind: ConfigMap, metadata: {name: '${service.name}-extra'}}]\n")
    deploy(place, "--target", "k8s")
    assert (place.folder / "deploy/ns.yaml").exists() and (place.folder / "deploy/extra-users.yaml").exists()
    (own / "extra.yaml").write_text("path: a.yaml\ndocuments:\n  - kind: X\n    a: {b: '${service.nam}'}\n")
    assert 'manifests/kubernetes/extra.yaml:4: documents[0].a.b: unknown variable "service"' in deploy(place, "--target", "k8s", code=2).stderr
    for path in ("../a.yaml", ".git/config", ".msctl-deploy.json"):
        (own / "extra.yaml").write_text(f"path: {path}\ndocuments: []\n")
        assert "extra.yaml:1: path" in deploy(place, "--target", "k8s", code=2).stderr, path


def test_a_port_that_wants_more_rights_is_noted(place):
    own = workspace.services()
    own["users"]["ports"]["http"] = 80
    workspace.write_workspace(place.folder, own=own)
    assert "note: users: its port 80 is below 1024" in deploy(place, "--target", "k8s", "--dry-run").stderr


def test_objects_that_contradict_each_other_are_refused(place):
    own = place.folder / "manifests" / "istio"
    own.mkdir(parents=True)
    (own / "service.yaml").write_text("""
path: x.yaml
documents:
  - apiVersion: networking.istio.io/v1
    kind: VirtualService
    metadata: {name: users}
    spec: {http: [{route: [{destination: {host: users, subset: nobody}, weight: 50}]}]}
""")
    message = refused(place, "--target", "istio")
    assert "[subsets]" in message and "[weights]" in message and "nothing was written" in message


def test_the_documentation_lists_every_rule_and_key():
    source = (ROOT / "cli/render/checks.cpp").read_text()
    text = (ROOT / "docs/deploy.md").read_text()
    rules = re.findall(r'\{"([a-z-]+)", &Checker::', source)
    assert len(rules) == 15 and all(f"`{rule}`" in text for rule in rules)
    schema = json.loads((ROOT / "cli/render/environment.schema.json").read_text())
    keys = [*schema["properties"], *schema["$defs"]["settings"]["properties"], *schema["properties"]["ci"]["properties"]]
    assert [key for key in keys if key != "version" and not re.search(rf"[`{{ ,.]{key}[`}},:.]", text)] == []
