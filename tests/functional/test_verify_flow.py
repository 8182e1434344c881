"""`msctl verify` on what becomes of orders: the saga and the anti-corruption layer are seen working; with the mechanism
switched off in a cluster of its own, that check fails and the other one does not."""

import pytest

from conftest import ROOT
from verify_workspace import Workspace, committed_copy, reference_file
from whole_shop import WholeShop, missing, with_all_services

CHECKS = ("saga", "anti-corruption")


class WholeWorkspace(Workspace, WholeShop):
    """A copy with its own programs and all services."""

    def trigger(self, service, text):
        self.sql(service, "CREATE TRIGGER broken " + text)


@pytest.fixture(name="whole_master", scope="module")
def fixture_whole_master(msctl_bin, tmp_path_factory):
    if missing(msctl_bin):
        pytest.skip(f"not built: {', '.join(missing(msctl_bin))}")
    return committed_copy(tmp_path_factory.mktemp("whole") / "repo", with_all_services(reference_file(), ROOT))


@pytest.fixture(name="place")
def fixture_place(msctl_bin, whole_master, tmp_path):
    one = WholeWorkspace(msctl_bin, tmp_path / "repo", whole_master)
    try:
        yield one
    finally:
        one.close()


def sold_out_is_never_refunded(place):
    place.trigger("payment-service", """BEFORE UPDATE OF status ON payments WHEN NEW.status LIKE 'refund%'
                  BEGIN SELECT RAISE(IGNORE); END""")


def saga_forgets_what_it_undid(place):
    place.trigger("order-service", """AFTER UPDATE OF state ON saga_step WHEN NEW.state = 'compensated'
                  BEGIN UPDATE saga_step SET state = 'done' WHERE saga_id = NEW.saga_id AND position = NEW.position; END""")


def providers_words_come_through(place):
    place.trigger("payment-service", """AFTER UPDATE OF reason ON payments WHEN NEW.reason = 'insufficient_funds'
                  BEGIN UPDATE payments SET reason = '51' WHERE id = NEW.id; END""")


def provider_books_twice(place):
    place.trigger("legacy-payments", """AFTER INSERT ON journal WHEN NEW.satzart = 'BUCHUNG' AND
                  (SELECT COUNT(*) FROM journal WHERE haendler_ref = NEW.haendler_ref) = 1
                  BEGIN INSERT INTO journal (satzart, haendler_ref, betrag, waehrung, zeit)
                  VALUES (NEW.satzart, NEW.haendler_ref, NEW.betrag, NEW.waehrung, NEW.zeit); END""")


def nothing_is_found_by_reference(place):
    """Each search asks for a page that the provider does not have."""
    port = place.add_rewriter("${port:legacy-payments.http}", "services/payment/service.yaml", "GET /suche", "GET /sucht")
    place.wrap("payment-service", f'config["calls"]["legacy-payments"]["address"] = "127.0.0.1:{port}"')


nothing_is_found_by_reference.before_it_runs = True

VARIANTS = [
    ("saga", sold_out_is_never_refunded, "is cancelling (sold_out), not cancelled"),
    ("saga", saga_forgets_what_it_undid, '"compensated: payment done, stock refused"'),
    (13, providers_words_come_through, "is declined because of 51"),
    (13, provider_books_twice, "is booked 2 times"),
    (13, nothing_is_found_by_reference, "is pending, not authorized"),
]


def test_both_are_seen_working(place):
    place.up()
    seen = place.verify(*CHECKS, timeout=120)
    assert {key: one["status"] for key, one in seen.items()} == {13: "passed", "saga": "passed"}, seen
    assert "payment compensated, stock refused" in seen["saga"]["evidence"]
    assert "booked once" in seen[13]["evidence"] and "insufficient_funds" in seen[13]["evidence"]
    laboratory = place.get("/labor", service="legacy-payments").body
    assert "STUMM_PROZENT=0" in laboratory and "SPERR" not in laboratory, "as it was before"
    broken = {name for name, one in place.invariants().items() if one["status"] == "broken"}
    assert not broken


@pytest.mark.parametrize("check, disable, evidence", VARIANTS, ids=[disable.__name__ for _, disable, _ in VARIANTS])
def test_only_this_check_fails(place, check, disable, evidence):
    early = getattr(disable, "before_it_runs", False)
    if early:
        disable(place)
    place.up()
    if not early:
        disable(place)
    seen = place.verify(*CHECKS, code=1, timeout=150)
    failed = {key: one["evidence"] for key, one in seen.items() if one["status"] == "failed"}
    assert failed.keys() == {check}, seen
    assert evidence in failed[check], failed
