"""Every rendered file passes the parser of who reads it, and has in it what it must."""

import json
import re
import shutil
import subprocess

import pytest
import yaml

import deploy_validators as validators
import deploy_workspace as workspace
from conftest import ROOT, Cluster
from git_repository import git

ALL = "dockerfile,compose,k8s,istio,monitoring,ci-github,ci-gitlab"


@pytest.fixture(scope="module")
def out(msctl_bin, tmp_path_factory):
    folder = tmp_path_factory.mktemp("targets")
    workspace.write_workspace(folder)
    done = Cluster(msctl_bin, folder).run("deploy", "--target", ALL)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "deploy"


def objects(out, *folders):
    return [value for name in folders for _, value in workspace.rendered(out / "staging" / name)]


def of_kind(out, kind, name=None, folder="kubernetes"):
    found = [one for one in objects(out, folder) if one["kind"] == kind and name in (None, one["metadata"]["name"])]
    assert found, (kind, name)
    return found if name is None else found[0]


def test_kubernetes_objects_pass_the_strict_schema(out):
    every = objects(out, "kubernetes", "istio", "istio-faults", "monitoring")
    assert {"Deployment", "Service", "ServiceAccount", "ConfigMap", "HorizontalPodAutoscaler", "PodDisruptionBudget",
            "NetworkPolicy", "Namespace", "Ingress", "PersistentVolumeClaim", "VirtualService", "DestinationRule",
            "PeerAuthentication", "AuthorizationPolicy", "ServiceMonitor", "PrometheusRule",
            "Gateway"} <= {one["kind"] for one in every}
    assert validators.kubernetes_mistakes(every) == []


def test_the_strict_schema_does_refuse_unknown_fields(out):
    for kind, place in (("Deployment", ("spec", "template", "spec")), ("Service", ("spec",))):
        broken = json.loads(json.dumps(of_kind(out, kind, "users")))
        inner = broken
        for key in place:
            inner = inner[key]
        inner["nonsense"] = 1
        assert any("nonsense: unknown field" in line for line in validators.kubernetes_mistakes([broken]))
    broken = of_kind(out, "VirtualService", "users", "istio")
    broken["spec"]["http"][0]["nonsense"] = 1
    assert any("nonsense" in line for line in validators.kubernetes_mistakes([broken]))


def test_no_object_is_rendered_twice(out):
    names = [(one["kind"], one["metadata"]["name"]) for one in objects(out, "kubernetes", "istio", "istio-faults", "monitoring")
             if one["metadata"].get("labels", {}).get("msctl.dev/fault") is None]
    assert len(names) == len(set(names))


