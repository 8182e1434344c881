"""Runs rendered Pods with podman, as near as it gets, and has the running services do what `up` has them do.

    pods.py FOLDER SCRATCH [podman options…]

FOLDER is a rendered `kubernetes` folder. Each Deployment's Pod becomes one `podman run` on the machine's own network, on
which the names of services lead to 127.0.0.1; its probes are asked as a kubelet asks them; when all are ready, the
requests of first_requests.py are made; then each is stopped as a kubelet stops it, and must end with 0 in its grace
period. What of a Pod has no equivalent is listed.
"""

import json
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request

import yaml

HERE = pathlib.Path(__file__).resolve().parent
# What a Pod says that podman has no word for here, and why that is no loss.
NO_EQUIVALENT = {
    "automountServiceAccountToken": "there are no accounts", "serviceAccountName": "there are no accounts",
    "enableServiceLinks": "there are none", "topologySpreadConstraints": "there is one machine",
    "imagePullPolicy": "images are built here", "resources": "limits need control groups, which are not to be had in here",
    "fsGroupChangePolicy": "volumes are made for the run", "seccompProfile": "podman's own profile",
}
told = set()


def no_equivalent(keys):
    for key in keys:
        if key in NO_EQUIVALENT:
            told.add(key)
        else:
            sys.exit(f"pods: {key} of a Pod is neither translated nor known to have no equivalent")


def load(folder):
    objects = [value for path in sorted(pathlib.Path(folder).rglob("*.yaml")) for value in yaml.safe_load_all(path.read_text())]
    return [value for value in objects if value]


def volumes(pod, container, objects, scratch):
    """Options for what is mounted."""
    options = []
    by_name = {volume["name"]: volume for volume in pod["volumes"]}
    for mount in container["volumeMounts"]:
        volume = by_name[mount["name"]]
        place = pathlib.Path(scratch) / container["name"] / mount["name"]
        if "emptyDir" in volume:
            options += ["--tmpfs", f"{mount['mountPath']}:size={volume['emptyDir']['sizeLimit'].rstrip('i').lower()},mode=1777"]
            continue
        place.mkdir(parents=True, exist_ok=True)
        if "configMap" in volume:
            found = [one for one in objects if one["kind"] == "ConfigMap" and one["metadata"]["name"] == volume["configMap"]["name"]]
            for name, text in found[0]["data"].items():
                (place / name).write_text(text)
        elif "persistentVolumeClaim" in volume:
            group = pod["securityContext"]["fsGroup"]
            subprocess.run(["chown", f"{group}:{group}", place], check=True)
        else:
            sys.exit(f"pods: the volume {mount['name']} is of an unknown kind")
        options += ["-v", f"{place}:{mount['mountPath']}" + (":ro" if mount.get("readOnly") else "")]
    return options


def translate(deployment, objects, scratch):
    """The argv of `podman run` behind its options."""
    pod = dict(deployment["spec"]["template"]["spec"])
    container = dict(pod["containers"][0])
    security = dict(pod["securityContext"])
    own = dict(container["securityContext"])
    assert security.pop("runAsNonRoot") and own.pop("runAsNonRoot") and not own.pop("privileged")
    options = ["--user", f"{security.pop('runAsUser')}:{security.pop('runAsGroup')}"]
    security.pop("fsGroup")
    if own.pop("readOnlyRootFilesystem"):
        options += ["--read-only", "--read-only-tmpfs=false"]
    if not own.pop("allowPrivilegeEscalation"):
        options += ["--security-opt", "no-new-privileges"]
    for capability in own.pop("capabilities")["drop"]:
        options += ["--cap-drop", capability]
    for one in container.pop("env"):
        options += ["-e", f"{one['name']}={one['value'].replace('$$', '$')}"]
    options += volumes(pod, container, objects, scratch)
    container.pop("volumeMounts"), pod.pop("volumes")
    if "command" in container:
        options += ["--entrypoint", json.dumps(container["command"])]
    no_equivalent([*own, *security, *(set(pod) - {"containers", "securityContext", "terminationGracePeriodSeconds"}),
                   *(set(container) - {"name", "image", "command", "args", "ports", "securityContext", "startupProbe",
                                       "readinessProbe", "livenessProbe", "lifecycle"})])
    return [*options, "--name", f"msctl-pod-{container['name']}", container["image"], *container.get("args", [])]


