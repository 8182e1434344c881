"""A strict reader of the Prometheus text format 0.0.4."""

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL})(?:,{LABEL})*,?)?\}})? (\S+)(?: -?\d+)?")
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("", "_sum", "_count")}


def _value(text):
    assert text in ("+Inf", "-Inf", "NaN") or re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text), text
    return float(text.replace("Inf", "inf"))


def _check_histogram(name, samples):
    by_labels = {}
    for sample, labels, value in samples:
        rest = tuple(sorted((key, text) for key, text in labels.items() if key != "le"))
        entry = by_labels.setdefault(rest, {"buckets": []})
        if sample.endswith("_bucket"):
            entry["buckets"].append((_value(labels["le"]), value))
        else:
            entry[sample[len(name):]] = value
    for labels, entry in by_labels.items():
        bounds = [bound for bound, _ in entry["buckets"]]
        counts = [count for _, count in entry["buckets"]]
        assert bounds == sorted(set(bounds)) and bounds[-1] == float("inf"), (name, labels)
        assert counts == sorted(counts) and counts[-1] == entry["_count"], (name, labels)
        assert "_sum" in entry, (name, labels)


def parse_metrics(text):
    """Family name to [(labels, value)] (of a histogram: its counts). Fails on what the format does not allow."""
    assert text.endswith("\n")
    types, samples, current, seen = {}, {}, None, set()
    for line in text.splitlines():
        if line.startswith("# "):
            kind, name, rest = re.fullmatch(rf"# (HELP|TYPE) ({NAME}) (.*)", line).groups()
            if name != current:
                assert name not in samples, f"{name} is in two places"
                current = name
                samples[name] = []
            if kind == "TYPE":
                assert rest in ("counter", "gauge", "histogram", "summary", "untyped"), line
                assert not samples[name], f"type of {name} after its samples"
                types[name] = rest
            continue
        match = SAMPLE.fullmatch(line)
        assert match, f"not a sample: {line}"
        name, value = match.group(1), _value(match.groups()[-1])
        pairs = re.findall(LABEL, match.group(2) or "")
        labels = dict(pairs)
        assert len(labels) == len(pairs), f"a label twice: {line}"
        assert name in [current + suffix for suffix in SUFFIXES.get(types[current], ("",))], line
        key = (name, tuple(sorted(labels.items())))
        assert key not in seen, f"twice: {line}"
        seen.add(key)
        if types[current] == "counter":
            assert value >= 0, line
        samples[current].append((name, labels, value))
    for name, kind in types.items():
        if kind == "histogram":
            _check_histogram(name, samples[name])
    return {name: [(labels, value) for sample, labels, value in found
                   if types[name] != "histogram" or sample.endswith("_count")] for name, found in samples.items()}
