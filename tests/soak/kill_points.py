#!/usr/bin/python3 -B
"""Kills the supervisor at each of its system calls in turn, and checks that the next `msctl up` makes good.

One run without a kill lists the system calls of a supervisor that starts three services, replaces one of them rolling
and takes all down. Then, for each of these calls (or --points of them, evenly spread), the same is done again under
strace, which kills the supervisor at that call. Whatever happened then, `up -d --wait` must succeed with one process
and one keeper for each instance and one supervisor, another `up` must change nothing, and `down` must leave nothing.

Prints a line for each kind of call; exit status 1 when a point failed, with what was wrong on standard error.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "functional"))

from conftest import Cluster, process_alive, processes_of, wait_for  # noqa: E402
from test_survival import inheritor  # noqa: E402

VERB_TIMEOUT_S = 60
# Calls that say nothing of what is on disk or in other processes: the kill would be the same as at the next one.
DULL = {"brk", "mmap", "munmap", "mprotect", "madvise", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "getpid",
        "gettid", "geteuid", "getuid", "getrandom", "fstat", "newfstatat", "lseek", "prlimit64", "arch_prctl", "ioctl",
        "set_tid_address", "set_robust_list", "rseq", "pread64", "access", "uname", "sysinfo", "getcwd", "readlink",
        "exit_group", "getrusage", "getdents64", "clock_gettime", "futex", "getppid", "sched_getaffinity"}


class Sweep:
    def __init__(self, binary, folder):
        self.cluster = Cluster(binary, folder)
        slow_to_leave = {"command": ["/bin/sleep", "100000"]}
        self.cluster.write({"name": "sweep", "services": {
            "one": slow_to_leave,
            "two": {**slow_to_leave, "depends_on": {"one": "ready"}},
            "held": inheritor(self.cluster, depends_on={"one": "started"})}})
        self.trace = self.cluster.folder / "trace.txt"

    def supervise(self, options):
        """The supervisor under strace, once it answers or has ended."""
        launch = json.dumps({"files": [str(self.cluster.folder / "msctl.yaml")]})
        read, write = os.pipe()
        log = open(self.cluster.folder / "supervisor.out", "w")
        traced = subprocess.Popen(["strace", "-qq", *options, self.cluster.bin, "__supervise", launch, str(write)],
                                  cwd=self.cluster.folder, env=self.cluster.env, pass_fds=[write],
                                  stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        os.close(write)
        log.close()
        os.read(read, 4096)  # its word, or nothing when it was killed before
        os.close(read)
        return traced

    def act(self):
        """What is done while the supervisor is traced; verbs may fail."""
        for verb in (["up", "-d", "--wait"], ["restart", "--rolling", "held"], ["down"]):
            self.cluster.run(*verb, timeout=VERB_TIMEOUT_S)

    def calls(self):
        """(name, how often so far) of each system call, in order."""
        traced = self.supervise(["-o", str(self.trace)])
        self.act()
        traced.wait(timeout=VERB_TIMEOUT_S)
        seen, points = collections.Counter(), []
        for line in self.trace.read_text(errors="replace").splitlines():
            found = re.match(r"(\w+)\(", line)
            if not found:
                continue
            seen[found[1]] += 1
            if found[1] not in DULL:
                points.append((found[1], seen[found[1]]))
        return points

    def running(self):
        return {row["name"]: (row["pid"], row["keeper"]) for row in self.cluster.ps().values()}

    def kill_at(self, name, count):
        """(whether it was killed, what is wrong)."""
        traced = self.supervise(["-o", "/dev/null", f"-e", f"inject={name}:signal=KILL:when={count}"])
        problem = None
        try:
            self.act()
            problem = self.check()
        except (AssertionError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
            problem = str(error)
        if traced.poll() is None and problem is None:
            try:
                traced.wait(timeout=5)
            except subprocess.TimeoutExpired:
                problem = "the traced supervisor is still there"
        killed = traced.poll() == -signal.SIGKILL
        if problem is not None:
            self.clear()
            if traced.poll() is None:
                traced.kill()
            traced.wait()
        return killed, problem

    def check(self):
        done = self.cluster.run("up", "-d", "--wait", timeout=VERB_TIMEOUT_S)
        if done.returncode != 0:
            return f"up: exit code {done.returncode}: {done.stdout}{done.stderr}"
        rows = self.running()
        if set(rows) != {"one", "two", "held"} or not all(pid and keeper for pid, keeper in rows.values()):
            return f"ps: {rows}"
        needed = {pid for row in rows.values() for pid in row} | {self.cluster.supervisor_pid()}
        spare = []

        def nobody_too_many():
            spare[:] = [(pid, command) for pid, command in processes_of(self.cluster.folder)
                        if pid not in needed and "msctl keepers" not in command]
            nurseries = [pid for pid, command in processes_of(self.cluster.folder) if "msctl keepers" in command]
            return not spare and len(nurseries) <= 1

        try:
            wait_for(nobody_too_many, 15)
        except AssertionError:
            return f"too many: {spare}"
        done = self.cluster.run("up", "-d", "--wait", timeout=VERB_TIMEOUT_S)
        if done.returncode != 0 or self.running() != rows:
            return f"a second up changed something: {rows} {self.running()} {done.stdout}{done.stderr}"
        done = self.cluster.run("down", timeout=VERB_TIMEOUT_S)
        if done.returncode != 0:
            return f"down: exit code {done.returncode}: {done.stdout}{done.stderr}"
        left = processes_of(self.cluster.folder)
        return f"left after down: {left}" if left else None

    def clear(self):
        for pid, _ in processes_of(self.cluster.folder):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_for(lambda: not processes_of(self.cluster.folder), 10)
        shutil.rmtree(self.cluster.folder / ".msctl", ignore_errors=True)


def chosen(points, count):
    if count == 0 or count >= len(points):
        return points
    return [points[round(i * (len(points) - 1) / max(1, count - 1))] for i in range(count)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=0, metavar="N", help="only N of the calls; 0: all (default)")
    parser.add_argument("--seconds", type=float, default=3600, metavar="S", help="begin no point after that time")
    parser.add_argument("--only", metavar="NAME", help="only this system call")
    arguments = parser.parse_args()
    binary = os.environ.get("MSCTL_BIN", str(ROOT / "build" / "release" / "bin" / "msctl"))
    begin = time.monotonic()
    tried, killed, failed = collections.Counter(), collections.Counter(), collections.Counter()
    with tempfile.TemporaryDirectory(prefix="msctl-points-") as folder:
        sweep = Sweep(binary, folder)
        points = [point for point in sweep.calls() if arguments.only in (None, point[0])]
        for name, count in chosen(points, arguments.points):
            if time.monotonic() - begin > arguments.seconds:
                print(f"the time is over after {sum(tried.values())} points", file=sys.stderr)
                break
            was_killed, problem = sweep.kill_at(name, count)
            tried[name] += 1
            killed[name] += was_killed
            if problem is not None:
                failed[name] += 1
                print(f"{name} {count}: {problem}", file=sys.stderr)
    width = max(len(name) for name in [*tried, "all"])
    print(f"{'call'.ljust(width)}  points  killed  failed")
    for name in sorted(tried):
        print(f"{name.ljust(width)}  {tried[name]:6}  {killed[name]:6}  {failed[name]:6}")
    print(f"{'all'.ljust(width)}  {sum(tried.values()):6}  {sum(killed.values()):6}  {sum(failed.values()):6}")
    return 1 if failed or not sum(killed.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
