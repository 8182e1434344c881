"""`msctl update`, and templates of one's own: three-way merges over a user's edits, and what makes a template refused."""

import json
import os
import pathlib
import shutil

import pytest

from conftest import ROOT, Cluster
from git_repository import git
from terminal import Terminal
from test_scaffold import refused, tree

MANIFEST = """\
name: mine
version: "{version}"
description: A template of one's own.
kind: service
parameters:
  - {{name: title, help: What it is called, default: Plain}}
"""
SERVICE = 'name: {{name}}\ncommand: ["true"]\n'
PLACE = "files/services/{{stem}}/"


def write_template(folder, files, version="1", manifest=None):
    """A template with these files below services/STEM/, and a service.yaml unless there is one."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in {"service.yaml.mustache": SERVICE, **files}.items():
        path = folder / PLACE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (folder / "template.yaml").write_text(manifest if manifest is not None else MANIFEST.format(version=version))


@pytest.fixture
def world(msctl_bin, tmp_path):
    """A cluster in git; `template` lies beside it."""
    folder = tmp_path / "shop"
    folder.mkdir()
    one = Cluster(msctl_bin, folder)
    one.write("services: {}\n")
    (folder / ".gitignore").write_text(".msctl/\n")
    git(folder, "init", "-q")
    one.template = tmp_path / "template"
    return one


def commit(one):
    git(one.folder, "add", "-A")
    git(one.folder, "commit", "-q", "--allow-empty", "-m", "all")


def make(one, files, *args):
    write_template(one.template, files)
    done = one.run("new-service", "web", "--template", "../template", *args)
    assert done.returncode == 0, done.stderr
    commit(one)


def text_of(one, name):
    return (one.folder / "services/web" / name).read_text()


LINES = "".join(f"line {number}\n" for number in range(1, 10))


def test_an_update_merges_with_what_the_user_changed(world):
    make(world, {"merged": LINES, "theirs": LINES, "ours": LINES, "same": LINES})
    for name in ("merged", "ours"):
        (world.folder / "services/web" / name).write_text(LINES.replace("line 1\n", "mine\n"))
    commit(world)
    new = LINES.replace("line 9\n", "line 9 of version 2\n")
    write_template(world.template, {"merged": new, "theirs": new, "ours": LINES, "same": LINES, "added": "new\n"}, "2")

    before = tree(world.folder)
    check = world.run("update", "--check")
    assert check.returncode == 7, check.stderr
    assert check.stdout.endswith("nothing was written\n") and tree(world.folder) == before
    done = world.run("update", "web")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == check.stdout.splitlines()[:-1]
    assert done.stdout.splitlines()[0] == "web (template 1 → 2)"
    assert [line.split()[:2] for line in done.stdout.splitlines()[1:]] == [
        ["CREATE", "services/web/added"], ["MERGE", "services/web/merged"], ["UPDATE", "services/web/theirs"],
        ["UPDATE", "services/web/.msctl-answers.json"]]
    assert text_of(world, "merged") == new.replace("line 1\n", "mine\n")
    assert text_of(world, "theirs") == new
    assert text_of(world, "ours").startswith("mine\n")
    commit(world)
    again = world.run("update")
    assert again.returncode == 0 and "nothing to do" in again.stdout and "nothing was written" in again.stdout
    assert world.run("update", "--check").returncode == 0


def test_conflicts_are_marked_and_listed(world):
    make(world, {"file": LINES})
    (world.folder / "services/web/file").write_text(LINES.replace("line 5", "mine"))
    commit(world)
    write_template(world.template, {"file": LINES.replace("line 5", "theirs")}, "2")
    assert world.run("update", "--check").returncode == 7
    done = world.run("update")
    assert done.returncode == 1
    assert "CONFLICT  services/web/file" in done.stdout and "put the conflicts right" in done.stderr
    text = text_of(world, "file")
    assert "<<<<<<< yours\nmine\n" in text and "theirs\n>>>>>>> template mine 2\n" in text
    (world.folder / "services/web/file").write_text(LINES.replace("line 5", "both"))
    commit(world)
    assert world.run("update", "--check").returncode == 0, "the conflict does not come back"


def test_deleted_files_stay_deleted(world):
    make(world, {"changed": "1\n", "same": "1\n"})
    for name in ("changed", "same"):
        (world.folder / "services/web" / name).unlink()
    commit(world)
    write_template(world.template, {"changed": "2\n", "same": "1\n"}, "2")
    done = world.run("update")
    assert done.returncode == 0
    assert "STAYS DELETED services/web/changed" in done.stdout and "services/web/same" not in done.stdout
    assert not (world.folder / "services/web/changed").exists()
    commit(world)
    write_template(world.template, {"changed": "3\n", "same": "2\n"}, "3")
    assert world.run("update").returncode == 0
    assert not (world.folder / "services/web/same").exists()


def test_what_the_template_drops_goes_unless_it_was_changed(world):
    make(world, {"folder/plain": "1\n", "changed": "1\n", "stays": "1\n"})
    (world.folder / "services/web/changed").write_text("mine\n")
    (world.folder / "services/web/fresh").write_text("mine, too\n")
    commit(world)
    write_template(world.template, {"stays": "1\n", "fresh": "the template's\n"}, "2")
    done = world.run("update")
    assert done.returncode == 0
    assert "REMOVE    services/web/folder/plain" in done.stdout
    assert "KEEP      services/web/changed" in done.stdout
    assert "IN THE WAY services/web/fresh" in done.stdout
    assert not (world.folder / "services/web/folder").exists()
    assert text_of(world, "changed") == "mine\n" and text_of(world, "fresh") == "mine, too\n"


def test_only_what_is_committed_is_updated(world):
    make(world, {"file": "1\n"})
    (world.folder / "services/web/file").write_text("2\n")
    assert "commit or stash them first" in refused(world, "update", code=1)
    assert world.run("update", "--check").returncode == 0
    commit(world)
    (world.folder / "services/web/untracked").write_text("x\n")
    assert "services/web/untracked" in refused(world, "update", "web", code=1)
    shutil.rmtree(world.folder / ".git")
    world.env["GIT_CEILING_DIRECTORIES"] = str(world.folder.parent)
    assert "git init" in refused(world, "update", code=1)


def test_updates_of_what_is_not_generated_are_refused(world):
    commit(world)
    assert "nothing here was made" in refused(world, "update")
    make(world, {"file": "1\n"})
    assert "did you mean web" in refused(world, "update", "wev")
    answers = world.folder / "services/web/.msctl-answers.json"
    for text in ("", "{}", '{"format": 2}', answers.read_text().replace("services/web/file", "../../file")):
        answers.write_text(text)
        commit(world)
        assert "restore it from version control" in refused(world, "update")


def test_answers_are_kept_and_new_questions_asked(world):
    make(world, {"file.mustache": "{{title}}\n"}, "--set", "title=Ours")
    manifest = MANIFEST.format(version=2) + "  - {name: colour, help: Which colour}\n"
    write_template(world.template, {"file.mustache": "{{title}} {{colour}}\n"}, manifest=manifest)
    assert "needs colour (Which colour); give --set colour=…" in refused(world, "update")
    assert world.run("update", "web", "--set", "colour=red").returncode == 0
    assert text_of(world, "file") == "Ours red\n"
    commit(world)
    assert world.run("update", "--check").returncode == 0, "it was remembered"
    assert "holds \"" in refused(world, "update", "web", "--set", 'colour=a"b')


def test_json(world):
    make(world, {"file": "1\n"})
    write_template(world.template, {"file": "2\n"}, "2")
    done = world.run("update", "--check", "--output", "json")
    assert done.returncode == 7
    document = json.loads(done.stdout)
    assert document["written"] is False
    assert {"change": "UPDATE", "path": "services/web/file"} in document["services"][0]["files"]


def test_every_generated_file_of_every_template_keeps_a_users_edit(msctl_bin, tmp_path):
    """The templates as shipped, each file with a line more in version 2, over a user's line in each file."""
    data = tmp_path / "data"
    shutil.copytree(ROOT / "templates", data / "templates")
    folder = tmp_path / "shop"
    one = Cluster(msctl_bin, folder)
    assert Cluster(msctl_bin, tmp_path).run("init", folder).returncode == 0
    one.env["MSCTL_DATA"] = str(data)
    services = ((), ("--publishes", "full.made", "--consumes", "full.made"), ("--template", "cpp-worker", "--consumes", "full.made"),
                ("--template", "python-http"), ("--db", "none", "--calls", "service-0"))
    for number, args in enumerate(services):
        done = one.run("new-service", f"service-{number}", *args)
        assert done.returncode == 0, done.stderr
    git(folder, "init", "-q")
    commit(one)
    made = [path for path in tree(folder) if path.startswith(("services/service", "docs/")) and "answers" not in path]
    assert len(made) > 100
    # A published client stays: service-4 calls service-0 through it. And without its service.yaml nothing is a service.
    gone = [path for path in made[::7] if not path.endswith(("proto/client.hpp", "service.yaml"))]
    for path in made:
        if path in gone:
            (folder / path).unlink()
        else:
            (folder / path).write_text((folder / path).read_text() + "# the user's line\n")
    commit(one)
    for path in (data / "templates").rglob("*"):
        if path.is_file() and "files" in path.parts and "workspace" not in path.parts:
            text = path.read_text()
            head, rest = (text.split("\n", 1) if text.startswith("{{=") else (None, text))
            path.write_text((head + "\n" if head else "") + "# the template's line\n" + rest)
    done = one.run("update", "--output", "json")
    assert done.returncode == 0, done.stderr
    changes = {one["path"]: one["change"] for service in json.loads(done.stdout)["services"] for one in service["files"]}
    for path in made:
        if path in gone:
            assert changes[path] == "STAYS DELETED" and not (folder / path).exists(), path
        else:
            assert changes[path] == "MERGE", path
            text = (folder / path).read_text()
            assert text.startswith("# the template's line\n") and text.endswith("# the user's line\n"), path
    assert set(changes.values()) == {"STAYS DELETED", "MERGE", "UPDATE", "IDENTICAL"}


