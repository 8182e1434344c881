"""No file grows past what one can hold in mind. Below these limits, tests/tidy says nothing."""

import unittest

import tree

HEADER_LINES = 250
FILE_LINES = 500
CHECKED = tree.CPP + (".py", ".sh", ".cmake", "CMakeLists.txt", "Makefile", ".proto", ".sql")
# path: why it may be longer
EXCEPTIONS = {}


def fault(path, text):
    limit = HEADER_LINES if path.endswith((".hpp", ".h")) else FILE_LINES
    lines = text.count("\n")
    if lines > limit and path not in EXCEPTIONS:
        return f"{path}: {lines} lines, at most {limit}"
    return None


class Sizes(unittest.TestCase):
    def test_the_tree(self):
        wrong = [w for path in tree.files(CHECKED) if (w := fault(path, tree.read(path)))]
        if wrong:
            self.fail("\n" + "\n".join(wrong))

    def test_exceptions_are_needed(self):
        known = set(tree.files(CHECKED))
        for path in EXCEPTIONS:
            self.assertIn(path, known, "an exception for a file that is gone")

    def test_samples(self):
        self.assertTrue(fault("a/x.hpp", "\n" * (HEADER_LINES + 1)))
        self.assertTrue(fault("a/x.cpp", "\n" * (FILE_LINES + 1)))
        self.assertIsNone(fault("a/x.hpp", "\n" * HEADER_LINES))
        self.assertIsNone(fault("a/x.cpp", "\n" * FILE_LINES))


if __name__ == "__main__":
    unittest.main()
