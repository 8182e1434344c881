"""What no text file of the project holds: places that exist on one machine only, and stray white space."""

import re
import unittest

import tree

# Split, so that this file does not name them itself.
REGISTRIES = (
    "deb.debian" + ".org", "security.debian" + ".org", "snapshot.debian" + ".org", "archive.ubuntu" + ".com",
    "registry.npmjs" + ".org", "registry.yarnpkg" + ".com", "pypi" + ".org", "files.pythonhosted" + ".org",
    "crates" + ".io", "proxy.golang" + ".org", "rubygems" + ".org", "repo.maven" + ".apache.org", "docker" + ".io",
    "ghcr" + ".io", "quay" + ".io", "gcr" + ".io", "pkg" + ".dev", "conan" + ".io", "nodesource" + ".com",
)  # fmt: skip
REGISTRY = re.compile("|".join(rf"(?<![\w-]){re.escape(name)}(?![\w-])" for name in REGISTRIES))
MACHINE = re.compile(r"(?<![\w.*{}$~/-])/(?:work|home|root|Users)/[\w.]")
# Tools and papers that are around while the project is made, and are no part of it.
MAKING = re.compile(r"\.\./" + r"shared\b|\bissues" + r" (?:show|list|close)\b|\b(?:STYLE|TRAPS|PRODUCT|PATTERNS)" + r"\.md\b")
RULES = ((REGISTRY, "a registry's host name"), (MACHINE, "a path of one machine"), (MAKING, "not part of the project"))
# Texts whose form is not ours to change, and what is bad on purpose.
AS_THEY_ARE = {"LICENSE"}
CORPORA = "tests/fuzz/corpus/"


def faults(path, text):
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        found += [f"{path}:{number}: {what}: {m.group()}" for rule, what in RULES for m in rule.finditer(line)]
        if line != line.rstrip():
            found.append(f"{path}:{number}: white space at the end of the line")
    if text and not text.endswith("\n"):
        found.append(f"{path}: does not end with a newline")
    if text.endswith("\n\n"):
        found.append(f"{path}: ends with an empty line")
    return found


class Text(unittest.TestCase):
    def test_the_tree(self):
        wrong = []
        for path in tree.files():
            text = tree.read(path)
            if text is not None and path not in AS_THEY_ARE and not path.startswith(CORPORA):
                wrong += faults(path, text)
        if wrong:
            self.fail("\n" + "\n".join(wrong))

    def test_caught(self):
        for text in (
            "see https://" + REGISTRIES[0] + "/debian\n",
            "FROM " + REGISTRIES[12] + "/x\n",
            "cd /" + "work/main\n",
            '"/' + 'home/ada/x"\n',
            "see ../" + "shared/x\n",
            "trailing \n",
            "trailing\t\n",
            "dos\r\n",
            "no newline",
            "empty end\n\n",
        ):
            self.assertTrue(faults("x.md", text), repr(text))

    def test_passed(self):
        for text in (
            "",
            "a line\n\nanother\n",
            "services/" + "work/x and ./" + "home/x and ${root}/" + "work/x\n",
            "GET /api/v1/users\n",
            "my" + REGISTRIES[8] + "x\n",
        ):
            self.assertEqual(faults("x.md", text), [], repr(text))


if __name__ == "__main__":
    unittest.main()