@pytest.mark.parametrize("args", ((), ("--publishes", "a.b"), ("--consumes", "a.b"), ("--publishes", "a.b", "--consumes", "a.b"),
                                  ("--template", "cpp-worker", "--consumes", "a.b")))
def test_what_is_older_than_the_ledger_gets_it_behind_its_migrations(msctl_bin, tmp_path, args):
    """Those that were applied keep their numbers and their text."""
    data = tmp_path / "data"
    shutil.copytree(ROOT / "templates", data / "templates")
    ledgers = list((data / "templates").rglob("*_ledger.sql"))
    assert len(ledgers) == 2
    for ledger in ledgers:
        ledger.unlink()
    folder = tmp_path / "shop"
    one = Cluster(msctl_bin, folder)
    assert Cluster(msctl_bin, tmp_path).run("init", folder).returncode == 0
    done = one.run("new-service", "notes", *args, env={**one.env, "MSCTL_DATA": str(data)})
    assert done.returncode == 0, done.stderr
    git(folder, "init", "-q")
    commit(one)
    migrations = folder / "services" / "notes" / "migrations"
    before = tree(migrations)
    assert one.run("update", "notes").returncode == 0
    after = tree(migrations)
    ledger = f"{len(before) + 1:03}_ledger.sql"
    assert after == {**before, ledger: (migrations / ledger).read_bytes()}
    assert sorted(int(name.split("_")[0]) for name in after) == list(range(1, len(after) + 1))


