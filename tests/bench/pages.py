"""docs/benchmarks.md has a part for each program of this folder, between two comments that name it, so that each can be
measured alone."""


def write_part(path, name, text):
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    part = f"{begin}\n{text.strip()}\n{end}\n"
    page = path.read_text() if path.exists() else "# Benchmarks\n"
    before, found, rest = page.partition(begin)
    if found:
        page = before + part + rest.partition(end)[2].lstrip("\n")
    else:
        page = page.rstrip("\n") + "\n\n" + part
    path.write_text(page)
