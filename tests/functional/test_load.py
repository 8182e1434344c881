"""`msctl load` on servers that stall, close, redirect, lie and speak TLS."""

import json
import os
import pathlib
import re
import signal
import statistics
import subprocess

import pytest

from conftest import Cluster, process_alive, wait_for
from load_servers import Server, ok, one_at_a_time, self_signed, stalling
from terminal import Terminal


@pytest.fixture
def load(msctl_bin, tmp_path):
    """load(*args) runs `msctl load args… --output json` and returns (exit code, result, standard error)."""
    one = Cluster(msctl_bin, tmp_path)

    def call(*args, **options):
        done = one.run("load", *args, "--output", "json", **options)
        return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr

    call.cluster = one
    return call


def quick(server, *more):
    return (server.url + "/", "--rate", "200", "--duration", "1s", *more)


def test_result_has_the_keys_that_scripts_rely_on(load):
    with Server(lambda _: ok()) as server:
        code, result, _ = load(*quick(server))
    assert code == 0
    assert result["sent"] == result["completed"] == 200 and result["errors"] == result["missed"] == 0
    assert 190 < result["rps"] <= 200
    for latency in (result["latency_us"], result["latency_uncorrected_us"]):
        assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["p999"] <= latency["max"]
    assert result["statuses"] == {"200": 200}
    assert result["first_error"] is None and result["steps"][0]["first_error"] is None
    assert {"p50", "p99", "max"} <= result["generator"]["late_us"].keys()


def test_threshold_decides_the_exit_code(load):
    with Server(lambda _: ok()) as server:
        code, result, _ = load(*quick(server, "--threshold", "p50<1us", "--threshold", "error_rate<1%"))
        assert code == 6 and not result["passed"]
        assert [one["held"] for one in result["thresholds"]] == [False, True]
        assert load(*quick(server, "--threshold", "p99<10s", "--threshold", "rps>150"))[0] == 0
    code, _, error = load(*quick(server, "--threshold", "p99"))
    assert code == 2 and "no < or >" in error


def test_a_stall_shows_in_full_from_the_intended_send(load):
    with Server(stalling(0.5, 1.0)) as server:
        code, result, _ = load(server.url, "--rate", "100", "--duration", "3s", "--max-connections", "1")
    assert code == 0
    # One request of 300 waited for an answer, but a third of them waited to be sent.
    assert result["latency_uncorrected_us"]["p99"] < 300_000
    assert result["latency_us"]["p99"] > 800_000
    assert result["latency_us"]["p75"] > 3 * result["latency_uncorrected_us"]["p75"]
    assert result["generator"]["held_for_a_connection"] > 50
    assert result["generator"]["late_us"]["p99"] < 300_000


def test_closed_model_is_corrected_too(load):
    with Server(stalling(0.5, 1.0)) as server:
        code, result, _ = load(server.url, "--connections", "2", "--duration", "2s")
    assert code == 0 and result["model"] == "closed"
    assert result["latency_uncorrected_us"]["p90"] < 100_000
    assert result["latency_us"]["p90"] > 500_000


def test_no_free_connection_until_too_late_is_a_missed_send(load):
    with Server(stalling(0.0, 1.5)) as server:
        _, result, _ = load(server.url, "--rate", "100", "--duration", "1s", "--max-connections", "1", "--timeout", "300ms")
    assert result["missed"] > 20
    assert result["errors_by_kind"]["timeout"] >= 1
    assert result["sent"] + result["missed"] == 100


FRAMINGS = {
    "/length": ok(b"x" * 1000),
    "/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "/empty": b"HTTP/1.1 204 No Content\r\n\r\n",
    "/close": b"HTTP/1.1 200 OK\r\n\r\nuntil the end" + Server.CLOSE,
    "/old": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok" + Server.CLOSE,
    "/continue": b"HTTP/1.1 100 Continue\r\n\r\n" + ok(),
}
MALFORMED = {
    "/nonsense": b"what is this\r\n\r\n",
    "/lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "/chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "/upgrade": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
}
CUT = {
    "/short": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab" + Server.CLOSE,
    "/nothing": b"" + Server.CLOSE,
    "/half": b"HTTP/1.1 200 OK\r\nConte" + Server.CLOSE,
}


@pytest.mark.parametrize("path", FRAMINGS)
def test_each_framing_is_understood(load, path):
    with Server(lambda _: FRAMINGS[path]) as server:
        code, result, error = load(server.url + path, "--rate", "50", "--duration", "500ms")
    assert code == 0, error
    assert result["completed"] == 25 and result["errors"] == 0, result


