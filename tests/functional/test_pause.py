"""What `msctl debug` asks of the supervisor: no probes, time-outs and restarts while somebody holds an instance."""

import json
import os
import signal
import subprocess

from conftest import wait_for
from programs import idle, web
from test_control_socket import ask


def pause(c, name, holder):
    return ask(c, "POST", f"/v1/services/{name}/pause", json.dumps({"holder": holder}))


def test_pause_lasts_until_its_holder_is_gone(cluster):
    c = cluster()
    c.write({"services": {"web": web(c, probes={"ready": {"http": "/", "interval_ms": 50, "failures": 1}})}})
    c.up()
    holder = subprocess.Popen(["/bin/sleep", "1000"])
    try:
        assert pause(c, "web", holder.pid)[0] == 202
        assert c.ps()["web"]["paused"]
        pid = c.ps()["web"]["pid"]
        os.kill(pid, signal.SIGSTOP)  # as a debugger does it; its probe would fail now
    finally:
        holder.kill()
        holder.wait()
    wait_for(lambda: not c.ps()["web"]["paused"], what="the end of the pause")
    c.wait_state("web", "degraded")
    os.kill(pid, signal.SIGCONT)
    c.wait_state("web", "ready")
    assert c.ps()["web"]["pid"] == pid


def test_one_that_ends_while_it_is_held_stays_down(cluster):
    c = cluster()
    c.write({"services": {"web": idle(c)}})
    c.up()
    assert pause(c, "web", os.getpid())[0] == 202
    os.kill(c.ps()["web"]["pid"], signal.SIGKILL)
    c.wait_state("web", "failed")
    assert ask(c, "POST", "/v1/services/web/resume")[0] == 202
    assert c.run("start", "web").returncode == 0


def test_refusals(cluster):
    c = cluster()
    c.write({"services": {"web": idle(c)}})
    c.up()
    gone = subprocess.Popen(["/bin/true"])
    gone.wait()
    assert pause(c, "web", gone.pid)[0] == 409
    assert not c.ps()["web"]["paused"]
    for body in ("[]", "{", "7"):
        assert ask(c, "POST", "/v1/services/web/scale", body)[0] == 400
    for body in ("{}", '{"replicas": -1}', '{"replicas": 101}', '{"replicas": "2"}', '{"replicas": 1.5}'):
        assert ask(c, "POST", "/v1/services/web/scale", body)[0] == 400, body
    assert ask(c, "POST", "/v1/services/nobody/roll")[0] == 404
    assert ask(c, "POST", "/v1/plan", '{"services": ["nobody"]}')[0] == 404
    assert ask(c, "GET", "/v1/plan")[0] == 405
