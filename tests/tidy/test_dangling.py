"""A range-for does not keep alive what it was made from before C++23: `value(…).items()` reads a dead temporary."""

import re
import unittest

import tree

LOOP = re.compile(r"for \([^;{}]*?:\s*[^;{}]*?\bvalue\((?!\))[^;{}]*\)\.items\(\)\s*\)")


def faults(path, text):
    code = tree.blank(text)
    return [f"{path}:{tree.line_of(code, match.start())}: items() of a temporary; name it first"
            for match in LOOP.finditer(code)]


class TheTree(unittest.TestCase):
    def test_no_loop_over_a_dead_temporary(self):
        wrong = [w for path in tree.files(tree.CPP) for w in faults(path, tree.read(path))]
        if wrong:
            self.fail("\n" + "\n".join(wrong))


class BadSamples(unittest.TestCase):
    def test_caught(self):
        self.assertTrue(faults("x.cpp", 'for (const auto& [k, v] : json.value("a", Json::object()).items()) {}\n'))

    def test_passed(self):
        for text in ('for (const auto& [k, v] : json.at("a").items()) {}\n',
                     "for (const auto& [k, v] : result.value().items()) {}\n",
                     "const Json a = json.value(1, 2);\nfor (const auto& [k, v] : a.items()) {}\n"):
            self.assertEqual(faults("x.cpp", text), [])


if __name__ == "__main__":
    unittest.main()