@pytest.mark.parametrize("path,kind", [(path, "protocol") for path in MALFORMED] + [(path, "closed") for path in CUT])
def test_what_is_no_answer_is_an_error(load, path, kind):
    answers = {**MALFORMED, **CUT}
    with Server(lambda _: answers[path]) as server:
        code, result, _ = load(server.url + path, "--rate", "50", "--duration", "500ms")
    assert code == 1
    assert result["errors_by_kind"] == {kind: 25} and result["completed"] == 0
    assert result["steps"][0]["first_error"]


def test_errors_are_told_apart(load):
    with Server(lambda request: ok(status="503 Service Unavailable") if request["path"] == "/" else None) as server:
        assert load(*quick(server))[1]["errors_by_kind"] == {"status": 200}
        port = server.port
    code, result, _ = load(f"http://127.0.0.1:{port}/", "--rate", "50", "--duration", "500ms")
    assert code == 1 and result["errors_by_kind"] == {"connect": 25}
    assert "refused" in result["first_error"]


def test_a_scenario_captures_fills_in_and_checks(load, tmp_path):
    def answer(request):
        body = json.loads(request["body"] or b"{}")
        if request["path"] == "/login":
            return ok({"token": "T-7"})
        if request["method"] == "POST":
            return ok({"id": len(server.requests), "list": [body["sku"]]}, "201 Created", "ETag: \"e1\"\r\n")
        return ok({"seen": request["path"]}) if request["headers"].get("authorization") == "Bearer T-7" else ok(status="401 No")

    (tmp_path / "goods.csv").write_text("sku,cents\nTEA,1250\nCUP,99\n")
    (tmp_path / "s.yaml").write_text("""
target: URL
load: {rate: 50, duration: 1s}
data: {goods: {file: goods.csv}}
auth: {bearer: "${token}"}
setup: [{post: /login, json: {user: a}, capture: {token: /token}}]
steps:
  - name: place
    post: /orders
    json: {sku: "${data.goods.sku}", n: "${random:1:3}", key: "${uuid}"}
    expect: {status: 201, headers: {etag: e1}}
    capture: {id: /id, tag: {header: ETag}, sku: {regex: "list.: .\\"(\\\\w+)"}}
    think: 5ms
  - name: look
    get: /orders/${id}?sku=${sku}
    headers: {If-None-Match: "${tag}"}
    expect: {body: orders}
thresholds: [error_rate<=0, "look: p99<10s"]
""")
    with Server(answer) as server:
        (tmp_path / "s.yaml").write_text((tmp_path / "s.yaml").read_text().replace("URL", server.url))
        code, result, error = load("s.yaml", "--journal", "acks.jsonl")
    assert code == 0, error or result
    placed = [json.loads(r["body"]) for r in server.requests if r["path"] == "/orders"]
    looked = [r for r in server.requests if r["method"] == "GET"]
    assert len(placed) == len(looked) == 50
    assert {one["sku"] for one in placed} == {"TEA", "CUP"} and {type(one["n"]) for one in placed} == {int}
    assert len({one["key"] for one in placed}) == 50
    assert all(r["headers"]["if-none-match"] == '"e1"' and r["path"].rpartition("=")[2] in ("TEA", "CUP") for r in looked)
    assert [step["completed"] for step in result["steps"]] == [50, 50]
    lines = [json.loads(line) for line in (tmp_path / "acks.jsonl").read_text().splitlines()]
    assert len(lines) == 100
    assert {one["values"]["id"] for one in lines if one["step"] == "place"} == {r["path"].split("/")[2].split("?")[0] for r in looked}


def test_a_setup_that_fails_sends_nothing(load, tmp_path):
    with Server(lambda request: ok(status="403 Forbidden")) as server:
        (tmp_path / "s.yaml").write_text(f"target: {server.url}\nload: {{rate: 50}}\nsetup: [{{post: /login}}]\nsteps: [{{get: /}}]\n")
        code, result, error = load("s.yaml")
    assert code == 1 and result is None
    assert "POST /login" in error and "status 403" in error
    assert len(server.requests) == 1


