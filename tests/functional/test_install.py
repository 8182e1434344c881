"""make install and make package: what lies where, and that a service of another project builds and runs on it."""

import http.client
import json
import os
import pathlib
import re
import subprocess

import pytest

from conftest import ROOT, free_port, wait_for

CONSUMER = ROOT / "tests" / "consumer"
EXPECTED = (
    "bin/msctl",
    "include/msctl/base/task.hpp",
    "include/msctl/base/http/server.hpp",
    "include/msctl/services/chassis/api/api.hpp",
    "include/msctl/services/chassis/testing/fake_environment.hpp",
    "lib/cmake/msctl/MsctlModules.cmake",
    "lib/cmake/msctl/MsctlServices.cmake",
    "lib/cmake/msctl/msctlConfig.cmake",
    "lib/cmake/msctl/msctlConfigVersion.cmake",
    "lib/cmake/msctl/msctlTargets.cmake",
    "lib/msctl/libbase.a",
    "lib/msctl/libchassis_host.a",
    "lib/msctl/libchassis_testing.a",
    "share/bash-completion/completions/msctl",
    "share/doc/msctl/copyright",
    "share/fish/vendor_completions.d/msctl.fish",
    "share/man/man1/msctl.1.gz",
    "share/zsh/site-functions/_msctl",
)
MOST_MB = 40


def call(*command, timeout=120, **options):
    """The output of a command that must succeed."""
    done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=timeout, check=False, **options)
    assert done.returncode == 0, f"{command}:\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """An installation for /usr that lies elsewhere, as in a package that is being made."""
    stage = tmp_path_factory.mktemp("stage")
    call("make", "-C", ROOT, "install", "PREFIX=/usr", f"DESTDIR={stage}")
    return stage / "usr"


def files_below(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def check_files(folder):
    found = files_below(folder)
    assert set(EXPECTED) <= found
    inside = ("base/", "services/chassis/")
    for path in found:
        if path.startswith("include/"):
            assert path.startswith(tuple("include/msctl/" + one for one in inside)), path
            assert path.endswith(".hpp") and not path.endswith("_test.hpp"), path
        if path.startswith("lib/msctl/"):
            assert re.fullmatch(r"lib/msctl/lib(base|chassis)(_[a-z]+)*\.a", path), path
        assert str(ROOT).encode() not in (folder / path).read_bytes(), f"{path} names the folder it was built in"
    for folder_of_data in ("templates", "manifests", "pipelines"):
        for path in (ROOT / folder_of_data).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                copy = folder / "share" / "msctl" / path.relative_to(ROOT)
                assert os.access(copy, os.X_OK) == os.access(path, os.X_OK), copy
    assert sum((folder / path).stat().st_size for path in found) < MOST_MB * 1_000_000


def test_installs_msctl_and_the_chassis_and_nothing_else(prefix):
    check_files(prefix)
    assert call(prefix / "bin" / "msctl", "--version").startswith("msctl ")


def test_a_missing_library_is_named_by_its_package(prefix, tmp_path):
    done = subprocess.run(
        ["cmake", "-S", CONSUMER, "-B", tmp_path / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
         "-DCMAKE_IGNORE_PATH=/usr/include"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    assert done.returncode != 0
    text = " ".join(done.stdout.split())
    assert "Debian packages are missing" in text and "libnats-dev" in text, text


def get(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def answer(port, *request):
    """Status and document, or None while nobody listens."""
    try:
        return get(port, *request)
    except ConnectionError:
        return None


def test_a_service_of_another_project_builds_and_runs(prefix, tmp_path):
    build = tmp_path / "build"
    env = {**os.environ, "CCACHE_BASEDIR": str(tmp_path), "CCACHE_NOHASHDIR": "1"}
    configured = call("cmake", "-S", CONSUMER, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
                      "-DMSCTL_TESTS=ON", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror", env=env)
    assert "Warning" not in configured, configured
    call("cmake", "--build", build, timeout=300, env=env)
    call("ctest", "--test-dir", build, "--no-tests=error", "--output-on-failure")

    port = free_port()
    config = {"service": {"name": "note-service", "version": "1.0.0", "instance": "note-service"}, "bind": "127.0.0.1",
              "ports": {"http": port}, "database": {"url": f"sqlite:{tmp_path}/note.db"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    log = (tmp_path / "log").open("w+")
    service = subprocess.Popen([build / "bin" / "note-service"], stdout=log, stderr=log,
                               env={**os.environ, "MSCTL_CONFIG": str(tmp_path / "config.json")})
    try:
        status, document = wait_for(lambda: answer(port, "GET", "/health/ready"), 10, "an answer of note-service")
        assert (status, document["status"]) == (200, "ready")
        status, note = get(port, "POST", "/v1/notes", {"text": "tea"})
        assert status == 201
        assert get(port, "GET", "/v1/notes/" + note["id"]) == (200, note)
        service.terminate()
        assert service.wait(15) == 0, pathlib.Path(log.name).read_text()
    finally:
        if service.poll() is None:
            service.kill()
            service.wait()
        log.close()


def test_the_debian_package(tmp_path):
    call(ROOT / ".ci" / "package", tmp_path)
    (package,) = tmp_path.glob("msctl_*.deb")
    for line in call("dpkg-deb", "-c", package).splitlines():
        assert re.match(r"[-dl][-rwx]{9} root/root .* \./usr/", line), line
    fields = {name: call("dpkg-deb", "-f", package, name).strip() for name in ("Depends", "Recommends", "Maintainer")}
    needed = re.findall(r"(?:^|, )([^ ,]+)", fields["Depends"])
    assert "libc6" in needed and not [one for one in needed if re.match("libgrpc|libprotobuf|libnats|libsqlite", one)]
    lines = [line for name in ("build", "run") for line in (ROOT / ".ci" / f"packages-{name}.txt").read_text().splitlines()]
    wanted = {line for line in lines if line and not line.startswith("#")} | {"libgtest-dev", "git"}
    assert {"nats-server", "python3", "curl"} <= wanted, "generated services and their tests need them"
    assert wanted <= set(fields["Recommends"].split(", "))
    call("dpkg-deb", "-x", package, tmp_path / "unpacked")
    check_files(tmp_path / "unpacked" / "usr")
