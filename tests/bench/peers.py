"""The supervisors that are compared. Each runs N times `sleep 100000` and is asked in its own usual way.

A peer's start() returns when it reports all N as running. Settings are the defaults, but for what `note` says.
"""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import xmlrpc.client

import proc

SLEEP = "/usr/bin/sleep"
FOREVER = "100000"


class Peer:
    """One supervisor with N processes in a folder of its own."""

    name = ""
    note = ""
    # How the process that supervises is told from its helpers: the begin of its command line.
    supervisor_command = ""
    sizes = (10, 100, 300, 1000)

    def __init__(self, tools):
        self.tools = tools
        self.count = 0
        self.folder = None
        self.marker = ""

    def missing(self):
        """Why this peer cannot be measured here; "" when it can."""
        return ""

    def version(self):
        return ""

    def prepare(self, folder, count):
        """Writes the peer's configuration for `count` processes."""
        self.folder, self.count = pathlib.Path(folder), count
        self.folder.mkdir(parents=True)
        self.marker = f"BENCH_FOLDER={self.folder}"
        self.configure()

    def configure(self):
        raise NotImplementedError

    def start(self):
        raise NotImplementedError

    def status(self):
        """Runs the command that tells how all processes are; a proc.Ran."""
        raise NotImplementedError

    def stop(self):
        raise NotImplementedError

    def environment(self):
        return {**os.environ, "BENCH_FOLDER": str(self.folder)}

    def run(self, *command, keep=False):
        return proc.run([str(part) for part in command], env=self.environment(), folder=self.folder, keep=keep)

    def processes(self):
        """(supervisor's pid, helpers, sleeps) of all that runs for this folder."""
        everything = proc.marked(self.marker)
        sleeps = [pid for pid in everything if proc.name_of(pid) == "sleep"]
        others = [pid for pid in everything if pid not in sleeps]
        first = [pid for pid in others if proc.command_of(pid).startswith(self.supervisor_command)]
        if len(first) != 1 or len(sleeps) != self.count:
            raise RuntimeError(f"{self.name}: {len(first)} supervisors and {len(sleeps)} of {self.count} processes run")
        return first[0], [pid for pid in others if pid != first[0]], sleeps

    def clean(self):
        """Whatever still runs for this folder is ended."""
        left = proc.marked(self.marker)
        if left:
            proc.end(left)
        shutil.rmtree(self.folder, ignore_errors=True)


class Msctl(Peer):
    name = "msctl"
    note = "`up -d --wait`; one keeper process per instance, which holds its logs and outlives a killed supervisor"
    supervisor_command = "msctl __supervise"

    def version(self):
        return proc.run([self.tools["msctl"], "--version"], keep=True).output.split()[-1]

    def configure(self):
        lines = ["services:"]
        lines += [f'  s{n}: {{command: [{SLEEP}, "{FOREVER}"]}}' for n in range(self.count)]
        (self.folder / "msctl.yaml").write_text("\n".join(lines) + "\n")

    def start(self):
        self.run(self.tools["msctl"], "up", "-d", "--wait")

    def status(self):
        return self.run(self.tools["msctl"], "ps")

    def stop(self):
        self.run(self.tools["msctl"], "down")


class UnixProxy(xmlrpc.client.Transport):
    """supervisord's own protocol, without the start of a Python for each question."""

    def __init__(self, path):
        super().__init__()
        self.path = str(path)

    def make_connection(self, host):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.path)
        return connection


class Supervisord(Peer):
    name = "supervisord"
    note = (
        "`startsecs=0` (the default counts a program as running after 1 s); asked over its socket while starting, "
        "`supervisorctl status` for the latency; `minfds` raised for 1,000"
    )
    supervisor_command = "/usr/bin/python3 /usr/bin/supervisord"

    def missing(self):
        return "" if shutil.which("supervisord") else "no supervisord (the Debian package supervisor)"

    def version(self):
        return proc.run(["supervisord", "--version"], keep=True).output.strip()

    def configure(self):
        (self.folder / "logs").mkdir()
        text = f"""[unix_http_server]
file={self.folder}/sock
[supervisord]
logfile={self.folder}/supervisord.log
pidfile={self.folder}/supervisord.pid
childlogdir={self.folder}/logs
minfds=8192
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{self.folder}/sock
"""
        for n in range(self.count):
            text += f"[program:s{n}]\ncommand={SLEEP} {FOREVER}\nstartsecs=0\n"
        (self.folder / "supervisord.conf").write_text(text)

    def start(self):
        self.run("supervisord", "-c", self.folder / "supervisord.conf")
        proc.until(self.all_run, pause_s=0.02, what="all programs of supervisord")

    def all_run(self):
        try:
            server = xmlrpc.client.ServerProxy("http://localhost", transport=UnixProxy(self.folder / "sock"))
            told = server.supervisor.getAllProcessInfo()
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return False
        return len(told) == self.count and all(one["statename"] == "RUNNING" for one in told)

    def status(self):
        return self.run("supervisorctl", "-c", self.folder / "supervisord.conf", "status")

    def stop(self):
        pid = int((self.folder / "supervisord.pid").read_text())
        os.kill(pid, signal.SIGTERM)
        proc.until(lambda: not proc.alive(pid), 120, 0.01, "the end of supervisord")


