"""What `msctl`, `msctl help` and `msctl man` print."""

import subprocess

from programs import idle


def verbs_in(text):
    return [line.split()[0] for line in text.splitlines() if line.startswith("  ")]


def test_plain_msctl_shows_ten_verbs_that_exist(run):
    done = run()
    assert done.returncode == 0
    shown = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("  msctl ")]
    assert len(shown) == 10
    assert shown[:6] == ["up", "down", "ps", "logs", "restart", "health"]
    assert set(shown) <= set(verbs_in(run("help", "all").stdout))
    for alike in (run("help"), run("-h"), run("--help")):
        assert (alike.returncode, alike.stdout) == (0, done.stdout)


def test_help_all_lists_every_verb_by_group(run):
    text = run("help", "all").stdout
    groups = [line for line in text.splitlines() if not line.startswith(" ")]
    assert groups == [group for group in ("Run", "Look inside", "Prove", "Grow", "Ship", "About") if group in groups]
    assert {"Run", "Look inside", "About"} <= set(groups)
    names = verbs_in(text)
    assert len(names) == len(set(names))
    assert {"wait", "events", "top", "graph", "doctor", "exec", "debug", "completion", "man", "help"} <= set(names)
    assert not any(name.startswith("__") for name in names)


def test_every_verb_has_an_example_and_a_line_of_help(run):
    for name in verbs_in(run("help", "all").stdout):
        if name == "help":
            continue
        done = run("help", name)
        assert done.returncode == 0, name
        assert f"msctl {name}" in done.stdout.split("Example", 1)[1], name
        assert run(name, "--help").stdout == done.stdout
    assert run("help", "nothing").returncode == 2


def test_help_all_shows_the_clusters_own_commands(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c)}, "commands": {"seed-data": {"command": ["/bin/true"], "help": "fills it"}}})
    text = c.run("help", "all").stdout
    assert text.split("This cluster's own\n")[1].split() == ["seed-data", "fills", "it"]


def test_man_page_is_clean_troff_and_has_every_verb(run):
    page = run("man")
    assert page.returncode == 0
    plain = ["-P-c", "-P-b", "-P-o", "-P-u"]
    done = subprocess.run(["/usr/bin/groff", "-man", "-ww", "-Kutf8", "-Tutf8", *plain], input=page.stdout,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == ""
    for name in verbs_in(run("help", "all").stdout):
        assert f"   msctl {name}" in done.stdout, name
    for option in ("--wait-timeout S", "--for ready|stopped|completed", "-f, --follow", "EXIT STATUS"):
        assert option in done.stdout


def test_colourless_output_with_no_color_on_a_terminal(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c)}})
    c.up()
    for arguments in ("events", "graph --live", "doctor"):
        inside = ["/usr/bin/script", "-qec", f"{c.bin} {arguments}", "/dev/null"]
        plain = subprocess.run(inside, cwd=c.folder, env={**c.env, "TERM": "xterm"}, stdout=subprocess.PIPE, text=True,
                               check=True).stdout
        assert "\x1b" not in plain, arguments
        coloured = {key: value for key, value in c.env.items() if key != "NO_COLOR"}
        painted = subprocess.run(inside, cwd=c.folder, env={**coloured, "TERM": "xterm"}, stdout=subprocess.PIPE,
                                 text=True, check=True).stdout
        assert "\x1b[32m" in painted, arguments
