"""kill -9 of the supervisor of the reference cluster: nothing hangs, nothing is lost, nothing is left."""

import os
import signal

import pytest

from conftest import process_alive, processes_of, wait_for
from reference import Shop, document


@pytest.fixture
def lost(msctl_bin, tmp_path):
    """A cluster that runs without its supervisor, and the pids of its services."""
    one = Shop(msctl_bin, tmp_path)
    one.write(document())
    one.up()
    pids = [row["pid"] for row in one.ps().values()]
    supervisor = one.supervisor_pid()
    one.user = one.sign_up()
    os.kill(supervisor, signal.SIGKILL)
    wait_for(lambda: not process_alive(supervisor), what="the end of the supervisor")
    yield one, pids
    one.close()


def test_services_serve_on_and_up_takes_them_over(lost):
    shop, pids = lost
    done = shop.run("ps", timeout=5)
    assert done.returncode == 1 and done.stdout == ""  # "stopped" would be a guess
    assert "the supervisor is gone and its services may still run" in done.stderr
    assert "msctl up" in done.stderr and "msctl down" in done.stderr
    assert shop.get(f"/api/v1/users/{shop.user['id']}").json() == shop.user
    shop.up()
    assert [row["pid"] for row in shop.ps().values()] == pids
    assert all(row["restarts"] == 0 for row in shop.ps().values())
    assert len([1 for _, command in processes_of(shop.folder) if "nats-server" in command]) == 1
    assert shop.get(f"/api/v1/users/{shop.user['id']}").json() == shop.user
    assert shop.run("ps").stderr == ""
    shop.kill_and_wait("user-service")


def test_down_leaves_nothing(lost):
    shop, pids = lost
    done = shop.run("down", timeout=20)
    assert done.returncode == 0, done.stderr
    assert not any(process_alive(pid) for pid in pids)
    assert processes_of(shop.folder) == []
    assert not shop.socket_path.exists()
    assert "does not run" in shop.run("ps").stderr
