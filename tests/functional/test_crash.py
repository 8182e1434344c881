"""A service that crashes says where, and its exit status stays the true one."""

import json
import re
import signal
import subprocess

import pytest

from conftest import free_port, wait_for


@pytest.fixture
def service(msctl_bin, tmp_path):
    """A running user-service without a supervisor; all that it writes is in `tmp_path / "log"`."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps({
        "service": {"name": "user-service", "version": "1", "instance": "user-service.2"},
        "ports": {"http": free_port(), "grpc": free_port()}, "database": {"url": f"sqlite:{tmp_path}/users.db"}}))
    log = tmp_path / "log"
    with open(log, "wb") as file:
        process = subprocess.Popen([msctl_bin.parent / "user-service", "--config", config], stdin=subprocess.DEVNULL,
                                   stdout=file, stderr=file)
    wait_for(lambda: '"ready"' in log.read_text(), what="ready")
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT])
def test_a_crash_leaves_a_backtrace_and_the_true_status(service, tmp_path, number):
    service.send_signal(number)
    assert service.wait(20) == -number
    text = (tmp_path / "log").read_text()
    report = text[text.index("***"):].splitlines()
    assert re.fullmatch(rf"\*\*\* user-service\.2 crashed: {number.name} \(sent by process \d+\)", report[0])
    assert report[-1] == "*** end of backtrace"
    assert re.match(r"#0 \S+", report[1])
    # Symbolised with place, as seen from the root of the sources.
    assert any(re.fullmatch(r"#\d+ main at services/user/main\.cpp:\d+", line) for line in report), text
    assert any(re.fullmatch(r"#\d+ chassis::run_service\(.*\) at services/chassis/host/run_service\.cpp:\d+", line)
               for line in report), text


def test_a_crash_ends_soon(service):
    service.send_signal(signal.SIGABRT)
    assert service.wait(5) == -signal.SIGABRT
