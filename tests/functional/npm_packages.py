"""Folders with npm packages of pinned versions, for tests that ask other people's programs."""

import fcntl
import functools
import hashlib
import shutil
import subprocess

import pytest

from conftest import ROOT

NAMES = ("package.json", "package-lock.json", ".npmrc")


@functools.lru_cache(maxsize=None)
def folder(sources, what):
    """A folder that has in node_modules what the lock file in `sources`, a path from the root, names; installed once per
    lock file. Skips the test when npm cannot get it; `what` says then what is missing."""
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip(f"npm and node are not there to install {what}")
    digest = hashlib.sha256(b"".join((ROOT / sources / name).read_bytes() for name in NAMES)).hexdigest()[:12]
    place = ROOT / "build" / f"npm-{sources.replace('/', '-')}-{digest}"
    place.mkdir(parents=True, exist_ok=True)
    with open(place / ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "installed").exists():
            for name in NAMES:
                shutil.copy(ROOT / sources / name, place / name)
            done = subprocess.run(["npm", "ci", "--no-progress", "--loglevel=error"], cwd=place, text=True, timeout=300,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            if done.returncode != 0:
                pytest.skip(f"npm cannot install {what}: " + done.stdout.strip()[-300:])
            (place / "installed").touch()
    return place
