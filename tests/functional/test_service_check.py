"""`user-service --check PATH`: a service's program asks the running one, for engines that can only run a program in its
image; and services find each other by names."""

import json
import os
import subprocess

import pytest

from conftest import free_port, wait_for


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({
        "service": {"name": "user-service", "version": "1"}, "bind": "0.0.0.0",
        "ports": {"http": free_port(), "grpc": free_port()}, "database": {"url": f"sqlite:{tmp_path}/users.db"}}))
    return path


def run(msctl_bin, service, config, *words):
    return subprocess.run([msctl_bin.parent / service, *words], env={**os.environ, "MSCTL_CONFIG": str(config)}, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)


def start(msctl_bin, service, config, log):
    with open(log, "wb") as file:
        return subprocess.Popen([msctl_bin.parent / service, "--config", config], stdin=subprocess.DEVNULL, stdout=file, stderr=file)


def test_check_tells_by_its_exit_status(msctl_bin, tmp_path, config):
    done = run(msctl_bin, "user-service", config, "--check", "/health/ready")
    assert done.returncode == 1 and "cannot connect" in done.stderr
    process = start(msctl_bin, "user-service", config, tmp_path / "log")
    try:
        wait_for(lambda: run(msctl_bin, "user-service", config, "--check", "/health/ready").returncode == 0, what="ready")
        done = run(msctl_bin, "user-service", config, "--check", "/nowhere")
        assert (done.returncode, done.stderr) == (1, "/nowhere: HTTP status 404\n")
    finally:
        process.terminate()
        assert process.wait(20) == 0
    assert run(msctl_bin, "user-service", tmp_path / "none", "--check", "/health/ready").returncode == 2


def test_the_gateway_reaches_a_service_by_its_name(msctl_bin, tmp_path, config):
    """localhost is in /etc/hosts, so no name server is asked."""
    port = json.loads(config.read_text())["ports"]["http"]
    other = tmp_path / "gateway.json"
    other.write_text(json.dumps({
        "service": {"name": "gateway", "version": "1"}, "ports": {"http": free_port()}, "discovery": {"driver": "static"},
        "routes": [{"prefix": "/users", "to": "/health", "service": "user-service", "address": f"localhost:{port}"}]}))
    processes = [start(msctl_bin, "user-service", config, tmp_path / "log"), start(msctl_bin, "gateway", other, tmp_path / "log2")]
    try:
        wait_for(lambda: run(msctl_bin, "gateway", other, "--check", "/users/ready").returncode == 0, what="the way through")
    finally:
        for process in processes:
            process.terminate()
        assert [process.wait(20) for process in processes] == [0, 0]