def test_deployments_are_as_production_wants_them(out):
    for deployment in of_kind(out, "Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        container = pod["containers"][0]
        assert pod["automountServiceAccountToken"] is False and pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        context = container["securityContext"]
        assert (context["allowPrivilegeEscalation"], context["readOnlyRootFilesystem"]) == (False, True)
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert set(container["resources"]) == {"requests", "limits"}
        assert "latest" not in container["image"]
    users = of_kind(out, "Deployment", "users")
    assert "replicas" not in users["spec"]
    assert users["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    container = users["spec"]["template"]["spec"]["containers"][0]
    assert container["startupProbe"]["grpc"] == {"port": 9081}
    assert container["readinessProbe"]["httpGet"] == {"path": "/health/ready", "port": "http"}
    assert container["livenessProbe"]["httpGet"] == {"path": "/health/live", "port": "http"}
    assert container["args"] == ["--port", "8081"]
    assert {"name": "MODE", "value": "fast"} in container["env"]
    assert {"name": "PEER", "value": "http://nats:4222/x"} in container["env"]
    assert {"name": "SIGNING_KEY", "valueFrom": {"secretKeyRef": {"name": "users", "key": "signing"}}} in container["env"]
    scaler = of_kind(out, "HorizontalPodAutoscaler", "users")["spec"]
    budget = of_kind(out, "PodDisruptionBudget", "users")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (3, 6)
    assert budget["minAvailable"] < scaler["minReplicas"] and budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_a_service_with_a_file_of_its_own_runs_once(out):
    orders = of_kind(out, "Deployment", "orders")
    assert orders["spec"]["replicas"] == 1 and orders["spec"]["strategy"] == {"type": "Recreate"}
    pod = orders["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] >= pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"] + 20
    assert pod["containers"][0]["resources"]["limits"] == {"cpu": "500m", "memory": "134217728"}
    assert {"name": "data", "mountPath": "/data/orders"} in pod["containers"][0]["volumeMounts"]
    assert not [one for one in of_kind(out, "HorizontalPodAutoscaler") if one["metadata"]["name"] == "orders"]


def test_the_configuration_names_services_by_their_names(out):
    config = json.loads(of_kind(out, "ConfigMap", "orders-config")["data"]["config.json"])
    assert config["bind"] == "0.0.0.0" and config["discovery"] == {"driver": "static"}
    assert config["calls"]["users"]["address"] == "users:9081" and config["broker"]["url"] == "nats://nats:4222"
    assert config["database"]["url"] == "sqlite:/data/orders/orders.db"
    gateway = json.loads(of_kind(out, "ConfigMap", "gateway-config")["data"]["config.json"])
    assert {route["address"] for route in gateway["routes"]} == {"users:8081", "orders:8082"}
    assert config == json.loads((out / "staging/compose/config/orders.json").read_text())


def test_only_declared_calls_are_let_through(out):
    policies = {one["metadata"]["name"]: one["spec"] for one in of_kind(out, "NetworkPolicy")}
    assert policies["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    callers = {(rule["from"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/name"], port["port"])
               for rule in policies["users"]["ingress"] for port in rule["ports"]}
    assert callers == {("orders", 9081), ("gateway", 8081)}
    outside = [rule for rule in policies["orders"]["egress"] if "to" not in rule]
    assert outside == [{"ports": [{"protocol": "TCP", "port": 8443}]}]
    rules = [one for one in objects(out, "istio") if one["kind"] == "AuthorizationPolicy" and one["metadata"]["name"] == "users"]
    principals = {rule["from"][0]["source"].get("principals", [None])[0] for rule in rules[0]["spec"]["rules"]}
    assert {"cluster.local/ns/shop-staging/sa/orders", "cluster.local/ns/shop-staging/sa/gateway"} <= principals


def test_the_mesh_splits_by_weight(out):
    users = [one for one in objects(out, "istio-faults", "istio") if one["kind"] == "VirtualService" and one["metadata"]["name"] == "users"]
    weights = {way["destination"]["subset"]: way["weight"] for way in users[1]["spec"]["http"][0]["route"]}
    assert weights == {"stable": 90, "canary": 10}
    assert users[0]["spec"]["http"][0]["fault"]["delay"] == {"fixedDelay": "250ms", "percentage": {"value": 10}}
    mtls = [one for one in objects(out, "istio") if one["kind"] == "PeerAuthentication"]
    assert mtls[0]["spec"] == {"mtls": {"mode": "STRICT"}}


def test_compose_passes_its_schema_and_is_closed(out):
    document = workspace.documents((out / "staging/compose/compose.yaml").read_text())[0]
    assert validators.compose_mistakes(document) == []
    for name, service in document["services"].items():
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"] and service["user"] not in ("0", "0:0"), name
        assert service["deploy"]["resources"]["limits"], name
        assert ("ports" in service) == (name == "proxy")
    orders = document["services"]["orders"]
    assert orders["depends_on"]["users"] == {"condition": "service_healthy"}
    assert orders["depends_on"]["nats"] == {"condition": "service_started"}
    assert orders["healthcheck"]["test"] == ["CMD", "/app/bin/orders", "--check", "/health/ready"]
    for config in document["configs"].values():
        assert (out / "staging/compose" / config["file"]).exists()


def test_dockerfiles_take_only_what_the_service_is_built_from(out):
    text = (out / "staging/dockerfile/orders/Dockerfile").read_text()
    assert re.findall(r"^COPY (\[.*\])$", text, re.M) == [
        '["common/deps.txt","common/deps.txt"]', '["common","common"]', '["services/orders","services/orders"]',
        '["services/users/proto","services/users/proto"]']
    lines = text.splitlines()
    assert f"ARG BASE_IMAGE={workspace.image('debian')}" in lines and "FROM ${BASE_IMAGE}" in lines
    assert "USER 1000:1000" in lines and 'ENTRYPOINT ["/app/bin/orders"]' in lines and "STOPSIGNAL SIGTERM" in lines
    assert lines.index('RUN ["sh","common/deps.txt"]') < lines.index('COPY ["services/orders","services/orders"]')
    assert not (out / "staging/dockerfile/nats").exists()


