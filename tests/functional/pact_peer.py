"""The official implementation of Pact, as npm packages of pinned versions (tests/peers/pact): what it writes is ours to
read, and what we write is its own."""

import json
import os
import pathlib
import subprocess

import npm_packages


def folder():
    return npm_packages.folder("tests/peers/pact", "the official implementation of Pact")


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
