"""`msctl events`."""

import json
import os
import re
import signal

from conftest import wait_for
from programs import idle


def test_events_tell_every_change_of_state(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c), "long-name": idle(c)}})
    c.up()
    c.run("stop", "a")
    events = [json.loads(line) for line in c.run("events", "--output", "json").stdout.splitlines()]
    assert [one["seq"] for one in events] == sorted(one["seq"] for one in events)
    assert [one["state"] for one in events if one["service"] == "a"] == [
        "pending", "starting", "ready", "stopping", "stopped"]
    lines = c.run("events", "a").stdout.splitlines()
    assert len(lines) == 5
    assert all(re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z  a +(pending|starting|ready|stopping|stopped)\b", line) for line in lines)
    assert c.run("events", "-n", "1", "a").stdout.splitlines() == lines[-1:]
    since = c.run("events", "--since", events[-2]["seq"], "--output", "json").stdout.splitlines()
    assert [json.loads(line)["seq"] for line in since] == [events[-1]["seq"]]


def test_events_follow_until_the_cluster_is_taken_down(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c), "b": idle(c)}})
    c.up("a")
    following = c.popen("events", "-f", "-n", "0", "--output", "json", "a")
    try:
        # The follower may come up after a change, so there are changes until it shows one.
        c.run("restart", "a")
        c.run("up", "-d", "b")
        c.run("down")
        out, _ = following.communicate(timeout=20)
        assert following.returncode == 0
        events = [json.loads(line) for line in out.splitlines()]
        assert {one["service"] for one in events} <= {"a"}
        if events:
            assert events[-1]["state"] == "stopped"
    finally:
        following.kill()


def test_events_follow_shows_a_change_as_it_happens(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c)}})
    c.up()
    following = c.popen("events", "-f")
    try:
        for line in following.stdout:
            if " ready" in line:
                break
        os.kill(c.ps()["a"]["pid"], signal.SIGKILL)
        for line in following.stdout:
            if "backoff" in line:
                assert "SIGKILL" in line
                break
        following.send_signal(signal.SIGINT)
        assert following.wait(timeout=5) == 0
    finally:
        following.kill()
        following.wait()


def test_events_follow_goes_on_with_the_next_supervisor(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c)}})
    c.up()
    following = c.popen("events", "-f", "--output", "json")
    try:
        for line in following.stdout:
            if json.loads(line)["state"] == "ready":
                break
        os.kill(c.supervisor_pid(), signal.SIGKILL)
        assert "supervisor is gone" in following.stderr.readline()
        c.up()
        c.run("stop", "a")
        for line in following.stdout:
            if json.loads(line)["state"] == "stopped":
                break
        c.run("down")
        following.communicate(timeout=20)
        assert following.returncode == 0
    finally:
        following.kill()


def test_events_end_when_nobody_reads_them_any_more(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c)}})
    c.up()
    following = c.popen("events", "-f")
    following.stdout.readline()
    following.stdout.close()
    c.run("restart", "a")
    wait_for(lambda: following.poll() is not None, what="the end of events -f")
    following.stderr.close()


def test_events_without_a_cluster(cluster):
    c = cluster()
    c.write({"services": {"a": idle(c)}})
    done = c.run("events")
    assert done.returncode == 1
    assert "msctl up" in done.stderr
    c.up()
    assert c.run("events", "nobody").returncode == 2