class S6(Peer):
    name = "s6"
    note = (
        "s6-svscan and one s6-supervise per process; `s6-svwait -u` tells when all are up; there is no command for the "
        "states of all, so the latency is one `s6-svstat` for each; no logs are kept"
    )
    supervisor_command = "s6-svscan"

    def missing(self):
        return "" if shutil.which("s6-svscan") else "no s6-svscan (the Debian package s6)"

    def version(self):
        told = subprocess.run(["dpkg-query", "-W", "-f=${Version}", "s6"], capture_output=True, text=True, check=False)
        return told.stdout.strip() or "unknown"

    def configure(self):
        (self.folder / "scan").mkdir()
        for one in self.folders():
            one.mkdir()
            (one / "run").write_text(f"#!/bin/sh\nexec {SLEEP} {FOREVER}\n")
            (one / "run").chmod(0o755)

    def folders(self):
        return [self.folder / "scan" / f"s{n}" for n in range(self.count)]

    def start(self):
        subprocess.Popen(
            ["s6-svscan", "-c", "2000", self.folder / "scan"],
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        supervised = self.folders()
        proc.until(lambda: all((one / "supervise" / "status").exists() for one in supervised), what="the s6-supervise of each")
        self.run("s6-svwait", "-u", *supervised)

    def status(self):
        script = f'for n in "{self.folder}"/scan/*; do s6-svstat "$n"; done'
        return self.run("/bin/sh", "-c", script)

    def stop(self):
        first, helpers, _ = self.processes()
        self.run("s6-svscanctl", "-t", self.folder / "scan")
        os.waitpid(first, 0)
        proc.until(lambda: not any(proc.alive(pid) for pid in helpers), 60, 0.01, "the end of s6-supervise")


class Pm2(Peer):
    name = "pm2"
    note = "`pm2 start` of a file with all apps, fork mode; `pm2 jlist` for the latency"
    supervisor_command = "PM2 "
    sizes = (10, 100)

    def missing(self):
        return "" if self.tools.get("pm2") else self.tools.get("pm2_why", "not asked for")

    def version(self):
        return json.loads((self.program().parents[1] / "package.json").read_text())["version"]

    def program(self):
        return pathlib.Path(self.tools["pm2"]).resolve()

    def environment(self):
        return {**super().environment(), "PM2_HOME": str(self.folder / "home"), "PM2_DISABLE_VERSION_CHECK": "true"}

    def configure(self):
        apps = [
            {"name": f"s{n}", "script": SLEEP, "args": FOREVER, "interpreter": "none", "exec_mode": "fork"}
            for n in range(self.count)
        ]
        (self.folder / "ecosystem.config.js").write_text(f"module.exports = {json.dumps({'apps': apps})}\n")

    def start(self):
        self.run(self.program(), "start", "ecosystem.config.js")
        told = json.loads(self.run(self.program(), "jlist", keep=True).output.strip().splitlines()[-1])
        if [one["pm2_env"]["status"] for one in told] != ["online"] * self.count:
            raise RuntimeError("pm2: not all of its processes are online")

    def status(self):
        return self.run(self.program(), "jlist")

    def stop(self):
        self.run(self.program(), "kill")


class ProcessCompose(Peer):
    name = "process-compose"
    sizes = (10, 100)
    note = "`up --detached`, asked by `process list` until all run"
    supervisor_command = ""

    def missing(self):
        return "" if self.tools.get("process-compose") else self.tools.get("process-compose_why", "not asked for")

    def version(self):
        told = proc.run([self.tools["process-compose"], "version"], keep=True).output
        versions = [line.split()[-1] for line in told.splitlines() if line.startswith("Version")]
        return versions[0] if versions and versions[0] != "undefined" else "unknown"

    def configure(self):
        lines = ['version: "0.5"', f"log_location: {self.folder}/log", "processes:"]
        for n in range(self.count):
            lines += [f"  s{n}:", f"    command: exec {SLEEP} {FOREVER}", "    availability: {restart: on_failure}"]
        (self.folder / "process-compose.yaml").write_text("\n".join(lines) + "\n")

    def environment(self):
        return {**super().environment(), "PC_SOCKET_PATH": str(self.folder / "sock"), "PC_DISABLE_TUI": "1"}

    def command(self, *words):
        return [self.tools["process-compose"], *words, "-U", "-u", self.folder / "sock", "-L", self.folder / "pc.log"]

    def start(self):
        self.run(*self.command("up", "-D", "-f", self.folder / "process-compose.yaml"))
        proc.until(self.all_run, pause_s=0.02, what="all processes of process-compose")

    def all_run(self):
        try:
            text = self.run(*self.command("process", "list", "-o", "json"), keep=True).output
            told = json.loads(text[text.index("[\n") :])  # warnings come before it
        except (RuntimeError, ValueError):
            return False
        return len(told) == self.count and all(one["status"] == "Running" for one in told)

    def status(self):
        return self.run(*self.command("process", "list", "-o", "wide"))

    def stop(self):
        self.run(*self.command("down"))

    def processes(self):
        self.supervisor_command = self.tools["process-compose"]
        return super().processes()


PEERS = (Msctl, Supervisord, S6, Pm2, ProcessCompose)
