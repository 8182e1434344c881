"""The page docs/benchmarks.md, made of the measured values."""

import statistics

# (figure, title, unit, msctl's aim)
AT_100 = (
    ("spawn", "start until all are reported running", "ms", 250),
    ("spawn_cpu", "CPU time of supervisor and helpers for that", "ms", None),
    ("status", "status of all, on the clock", "ms", 10),
    ("status_cpu", "status of all, CPU time of the command", "ms", None),
    ("rss", "RSS of the supervisor", "MB", 10),
    ("pss", "PSS of the supervisor", "MB", None),
    ("rss_all", "RSS of supervisor and helpers (counts shared pages many times)", "MB", None),
    ("pss_all", "PSS of supervisor and helpers", "MB", None),
    ("helpers", "helper processes", "", None),
    ("idle_ticks", "idle: CPU ticks (10 ms) in 10 s", "", 0),
    ("idle_cpu", "idle: CPU time in 10 s", "ms", None),
    ("idle_wakeups", "idle: wakeups in 10 s", "", None),
    ("crash", "SIGKILL of a process until the next one runs", "ms", 10),
)
REFERENCE = (
    ("fresh", "`up -d --wait`, empty databases", 1000),
    ("again", "`up -d --wait`, databases are there", 1000),
    ("nats", "nats alone, start to ready", None),
    ("user-service", "user-service alone", None),
    ("order-service", "order-service alone", None),
    ("gateway", "gateway alone", None),
    ("path", "critical path: nats, user-service, the longer of order-service and gateway", None),
    ("overhead", "overhead of `up -d --wait` over the critical path", 50),
)
CURVES = (("spawn", "Start until all run, ms"), ("status", "Status of all, ms"), ("pss_all", "PSS with helpers, MB"))
# Why another supervisor can be ahead; only those are shown where one is.
WHY = {
    "spawn": "it forks twice for each process, the keeper and the process, and each keeper makes a log, its index and two "
    "sockets in the file system. Most of it is time in the kernel: forks, page faults after them, new files.",
    "status": "the start of a program that links the C++ library, YAML and RE2, one question over a Unix socket, and JSON "
    "of all that is known of each instance, of which the table shows six columns.",
    "rss": "s6-svscan only counts its children. Here the cluster file, the HTTP API, probes, events and the registry are "
    "in one process.",
    "pss_all": "a keeper for each instance costs some 0.2 MB. In turn a killed supervisor loses neither processes nor a "
    "line of their output.",
    "idle_cpu": "all of that is far below one tick of the kernel's clock.",
    "crash": "the keeper tells the supervisor, which decides and asks the keeper for the next one: two messages more than "
    "with a parent that starts again by itself.",
}
WHY_SYSTEM = (
    "the start of the supervisor, the intervals at which readiness is asked for, and that services start side by side: by "
    "hand each has all cores for itself."
)


def number(value):
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2f}"


def cell(values):
    """Median and spread."""
    if not values:
        return "–"
    middle, low, high = statistics.median(values), min(values), max(values)
    if len(values) == 1 or number(low) == number(high):
        return number(middle)
    return f"{number(middle)} ({number(low)}–{number(high)})"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def unit_of(unit):
    return f", {unit}" if unit else ""


def at_100(outcome, names):
    values = outcome["values"].get("100", {})
    rows = []
    for figure, title, unit, aim in AT_100:
        cells = [cell(values.get(name, {}).get(figure)) for name in [*names, "floor"]]
        rows.append([title + unit_of(unit), *cells, "" if aim is None else f"≤ {aim}" if aim else "0"])
    return table(["", *names, "bare", "aim"], rows)


def curve(outcome, names, figure):
    sizes = sorted((int(size) for size in outcome["values"] if size.isdigit()))
    rows = []
    for size in sizes:
        values = outcome["values"][str(size)]
        rows.append([f"{size:,}", *[cell(values.get(name, {}).get(figure)) for name in [*names, "floor"]]])
    return table(["processes", *names, "bare"], rows)


def system(outcome):
    values = outcome["values"].get("reference", {}).get("msctl", {})
    rows = [
        [title, cell(values.get(figure)), "" if aim is None else f"≤ {aim}"] for figure, title, aim in REFERENCE
    ]
    return table(["ms", "msctl", "aim"], rows)


def middle(outcome, size, name, figure):
    values = outcome["values"].get(size, {}).get(name, {}).get(figure)
    return statistics.median(values) if values else None


def lost(outcome, names):
    """Where a peer is ahead at 100 processes, and where an aim is missed."""
    lines = []
    for figure, title, unit, aim in AT_100:
        ours = middle(outcome, "100", "msctl", figure)
        if ours is None or (figure not in WHY and aim is None):
            continue
        theirs = [(middle(outcome, "100", name, figure), name) for name in names if name != "msctl"]
        ahead = [f"{name} {number(value)}" for value, name in sorted(t for t in theirs if t[0] is not None) if value < ours]
        missed = aim is not None and ours > aim
        if not ahead and not missed:
            continue
        text = f"- **{title}**: msctl {number(ours)}{' ' + unit if unit else ''}"
        text += f"; ahead: {', '.join(ahead)}" if ahead else ""
        text += f"; the aim of {aim} is missed" if missed else ""
        lines.append(f"{text}. Why: {WHY[figure]}" if figure in WHY else f"{text}.")
    for figure, title, aim in REFERENCE:
        ours = middle(outcome, "reference", "msctl", figure)
        if aim is not None and ours is not None and ours > aim:
            lines.append(f"- **{title}**: {number(ours)} ms; the aim of {aim} is missed. Why: {WHY_SYSTEM}")
    return "\n".join(line.rstrip() for line in lines) or "Nowhere in this run."


def page(outcome):
    machine, names = outcome["machine"], [peer["name"] for peer in outcome["peers"]]
    low, high = machine["load"]
    notes = table(["", "version", "how"], [[p["name"], p["version"], p["note"]] for p in outcome["peers"]])
    left_out = "".join(f"\nLeft out: {name}, {why}.\n" for name, why in outcome["left_out"].items())
    failed = "".join(f"\nFailed: {text}.\n" for text in outcome["failures"])
    curves = "\n\n".join(f"#### {title}\n\n{curve(outcome, names, figure)}" for figure, title in CURVES)
    return f"""## Supervisors

`make bench-supervisor` measured all of this in one run and wrote this part; [how](../tests/bench/README.md). Each cell
is the median of several repetitions, with the lowest and highest value in parentheses; the supervisors took turns.

Machine: {machine["processor"]}, {machine["cores"]} cores, {machine["memory"]}, {machine["kernel"]},
{machine["distribution"]}, {machine["date"]}. Load average during the run: {low:.1f} to {high:.1f}, so other work ran
beside it when that is above 1: times on the clock are then longer than on a quiet machine, for all alike. CPU times
and memory are hardly touched by that, and `bare` tells by how much the clock is off.

{notes}
{left_out}{failed}
`bare` is the floor: the same processes by `posix_spawn` in a loop and nothing else, and the start of `/bin/true` for
the status.

### 100 processes

{at_100(outcome, names)}

### 10 to 1,000 processes

{curves}

### The reference system

Four processes: nats, user-service, order-service, gateway. `alone` is a service started by hand with what msctl gave it,
from start to its first good answer, while those that it needs run.

{system(outcome)}

### Where we lose, and why

{lost(outcome, names)}
"""
