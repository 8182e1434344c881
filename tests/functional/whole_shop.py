"""The reference cluster with all of its services: orders are paid, reserved and told of. `whole` is one cluster for all
tests of a module."""

import json
import sqlite3
import urllib.parse

import pytest
import yaml

from conftest import ROOT, wait_for
from reference import Shop, document

SERVICES = {"legacy-payments": "legacy_payments", "payment-service": "payment", "catalog-service": "catalog",
            "notification-service": "notification"}


def with_all_services(cluster, root=ROOT):
    """Adds those that the cluster does not have yet; `root` is what their paths are relative to, or None for ROOT."""
    for name, folder in SERVICES.items():
        if name in cluster["services"]:
            continue
        path = ROOT / "services" / folder
        ports = yaml.safe_load((path / "service.yaml").read_text())["ports"]
        cluster["services"][name] = {"path": str(path if root is None else path.relative_to(root)),
                                     "ports": {port: 0 for port in ports}}
    return cluster


def missing(msctl_bin):
    """Programs of the whole cluster that were not built."""
    return [name for name in SERVICES if not (msctl_bin.parent / name).exists()]


class WholeShop(Shop):
    """The running cluster, and what its services and their databases say."""

    def buy(self, sku="TEA-1", price=1250, quantity=1, user=None):
        """Places an order and gives its id."""
        user = user or self.sign_up()["id"]
        answer = self.post("/api/v1/orders", {"user_id": user, "currency": "EUR", "items": [
            {"sku": sku, "quantity": quantity, "unit_price_cents": price}]})
        assert answer.status == 201, answer
        return answer.json()["id"]

    def payment_of(self, order):
        payments = self.get("/api/v1/payments?" + urllib.parse.urlencode({"order_id": order})).json()["payments"]
        assert len(payments) == 1, payments
        return payments[0]

    def sql(self, service, *statements, **values):
        """Runs statements in the service's SQLite database, as nobody should; gives how many rows the last one changed."""
        file = self.folder / ".msctl" / "data" / service / f"{service}.db"
        with sqlite3.connect(file, timeout=10) as database:
            return [database.execute(one, values).rowcount for one in statements][-1]

    def invariants(self, *words, code=0):
        """What `msctl verify invariants` says, by name."""
        done = self.run("verify", "invariants", *words, "--output", "json", timeout=90)
        assert done.returncode == code, done.stdout + done.stderr
        return {one["invariant"]: one for one in json.loads(done.stdout)}


@pytest.fixture(scope="module")
def whole(msctl_bin, tmp_path_factory):
    """The running cluster of this test module, taken down at its end."""
    if missing(msctl_bin):
        pytest.skip(f"not built: {', '.join(missing(msctl_bin))}")
    one = WholeShop(msctl_bin, tmp_path_factory.mktemp("whole"))
    one.write(with_all_services(document(), None))
    try:
        one.up()
        yield one
    finally:
        one.close()
