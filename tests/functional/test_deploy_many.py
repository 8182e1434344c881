"""A hundred services, every target: fast, and the same each time."""

import time

import deploy_workspace as workspace
from conftest import Cluster


def test_a_hundred_services_take_a_moment(msctl_bin, tmp_path, capsys):
    cluster, own = workspace.cluster(), {}
    del cluster["services"]["users"], cluster["services"]["orders"]
    for i in range(100):
        name = f"service-{i:03}"
        cluster["services"][name] = {"path": f"services/{name}"}
        own[name] = {"name": name, "version": "1.0.0", "command": [f"../../bin/{name}"],
                     "build": {"command": ["make", name], "inputs": [f"services/{name}/**", "common/**"]},
                     "ports": {"http": 10000 + i, "grpc": 11000 + i}, "publishes": ["thing.done"],
                     "calls": {f"service-{j:03}": {} for j in range(max(0, i - 3), i)},
                     "probes": {"ready": {"http": "/health/ready"}, "live": {"http": "/health/live"}},
                     "routes": [{"prefix": f"/api/{name}", "to": "/"}]}
    environment = workspace.environment()
    del environment["faults"], environment["services"]["users"]
    workspace.write_workspace(tmp_path, cluster, own, {"staging": environment})
    place = Cluster(msctl_bin, tmp_path)
    words = ["deploy", "--target", "dockerfile,compose,k8s,istio,monitoring,ci-github,ci-gitlab"]
    took = []
    for more in ([], ["--check"], ["--check"]):
        began = time.monotonic()
        done = place.run(*words, *more)
        took.append(time.monotonic() - began)
        assert done.returncode == 0, done.stdout + done.stderr
    files = sum(1 for path in (tmp_path / "deploy").rglob("*") if path.is_file())
    with capsys.disabled():
        print(f"\n100 services, all targets, {files} files: {took[0]:.2f} s written, {min(took[1:]):.2f} s checked")
    assert files > 700 and max(took) < 2
