"""Checks every #include of ours against layers.txt, and layers.txt against the rules that hold whatever it says."""

import os
import re
import unittest

import tree

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)', re.MULTILINE)
LINE = re.compile(r"^(\S+?)(?: (tests|never)(?: but in (\S+))?)?:(.*)$")
NOT_A_SERVICE = "chassis"


class Layers:
    """layers.txt as three tables, each from a folder pattern to a list of names."""

    def __init__(self, text):
        self.tables = {"": {}, "tests": {}, "never": {}}
        self.exempt = {}  # of a `never` line: the folder that it leaves out
        for number, line in enumerate(text.splitlines(), 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            match = LINE.match(line)
            if not match or match[1] in self.tables[match[2] or ""]:
                raise ValueError(f"layers.txt:{number}: not understood, or said twice: {line}")
            self.tables[match[2] or ""][match[1]] = match[4].split()
            self.exempt[match[1]] = match[3]

    def known(self, folder):
        return self._pattern("", folder) is not None

    def allows(self, folder, target, is_test=False):
        """Whether a file right in `folder` may include a header right in `target`."""
        if folder == target:
            return True
        for table in ("", "tests") if is_test else ("",):
            pattern = self._pattern(table, folder)
            if pattern is not None and any(
                covers(allowed, target, service_of(pattern, folder)) for allowed in self.tables[table][pattern]
            ):
                return True
        return False

    def forbids(self, folder, header):
        """The `never` line that speaks against an outside header in `folder`, or None."""
        for pattern, prefixes in self.tables["never"].items():
            if self.exempt.get(pattern) and covers_below(self.exempt[pattern], folder):
                continue
            if covers_below(pattern, folder) and any(begins(header, prefix) for prefix in prefixes):
                return pattern
        return None

    def _pattern(self, table, folder):
        if folder in self.tables[table]:
            return folder
        return next((p for p in self.tables[table] if "<" in p and expression(p).fullmatch(folder)), None)


def begins(header, prefix):
    """nats covers <nats.h> and <nats/nats.h>, thread covers <thread> and not <threadpool.hpp>, sys/ all below it."""
    return header == prefix or header.startswith(prefix if prefix.endswith("/") else (prefix + "/", prefix + ".h"))


def expression(pattern, service=None):
    name = re.escape(service) if service else rf"(?!{NOT_A_SERVICE}(?:/|$))[^/]+"
    other = rf"(?!{NOT_A_SERVICE}(?:/|$))[^/]+"
    parts = re.split(r"(<name>|<other>)", pattern)
    return re.compile("".join(name if p == "<name>" else other if p == "<other>" else re.escape(p) for p in parts))


def service_of(pattern, folder):
    return folder.split("/")[1] if "<name>" in pattern else None


def covers(allowed, target, service):
    """A name covers its own folder; services/chassis stands for all below it as well, but for the fakes."""
    below = r"(?!/testing$)(/.*)?" if allowed == "services/chassis" else ""
    return re.fullmatch(expression(allowed, service).pattern + below, target) is not None


def covers_below(pattern, folder):
    return re.fullmatch(expression(pattern).pattern + "(/.*)?", folder) is not None


def faults(layers, path, text, folders):
    """What is wrong with the includes of one file, as lines to print. `folders` are the project's first-level ones."""
    folder = os.path.dirname(path)
    if not layers.known(folder):
        return [f"{path}: folder {folder or '.'} is not in tests/tidy/layers.txt"]
    found = []
    stripped = tree.blank(text, keep_strings=True)
    for match in INCLUDE.finditer(stripped):
        where = f"{path}:{tree.line_of(stripped, match.start())}"
        ours, outside = match.groups()
        if outside:
            if outside.split("/")[0] in folders and "/" in outside:
                found.append(f'{where}: <{outside}> is ours, write "{outside}"')
            elif layers.forbids(folder, outside):
                found.append(f"{where}: {layers.forbids(folder, outside)} never includes <{outside}>")
        elif ours.split("/")[0] not in folders or ".." in ours.split("/"):
            found.append(f'{where}: "{ours}" is not a path from the project\'s root')
        elif not layers.allows(folder, os.path.dirname(ours), path.endswith("_test.cpp")):
            found.append(f"{where}: {folder} may not include {os.path.dirname(ours)} ({ours})")
    return found


def load():
    return Layers(tree.read("tests/tidy/layers.txt"))


FOLDERS = {"base", "supervisor", "cli", "services", "tests"}


class TheTree(unittest.TestCase):
    def test_every_include_is_allowed(self):
        layers = load()
        wrong = [w for path in tree.files(tree.CPP) for w in faults(layers, path, tree.read(path), FOLDERS)]
        if wrong:
            self.fail("\n" + "\n".join(wrong))


class ThePicture(unittest.TestCase):
    """Rules that no line of layers.txt may bend."""

    def test_never_edges(self):
        layers = load()
        for folder, target in (
            ("services/order/domain", "services/chassis/api"),
            ("services/order/domain", "services/chassis/db"),
            ("services/order/app", "services/order/adapters/out"),
            ("services/order/app", "services/user/proto"),
            ("services/order/adapters/out", "services/user/domain"),
            ("services/order/adapters/out", "services/user/app"),
            ("services/order/tests", "services/user/domain"),
            ("services/order", "services/user/app"),
            ("services/chassis/api", "services/user/proto"),
            ("services/chassis/host", "supervisor/control"),
            ("supervisor/core", "supervisor/posix"),
            ("supervisor/app", "services/chassis/log"),
            ("services/order/adapters/in", "services/chassis/testing"),
            ("services/order", "services/chassis/testing"),
            ("services/chassis/host", "services/chassis/testing"),
            ("cli/verbs", "cli"),
            ("cli/verbs", "supervisor/core"),
            ("cli/verbs", "supervisor/posix"),
            ("cli/verbs", "services/chassis/config"),
            ("supervisor/app", "cli/verbs"),
            ("base", "cli"),
            ("base", "base/http"),
        ):
            self.assertFalse(layers.allows(folder, target), f"{folder} -> {target}")
            if target != "services/chassis/testing":
                self.assertFalse(layers.allows(folder, target, is_test=True), f"{folder} -> {target} in tests")

    def test_meant_edges(self):
        layers = load()
        for folder, target in (
            ("services/order/adapters/out", "services/user/proto"),
            ("services/order/app", "services/order/domain"),
            ("services/order/tests", "services/order"),
            ("services/order/tests", "services/chassis/testing"),
            ("services/order", "services/chassis/host"),
            ("cli/verbs", "supervisor/control"),
            ("supervisor/app", "supervisor/posix"),
        ):
            self.assertTrue(layers.allows(folder, target), f"{folder} -> {target}")

    def test_no_cycles(self):
        table = load().tables[""]
        done, open_ = set(), []

        def visit(folder):
            self.assertNotIn(folder, open_, f"cycle: {open_ + [folder]}")
            if folder in done or folder not in table:
                return
            open_.append(folder)
            for target in table[folder]:
                visit(target)
            done.add(open_.pop())

        for folder in table:
            if not folder.endswith("/tests"):
                visit(folder)


class BadSamples(unittest.TestCase):
    """The check itself: what it must catch and what it must let pass."""

    LAYERS = Layers(
        "base:\na: base\na tests: b\nb: base a\nservices/chassis/x: base\nservices/<name>/domain: base\n"
        "services/<name>/out: services/<name>/domain services/<other>/proto\na never but in a/helper: grpcpp sys/ thread\na/helper: base\n"
    )

    def faults(self, path, text):
        return faults(self.LAYERS, path, text, {"base", "a", "b", "services"})

    def test_caught(self):
        for path, text in (
            ("a/x.cpp", '#include "b/y.hpp"\n'),
            ("base/x.hpp", '#pragma once\n#  include "a/y.hpp"\n'),
            ("a/x.cpp", '#include "y.hpp"\n'),
            ("a/x.cpp", '#include "../base/y.hpp"\n'),
            ("a/x.cpp", '#include "base/../b/y.hpp"\n'),
            ("a/x.cpp", "#include <base/y.hpp>\n"),
            ("a/deep/x.cpp", "int main() {}\n"),
            ("x.cpp", "int main() {}\n"),
            ("a/x.cpp", "#include <grpcpp/grpcpp.h>\n"),
            ("a/x.cpp", "#include <sys/wait.h>\n"),
            ("a/x.cpp", "#include <thread>\n"),
            ("a/helpers/x.cpp", "#include <thread>\n"),
            ("services/order/out/x.cpp", '#include "services/user/domain/y.hpp"\n'),
            ("services/order/domain/x.cpp", '#include "services/chassis/x/y.hpp"\n'),
        ):
            self.assertTrue(self.faults(path, text), f"{path}: {text}")

    def test_passed(self):
        for path, text in (
            ("b/x.cpp", '#include "a/y.hpp"\n#include "b/z.hpp"\n#include <vector>\n#include <grpcpp/grpcpp.h>\n'),
            ("a/x_test.cpp", '#include "b/y.hpp"\n'),
            ("a/x.cpp", '// #include "b/y.hpp"\n/*\n#include "b/y.hpp"\n*/\n#include <threadpool.hpp>\n'),
            ("a/helper/x.cpp", "#include <grpcpp/grpcpp.h>\n"),
            ("services/order/out/x.cpp", '#include "services/user/proto/y.hpp"\n'),
            ("services/order/out/x.cpp", '#include "services/order/domain/y.hpp"\n'),
        ):
            self.assertEqual(self.faults(path, text), [])

    def test_layers_said_twice(self):
        with self.assertRaises(ValueError):
            Layers("a: b\na: c\n")


if __name__ == "__main__":
    unittest.main()
