"""The official implementation of Pact, as npm packages of pinned versions (tests/peers/pact): what it writes is ours to
read, and what we write is its own."""

import fcntl
import functools
import hashlib
import json
import os
import pathlib
import shutil
import subprocess

import pytest

from conftest import ROOT

SOURCES = ROOT / "tests" / "peers" / "pact"
NAMES = ("package.json", "package-lock.json", ".npmrc")


@functools.lru_cache(maxsize=None)
def folder():
    """A folder with the packages in its node_modules; skips the test when npm cannot get them. Installed once per lock
    file."""
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("npm and node are not there, and the official implementation of Pact is an npm package")
    digest = hashlib.sha256(b"".join((SOURCES / name).read_bytes() for name in NAMES)).hexdigest()[:12]
    place = ROOT / "build" / f"pact-peer-{digest}"
    place.mkdir(parents=True, exist_ok=True)
    with open(place / ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "installed").exists():
            for name in NAMES:
                shutil.copy(SOURCES / name, place / name)
            done = subprocess.run(["npm", "ci", "--no-progress", "--loglevel=error"], cwd=place, text=True, timeout=300,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            if done.returncode != 0:
                pytest.skip("npm cannot install the official implementation of Pact: " + done.stdout.strip()[-300:])
            (place / "installed").touch()
    return place


def node(script, given, timeout=120):
    """Runs a module script with the packages in reach. `given` is its standard input as JSON; it prints one JSON line,
    the last one of its output."""
    env = {**os.environ, "PACT_DO_NOT_TRACK": "true", "SCARF_ANALYTICS": "false", "NO_COLOR": "1"}
    done = subprocess.run(["node", "--input-type=module", "-e", script], input=json.dumps(given), text=True, env=env,
                          timeout=timeout, cwd=folder(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    lines = done.stdout.strip().splitlines()
    assert done.returncode == 0 and lines, done.stdout
    return json.loads(lines[-1]), done.stdout


VERIFY = """
import fs from 'node:fs';
import module from '@pact-foundation/pact-core';
const core = module.default ?? module;
const given = JSON.parse(fs.readFileSync(0, 'utf8'));
let ok = true, why = '';
try { await core.verifyPacts({logLevel: 'error', ...given}); } catch (error) { ok = false; why = String(error); }
console.log('\\n' + JSON.stringify({ok, why}));
"""


def verify(provider, port, files, states_url):
    """The official verifier over these files against a provider on the loopback: whether it accepts, and its report."""
    verdict, report = node(VERIFY, {"provider": provider, "providerBaseUrl": f"http://127.0.0.1:{port}",
                                    "pactUrls": [str(pathlib.Path(file)) for file in files],
                                    "providerStatesSetupUrl": states_url})
    return verdict["ok"], report