def test_a_dockerfile_finds_the_program_below_the_root(msctl_bin, tmp_path):
    own = workspace.services()
    own["users"]["command"] = ["${dir:root}/build/bin/users"]
    workspace.write_workspace(tmp_path, own=own)
    done = Cluster(msctl_bin, tmp_path).run("deploy", "--target", "dockerfile")
    assert done.returncode == 0, done.stdout + done.stderr
    text = (tmp_path / "deploy/staging/dockerfile/users/Dockerfile").read_text()
    assert '"sh", "build/bin/users"]' in text and 'ENTRYPOINT ["/app/bin/users"]' in text


def test_the_workflow_passes_actionlint(out):
    text = (out / ".github/workflows/shop-staging.yml").read_text()
    assert validators.workflow_mistakes(text) == []
    assert validators.workflow_mistakes(text.replace("needs: affected", "needs: nobody"))
    workflow = workspace.documents(text)[0]
    jobs = workflow["jobs"]
    assert "paths" not in str(workflow["on"])
    assert jobs["done"]["if"] == "always()" and set(jobs["done"]["needs"]) == set(jobs) - {"done"}
    for job in jobs.values():
        for step in job["steps"]:
            assert "uses" not in step or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"])


def test_pipelines_ship_what_an_earlier_push_left(out):
    workflow = yaml.safe_load((out / ".github/workflows/shop-staging.yml").read_text())
    job = workflow["jobs"]["affected"]
    script = job["steps"][-1]["run"]
    assert "--status success" in script and job["permissions"]["actions"] == "read"
    # Its shell, with programs that answer as GitHub's do.
    def base(event, gh):
        told = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"gh() {{ {gh}; }}; git() {{ true; }}; "
             "msctl() { echo \"$3\" >&2; echo '[]'; }\n" + script],
            env={"PATH": "/usr/bin:/bin", "GITHUB_EVENT_NAME": event, "GITHUB_REF_NAME": "main", "BASE": "before",
                 "GITHUB_OUTPUT": "/dev/null"}, text=True, capture_output=True, check=False)
        assert told.returncode == 0, told.stderr
        return set(told.stderr.split())
    assert base("push", "echo shipped") == {"shipped"}
    assert base("push", "true") == {"before"}
    assert base("push", "return 4") == {"before"}
    assert base("pull_request", "echo shipped") == {"before"}
    pipeline = yaml.safe_load((out / ".gitlab/shop-staging.gitlab-ci.yml").read_text())
    assert pipeline["workflow"]["rules"][1]["auto_cancel"] == {"on_new_commit": "none"}
    assert any("buildah login" in line and "$REGISTRY_PASSWORD" in line for line in pipeline["image:users"]["script"])
    for script in ("\n".join(pipeline["deploy:users"]["script"]), workflow["jobs"]["deploy"]["steps"][-1]["run"]):
        assert 'kubectl apply --server-side -f "rendered/staging/kubernetes"\n' in script  # namespace and ingress


