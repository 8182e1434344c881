"""Checks what `msctl deploy` rendered in a workspace with the parsers of who reads it, as tests/functional does.

    tutorial_validate.py WORKSPACE

Prints a line for each target; exit code 1 when there is a mistake. What cannot be checked here is said.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import pytest
import yaml

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "functional"))
import deploy_validators as validators  # noqa: E402  (found by the line above)


def documents(folder):
    return [value for path in sorted(folder.rglob("*.yaml")) for value in yaml.safe_load_all(path.read_text()) if value]


def kubernetes(out):
    found = [value for name in ("kubernetes", "istio", "monitoring") for value in documents(out / "production" / name)]
    assert len(found) > 50, "there are too few objects"
    return validators.kubernetes_mistakes(found)


def compose(out):
    return validators.compose_mistakes(yaml.safe_load((out / "production/compose/compose.yaml").read_text()))


def github(out):
    return validators.workflow_mistakes((out / ".github/workflows/shop-production.yml").read_text())


def gitlab(out):
    return validators.gitlab_mistakes(yaml.safe_load((out / ".gitlab/shop-production.gitlab-ci.yml").read_text()))


def run_tool(words):
    if not shutil.which(words[0]):
        pytest.skip(f"{words[0]} is not installed")
    done = subprocess.run(words, text=True, capture_output=True, check=False)
    return [] if done.returncode == 0 else [done.stdout + done.stderr]


def alerts(out):
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for rule in [one for one in documents(out / "production/monitoring") if one["kind"] == "PrometheusRule"]:
            path = pathlib.Path(folder, rule["metadata"]["name"] + ".yaml")
            path.write_text(yaml.safe_dump(rule["spec"]))
            lines += run_tool(["promtool", "check", "rules", str(path)])
    return lines


def nginx(out):
    text = (out / "production/compose/nginx.conf").read_text()
    with tempfile.TemporaryDirectory() as folder:
        # The gateway's name is known in the cluster only, and /tmp is the container's own.
        text = text.replace("gateway:8080", "127.0.0.1:8080").replace("/tmp/", f"{folder}/").replace("/dev/stderr", "stderr")
        path = pathlib.Path(folder, "nginx.conf")
        path.write_text(text)
        return run_tool(["nginx", "-t", "-c", str(path), "-g", "daemon off;"])


def dockerfiles(out):
    """Every COPY names something that is there, and what a service is built from is named without a variable."""
    lines = []
    for path in sorted((out / "production/dockerfile").rglob("Dockerfile")):
        text = path.read_text()
        for source in re.findall(r'^COPY \["([^"]+)"', text, re.M):
            if not (out.parent / source).exists():
                lines.append(f"{path.parent.name}: there is no {source}")
        if "${dir:" in text:
            lines.append(f"{path.parent.name}: a variable of msctl is left")
    return lines


def main():
    out = pathlib.Path(sys.argv[1]) / "deploy"
    failed = False
    for check in (dockerfiles, compose, kubernetes, alerts, nginx, github, gitlab):
        try:
            mistakes = check(out)
        except pytest.skip.Exception as reason:
            print(f"tutorial: LEFT OUT: rendered files, {check.__name__}: {reason}")
            continue
        print(f"tutorial: rendered files, {check.__name__}: {'well' if not mistakes else 'MISTAKES'}")
        for line in mistakes:
            print("  " + line)
        failed = failed or bool(mistakes)
    return failed


if __name__ == "__main__":
    sys.exit(main())
