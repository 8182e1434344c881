"""Completion scripts, loaded into the real shells."""

import subprocess

import pytest

from programs import idle
from terminal import Terminal

# Completes the words given after the script's name as bash does at the tabulator key.
BASH = """
source <("$1" completion bash)
shift
COMP_WORDS=("$@")
COMP_CWORD=$(( $# - 1 ))
_msctl
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(name="shop")
def fixture_shop(cluster):
    c = cluster()
    c.write({"services": {"web": idle(c), "worker": idle(c), "db": idle(c)},
             "commands": {"seed": {"command": ["/bin/true"]}}})
    (c.folder / "bin").mkdir()
    (c.folder / "bin" / "msctl").symlink_to(c.bin)  # whatever the binary under test is called
    return c


def shell_env(c):
    return {**c.env, "HOME": str(c.folder), "PATH": f"{c.folder}/bin:/usr/bin:/bin", "TERM": "xterm"}


def bash(c, *words):
    done = subprocess.run(["/bin/bash", "--norc", "-c", BASH, "test", c.bin, c.bin, *words], cwd=c.folder, env=c.env,
                          capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completes_verbs_flags_services_and_values(shop):
    assert bash(shop, "wa") == ["wait"]
    assert {"up", "help", "seed", "--version"} <= set(bash(shop, ""))
    assert "__complete" not in bash(shop, "")
    assert bash(shop, "wait", "w") == ["web", "worker"]
    assert bash(shop, "wait", "web", "d") == ["db"]
    assert bash(shop, "wait", "--f") == ["--for"]
    assert bash(shop, "wait", "--for", "") == ["ready", "stopped", "completed"]
    assert bash(shop, "wait", "--for", "=", "st") == ["stopped"]
    assert bash(shop, "graph", "--format", "m") == ["mermaid"]
    assert bash(shop, "ps", "--output", "j") == ["json"]
    assert bash(shop, "completion", "") == ["bash", "zsh", "fish"]
    assert bash(shop, "help", "graph") == ["graph"]
    assert bash(shop, "wait", "--timeout", "") == []
    assert bash(shop, "exec", "we") == ["web"]
    assert "/bin/true" in bash(shop, "exec", "web", "/bin/tru")
    assert bash(shop, "up", "-f", "msctl.y") == ["msctl.yaml"]


def test_every_flag_of_every_verb_is_completed(shop, run):
    for line in run("help", "all").stdout.partition("This cluster's own")[0].splitlines():
        if not line.startswith("  ") or line.split()[0] == "help":
            continue
        verb = line.split()[0]
        helped = run("help", verb).stdout
        flags = {word.rstrip(",") for one in helped.splitlines() if one.startswith("  -")
                 for word in one.split(" ", 3)[2].split(",")}
        assert flags and flags <= set(bash(shop, verb, "-")), verb


def test_completion_is_silent_when_there_is_no_cluster(cluster, tmp_path):
    c = cluster(folder=tmp_path / "none")
    assert bash(c, "wait", "") == []
    assert "up" in bash(c, "")
    c.write("services: 7\n")
    assert bash(c, "wait", "") == []
    done = c.run("__complete", "services")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (c.folder / "msctl.yaml").unlink()


def fish(c, line):
    done = subprocess.run(["/usr/bin/fish", "--no-config", "-c", f"msctl completion fish | source; complete -C '{line}'"],
                          cwd=c.folder, env={**shell_env(c), "TERM": "dumb"}, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return [one.split("\t")[0] for one in done.stdout.splitlines()]


def test_fish_completes(shop):
    assert fish(shop, "msctl wai") == ["wait"]
    assert "seed" in fish(shop, "msctl ")
    assert {"web", "worker", "db"} <= set(fish(shop, "msctl wait "))
    assert fish(shop, "msctl wait --fo") == ["--for"]
    assert sorted(fish(shop, "msctl wait --for ")) == ["completed", "ready", "stopped"]
    assert fish(shop, "msctl graph --format mer") == ["mermaid"]
    assert fish(shop, "msctl completion z") == ["zsh"]


@pytest.fixture(name="zsh")
def fixture_zsh(shop):
    """zsh at a terminal; complete(line) types the line and the tabulator key, and gives what is shown."""
    terminal = Terminal(["/usr/bin/zsh", "-f", "-i"], str(shop.folder), shell_env(shop))
    terminal.type("PS1='% '; unsetopt BEEP ZLE_BRACKETED_PASTE 2>/dev/null; autoload -Uz compinit; compinit -u -D; "
                  "zstyle ':completion:*' list-colors ''; LISTMAX=1000; "
                  "source <(msctl completion zsh); echo load''ed\n")
    terminal.read_until("loaded")

    def complete(line, expected):
        terminal.type(line + "\t\t")
        shown = terminal.read_until(expected)
        terminal.type("\x15")  # empties the line
        terminal.type("echo do''ne\n")
        return shown + terminal.read_until("done")

    yield complete
    terminal.close()


def test_zsh_completes(zsh):
    assert "wait" in zsh("msctl wai", "wait")
    assert "worker" in zsh("msctl wait w", "worker")
    assert "completed" in zsh("msctl wait --for com", "completed")
    assert "mermaid" in zsh("msctl graph --format=m", "mermaid")
    assert "--timeout" in zsh("msctl wait --t", "--timeout")
    assert "seed" in zsh("msctl see", "seed")


def test_zsh_file_for_fpath_completes_the_first_time(shop):
    functions = shop.folder / "functions"
    functions.mkdir()
    (functions / "_msctl").write_text(shop.run("completion", "zsh").stdout)
    terminal = Terminal(["/usr/bin/zsh", "-f", "-i"], str(shop.folder), shell_env(shop))
    try:
        terminal.type(f"PS1='% '; fpath=({functions} $fpath); autoload -Uz compinit; compinit -u -D; echo load''ed\n")
        terminal.read_until("loaded")
        terminal.type("msctl wait --for stop\t")
        terminal.read_until("stopped")
    finally:
        terminal.close()
