"""What the soak programs share: a private copy of the reference cluster for one run, of which nothing stays."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

from conftest import ROOT, processes_of
from reference import Shop

CLEANUP_S = 15


def clean_up(shop):
    """Whatever happened, no process stays."""
    try:
        # Of a session of its own, so that a second Ctrl-C does not end it.
        shop.run("down", timeout=CLEANUP_S, start_new_session=True)
    except subprocess.TimeoutExpired:
        pass
    for pid, _ in processes_of(shop.folder):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def msctl_binary():
    """The binary to test; None, after saying so, when it is not there."""
    binary = pathlib.Path(os.environ.get("MSCTL_BIN", ROOT / "build" / "release" / "bin" / "msctl")).resolve()
    if binary.exists():
        return binary
    print(f"{binary} is missing: run `make build` first, or set MSCTL_BIN", file=sys.stderr)
    return None


def run_in_shop(soak, options, prefix):
    """The exit status of `soak(shop, options)`; the shop's folder stays only when that is 1, for its logs."""
    binary = msctl_binary()
    if binary is None:
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    shop = Shop(binary, tempfile.mkdtemp(prefix=prefix))
    status = 130
    try:
        status = soak(shop, options)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        clean_up(shop)
        if status == 1:
            print(f"logs: {shop.folder}/.msctl/logs", file=sys.stderr)
        else:
            shutil.rmtree(shop.folder, ignore_errors=True)
    return status
