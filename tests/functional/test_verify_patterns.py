"""For each pattern, its mechanism is switched off in a cluster of its own: that check fails, and only that one."""

import json
import re
import sqlite3

import pytest

from verify_workspace import master, workspace  # noqa: F401, pylint: disable=unused-import


def program_holds_another_ones_tables(place):
    path = place.programs / "order-service"
    path.unlink()
    path.write_bytes((place.originals / "order-service").read_bytes() +
                     (place.originals / "user-service").read_bytes())
    path.chmod(0o755)


def alias_leads_elsewhere(place):
    place.edit("services/user/service.yaml", lambda service: service["routes"][1].update(to="/v1/people"))


def errors_are_plain_text(place):
    place.add_standin("problem")


def second_instance_is_never_passing(place):
    """It joins the registry with a check of its own that is critical."""
    place.wrap("user-service", """
if config["service"]["instance"] != config["service"]["name"]:
    token = open(os.environ["CONSUL_HTTP_TOKEN_FILE"]).read().strip()
    check = {"Name": "never", "ServiceID": config["service"]["instance"], "TTL": "1h", "Status": "critical"}
    urllib.request.urlopen(urllib.request.Request(
        "http://" + os.environ["CONSUL_HTTP_ADDR"] + "/v1/agent/check/register", json.dumps(check).encode(),
        {"X-Consul-Token": token}, method="PUT"), timeout=5)
""")


def events_lose_their_trace(place):
    place.rewrite_to_broker("traceparent:", "xraceparent:")


def ledger_forgets(place):
    with sqlite3.connect(place.folder / ".msctl" / "data" / "order-service" / "order-service.db") as database:
        database.execute("""
            CREATE TRIGGER forget AFTER INSERT ON ledger
            BEGIN DELETE FROM ledger WHERE scope = NEW.scope AND key = NEW.key; END""")


ledger_forgets.when_it_runs = True


def another_ones_database_is_open(place):
    place.wrap("order-service", """
file = os.path.join(os.environ["MSCTL_STATE"], "data", "user-service", "user-service.db")
os.set_inheritable(os.open(file, os.O_RDWR), True)
""")


def outbox_keeps_one_event(place):
    """As long as an event is unsent, further ones are dropped, as if they were published without an outbox."""
    with sqlite3.connect(place.folder / ".msctl" / "data" / "order-service" / "order-service.db") as database:
        database.execute("""
            CREATE TRIGGER drop_it AFTER INSERT ON outbox_queue
            WHEN EXISTS (SELECT 1 FROM outbox_queue WHERE id < NEW.id)
            BEGIN DELETE FROM outbox_queue WHERE id = NEW.id; END""")


outbox_keeps_one_event.when_it_runs = True


def events_are_sent_twice(place):
    """As two events: a receiver cannot drop the second one by its id."""
    with sqlite3.connect(place.folder / ".msctl" / "data" / "order-service" / "order-service.db") as database:
        database.execute("""
            CREATE TRIGGER again AFTER INSERT ON outbox_event WHEN NEW.event_id NOT LIKE '%-again'
            BEGIN INSERT INTO outbox_event
            (event_id, aggregate, subject, traceparent, tracestate, request_id, body, created_at)
            VALUES (NEW.event_id || '-again', NEW.aggregate, NEW.subject, NEW.traceparent, NEW.tracestate,
                    NEW.request_id, NEW.body, NEW.created_at);
            INSERT INTO outbox_queue (id, aggregate) VALUES (last_insert_rowid(), NEW.aggregate); END""")


events_are_sent_twice.when_it_runs = True


def no_change_of_a_schema_is_refused(place):
    (place.folder / "compatibility.yaml").write_text("events: {default: NONE}\n")


def consumer_asks_for_what_nobody_gives(place):
    path = place.folder / "services" / "gateway" / "contracts" / "pacts" / "gateway-user-service.json"
    pact = json.loads(path.read_text())
    pact["interactions"][0]["response"]["status"] = 299
    path.write_text(json.dumps(pact))


def requests_are_cut_off(place):
    place.edit("services/user/service.yaml", lambda service: service.update(stop_grace_ms=1))


def no_startup_endpoint(place):
    place.add_standin("health")


def events_lose_the_request_id(place):
    place.rewrite_to_broker("X-Request-Id:", "Y-Request-Id:")


