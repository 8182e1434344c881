"""What the kernel tells of processes, and the few statistics that the tables need."""

import dataclasses
import datetime
import os
import pathlib
import platform
import signal
import statistics
import subprocess
import tempfile
import time

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def machine():
    """What a reader needs to judge the figures, and nothing that names the machine."""
    text = pathlib.Path("/proc/meminfo").read_text()
    memory = int(text.split("MemTotal:")[1].split()[0]) / 1024 / 1024
    cpu = [line.partition(":")[2].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
           if line.startswith("model name")]  # fmt: skip
    release = dict(
        line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line
    )
    kernel = platform.release().split("-")[0]
    return {
        "processor": cpu[0] if cpu else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": f"{memory:.0f} GiB",
        "kernel": f"Linux {kernel}",
        "distribution": release.get("PRETTY_NAME", "unknown").strip('"'),
        "date": datetime.date.today().isoformat(),
    }


def read(path):
    """The text of a file of /proc, or "" once the process is gone."""
    try:
        return pathlib.Path(path).read_bytes().decode(errors="replace")
    except OSError:
        return ""


def fields(pid):
    """The fields of /proc/PID/stat from the third on; [] once it is gone."""
    return read(f"/proc/{pid}/stat").rpartition(")")[2].split()


def parent_of(pid):
    return int((fields(pid) or [0, 0])[1])


def name_of(pid):
    return read(f"/proc/{pid}/comm").strip()


def command_of(pid):
    return read(f"/proc/{pid}/cmdline").replace("\0", " ").strip()


def alive(pid):
    return (fields(pid) or ["X"])[0] not in ("Z", "X")


def children_of(pid):
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*"):
        found += [int(child) for child in read(task / "children").split()]
    return found


def descendants_of(roots):
    """The roots and everything below them, zombies left out."""
    found, open_ = [], list(roots)
    while open_:
        pid = open_.pop()
        if pid in found or not alive(pid):
            continue
        found.append(pid)
        open_ += children_of(pid)
    return found


def marked(marker):
    """All processes that were started with that text in their environment."""
    wanted = marker.encode()
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            if wanted in pathlib.Path(f"/proc/{entry}/environ").read_bytes() and alive(entry):
                found.append(int(entry))
        except OSError:
            pass
    return found


@dataclasses.dataclass
class Memory:
    """In MB (1,000,000 bytes)."""

    rss: float = 0.0
    pss: float = 0.0

    def __add__(self, other):
        return Memory(self.rss + other.rss, self.pss + other.pss)


def memory_of(pid):
    found = Memory()
    for line in read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Rss:"):
            found.rss = int(line.split()[1]) * 1024 / 1e6
        elif line.startswith("Pss:"):
            found.pss = int(line.split()[1]) * 1024 / 1e6
    return found


def cpu_s(pid):
    """CPU time of a process so far, of all its threads; nanoseconds where the kernel counts them, else ticks."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*"):
        counted = read(task / "schedstat").split()
        if not counted:
            stat = fields(pid)
            return (int(stat[11]) + int(stat[12])) * TICK_S if stat else 0
        total += int(counted[0])
    return total / 1e9


def ticks(pid):
    stat = fields(pid)
    return int(stat[11]) + int(stat[12]) if stat else 0


def wakeups(pid):
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*"):
        for line in read(task / "status").splitlines():
            if "ctxt_switches" in line:
                total += int(line.split()[1])
    return total


@dataclasses.dataclass
class Ran:
    """How long a command took on the clock and on the processors (its own and that of children it waited for)."""

    wall_ms: float
    cpu_ms: float
    output: str = ""


def run(command, env=None, folder=None, keep=False):
    """Runs a command to its end; a failure is an error with what it said. `keep`: its output is wanted."""
    # Into a file: a daemon that the command leaves behind may hold a pipe open for ever.
    with open(os.devnull, "rb") as nothing, tempfile.TemporaryFile() as said:
        began = time.monotonic()
        process = subprocess.Popen(command, env=env, cwd=folder, stdin=nothing, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        output = said.read()
    text = output.decode(errors="replace")
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))[:200]} ended with {process.returncode}: {text[-1000:]}")
    return Ran(wall * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3, text if keep else "")


def end(pids, grace_s=5.0):
    """Ends processes that the benchmark started, by their ids."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        deadline = time.monotonic() + grace_s
        while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
            time.sleep(0.01)
        if not any(alive(pid) for pid in pids):
            return


def until(condition, timeout_s=60.0, pause_s=0.001, what="the condition"):
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not come true within {timeout_s:g} s")
        time.sleep(pause_s)


@dataclasses.dataclass
class Figure:
    """Measured values of one thing by one supervisor."""

    values: list

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def low(self):
        return min(self.values)

    @property
    def high(self):
        return max(self.values)
