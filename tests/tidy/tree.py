"""The project's files as the tidy checks see them, and C++ text without its comments and literals."""

import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIPPED_FOLDERS = {"build", "node_modules", "__pycache__"}
CPP = (".cpp", ".hpp", ".h", ".cc")


def files(endings=("",), root=ROOT):
    """Paths below root, sorted and relative to it. Built and hidden folders are left out, but for .ci."""
    found = []
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [s for s in subfolders if s not in SKIPPED_FOLDERS and (s[0] != "." or s == ".ci")]
        found += [os.path.relpath(os.path.join(folder, n), root) for n in names if n != ".git" and n.endswith(tuple(endings))]
    return sorted(p for p in found if not os.path.islink(os.path.join(root, p)))


def read(path, root=ROOT):
    """The file's text, or None for a file that is not text."""
    try:
        with open(os.path.join(root, path), encoding="utf-8", newline="") as file:
            return file.read()
    except UnicodeDecodeError:
        return None


TOKENS = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s\\]{0,16})\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])(?:u8|[uUL])?'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)


def blank(text, keep_strings=False):
    """Same length and lines; comments are spaces, and so is what is inside string and character literals."""

    def replace(match):
        token = match.group()
        if token[0] == "/":
            return re.sub(r"[^\n]", " ", token)
        return token if keep_strings else token[0] + re.sub(r"[^\n]", " ", token[1:-1]) + token[-1]

    return TOKENS.sub(replace, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