CONSUMERS = (("--consumes", "a.b"), ("--publishes", "c.d", "--consumes", "a.b"), ("--template", "cpp-worker", "--consumes", "a.b"))


@pytest.mark.parametrize("args", CONSUMERS)
def test_what_is_older_than_the_schema_check_gets_it(msctl_bin, tmp_path, args):
    """The files as they were before, one of them with a line of the user's."""
    data = tmp_path / "data"
    shutil.copytree(ROOT / "templates", data / "templates")
    for path in (data / "templates").rglob("*"):
        if path.is_file() and "cpp-" in str(path):
            text = "".join(line for line in path.read_text().splitlines(True)
                           if "consumed_schemas" not in line and "msctl_consumes" not in line)
            path.write_text(text.replace("CO_TRY(consumer.start())", "env.scheduler.spawn(consumer.run())"))
    shutil.rmtree(data / "templates/cpp-service/files/services/{{stem}}/consumes")
    folder = tmp_path / "shop"
    one = Cluster(msctl_bin, folder)
    assert Cluster(msctl_bin, tmp_path).run("init", folder).returncode == 0
    done = one.run("new-service", "notes", *args, env={**one.env, "MSCTL_DATA": str(data)})
    assert done.returncode == 0, done.stderr
    home = folder / "services" / "notes"
    code = home / "notes_service.cpp"
    assert "check_with" not in code.read_text() and not (home / "consumes").exists()
    code.write_text(code.read_text() + "// the user's line\n")
    git(folder, "init", "-q")
    commit(one)
    done = one.run("update", "notes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "CREATE    services/notes/consumes/a.b.v1.schema.json" in done.stdout
    text = code.read_text()
    assert "check_with(consumed_schemas())" in text and "CO_TRY(consumer.start())" in text and text.endswith("the user's line\n")
    assert "msctl_consumes(" in (home / "CMakeLists.txt").read_text()


def test_an_update_brings_what_the_publisher_has_added(msctl_bin, tmp_path):
    folder = tmp_path / "shop"
    one = Cluster(msctl_bin, folder)
    assert Cluster(msctl_bin, tmp_path).run("init", folder).returncode == 0
    assert one.run("new-service", "mailer", "--template", "cpp-worker", "--consumes", "a.b").returncode == 0
    git(folder, "init", "-q")
    commit(one)
    consumes, test = folder / "services/mailer/consumes", folder / "services/mailer/tests/mailer_consumer_test.cpp"
    copy = consumes / "a.b.v1.schema.json"

    def update():
        commit(one)
        done = one.run("update", "mailer")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    mine = copy.read_text().replace('"type": "object"', '"required": ["n"]')
    copy.write_text(mine)
    assert "UPDATE    services/mailer/tests/mailer_consumer_test.cpp" in update(), "an example by the user's own schema"
    assert copy.read_text() == mine and '{"n":"x"}' in test.read_text()
    assert "nothing to do" in update()
    assert one.run("new-service", "shop", "--resource", "thing", "--publishes", "a.b").returncode == 0
    assert one.run("schema", "check").returncode == 5, "it is no copy of the publisher's"
    assert "UPDATE    services/mailer/consumes/a.b.v1.schema.json" in update()
    events = folder / "services/shop/events"
    assert tree(consumes) == tree(events) and one.run("schema", "check").returncode == 0
    (events / "a.b.v2.schema.json").write_text((events / "a.b.v1.schema.json").read_text().replace("a.b:1", "a.b:2"))
    assert "CREATE    services/mailer/consumes/a.b.v2.schema.json" in update()
    assert tree(consumes) == tree(events) and '"a.b", 2, data' in test.read_text()


# Templates of one's own


def test_a_template_from_git(world, tmp_path):
    source = tmp_path / "repository"
    write_template(source / "kept" / "mine", {"file": "one\n"})
    git(source, "init", "-q")
    git(source, "add", "-A")
    git(source, "commit", "-q", "-m", "one")
    git(source, "tag", "v1")
    where = f"git+file://{source}//kept/mine"
    done = world.run("new-service", "web", "--template", where + "@v1")
    assert done.returncode == 0, done.stderr
    answers = json.loads((world.folder / "services/web/.msctl-answers.json").read_text())
    assert answers["template"]["from"] == where + "@v1"
    assert answers["template"]["revision"] == git(source, "rev-parse", "HEAD")
    commit(world)
    write_template(source / "kept" / "mine", {"file": "two\n"}, "2")
    git(source, "add", "-A")
    git(source, "commit", "-q", "-m", "two")
    assert world.run("update", "--check").returncode == 0, "it is pinned to v1"
    assert world.run("update", "web", "--template", where).returncode == 0
    assert text_of(world, "file") == "two\n"
    for bad in ("git+ext::sh -c true", "git+/etc", "git+https://", "git+file:///nowhere//x", where + "@-x", where + "@",
                where + "@no-such", f"git+file://{source}//../x", f"git+file://{source}//nothing"):
        done = world.run("new-service", "other", "--template", bad)
        assert done.returncode in (1, 2) and done.stderr.startswith("msctl: "), bad
        assert not (world.folder / "services/other").exists()


def test_binary_and_raw_files_are_copied_as_they_are(world):
    binary = bytes(range(256))
    make(world, {"picture.png": binary, "raw.txt": "{{not a variable}}\n",
                 "braces.mustache": "{{=<% %>=}}\n{{x}} <%name%>\n"})
    assert (world.folder / "services/web/picture.png").read_bytes() == binary
    assert text_of(world, "raw.txt") == "{{not a variable}}\n"
    assert text_of(world, "braces") == "{{x}} web\n"
    write_template(world.template, {"picture.png": binary[::-1], "raw.txt": "{{not a variable}}\n",
                                    "braces.mustache": "{{=<% %>=}}\n{{x}} <%name%>\n"})
    assert world.run("update").returncode == 0
    assert (world.folder / "services/web/picture.png").read_bytes() == binary[::-1]


@pytest.mark.parametrize("manifest, message", (
    ("", "template.yaml"),
    ("name: mine\n", "version"),
    (MANIFEST.format(version=1) + "surprise: 1\n", "template.yaml:7"),
    (MANIFEST.format(version=1).replace("kind: service", "kind: thing"), "template.yaml:4"),
    (MANIFEST.format(version=1) + "  - {name: title, help: again}\n", "occurs twice"),
    (MANIFEST.format(version=1) + "  - {name: stem, help: x}\n", "is a variable that msctl sets itself"),
    (MANIFEST.format(version=1) + "  - {name: x, help: x, pattern: '('}\n", "not a regular expression"),
    (MANIFEST.format(version=1) + "  - {name: x, help: x, default: c, choices: [a, b]}\n", "x must be a or b"),
    (MANIFEST.format(version=1) + "files: [{path: '**', when: nothing}]\n", "there is no variable nothing"),
    (MANIFEST.format(version=1) + "next: ['{{nothing}}']\n", "there is no variable"),
    (MANIFEST.format(version=1).replace("kind: service", "kind: workspace"), "there is no variable \"stem\""),
))
def test_a_bad_manifest_is_refused_with_its_line(world, manifest, message):
    write_template(world.template, {"file": "1\n"}, manifest=manifest)
    assert message in refused(world, "new-service", "web", "--template", "../template")


@pytest.mark.parametrize("name, text, message", (
    ("file.mustache", "a\n{{nmae}}\n", "file.mustache:2: there is no variable \"nmae\""),
    ("file.mustache", "{{#title}}\n", "file.mustache:1: the section title is not closed"),
    ("{{nmae}}", "x\n", "there is no variable \"nmae\""),
    ("file.mustache", b"\0{{name}}", "is no text"),
    (".msctl-answers.json", "{}\n", "not a place for"),
))
def test_a_bad_file_is_refused(world, name, text, message):
    write_template(world.template, {name: text})
    assert message in refused(world, "new-service", "web", "--template", "../template")


@pytest.mark.parametrize("value", ("..", "../x", "/x", "x/../../y", "", "a//b", "x" * 250))
def test_an_answer_cannot_lead_a_path_astray(world, value):
    write_template(world.template, {"{{title}}/file": "x\n"})
    refused(world, "new-service", "web", "--template", "../template", "--set", "title=" + value)


def test_a_link_in_a_template_is_refused(world):
    write_template(world.template, {"file": "1\n"})
    os.symlink("/etc/passwd", world.template / "files" / "link")
    assert "is a symbolic link" in refused(world, "new-service", "web", "--template", "../template", code=1)


def test_a_service_that_does_not_load_leaves_nothing(world):
    write_template(world.template, {"service.yaml.mustache": "name: {{name}}\nports: {http: many}\n"})
    message = refused(world, "new-service", "web", "--template", "../template")
    assert "services/web/service.yaml:2" in message and "nothing was kept" in message
    assert not (world.folder / "services").exists()


def test_on_a_terminal_it_asks(world):
    manifest = MANIFEST.format(version=1) + "  - {name: colour, help: Which colour}\n"
    write_template(world.template, {"file.mustache": "{{colour}}\n"}, manifest=manifest)
    command = [world.bin, "new-service", "web", "--template", "../template"]
    before = tree(world.folder)
    for answer, code in (("n", 1), ("y", 0)):
        terminal = Terminal(command, world.folder, world.env)
        terminal.read_until("colour (Which colour): ")
        terminal.type("red\n")
        assert "CREATE    services/web/file" in terminal.read_until("[Y/n] ")
        terminal.type(answer + "\n")
        assert terminal.end() == code, terminal.output
        if answer == "n":
            assert tree(world.folder) == before
    assert text_of(world, "file") == "red\n"
    assert "needs colour" in refused(world, "new-service", "other", "--template", "../template")


def test_the_workspaces_own_templates_come_first(world):
    write_template(world.folder / "templates" / "cpp-service", {"file": "ours\n"}, manifest=MANIFEST.format(version=1).replace(
        "name: mine", "name: cpp-service"))
    assert world.run("new-service", "web").returncode == 0
    assert text_of(world, "file") == "ours\n"
    assert pathlib.Path(world.folder / "services/web/.msctl-answers.json").exists()


def test_hostile_answers_touch_nothing_but_the_services_own_files(world):
    make(world, {"file": "1\n"})
    (world.folder / "README.md").write_text("mine\n")
    answers = world.folder / "services/web/.msctl-answers.json"
    value = json.loads(answers.read_text())
    for path, text in (("README.md", "mine\n"), (".git/HEAD", (world.folder / ".git/HEAD").read_text()), (":!services", "")):
        answers.write_text(json.dumps({**value, "base": {**value["base"], path: {"text": text}}}))
        commit(world)
        assert "restore it from version control" in refused(world, "update", "web"), path
    assert (world.folder / ".git/HEAD").exists() and (world.folder / "README.md").exists()


def test_a_file_with_windows_line_ends_is_updated_and_keeps_them(world):
    make(world, {"file": "1\n2\n"})
    path = world.folder / "services/web/file"
    path.write_bytes(b"1\r\n2\r\n")
    commit(world)
    write_template(world.template, {"file": "1\n3\n"}, version="2")
    done = world.run("update", "web")
    assert done.returncode == 0 and "UPDATE    services/web/file" in done.stdout, done.stdout + done.stderr
    assert path.read_bytes() == b"1\r\n3\r\n"


def test_a_template_cannot_write_into_git(world):
    manifest = MANIFEST.format(version=1) + "  - {name: dot, help: x, default: .git}\n"
    write_template(world.template, {"{{dot}}/config": "x"}, manifest=manifest)
    assert "leads into git's own folder" in refused(world, "new-service", "web", "--template", "../template")
