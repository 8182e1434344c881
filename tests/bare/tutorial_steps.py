"""The commands of docs/tutorial.md as files to run, so that the tutorial and its test cannot differ.

    tutorial_steps.py TUTORIAL FOLDER

Each block ```sh becomes FOLDER/KIND/NN.sh, KIND being the word behind `sh` or else `shell`; blocks of kind `example` are
not run, as the text around them says. NN.title has the heading. Comments behind a block belong to it: `check: COMMAND`
becomes NN.check, to be run after it with $out, the file with what the block printed; `within: SECONDS` becomes NN.within.
"""

import pathlib
import re
import sys

KINDS = {"install", "shell", "images", "example"}


def steps(text):
    """(kind, title, commands, remarks), as they come."""
    title, found = "", []
    for part in re.finditer(r"^## ([^\n]+)$|^```(\w+)(?: (\w+))?\n(.*?)^```$|^<!-- (check|within): ([^\n]+) -->$", text, re.M | re.S):
        heading, language, kind, commands, remark, value = part.groups()
        if heading:
            title = heading
        elif remark:
            found[-1][3][remark] = value
        elif language == "sh":
            found.append((kind or "shell", title, commands, {}))
    return found


def main():
    text, folder = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"), pathlib.Path(sys.argv[2])
    for number, (kind, title, commands, remarks) in enumerate(steps(text), 1):
        if kind not in KINDS:
            sys.exit(f"tutorial: block {number} is of the unknown kind {kind}")
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for name, value in {"sh": commands, "title": title, **remarks}.items():
            (folder / kind / f"{number:02}.{name}").write_text(value.rstrip("\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
