"""Hostile values in every field that a user sets: what is rendered parses to the same value, or the value is refused
before anything is written."""

import copy
import json

import pytest
import yaml

import deploy_workspace as workspace
from conftest import Cluster

ALL = "dockerfile,compose,k8s,istio,monitoring,ci-github,ci-gitlab"
TEXTS = ["", "yes", "no", "on", "y", "012", "1e3", "~", "null", "a: b", "- x", "#", "a #b", "a\tb", "a\rb", "a\u0085b", "\U0001F600",
         "${x}", "{{x}}", "${{ github.token }}", "$(PATH)", "$$", "$", "trailing ", " leading", "0x1f", "1_000", "12:30:45", "=", "<<",
         "---", "...", "'", '"', "\\", "a\nb", "a\n---\nkind: Secret\n", "\n", "`id`", "$(id)", "; rm -rf /", "]}", "\u2028",
         "\ufeff", "&a", "*a", "!x", "|", ">", "%", "@", "\x1b[31m", "\x7f"]


@pytest.fixture
def place(msctl_bin, tmp_path):
    return Cluster(msctl_bin, tmp_path)


def render(place, environment, cluster=None, own=None):
    workspace.write_workspace(place.folder, cluster, own, {"staging": environment})
    return place.run("deploy", "--target", ALL, "--force")


def test_texts_of_the_environment_stay_what_they_are(place):
    environment = workspace.environment()
    values = {f"V{i}": text for i, text in enumerate(TEXTS)}
    environment["services"]["users"].update(env=values, annotations={f"a/{name}": text for name, text in values.items()})
    environment["services"]["nats"]["command"] = ["nats-server", *TEXTS]
    done = render(place, environment)
    assert done.returncode == 0, done.stderr
    out = place.folder / "deploy/staging"
    deployment = [value for _, value in workspace.rendered(out / "kubernetes/users") if value["kind"] == "Deployment"][0]
    env = {one["name"]: one.get("value") for one in deployment["spec"]["template"]["spec"]["containers"][0]["env"]}
    for name, text in values.items():
        assert env[name] == text.replace("$", "$$"), name  # Kubernetes takes $$ for $
        assert deployment["metadata"]["annotations"][f"a/{name}"] == text
    compose = workspace.documents((out / "compose/compose.yaml").read_text())[0]
    for name, text in values.items():
        assert compose["services"]["users"]["environment"][name] == text.replace("$", "$$"), name  # so does compose
    assert compose["services"]["nats"]["entrypoint"] == [word.replace("$", "$$") for word in ["nats-server", *TEXTS]]
    # No text made an object of its own.
    assert all(value["kind"] != "Secret" for _, value in workspace.rendered(out / "kubernetes"))


def test_a_control_character_that_the_cluster_file_refuses_is_refused(place):
    workspace.write_workspace(place.folder)
    path = place.folder / "environments/staging.yaml"
    path.write_text(path.read_text() + 'defaults: {env: {A: "x\\0y"}}\n')
    done = place.run("deploy", "--target", ALL)
    assert done.returncode == 2 and not (place.folder / "deploy").exists()