def asks_well(container, probe):
    """One answer to a probe, as a kubelet takes it."""
    port = next(one["containerPort"] for one in container["ports"] if probe["httpGet"]["port"] in (one["name"], one["containerPort"]))
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{probe['httpGet']['path']}", timeout=probe["timeoutSeconds"]) as answer:
            return 200 <= answer.status < 400
    except (OSError, urllib.error.HTTPError):
        return False


def wait_for(container):
    began = time.monotonic()
    for name in ("startupProbe", "readinessProbe"):
        probe = container[name]
        for _ in range(probe["failureThreshold"]):
            if asks_well(container, probe):
                break
            time.sleep(probe["periodSeconds"])
        else:
            return None
    return time.monotonic() - began


def wait_whole(container):
    """Nothing that it uses is away: Pods start in any order, and a first connection may have failed."""
    port = next(one["containerPort"] for one in container["ports"] if one["name"] == "http")
    for _ in range(300):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            body = json.load(answer)
        if body["status"] == "ready":
            return
        time.sleep(0.1)
    sys.exit(f"pods: {container['name']} is {body}")


def main():
    folder, scratch, *podman = sys.argv[1:]
    podman = ["podman", *podman]
    objects = load(folder)
    deployments = [one for one in objects if one["kind"] == "Deployment"]
    hosts = [word for one in objects if one["kind"] == "Service" for word in ("--add-host", f"{one['metadata']['name']}:127.0.0.1")]
    running, failed = [], False
    try:
        for deployment in deployments:
            words = translate(deployment, objects, scratch)
            # No control groups, and no way to raise limits in here: fixed ones.
            subprocess.run([*podman, "run", "-d", "--network=host", "--cgroups=disabled", "--ulimit", "nofile=1024:1024",
                            "--ulimit", "nproc=1024:1024", *hosts, *words], check=True, stdout=subprocess.DEVNULL)
            running.append(deployment)
        for deployment in deployments:
            container = deployment["spec"]["template"]["spec"]["containers"][0]
            took = wait_for(container)
            if took is None:
                subprocess.run([*podman, "logs", f"msctl-pod-{container['name']}"], check=False)
                sys.exit(f"pods: {container['name']} does not become ready")
            print(f"pods: {container['name']} is ready after {took:.1f} s, alive: {asks_well(container, container['livenessProbe'])}")
        for deployment in deployments:
            wait_whole(deployment["spec"]["template"]["spec"]["containers"][0])
        subprocess.run([sys.executable, str(HERE / "first_requests.py")], check=True)
    finally:
        for deployment in reversed(running):
            pod = deployment["spec"]["template"]["spec"]
            name = f"msctl-pod-{pod['containers'][0]['name']}"
            began = time.monotonic()
            time.sleep(pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"])
            left = pod["terminationGracePeriodSeconds"] - (time.monotonic() - began)
            subprocess.run([*podman, "stop", "-t", str(int(left)), name], check=False, stdout=subprocess.DEVNULL)
            seen = subprocess.run([*podman, "inspect", "--format", "{{.State.ExitCode}}", name], check=False, text=True, stdout=subprocess.PIPE)
            print(f"pods: {name} ended with {seen.stdout.strip()} after {time.monotonic() - began:.1f} s "
                  f"of {pod['terminationGracePeriodSeconds']} s")
            failed = failed or seen.stdout.strip() != "0"
            subprocess.run([*podman, "rm", "-f", name], check=False, stdout=subprocess.DEVNULL)
    for key in sorted(told):
        print(f"pods: no equivalent: {key}, {NO_EQUIVALENT[key]}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