def test_mistakes_in_a_file_name_file_and_line(run, tmp_path):
    (tmp_path / "s.yaml").write_text("target: gateway\nload: {rate: 5}\nsteps:\n  - get: /${usr}\n    thnk: 1s\n")
    done = run("load", "s.yaml", "--check")
    assert done.returncode == 2 and 's.yaml:5: steps[0]: unknown key "thnk"' in done.stderr, done.stderr
    (tmp_path / "s.yaml").write_text("target: gateway\nload: {rate: 5}\nsteps:\n  - get: /${usr}\n")
    done = run("load", "s.yaml", "--check")
    assert done.returncode == 2 and "s.yaml:4: steps[0].get: ${usr}" in done.stderr, done.stderr
    (tmp_path / "s.yaml").write_text("target: gateway\nload: {rate: 5}\nsteps:\n  - get: /\n")
    assert run("load", "s.yaml", "--check").stdout == "s.yaml is fine\n"


def test_only_this_machine_unless_another_one_is_named(load, tmp_path):
    code, result, error = load("http://192.0.2.1/", "--rate", "5", "--duration", "1s")
    assert code != 0 and result is None
    assert "--allow-host 192.0.2.1" in error

    def away(_):
        return ok(b"", "302 Found", "Location: http://192.0.2.1/\r\n")

    with Server(away) as server:
        (tmp_path / "s.yaml").write_text(f"target: {server.url}\nload: {{rate: 20, duration: 500ms}}\nsteps: [{{get: /, redirects: 3}}]\n")
        code, result, _ = load("s.yaml")
        assert result["errors_by_kind"] == {"redirect": 10}


def test_redirects_are_followed_where_asked_for(load, tmp_path):
    with Server(lambda request: ok(request["path"].encode())) as second:

        def answer(request):
            if request["path"] == "/":
                return ok(b"", "302 Found", "Location: /next\r\n")
            return ok(b"", "307 Temporary", f"Location: {second.url}/there?x=1\r\n")

        with Server(answer) as server:
            (tmp_path / "s.yaml").write_text(f"target: {server.url}\nload: {{rate: 20, duration: 500ms}}\n"
                                             "steps: [{get: /, redirects: 3, expect: {body: '^/there.x=1$'}}]\n")
            code, result, error = load("s.yaml")
    assert code == 0, error or result
    assert result["completed"] == 10 and len(second.requests) == 10 and len(server.requests) == 20


@pytest.mark.parametrize("location", ["other?x=1", "/a/other?x=1#part", "//HOST/a/other?x=1"])
def test_each_form_of_a_redirect(load, tmp_path, location):
    def answer(request):
        if request["path"].startswith("/a/first"):
            return ok(b"", "302 Found", f"Location: {location.replace('HOST', host)}\r\n")
        return ok(request["path"].encode())

    with Server(answer) as server:
        host = f"127.0.0.1:{server.port}"
        (tmp_path / "s.yaml").write_text(f"target: {server.url}\nload: {{rate: 20, duration: 500ms}}\n"
                                         "steps: [{get: '/a/first?y=/2', redirects: 1, expect: {body: '^/a/other.x=1$'}}]\n")
        code, result, error = load("s.yaml")
    assert code == 0 and result["completed"] == 10, error or result


@pytest.mark.parametrize("budget,stopped", [("errors=10", "budget: errors"), ("requests=30", "budget: requests"),
                                            ("time=300ms", "budget: time")])
def test_budget_ends_a_run(load, budget, stopped):
    with Server(lambda _: ok(status="500 Broken")) as server:
        _, result, _ = load(server.url, "--rate", "100", "--duration", "20s", "--budget", budget)
    assert result["stopped"] == stopped
    assert result["elapsed_s"] < 5 and len(server.requests) < 100


def test_ctrl_c_ends_with_a_partial_report(load):
    with Server(lambda _: ok()) as server:
        one = load.cluster.popen("load", server.url, "--rate", "100", "--duration", "60s", "--html", "r.html")
        wait_for(lambda: len(server.requests) > 50, 20, "requests")
        one.send_signal(signal.SIGINT)
        out, error = one.communicate(timeout=20)
    assert one.returncode == 130, error
    assert "stopped early (interrupted)" in out and "answers in" in out
    assert "stopped early" in (load.cluster.folder / "r.html").read_text()


def test_the_load_ends_with_a_killed_msctl(load):
    with Server(lambda _: ok()) as server:
        one = load.cluster.popen("load", server.url, "--rate", "100", "--duration", "60s")
        wait_for(lambda: len(server.requests) > 10, 20, "requests")
        children = pathlib.Path(f"/proc/{one.pid}/task/{one.pid}/children").read_text().split()
        one.kill()
        one.communicate()
        assert children
        wait_for(lambda: not any(process_alive(pid) for pid in children), 10, "msctl-load has ended")


