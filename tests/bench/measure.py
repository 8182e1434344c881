"""What is measured of each supervisor, one repetition at a time."""

import contextlib
import os
import signal
import time

import proc

IDLE_S = 10.0
STATUS_REPEATS = 5
CRASHES = 3
SETTLE_S = 1.2  # s6 and supervisord start a process anew at once only if it has run for a second


@contextlib.contextmanager
def running(peer, folder, count):
    """Starts `count` processes; yields how long that took and what runs then; ends everything."""
    peer.prepare(folder, count)
    try:
        began = time.monotonic()
        peer.start()
        took = (time.monotonic() - began) * 1e3
        yield took, peer.processes()
        peer.stop()
    finally:
        peer.clean()


def spawn_cost_ms(pids):
    return sum(proc.cpu_s(pid) for pid in pids) * 1e3


def round_of(peer, folder, count, idle):
    """All figures of one start of a peer with `count` processes: name of the figure to a list of values."""
    with running(peer, folder, count) as (spawn_ms, (supervisor, helpers, _)):
        found = {"spawn": [spawn_ms], "spawn_cpu": [spawn_cost_ms([supervisor, *helpers])]}
        asked = [peer.status() for _ in range(STATUS_REPEATS)]
        found["status"] = [one.wall_ms for one in asked]
        found["status_cpu"] = [one.cpu_ms for one in asked]
        if idle:
            found.update(idle_of([supervisor, *helpers]))
        alone, helping = proc.memory_of(supervisor), sum((proc.memory_of(pid) for pid in helpers), proc.Memory())
        found.update(
            rss=[alone.rss],
            pss=[alone.pss],
            rss_all=[alone.rss + helping.rss],
            pss_all=[alone.pss + helping.pss],
            helpers=[len(helpers)],
        )
        if count == 100:
            time.sleep(SETTLE_S)
            found["crash"] = crashes_of(peer)
    return found


def idle_of(pids):
    """What supervisor and helpers do in IDLE_S when nothing happens."""
    time.sleep(1.0)  # what follows a start is no idling
    before = {pid: (proc.cpu_s(pid), proc.wakeups(pid), proc.ticks(pid)) for pid in pids}
    time.sleep(IDLE_S)
    after = {pid: (proc.cpu_s(pid), proc.wakeups(pid), proc.ticks(pid)) for pid in pids}
    total = [sum(after[pid][n] - before[pid][n] for pid in pids) for n in range(3)]
    return {"idle_cpu": [total[0] * 1e3], "idle_wakeups": [total[1]], "idle_ticks": [total[2]]}


def crashes_of(peer):
    """Milliseconds from SIGKILL of a process to the next one having executed its program, for several of them."""
    return [respawn_ms(pid) for pid in peer.processes()[2][:CRASHES]]


def respawn_ms(victim):
    parent = proc.parent_of(victim)
    before = set(proc.children_of(parent))
    began = time.monotonic()
    os.kill(victim, signal.SIGKILL)
    deadline = began + 30
    while time.monotonic() < deadline:
        for pid in set(proc.children_of(parent)) - before:
            if proc.name_of(pid) == "sleep":
                return (time.monotonic() - began) * 1e3
        time.sleep(0.0002)
    raise RuntimeError("a killed process was not started again within 30 s")


def bare_spawn(count, program, *arguments):
    """The floor: the same processes by posix_spawn and nothing else, and the start of a program that does nothing."""
    nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    began = time.monotonic()
    pids = [os.posix_spawn(program, [program, *arguments], os.environ, file_actions=nothing) for _ in range(count)]
    took = (time.monotonic() - began) * 1e3
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    for pid in pids:
        os.waitpid(pid, 0)
    command = [proc.run(["/bin/true"]) for _ in range(STATUS_REPEATS)]
    return {
        "spawn": [took],
        "status": [one.wall_ms for one in command],
        "status_cpu": [one.cpu_ms for one in command],
    }
