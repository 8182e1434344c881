"""What a cluster file can say, seen from outside: files over files, profiles, env files, ${file:…}; and what is refused,
with file, line and key, quickly and in little memory."""

import json
import resource
import subprocess

import programs
import pytest
from conftest import PYTHON, wait_for

SHOW_ENV = """
import os, signal, sys
with open(sys.argv[1] + ".new", "w") as file:
    file.write("\\n".join(f"{k}={v}" for k, v in os.environ.items()))
    file.write("\\nCWD=" + os.getcwd())
os.rename(sys.argv[1] + ".new", sys.argv[1])
signal.pause()
"""


def environment_of(one, name="env.txt"):
    return dict(line.split("=", 1) for line in (one.folder / name).read_text().splitlines() if "=" in line)


def config(one, *arguments):
    done = one.run("config", "--output", "json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["services"]


def test_env_files_and_file_contents_reach_the_process(cluster):
    one = cluster()
    command = one.script("show.py", SHOW_ENV)
    secret = one.folder / "token"
    secret.write_text("from the file\n")
    secret.chmod(0o600)
    (one.folder / "sub").mkdir()
    (one.folder / "one.env").write_text("A=1\nB='${not replaced}' # comment\nexport C=\"x\\ty\"\n")
    (one.folder / "two.env").write_text("A=2\nD=4\n")
    one.write({"services": {"a": {
        "command": [*command, str(one.folder / "env.txt")], "folder": "sub", "env_files": ["one.env", "two.env"],
        "env": {"D": "own", "AUTH_TOKEN": "${file:token}"}}}})
    assert config(one)["a"]["env"] == {
        "A": "2", "B": "$${not replaced}", "C": "x\ty", "D": "own", "AUTH_TOKEN": "****"}
    one.up()
    wait_for((one.folder / "env.txt").exists, what="the program's report")
    seen = environment_of(one)
    assert {key: seen[key] for key in ("A", "B", "C", "D", "AUTH_TOKEN")} == {
        "A": "2", "B": "${not replaced}", "C": "x\ty", "D": "own", "AUTH_TOKEN": "from the file"}
    assert seen["CWD"] == str(one.folder / "sub")


def test_files_lie_over_files_and_profiles_choose(cluster):
    one = cluster("""\
services:
  web: {command: [sleep, "1"], ports: {http: 8080}, env: {A: "1", B: "1"}}
  debug: {command: [sleep, "2"], profiles: [dev], depends_on: {web: started}}
""")
    (one.folder / "dev.yaml").write_text("services:\n  web: {env: {B: '2'}, command: [sleep, '9']}\n")
    both = config(one, "-f", "msctl.yaml", "-f", "dev.yaml", "--profile", "dev")
    assert both["web"]["env"] == {"A": "1", "B": "2"}
    assert both["web"]["command"] == ["sleep", "9"]
    assert set(both) == {"web", "debug"}
    assert set(config(one)) == {"web"}
    one.write("""\
services:
  web: {command: [sleep, "1"], depends_on: {debug: ready}}
  debug: {command: [sleep, "2"], profiles: [dev]}
""")
    done = one.run("config")
    assert done.returncode == 2
    assert "msctl.yaml:2: services.web.depends_on.debug: needed, but only there with profile dev; add --profile dev" \
        in done.stderr


def test_ps_and_down_work_where_up_cannot(cluster):
    one = cluster()
    one.write({"services": {"a": programs.idle(one, env={"X": "${env:MSCTL_TEST_UNSET}"})}})
    assert one.run("ps").returncode == 0
    assert one.run("logs").returncode == 0
    done = one.run("up", "-d", "--wait")
    assert done.returncode != 0
    assert "${env:MSCTL_TEST_UNSET}" in done.stderr + done.stdout
    assert one.run("down").returncode == 0


REFUSED = {
    "alias bomb": ("a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*{p}, *{p}]\n" for i in range(40)
                                              for p in ["a" if i == 0 else f"b{i - 1}"]), "msctl.yaml:"),
    "nesting bomb": ("services: " + "[" * 40000 + "]" * 40000 + "\n", "msctl.yaml:1: nested more than 32 deep"),
    "wide list": ("services: [" + "1," * 60000 + "1]\n", "msctl.yaml:1: more than 50000 of the characters [ { ,"),
    "large file": ("services: {}\n" + "#" * (1 << 20), "msctl.yaml: larger than 1024 KiB"),
    "duplicate key": ("services:\n  a: {command: [x]}\n  a: {command: [y]}\n", 'msctl.yaml:3: key "a" occurs twice'),
    "unknown key": ("services:\n  a: {command: [x], replcas: 2}\n",
                    'msctl.yaml:2: services.a: unknown key "replcas"; did you mean "replicas"?'),
    "wrong type": ("services:\n  a: {command: [x], sockets: http}\n",
                   'msctl.yaml:2: services.a.sockets: expected a list of strings, got "http"'),
    "name": ("services:\n  A_1: {command: [x]}\n", "msctl.yaml:2: services.A_1: expected a name of a-z, 0-9 and -"),
    "port": ("services:\n  a: {command: [x], ports: {http: 65536}}\n",
             "msctl.yaml:2: services.a.ports.http: expected a number from 0 to 65535, got 65536"),
    "registry port": ("registry: {port: 0}\nservices: {}\n",
                      "msctl.yaml:1: registry.port: expected a number from 1 to 65535, got 0"),
    "two kinds of probe": ("services:\n  a: {command: [x], ports: {http: 1}, probes: {ready: {http: /, tcp: http}}}\n",
                           "msctl.yaml:2: services.a.probes.ready: expected exactly one of http, tcp, grpc, exec, log "
                           "and notify"),
    "regular expression": ("services:\n  a: {command: [x], probes: {boot: {log: '('}}}\n",
                           "msctl.yaml:2: services.a.probes.boot.log: not a regular expression"),
    "regular expression bomb": ("services:\n  a: {command: [x], probes: {boot: {log: '((((a{1,99}){1,99}){1,99}){1,99})'}}}\n",
                                "msctl.yaml:2: services.a.probes.boot.log: "),
    "two sources": ("services:\n  a: {command: [x], external: {url: 'tcp://b:1'}}\n",
                    "msctl.yaml:2: services.a.external: it has a command as well"),
    "missing folder": ("services:\n  a: {path: nowhere}\n",
                       "msctl.yaml:2: services.a.path: expected a folder with a service.yaml; nowhere/service.yaml: no "
                       "such file"),
    "missing env file": ("services:\n  a: {command: [x], env_files: [nope.env]}\n",
                         "msctl.yaml:2: services.a.env_files[0]: nope.env: no such file"),
    "replacement": ("services:\n  a:\n    command: [x]\n    env: {A: '${prot:http}'}\n",
                    "msctl.yaml:4: services.a.env.A: "),
    "size": ("services:\n  a: {command: [x], resources: {memory: lots}}\n",
             'msctl.yaml:2: services.a.resources.memory: expected a size such as 256M, got "lots"'),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_file_line_and_key(cluster, name):
    text, message = REFUSED[name]
    one = cluster()
    one.write(text)
    for command in (["config"], ["up", "-d"]):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = one.run(*command)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert message in done.stderr
        assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0
    one.write({"services": {}})


def test_refusing_takes_little_memory(cluster):
    one = cluster()
    for text in (REFUSED["alias bomb"][0], REFUSED["nesting bomb"][0], REFUSED["wide list"][0],
                 REFUSED["regular expression bomb"][0]):
        one.write(text)
        done = subprocess.run(
            [PYTHON, "-c", "import resource, subprocess, sys\nsubprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL)\n"
             "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)", one.bin, "config"],
            cwd=one.folder, env=one.env, stdout=subprocess.PIPE, text=True, timeout=60, check=True)
        assert int(done.stdout) < 64 * 1024, text[:40]
    one.write({"services": {}})


@pytest.mark.parametrize("mode, refused", [(0o644, True), (0o640, True), (0o600, False)])
def test_secrets_that_others_can_read(cluster, mode, refused):
    one = cluster("services:\n  a: {command: [sleep, '1000'], env_files: [a.env]}\n")
    secret = one.folder / "a.env"
    secret.write_text("# comment\nDB_PASSWORD=x\n")
    secret.chmod(mode)
    done = one.run("config")
    assert done.returncode == (2 if refused else 0)
    assert ("a.env:2: DB_PASSWORD: a.env holds a secret and is open to other users" in done.stderr) == refused
    assert ("chmod 600 a.env" in done.stderr) == refused


def test_a_hundred_services_load_quickly(cluster):
    one = cluster({"services": {f"s{i}": {"command": ["sleep", "1"], "ports": {"http": 0},
                                          "probes": {"ready": {"http": "/"}}} for i in range(100)}})
    times = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert one.run("ps").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(times) < 0.1