def logs_are_no_json(place):
    place.add_standin("logs")


def metrics_do_not_count(place):
    place.add_standin("metrics")


def inputs_are_too_wide(place):
    place.edit("services/gateway/service.yaml",
               lambda service: service["build"]["inputs"].append("services/user/**"))


def rendered_probe_is_another_one(place):
    form = place.folder / "manifests" / "kubernetes" / "workload.yaml"
    before, probe, after = form.read_text().rpartition('path: "${probe.path}"')  # the liveness probe is the last one
    assert probe
    form.write_text(before + "path: /healthz" + after)


def compose_ends_services_early(place):
    form = place.folder / "manifests" / "compose" / "compose.yaml"
    before, period, after = form.read_text().partition("stop_grace_period: ${service.drain_s + 5}s")
    assert period
    form.write_text(before + "stop_grace_period: 1s" + after)


def inputs_are_too_narrow(place):
    place.edit("services/order/service.yaml",
               lambda service: service["build"]["inputs"].remove("services/user/proto/**"))


def action_is_not_pinned(place):
    form = place.folder / "pipelines" / "github" / "workflow.yaml"
    text = form.read_text()
    changed = re.sub(r"@\$\{[^}]*checkout[^}]*\}", "@v4", text, count=1)
    assert changed != text
    form.write_text(changed)


def events_name_no_known_schema(place):
    place.rewrite_to_broker("order.placed:1", "order.placed:9")


def events_are_no_cloud_events(place):
    place.rewrite_to_broker('"specversion":"1.0"', '"specversion":"0.9"')


# Nobody handles such events, or each is there twice, so that no order goes its way: what else is seen to fail then.
FOLLOWS = {events_are_no_cloud_events: {9, 11, 13, "saga"}, events_name_no_known_schema: {9, 13, "saga"},
           events_are_sent_twice: {"saga"}}

VARIANTS = [
    (1, program_holds_another_ones_tables, "order-service (pid "),
    (2, alias_leads_elsewhere, "404 by /api/users"),
    (2, errors_are_plain_text, "quote-service"),
    (3, second_instance_is_never_passing, "user-service.2 is ready but not among the passing"),
    (6, events_lose_their_trace, "the header traceparent"),
    (6, events_are_no_cloud_events, "specversion is not 1.0"),
    (7, ledger_forgets, "The same key got another answer the second time"),
    (8, another_ones_database_is_open, "user-service.db of user-service open"),
    (9, outbox_keeps_one_event, "0 times"),
    (9, events_are_sent_twice, "2 times"),
    (11, events_name_no_known_schema, "order.placed:9, which there is not"),
    (11, no_change_of_a_schema_is_refused, "was not refused"),
    (12, consumer_asks_for_what_nobody_gives, "a contract is not kept: gateway -> user-service"),
    (19, requests_are_cut_off, "requests failed while"),
    (19, no_startup_endpoint, "/health/startup answers 404"),
    (20, events_lose_the_request_id, "X-Request-Id"),
    (20, logs_are_no_json, "quote-service is no JSON"),
    (20, metrics_do_not_count, "at quote-service are not in its /metrics"),
    (21, inputs_are_too_wide, "affects gateway"),
    (21, inputs_are_too_narrow, "should affect order-service and user-service"),
    (21, action_is_not_pinned, "pinned to no commit"),
    (22, compose_ends_services_early, "compose gives it 1000 ms"),
    (22, rendered_probe_is_another_one, "livenessProbe asks /healthz"),
]


@pytest.mark.parametrize("pattern, disable, evidence", VARIANTS, ids=[disable.__name__ for _, disable, _ in VARIANTS])
def test_only_this_check_fails(workspace, pattern, disable, evidence):
    if pattern == 11 and workspace.run("help", "schema").returncode != 0:
        pytest.skip("this msctl has no `schema`")
    late = getattr(disable, "when_it_runs", False)
    if not late:
        disable(workspace)
    workspace.up()
    if late:
        disable(workspace)
    seen = workspace.verify(code=1)
    failed = {number: one["evidence"] for number, one in seen.items() if one["status"] == "failed"}
    assert failed.keys() == {pattern} | FOLLOWS.get(disable, set()), failed
    assert evidence in failed[pattern], failed