FIELDS = {
    "namespace": lambda e, v: e.update(namespace=v),
    "image_prefix": lambda e, v: e.update(image_prefix=v),
    "tag": lambda e, v: e.update(tag=v),
    "base_image": lambda e, v: e.update(base_image=v),
    "build_image": lambda e, v: e.update(build_image=v),
    "proxy_image": lambda e, v: e.update(proxy_image=v),
    "pull_secret": lambda e, v: e.update(pull_secret=v),
    "setup.inputs": lambda e, v: e["setup"].update(inputs=[v]),
    "ingress.class": lambda e, v: e["ingress"].update({"class": v}),
    "ingress.host": lambda e, v: e["ingress"].update(hosts=[{"host": v}]),
    "ingress.tls_secret": lambda e, v: e["ingress"].update(hosts=[{"host": "a.example.com", "tls_secret": v}]),
    "broker.url": lambda e, v: e.update(broker={"url": v}),
    "monitoring.namespace": lambda e, v: e["monitoring"].update(namespace=v),
    "monitoring.labels": lambda e, v: e["monitoring"].update(labels={"release": v}),
    "monitoring.label names": lambda e, v: e["monitoring"].update(labels={v: "x"}),
    "actions": lambda e, v: e["actions"].update(checkout=v),
    "ci.branch": lambda e, v: e["ci"].update(branch=v),
    "ci.runner": lambda e, v: e["ci"].update(runner=v),
    "ci.msctl": lambda e, v: e["ci"].update(msctl=v),
    "ci.setup": lambda e, v: e["ci"].update(setup=[v]),
    "ci.test": lambda e, v: e["ci"].update(test=[v]),
    "service name": lambda e, v: e["services"].update({v: {}}),
    "env names": lambda e, v: e["services"]["users"].update(env={v: "x"}),
    "secret": lambda e, v: e["services"]["users"].update(secrets={"A": {"secret": v, "key": "x"}}),
    "secret key": lambda e, v: e["services"]["users"].update(secrets={"A": {"secret": "x", "key": v}}),
    "image": lambda e, v: e["services"]["nats"].update(image=v),
    "storage.size": lambda e, v: e["services"]["nats"].update(storage={"size": v}),
    "storage.class": lambda e, v: e["services"]["nats"].update(storage={"size": "1Gi", "class": v}),
    "cpu": lambda e, v: e["services"]["users"].update(resources={"limits": {"cpu": v}}),
    "labels": lambda e, v: e["services"]["users"].update(labels={"team": v}),
    "label names": lambda e, v: e["services"]["users"].update(labels={v: "x"}),
    "annotation names": lambda e, v: e["services"]["users"].update(annotations={v: "x"}),
    "canary.tag": lambda e, v: e["services"]["users"].update(canary={"tag": v, "weight": 1}),
    "metrics.path": lambda e, v: e["services"]["users"].update(metrics={"port": "http", "path": v}),
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_hostile_value_is_refused_or_stays_a_value(place, field):
    plain = render(place, workspace.environment())
    assert plain.returncode == 0, plain.stderr
    shape = lambda: sorted((value.get("kind"), value.get("metadata", {}).get("name"))
                           for path, value in workspace.rendered(place.folder / "deploy/staging") if "kind" in value)
    expected = shape()
    for text in ["a: b", "- x", "${x}", "a\nb", "a\n---\nkind: Secret", "\U0001F600", "a b", "$(id)", "`id`", "../x", "a;b", '"', "'",
                 "-x", "${{ x }}", "x" * 5000]:
        environment = copy.deepcopy(workspace.environment())
        FIELDS[field](environment, text)
        done = render(place, environment)
        if done.returncode == 2:
            continue
        assert done.returncode == 0, (text, done.stderr)
        # It was taken: then it stands somewhere as it is, and made nothing else.
        assert [kind for kind, _ in shape()] == [kind for kind, _ in expected], text
        values = json.dumps([value for _, value in workspace.rendered(place.folder / "deploy", "*.y*ml")], ensure_ascii=False)
        assert json.dumps(text, ensure_ascii=False)[1:-1] in values, text
    for line in (place.folder / "deploy/staging/dockerfile/users/Dockerfile").read_text().split("\n"):
        assert line == "" or line.startswith(("#", "ARG ", "FROM ", "WORKDIR ", "COPY ", "RUN [", "ENV ", "USER ", "EXPOSE ",
                                              "STOPSIGNAL ", "ENTRYPOINT [")), line


@pytest.mark.parametrize("text", TEXTS)
def test_build_commands_reach_pipelines_and_dockerfiles_as_they_are(place, text):
    own = workspace.services()
    own["users"]["build"]["command"] = ["make", text]
    if "\0" in text:
        return
    done = render(place, workspace.environment(), own=own)
    if "${{" in text:
        assert done.returncode == 2 and "call a script instead" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    dockerfile = (place.folder / "deploy/staging/dockerfile/users/Dockerfile").read_text()
    assert ["make", text] in [json.loads(line[4:]) for line in dockerfile.split("\n") if line.startswith("RUN [")]
    pipeline = yaml.safe_load((place.folder / "deploy/.gitlab/shop-staging.gitlab-ci.yml").read_text())
    quoted = "'" + text.replace("'", "'\\''") + "'"
    assert pipeline["test:users"]["script"][1] in (f"make {quoted}", f"make {text}")
