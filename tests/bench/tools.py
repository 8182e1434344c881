"""Finds what is measured; what is not installed is fetched into a folder, by its own installer, tried once."""

import json
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROCESS_COMPOSE = "github.com/f1bonacc1/process-compose@v1.64.1"
FETCH_S = 600


def find(folder):
    """Name of a tool to its path; NAME_why says why there is none."""
    tools = {"msctl": os.environ.get("MSCTL_BIN") or str(ROOT / "build" / "release" / "bin" / "msctl")}
    if not os.access(tools["msctl"], os.X_OK):
        raise SystemExit(f"bench: {tools['msctl']} is not there; run: make build")
    for name, fetch in (("pm2", pm2), ("process-compose", process_compose)):
        there = os.environ.get(f"{name.upper().replace('-', '_')}_BIN") or shutil.which(name)
        if there:
            tools[name] = there
            continue
        try:
            tools[name] = fetch(pathlib.Path(folder))
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            tools[f"{name}_why"] = str(error)
    return tools


def installed_by(command, what, environment=None):
    if not shutil.which(command[0]):
        raise RuntimeError(f"there is no {command[0]} to install it with")
    done = subprocess.run(
        command,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=FETCH_S,
        check=False,
    )
    if done.returncode != 0 or not what.exists():
        raise RuntimeError(f"{command[0]} could not install it")
    return str(what)


def pm2(folder):
    prefix = folder / "pm2"
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(prefix), "pm2"]
    return installed_by(command, prefix / "node_modules" / ".bin" / "pm2")


def process_compose(folder):
    """Not by `go install`, which refuses a module that replaces others."""
    if not shutil.which("go"):
        raise RuntimeError("there is no go to build it with")
    done = subprocess.run(["go", "mod", "download", "-json", PROCESS_COMPOSE], cwd=folder, capture_output=True, text=True,
                          timeout=FETCH_S, check=False)
    if done.returncode != 0:
        raise RuntimeError("go could not download it")
    source = folder / "process-compose-source"
    shutil.copytree(json.loads(done.stdout)["Dir"], source)
    for path in (source, *source.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)
    target = folder / "process-compose"
    return installed_by(["go", "build", "-C", str(source), "-o", str(target), "./src"], target)