def test_the_meshes_own_door_is_let_through(out):
    mesh = objects(out, "istio")
    policy = next(one for one in mesh if one["kind"] == "NetworkPolicy" and one["metadata"]["name"] == "istio-ingress")
    assert policy["spec"]["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "gateway"}
    gateway = next(one for one in mesh if one["kind"] == "AuthorizationPolicy" and one["metadata"]["name"] == "gateway")
    assert any("istio-system" in source["source"].get("namespaces", [])
               for rule in gateway["spec"]["rules"] for source in rule.get("from", []))


def test_shell_scripts_in_pipelines_parse(out):
    workflow = yaml.safe_load((out / ".github/workflows/shop-staging.yml").read_text())
    scripts = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    pipeline = yaml.safe_load((out / ".gitlab/shop-staging.gitlab-ci.yml").read_text())
    scripts += ["\n".join(job["script"]) for job in pipeline.values() if isinstance(job, dict) and "script" in job]
    assert len(scripts) > 10
    for script in scripts:
        done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr + script


def test_the_pipeline_passes_gitlabs_schema(out):
    pipeline = workspace.documents((out / ".gitlab/shop-staging.gitlab-ci.yml").read_text())[0]
    assert validators.gitlab_mistakes(pipeline) == []
    assert validators.gitlab_mistakes({**pipeline, "x": {"script": ["a"], "nonsense": 1}})
    rules = pipeline["test:orders"]["rules"]
    assert rules[0]["changes"] == {"paths": ["services/orders/**", "services/users/proto/**", "common/**",
                                             "services/orders/service.yaml", "msctl.yaml",
                                             "environments/staging.yaml", "manifests/**"],
                                   "compare_to": "refs/heads/main"}


def test_prometheus_takes_the_rules(out, tmp_path):
    if not shutil.which("promtool"):
        pytest.skip("promtool is not there; it is in Debian's package prometheus")
    rules = [one for one in objects(out, "monitoring") if one["kind"] == "PrometheusRule"]
    assert len(rules) == 3
    for rule in rules:
        path = tmp_path / f"{rule['metadata']['name']}.yaml"
        path.write_text(yaml.safe_dump(rule["spec"]))
        done = subprocess.run(["promtool", "check", "rules", str(path)], text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_an_event_that_is_parked_in_an_outbox_is_told(out, tmp_path):
    """It holds its aggregate until somebody acts, while nothing fails any more."""
    if not shutil.which("promtool"):
        pytest.skip("promtool is not there; it is in Debian's package prometheus")
    spec = of_kind(out, "PrometheusRule", "orders", "monitoring")["spec"]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(spec))
    rule, = [one for group in spec["groups"] for one in group["rules"] if one["alert"] == "OutboxParked"]
    series = re.search(r"outbox_parked\{[^}]*\}", rule["expr"]).group()
    told = {"exp_labels": rule["labels"], "exp_annotations": rule["annotations"]}
    tests = [{"interval": "1m", "input_series": [{"series": series, "values": values}],
              "alert_rule_test": [{"eval_time": "6m", "alertname": "OutboxParked", "exp_alerts": expected}]}
             for values, expected in (("0x2 2x10", [told]), ("0x2 2 0x10", []))]
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "tests": tests}))
    done = subprocess.run(["promtool", "test", "rules", str(tmp_path / "tests.yaml")], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dashboard_is_json_with_a_row_per_service(out):
    config = of_kind(out, "ConfigMap", "shop-dashboard", "monitoring")
    dashboard = json.loads(config["data"]["shop.json"])
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) == 9
    assert {panel["title"].split(":")[0] for panel in panels} == {"users", "orders", "gateway"}


