"""A service that is a container image, with the real podman where there is one that works."""

import os
import shutil
import subprocess
import tarfile
import urllib.request

import pytest

from conftest import process_alive, wait_for

IMAGE = "localhost/msctl-functional-test:1"
ARGUMENTS = "--ulimit nofile=1024:1024 --ulimit nproc=1024:1024"
# As it is; then the ways in which it works inside of a container with cgroups of both versions.
WAYS = (("", ""), ("--cgroups=disabled ", ""), ("", '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\n'))


def podman(*arguments, env=None, **options):
    return subprocess.run(["podman", *arguments], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60, check=False, **options)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """Environment in which `podman run` of a small image works: MSCTL_CONTAINER_ARGS and perhaps CONTAINERS_CONF."""
    busybox = shutil.which("busybox")
    if shutil.which("podman") is None or busybox is None:
        pytest.skip("podman or busybox-static is not installed: apt-get install podman crun busybox-static")
    folder = tmp_path_factory.mktemp("image")
    with tarfile.open(folder / "image.tar", "w") as image:
        image.add(busybox, "bin/busybox")
        for name in ("sh", "sleep", "httpd"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            image.addfile(link)
    made = podman("import", str(folder / "image.tar"), IMAGE)
    if made.returncode != 0:
        pytest.skip(f"podman cannot import an image here: {made.stdout.strip()}")
    said = ""
    for more, settings in WAYS:
        env = {**os.environ, "MSCTL_CONTAINER_ARGS": more + ARGUMENTS}
        if settings:
            (folder / "containers.conf").write_text(settings)
            env["CONTAINERS_CONF"] = str(folder / "containers.conf")
        done = podman("run", "--rm", "--network=host", *env["MSCTL_CONTAINER_ARGS"].split(), IMAGE, "/bin/sh", "-c", "exit 0",
                      env=env)
        said = done.stdout.strip()
        if done.returncode == 0:
            yield {name: env[name] for name in ("MSCTL_CONTAINER_ARGS", "CONTAINERS_CONF") if name in env}
            podman("rmi", "--force", IMAGE)
            return
    podman("rmi", "--force", IMAGE)
    pytest.skip(f"podman cannot run a container here: {said}")


def containers(engine):
    return podman("ps", "--all", "--format", "{{.Names}}", env={**os.environ, **engine}).stdout.split()


def test_an_image_runs_and_leaves_nothing(cluster, engine):
    c = cluster()
    c.env.update(engine)
    # The first process of a container hears no SIGTERM unless it asks for it.
    serve = "trap 'kill $!; exit 0' TERM; httpd -f -p 127.0.0.1:$PORT_HTTP -h /bin & wait"
    c.write({"services": {"box": {"image": IMAGE, "command": ["/bin/sh", "-c", serve], "ports": {"http": 0},
                                  "probes": {"ready": {"tcp": "http"}}}}})
    c.up("--wait-timeout", "30")
    row = c.ps()["box"]
    name = next(name for name in containers(engine) if name.endswith("-box"))
    with urllib.request.urlopen(f"http://127.0.0.1:{row['ports']['http']}/sh", timeout=5) as answer:
        assert answer.status == 200
    os.kill(row["pid"], 9)  # of the engine: the container goes with it, and comes again
    wait_for(lambda: c.ps()["box"]["restarts"] == 1 and c.state("box") == "ready", 30)
    assert not process_alive(row["pid"])
    assert containers(engine).count(name) == 1
    done = c.run("stop", "box")
    assert done.returncode == 0, done.stderr
    assert name not in containers(engine)


def test_an_image_that_must_be_killed_leaves_no_container(cluster, engine):
    c = cluster()
    c.env.update(engine)
    c.write({"services": {"box": {"image": IMAGE, "command": ["/bin/sleep", "1000"], "stop_grace_ms": 500}}})
    c.up("--wait-timeout", "30")
    name = wait_for(lambda: next((name for name in containers(engine) if name.endswith("-box")), None), 30)
    done = c.run("down")
    assert done.returncode == 0, done.stderr
    assert name not in containers(engine)


def test_an_engine_that_does_not_answer_is_told(cluster):
    c = cluster()
    engine = c.folder / "podman"
    engine.write_text("#!/bin/sh\necho 'no daemon here' >&2\nexit 125\n")
    engine.chmod(0o755)
    c.write({"services": {"box": {"image": "localhost/none:1"}}})
    done = c.run("up", "-d", "--wait", env={**c.env, "PATH": f"{c.folder}:/usr/bin:/bin"})
    assert done.returncode == 1
    assert f"`{engine} info` fails, which the image needs" in done.stderr
    assert "no daemon here" in done.stderr
