"""Services whose every start is killed at another system call, and how each of their processes really ended."""

import collections
import os
import pathlib
import random
import re
import time

import yaml

from conftest import wait_for
from kill_points import DULL as SUPERVISOR_DULL

WRAPPER = pathlib.Path(__file__).with_name("kill_at_next.sh")
# As for the supervisor, and what a service does besides that nobody else can see. A lock may lie between two that can.
DULL = SUPERVISOR_DULL - {"futex"} | {
    "mremap", "getgid", "getegid", "statx", "execve", "exit", "sched_yield", "getsockname", "getpeername", "getsockopt",
    "setsockopt", "clone", "clone3", "tgkill", "restart_syscall", "prctl", "wait4", "statfs", "fcntl", "sched_getparam",
    "sched_getscheduler", "eventfd2", "epoll_create1", "timerfd_create", "clock_nanosleep", "sigaltstack",
    "pipe2"}
# What these do cannot be taken back, or is an acknowledgement to somebody: they are chosen more often.
WEIGHTS = {"fdatasync": 6, "fsync": 4, "pwrite64": 6, "write": 3, "sendto": 3, "sendmsg": 3, "writev": 2, "recvmsg": 2,
           "recvfrom": 2, "read": 2, "futex": 1}
# A process that lives so long is past its point, which will not come any more: counted from its readiness, or its start.
LIFE_S = 3.0
START_S = 20.0


class Tail:
    """The lines that were added to a file since the last time; one that is not there yet has none."""

    def __init__(self, path):
        self.path = path
        self.read = 0

    def lines(self):
        if not self.path.exists():
            return []
        if self.path.stat().st_size < self.read:
            self.read = 0  # rotated
        with open(self.path, "rb") as file:
            file.seek(self.read)
            text = file.read()
        whole = text[:text.rfind(b"\n") + 1]
        self.read += len(whole)
        return whole.decode(errors="replace").splitlines()


class Victim:
    """One service: its folder of plans, and the process that runs now."""

    def __init__(self, name, folder, seed):
        self.name = name
        self.folder = folder / name
        self.folder.mkdir(parents=True)
        self.random = random.Random(f"{seed} {name}")
        self.points = {}  # pid -> (call, number)
        self.begun = Tail(self.folder / "points")
        self.calm()

    def command(self, argv):
        return [str(WRAPPER), str(self.folder), *argv]

    def calm(self):
        (self.folder / "calm").touch()

    def stir(self):
        (self.folder / "calm").unlink(missing_ok=True)

    def plan(self, count):
        """From `calls`: which there are, and how often a thread made each of them."""
        by_thread = collections.Counter()
        with open(self.folder / "calls", errors="replace") as lines:
            for line in lines:
                found = re.match(r"(\d+) +(\w+)\(", line)
                if found and found[2] not in DULL:
                    by_thread[found[2], found[1]] += 1
        most = collections.Counter()
        for (call, _), times in by_thread.items():
            most[call] = max(most[call], times)
        calls = sorted(most)
        assert calls, f"{self.name} made no system call"
        chosen = self.random.choices(calls, [WEIGHTS.get(call, 1) for call in calls], k=count)
        (self.folder / "plan").write_text("".join(f"{call} {self._number(most[call])}\n" for call in chosen))
        return dict(most)

    def _number(self, most):
        """Half of them anywhere in the first third, since processes that die all the time do less than was seen; half
        rather near to the start, which all have in common."""
        if self.random.random() < 0.5:
            return self.random.randint(1, max(1, most // 3))
        return max(1, round(most ** self.random.random()))

    def look(self):
        """Reads which points were begun since the last look."""
        for line in self.begun.lines():
            pid, call, number = line.split()
            self.points[int(pid)] = (call, int(number))


class Victims:
    """All of them, and the supervisor's log of how their processes ended."""

    def __init__(self, names, folder, seed):
        self.all = {name: Victim(name, folder, seed) for name in names}
        self.killed = collections.Counter()  # (service, call) -> points that were reached and killed there
        self.late = collections.Counter()  # service -> points that did not come, ended by us
        self.other = collections.Counter()  # (service, how it ended) of other ends
        self.until = {}  # service -> (pid, until when it may run)
        self.ours = set()  # pids that we ended
        self.log = None

    def wrap(self, document):
        for name, victim in self.all.items():
            entry = document["services"][name]
            file = yaml.safe_load((pathlib.Path(entry["path"]) / "service.yaml").read_text())
            entry["command"] = victim.command(entry.get("command", file["command"]))
            entry["restart"] = {"policy": "always", "first_ms": 1, "cap_ms": 1, "limit": 0}
        return document

    def end(self, name, pid):
        """One that is not to be counted."""
        self.ours.add(pid)
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            pass

    def restart(self, shop):
        """Each gets another process, of the kind that its folder asks for now."""
        before = {name: shop.ps()[name]["pid"] for name in self.all}
        for name, pid in before.items():
            if pid:
                self.end(name, pid)
        wait_for(lambda: all((pid := shop.ps()[name]["pid"]) and pid != before[name] for name in self.all), 60,
                 "other processes")

    def record(self, shop):
        """What was killed since the last call, and who has lived too long."""
        self.log = self.log or Tail(shop.folder / ".msctl" / "logs" / "supervisor.log")
        for victim in self.all.values():
            victim.look()
        for line in self.log.lines():
            found = re.match(r"\S+ (\S+) (starting|ready|backoff): (?:pid (\d+)|([^;]*))", line)
            if found and found[1] in self.all:
                self._heard(*found.groups())
        for name, (pid, until) in list(self.until.items()):
            if time.monotonic() > until and not (self.all[name].folder / "calm").exists():
                self.late[name] += 1
                del self.until[name]
                self.end(name, pid)

    def _heard(self, name, state, pid, reason):
        if state == "starting":
            self.until[name] = (int(pid), time.monotonic() + START_S)
        elif state == "backoff":
            self._ended(name, reason)
        elif name in self.until:
            self.until[name] = (self.until[name][0], time.monotonic() + LIFE_S)

    def _ended(self, name, how):
        pid, _ = self.until.pop(name, (None, 0))
        point = self.all[name].points.pop(pid, None)
        if pid in self.ours or pid is None:
            return
        if point and how == "signal 9 (SIGKILL)":
            self.killed[name, point[0]] += 1
        else:
            self.other[name, how] += 1