def test_nginx_takes_its_configuration(out, tmp_path):
    if not shutil.which("nginx"):
        pytest.skip("nginx is not there; it is in Debian's package nginx-light")
    text = (out / "staging/compose/nginx.conf").read_text()
    # The gateway's name is known in the cluster only, and /tmp is the container's own.
    text = text.replace("gateway:8080", "127.0.0.1:8080").replace("/tmp/", f"{tmp_path}/").replace("/dev/stderr", "stderr")
    (tmp_path / "nginx.conf").write_text(text)
    done = subprocess.run(["nginx", "-t", "-c", str(tmp_path / "nginx.conf"), "-g", "daemon off;"], text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_monitors_read_metrics_that_there_are(out):
    """The names in rules and dashboard are those that the chassis exports."""
    text = json.dumps(objects(out, "monitoring"))
    named = set(re.findall(r"\b((?:http|rpc|outbox|gateway)_[a-z_]+?)(?:_bucket)?\{", text))
    sources = "".join(path.read_text() for path in (ROOT / "services").rglob("*.cpp"))
    assert named and all(f'"{name}"' in sources for name in named), named


def test_a_database_on_postgresql_is_reached_with_a_password_of_a_secret(msctl_bin, tmp_path):
    cluster, own, environment = workspace.cluster(), workspace.services(), workspace.environment()
    cluster["postgres"] = "pg"
    cluster["services"]["pg"] = {"command": ["msctl-postgres", "serve", "${dir:data}"], "ports": {"client": 5433},
                                 "probes": {"ready": {"tcp": "client"}}}
    own["users"]["database"] = "postgres"
    environment["services"]["pg"] = {"image": "registry.example.com/postgres:15", "command": ["postgres"]}
    place = Cluster(msctl_bin, tmp_path)
    workspace.write_workspace(tmp_path, cluster, own, {"staging": environment})
    assert "services.users.secrets.PGPASSWORD" in place.run("deploy", "--target", "k8s").stderr
    environment["services"]["users"]["secrets"]["PGPASSWORD"] = {"secret": "users-db", "key": "password"}

    def users(database):
        if database:
            environment["database"] = database
        workspace.write_workspace(tmp_path, cluster, own, {"staging": environment})
        done = place.run("deploy", "--target", "k8s,compose")
        assert done.returncode == 0, done.stderr
        assert "pg-databases: roles and databases are made by whoever runs PostgreSQL" in done.stderr
        assert not (tmp_path / "deploy/staging/kubernetes/pg-databases").exists()
        config = json.loads((tmp_path / "deploy/staging/compose/config/users.json").read_text())
        policy = next(value for _, value in workspace.rendered(tmp_path / "deploy/staging/kubernetes/users")
                      if value["kind"] == "NetworkPolicy")
        return config["database"]["url"], str(policy["spec"]["egress"])

    url, egress = users(None)
    assert url == "postgres://users@pg:5433/users?application_name=users"
    assert "'app.kubernetes.io/name': 'pg'" in egress and "5433" in egress
    url, egress = users({"host": "db.example.com"})
    assert url == "postgres://users@db.example.com:5432/users?application_name=users"
    assert "'pg'" not in egress and "5432" in egress
    assert not (tmp_path / "deploy/staging/kubernetes/pg").exists()


def test_a_job_runs_once_in_compose_and_kubernetes(msctl_bin, tmp_path):
    cluster, own = workspace.cluster(), workspace.services()
    cluster["services"]["load"] = {"command": ["bin/load"], "build": {"command": ["make"], "inputs": ["gateway/**"]}}
    own["users"]["depends_on"] = {"load": "completed"}
    workspace.write_workspace(tmp_path, cluster, own)
    place = Cluster(msctl_bin, tmp_path)
    done = place.run("deploy", "--target", "compose")
    assert done.returncode == 0, done.stderr
    services = workspace.documents((tmp_path / "deploy/staging/compose/compose.yaml").read_text())[0]["services"]
    assert services["load"]["restart"] == "no" and services["users"]["restart"] == "unless-stopped"


    def job(*more):
        assert place.run("deploy", "--target", "k8s", *more).returncode == 0
        objects = [value for _, value in workspace.rendered(tmp_path / "deploy/staging/kubernetes/load")]
        assert not {"Deployment", "PodDisruptionBudget"} & {value["kind"] for value in objects}
        return next(value for value in objects if value["kind"] == "Job")

    first = job()
    pod = first["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "OnFailure" and first["spec"]["backoffLimit"] == 10
    assert "lifecycle" not in pod["containers"][0] and "topologySpreadConstraints" not in pod
    assert job()["metadata"]["name"] == first["metadata"]["name"]
    # A Job cannot be changed, so another image is another Job.
    assert job("--tag", "other")["metadata"]["name"] != first["metadata"]["name"]
    cluster["services"]["load"]["restart"] = {"policy": "no"}
    workspace.write_workspace(tmp_path, cluster, own)
    spec = job()["spec"]
    assert spec["backoffLimit"] == 0 and spec["template"]["spec"]["restartPolicy"] == "Never"


def test_schemas_are_checked_against_what_a_change_is_built_on(out, tmp_path):
    """Otherwise a published schema could be edited in place, and the pipeline would not see it."""
    line = 'msctl schema check "$SERVICE" --base "$BASE"'
    workflow = yaml.safe_load((out / ".github/workflows/shop-staging.yml").read_text())
    job = workflow["jobs"]["test"]
    assert line in [step["run"].strip() for step in job["steps"] if step.get("name") == "Schema check"]
    assert job["env"]["BASE"] == "${{ needs.affected.outputs.base }}" and job["steps"][0]["with"]["fetch-depth"] == 0
    assert workflow["jobs"]["affected"]["outputs"]["base"] == "${{ steps.affected.outputs.base }}"
    pipeline = yaml.safe_load((out / ".gitlab/shop-staging.gitlab-ci.yml").read_text())
    script = pipeline["test:users"]["script"]
    assert script[-1] == line and pipeline["test:users"]["variables"]["GIT_DEPTH"] == "0"
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()
    found = lambda **given: subprocess.run(["bash", "-euo", "pipefail", "-c", "\n".join(script[-3:-1]) + '\necho "$BASE"'], cwd=tmp_path, check=True,
                                           env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **given}, capture_output=True, text=True).stdout.strip()
    assert found(CI_MERGE_REQUEST_DIFF_BASE_SHA=head, CI_COMMIT_BEFORE_SHA="0" * 40) == head
    assert found(CI_COMMIT_BEFORE_SHA="0" * 40) == head  # a branch's first push: from the beginning
