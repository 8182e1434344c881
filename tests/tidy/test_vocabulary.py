"""The words of the legacy payment provider stay in the provider's sandbox and in the one adapter that translates them.
What else is written in them would be a hole in the anti-corruption layer (docs/patterns/13-anti-corruption-layer.md)."""

import re
import unittest

import tree

WORDS = re.compile(
    r"(?<![A-Za-z])(?:BUCHUNG|STORNO|SATZART|HAENDLER_REF|BETRAG|WAEHRUNG|GUELTIG_BIS|BELEG|UHR|ZEIT|ANZAHL|MEHR|ENDE|STAND"
    r"|VORLAUF_MS|NACHLAUF_MS|[A-Z]+_PROZENT|SPERR_[A-Z]+)(?![A-Za-z])|/(?:zahlung|suche|labor)\b"
)
CHECKED = tree.CPP + (".proto", ".sql", ".json", ".yaml")
WHERE = ("services/", "base/", "cli/", "supervisor/", "templates/")
AT_HOME = ("services/legacy_payments/", "services/payment/adapters/out/legacy/")
# Audits read its journal, and checks have its sandbox misbehave.
AUDIT = "cli/provider/"


def faults(path, text):
    if not path.startswith(WHERE) or path.startswith((*AT_HOME, AUDIT)):
        return []
    return [f"{path}:{tree.line_of(text, m.start())}: a word of the payment provider: {m.group()}" for m in WORDS.finditer(text)]


class Vocabulary(unittest.TestCase):
    def test_the_tree(self):
        wrong = [w for path in tree.files(CHECKED) for w in faults(path, tree.read(path) or "")]
        if wrong:
            self.fail("\n" + "\n".join(wrong))

    def test_the_words_are_used_at_home(self):
        """A list of words that nobody uses would catch nothing."""
        for home in AT_HOME:
            text = "".join(tree.read(path) for path in tree.files(tree.CPP) if path.startswith(home))
            for word in ("BUCHUNG", "STORNO", "HAENDLER_REF", "GUELTIG_BIS", "BETRAG", "BELEG", "/zahlung", "/suche"):
                self.assertIn(word, text, home)

    def test_caught(self):
        for text in ('"BUCHUNG"\n', "x(GUELTIG_BIS)\n", 'get("/suche?x")\n', '"BETRAG=1"\n'):
            self.assertTrue(faults("services/payment/app/x.cpp", text), text)

    def test_passed(self):
        self.assertEqual(faults("services/payment/app/x.cpp", "charge(amount); LEGENDE; /labors\n"), [])
        self.assertEqual(faults("services/payment/adapters/out/legacy/x.cpp", '"BUCHUNG"\n'), [])


if __name__ == "__main__":
    unittest.main()
