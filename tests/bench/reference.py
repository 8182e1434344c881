"""`up -d --wait` of the reference system, and the same processes started by hand one after the other.

By hand each service gets the environment, arguments and folder that msctl gave it, and is asked for its readiness every
millisecond. What they need one after the other on the way through the dependency graph is the critical path.
"""

import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time

import proc

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICES = ("nats", "user-service", "order-service", "gateway")
LEFT_OUT = ("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "WATCHDOG_USEC", "WATCHDOG_PID")


class Reference:
    def __init__(self, msctl, folder):
        self.msctl = str(msctl)
        self.folder = pathlib.Path(folder)
        self.marker = f"BENCH_FOLDER={self.folder}"
        self.environment = {**os.environ, "BENCH_FOLDER": str(self.folder), "MSCTL_PROJECT": "bench"}

    def prepare(self):
        """A copy of the cluster's files; as a project, all its ports are free ones."""
        self.folder.mkdir(parents=True)
        shutil.copy(ROOT / "msctl.yaml", self.folder)
        for name in ("user", "order", "gateway"):
            (self.folder / "services" / name).mkdir(parents=True)
            shutil.copy(ROOT / "services" / name / "service.yaml", self.folder / "services" / name)

    def run(self, *words, keep=False):
        return proc.run([self.msctl, *words], env=self.environment, folder=self.folder, keep=keep)

    def measure(self):
        """One repetition with empty databases, and one with those left by it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.prepare()
        try:
            found = {"fresh": [self.run("up", "-d", "--wait").wall_ms]}
            self.run("down")
            found["again"] = [self.run("up", "-d", "--wait").wall_ms]
            recipes = self.recipes()
            self.run("down")
            alone = self.by_hand(recipes)
            found.update({name: [value] for name, value in alone.items()})
            path = alone["nats"] + alone["user-service"] + max(alone["order-service"], alone["gateway"])
            found["path"] = [path]
            found["overhead"] = [found["again"][0] - path]
            return found
        finally:
            proc.end(proc.marked(self.marker))
            shutil.rmtree(self.folder, ignore_errors=True)

    def recipes(self):
        """How each service was started: (arguments, environment, folder, port to ask)."""
        told = {one["name"]: one for one in json.loads(self.run("ps", "--output", "json", keep=True).output)}
        found = {}
        for name in SERVICES:
            process = pathlib.Path(f"/proc/{told[name]['pid']}")
            words = (process / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
            program = os.readlink(process / "exe")
            pairs = [pair.partition(b"=") for pair in (process / "environ").read_bytes().split(b"\0") if pair]
            environment = {key.decode(): value for key, _, value in pairs if key.decode() not in LEFT_OUT}
            ports = told[name]["ports"]
            port = ports["client"] if name == "nats" else ports["http"]
            found[name] = (program, words, environment, os.readlink(process / "cwd"), port)
        return found

    def by_hand(self, recipes):
        """Milliseconds from start to ready of each service, once those that it needs are ready."""
        found, started = {}, []
        try:
            for name in SERVICES:
                program, words, environment, folder, port = recipes[name]
                began = time.monotonic()
                started.append(
                    subprocess.Popen(
                        words,
                        executable=program,
                        env=environment,
                        cwd=folder,
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                    )
                )
                ask = accepts if name == "nats" else is_ready
                proc.until(lambda ask=ask, port=port: ask(port), 30, 0.001, f"{name} by hand")
                found[name] = (time.monotonic() - began) * 1e3
            return found
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait(30)


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_ready(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
