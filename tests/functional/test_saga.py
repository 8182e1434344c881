"""`msctl saga` on the running cluster: orders that are confirmed and one that is undone, as their sagas tell it."""

import json

import pytest

from whole_shop import whole  # noqa: F401


def listed(shop, *words):
    done = shop.run("saga", "list", *words, "--output", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def shown(shop, order):
    done = shop.run("saga", "show", order, "--output", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def orders(whole):  # noqa: F811
    """One that is confirmed, and a younger one that is sold out after it was paid."""
    good = whole.buy()
    assert whole.wait_over(good)["status"] == "confirmed"
    late = whole.buy("SOLD-OUT", 900)
    assert whole.wait_over(late)["status"] == "cancelled"
    return good, late


def test_list_is_newest_first(whole, orders):  # noqa: F811
    good, late = orders
    all_of_them = listed(whole)
    assert [one["id"] for one in all_of_them] == [late, good]
    assert [one["state"] for one in all_of_them] == ["compensated", "completed"]
    assert all_of_them[0]["reason"] == "sold_out"
    assert all(one["service"] == "order-service" and one["kind"] == "order" for one in all_of_them)
    assert [one["id"] for one in listed(whole, "--state", "completed")] == [good]
    assert [one["id"] for one in listed(whole, "order-service", "-n", "1")] == [late]
    assert listed(whole, "--state", "running") == []


def test_table(whole, orders):  # noqa: F811
    done = whole.run("saga", "list")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["ID", "SERVICE", "KIND", "STATE", "STEP", "STARTED", "TOOK", "RETRIES", "REASON"]
    assert [line.split()[0] for line in lines[1:]] == [orders[1], orders[0]]
    column = lines[0].index("STATE")
    assert [line[column:].split()[0] for line in lines[1:]] == ["compensated", "completed"]
    assert whole.run("saga", "list", "--state", "compensating").stdout == "no saga is compensating\n"


def test_show_has_the_steps(whole, orders):  # noqa: F811
    good, late = orders
    assert [(step["name"], step["state"]) for step in shown(whole, good)["steps"]] == \
        [("payment", "done"), ("stock", "done")]
    undone = shown(whole, late)
    assert undone["state"] == "compensated"
    assert [(step["name"], step["state"]) for step in undone["steps"]] == \
        [("payment", "compensated"), ("stock", "refused")]
    times = [undone["started_at"], undone["steps"][1]["started_at"], undone["steps"][1]["ended_at"],
             undone["updated_at"]]
    assert times == sorted(times)
    assert undone["steps"][0]["ended_at"] <= undone["steps"][1]["started_at"], "when it was paid, not when it was undone"
    lines = whole.run("saga", "show", late).stdout.splitlines()
    assert lines[0] == f"order {late} of order-service: compensated, sold_out"
    assert lines[1].startswith(f"started {undone['started_at']}, took ")
    assert lines[3].split() == ["STEP", "STATE", "STARTED", "AFTER", "TOOK", "ATTEMPTS", "DETAIL"]
    assert [line.split()[:2] for line in lines[4:]] == [["payment", "compensated"], ["stock", "refused"]]


@pytest.mark.parametrize("words, said", [
    (["show"], "name its id"),
    (["show", "nobody"], "there is no saga nobody"),
    (["list", "order-servise"], "order-service"),
    (["list", "user-service"], "user-service has no operation named saga"),
    (["list", "--state", "sad"], "compensating"),
    (["tell"], "list"),
])
def test_what_cannot_be_done_says_why(whole, words, said):  # noqa: F811
    done = whole.run("saga", *words)
    assert done.returncode == 2 and said in done.stderr and done.stdout == "", (done.stdout, done.stderr)


def test_those_that_there_are_are_shown_beside_one_that_is_not(whole, orders):  # noqa: F811
    good, _ = orders
    done = whole.run("saga", "show", good, "nobody")
    assert done.returncode == 2 and "there is no saga nobody" in done.stderr, done.stderr
    assert done.stdout.startswith(f"order {good} of order-service: completed")
    done = whole.run("saga", "show", "nobody", good, "--output", "json")
    assert done.returncode == 2 and [one["id"] for one in json.loads(done.stdout)] == [good]


def test_a_saga_under_way_is_timed_until_now(whole):  # noqa: F811
    """Without payments it waits at its first step."""
    assert whole.run("stop", "payment-service").returncode == 0
    try:
        order = whole.buy()
        waiting, = listed(whole, "--state", "running")
        assert (waiting["id"], waiting["step"]) == (order, "payment")
        text = whole.run("saga", "show", order).stdout
        assert "under way for" in text and "deadline" in text, text
    finally:
        assert whole.run("start", "payment-service").returncode == 0
    assert whole.wait_over(order)["status"] == "confirmed"
    assert shown(whole, order)["state"] == "completed"