def test_the_class_of_scheduling_stays_the_users(load):
    with Server(lambda _: ok()) as server:
        one = subprocess.Popen(["chrt", "--batch", "0", str(load.cluster.bin), "load", server.url, "--rate", "50", "--duration", "60s"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: len(server.requests) > 10, 20, "requests")
            sender = pathlib.Path(f"/proc/{one.pid}/task/{one.pid}/children").read_text().split()[0]
            threads = [int(path.name) for path in pathlib.Path(f"/proc/{sender}/task").iterdir()]
            assert len(threads) == 2
            assert {os.sched_getscheduler(thread) for thread in threads} == {os.SCHED_BATCH}
        finally:
            one.terminate()
            one.wait(20)


def test_https_is_checked(load, tmp_path):
    certificate, context = self_signed(tmp_path)
    with Server(lambda _: ok(), context) as server:
        code, result, error = load(*quick(server, "--ca", str(certificate)))
        assert code == 0 and result["completed"] == 200, error or result
        code, result, _ = load(*quick(server))
        assert code == 1 and result["errors_by_kind"] == {"connect": 200}
        assert "not trusted" in result["first_error"]
        assert load(*quick(server, "--insecure"))[0] == 0
        # The certificate is for 127.0.0.1 only.
        code, result, _ = load(f"https://localhost:{server.port}/", "--rate", "20", "--duration", "500ms", "--ca", str(certificate))
        assert code == 1 and "not trusted" in result["first_error"]


def test_find_max_finds_a_known_capacity(load):
    with Server(one_at_a_time(0.01)) as server:
        code, result, error = load(server.url, "--rate", "40", "--find-max", "p99<80ms", "--duration", "1s")
    assert code == 0, error
    found = result["find_max"]
    assert found["confirmed"] and 40 <= found["rate"] <= 105, found
    assert len(found["trials"]) <= 22
    assert found["trials"][-1]["rate"] == found["rate"] and found["trials"][-1]["held"]


def test_no_uuid_comes_again_and_each_trial_is_a_run_of_its_own(load, tmp_path):
    """Else keys of one run would be repetitions in the next one, and who signs up in the setup would be there already."""
    scenario = tmp_path / "s.yaml"
    with Server(lambda _: ok()) as server:
        scenario.write_text(f"""
target: {server.url}
load: {{rate: 20, duration: 500ms}}
setup: [{{post: /setup, body: "${{run}} ${{uuid}}"}}]
steps: [{{post: /step, body: "${{uuid}}"}}]
""")
        for more in ((), (), ("--find-max", "p99<1us")):
            assert load(scenario, *more)[0] in (0, 6)
        bodies = [request["body"].decode() for request in server.requests]
    setups = [body for body in bodies if " " in body]
    assert len(setups) >= 4 and len({body.split()[0] for body in setups}) == len(setups)
    uuids = [body.split()[-1] for body in bodies]
    assert len(set(uuids)) == len(uuids) > 20


def test_reports_are_written_and_a_saved_result_is_shown_again(load, run, tmp_path):
    with Server(lambda _: ok()) as server:
        code, result, _ = load(*quick(server, "--threshold", "p50<1us", "--html", "r.html", "--junit", "r.xml"))
    assert code == 6
    page = (tmp_path / "r.html").read_text()
    assert page.count("<svg") == 3 and "missed" in page and "http-equiv" not in page and "src=" not in page
    assert 'failures="1"' in (tmp_path / "r.xml").read_text()
    (tmp_path / "saved.json").write_text(json.dumps(result))
    done = run("load", "--show", "saved.json", "--html", "again.html")
    assert done.returncode == 6 and "MISSED  p50<1us" in done.stdout
    assert (tmp_path / "again.html").read_text().count("<svg") == 3
    passed = dict(result, thresholds=[], passed=True)
    (tmp_path / "saved.json").write_text(json.dumps(passed))
    assert run("load", "--show", "saved.json").returncode == 0
    done = run("load", "--show", "saved.json", "--threshold", "p99<1us")
    assert done.returncode == 6 and "MISSED  p99<1us" in done.stdout
    assert run("load", "--show", "saved.json", "--threshold", "p99").returncode == 2
    for damaged in ("[]", "{", '{"latency_us":5,"steps":{}}', '{"latency_us":{"p50":"x"},"steps":[]}'):
        (tmp_path / "saved.json").write_text(damaged)
        done = run("load", "--show", "saved.json")
        assert done.returncode == 2 and "saved.json is not a result of msctl load" in done.stderr


def test_names_of_steps_do_not_steer_the_terminal(run, tmp_path):
    step = '- {name: "red \\e[31m", get: /}'
    (tmp_path / "a.yaml").write_text(f"target: http://127.0.0.1:9\nload: {{rate: 5, duration: 200ms}}\nsteps:\n  {step}\n  {step}\n")
    (tmp_path / "b.yaml").write_text((tmp_path / "a.yaml").read_text() + f"setup:\n  {step}\n")
    for file in ("a.yaml", "b.yaml"):
        done = run("load", file)
        assert "red \\x1b[31m" in done.stdout + done.stderr and "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("option", ["--html", "--junit"])
def test_a_report_that_cannot_be_written_is_told_before_the_run(load, tmp_path, option):
    with Server(lambda _: ok()) as server:
        code, result, error = load(server.url, "--rate", "50", option, str(tmp_path / "none" / "r"))
        assert code == 2 and result is None and "cannot write" in error
        assert load(server.url, "--rate", "50", option, str(tmp_path))[0] == 2
    assert server.requests == []


def test_progress_is_shown_on_a_terminal(msctl_bin, tmp_path):
    env = {key: value for key, value in os.environ.items() if not key.startswith("MSCTL")}
    with Server(lambda _: ok()) as server:
        terminal = Terminal([str(msctl_bin), "load", server.url, "--rate", "100", "--duration", "2s"], str(tmp_path), {**env, "TERM": "xterm"})
        try:
            assert "/s  p50" in terminal.read_until("errors")
            assert terminal.end() == 0
            assert "answers in" in terminal.output
        finally:
            terminal.close()


def test_progress_of_a_long_run_tells_the_rate_of_now(msctl_bin, tmp_path):
    env = {key: value for key, value in os.environ.items() if not key.startswith("MSCTL")}
    with Server(lambda _: ok()) as server:
        terminal = Terminal([str(msctl_bin), "load", server.url, "--rate", "100", "--duration", "20m"], str(tmp_path), {**env, "TERM": "xterm"})
        try:
            wait_for(lambda: len(server.requests) > 250, 20, "requests")
            terminal.type("\x03")
            assert terminal.end() == 130
        finally:
            terminal.close()
    rates = [int(rate) for rate in re.findall(r"of 1200 s  (\d+)/s", terminal.output)]
    assert len(rates) >= 4
    # By beats of 100 ms, each of them whole.
    assert 80 <= statistics.median(rates) <= 120 and max(rates) <= 200, rates


def test_timeline_stays_short_and_adds_up(load):
    with Server(lambda _: ok()) as server:
        _, result, _ = load(server.url, "--rate", "100", "--duration", "7s", "--threads", "2")
    timeline = result["timeline"]
    assert len(timeline) <= 61
    assert sum(point["completed"] for point in timeline) == result["completed"] == 700


def test_requests_that_a_stop_cut_off_are_told(load):
    with Server(stalling(0.5, 30)) as server:
        one = load.cluster.popen("load", server.url, "--rate", "100", "--duration", "60s")
        wait_for(lambda: len(server.requests) > 80, 20, "requests")
        one.send_signal(signal.SIGINT)
        out, error = one.communicate(timeout=20)
    assert one.returncode == 130, error
    assert "requests had no answer yet" in out


def test_what_is_never_sent_is_missed_by_each_scenario(load, tmp_path):
    with Server(stalling(0.0, 1.5)) as server:
        (tmp_path / "s.yaml").write_text(f"""
target: {server.url}
load: {{rate: 200, duration: 1s, max_connections: 1, timeout: 200ms}}
scenarios:
  - {{name: seldom, weight: 1, steps: [{{get: /a}}]}}
  - {{name: often, weight: 3, steps: [{{get: /b}}]}}
""")
        _, result, _ = load("s.yaml")
    seldom, often = (step["missed"] for step in result["steps"])
    assert seldom + often == result["missed"] > 100
    assert 0 < seldom < often


def test_a_status_out_of_the_ordinary_keeps_its_number(load):
    with Server(lambda _: ok(status="999 Odd")) as server:
        assert load(*quick(server))[1]["statuses"] == {"999": 200}


def test_without_its_program_it_says_so(load, tmp_path):
    # A copy elsewhere finds nothing beside it.
    copy = tmp_path / "bin" / "msctl"
    copy.parent.mkdir()
    copy.write_bytes(pathlib.Path(load.cluster.bin).read_bytes())
    copy.chmod(0o755)
    other = Cluster(copy, tmp_path)
    done = other.run("load", "http://127.0.0.1:1/", "--rate", "5")
    assert done.returncode == 2 and "msctl-load is not there" in done.stderr
