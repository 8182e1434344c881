"""Finds what is measured; what is not installed is fetched into a folder, by its own installer, tried once."""

import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROCESS_COMPOSE = "github.com/f1bonacc1/process-compose/src"
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
    target = folder / "go"
    made = installed_by(["go", "install", f"{PROCESS_COMPOSE}@latest"], target / "src", {"GOBIN": str(target)})
    return shutil.move(made, target / "process-compose")
