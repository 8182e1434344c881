"""The reference cluster on a real PostgreSQL: a database and a role for each service, made by msctl."""

import json
import subprocess

import pytest

from conftest import wait_for
from reference import CHASSIS_SERVICES, Shop, document, lasting


def on_postgres():
    cluster = document()
    cluster["postgres"] = "postgres"
    cluster["services"]["postgres"] = {
        "command": ["${dir:bin}/msctl-postgres", "serve", "${dir:data}", "${port:client}", "${dir:state}/postgres"],
        "ports": {"client": 0},
        "probes": {"ready": {"tcp": "client"}},
        "restart": {"policy": "always"},
    }
    for name in CHASSIS_SERVICES:
        if name != "gateway":
            cluster["services"][name]["database"] = "postgres"
    return cluster


@pytest.fixture(scope="module")
def shop(msctl_bin, tmp_path_factory):
    one = Shop(msctl_bin, tmp_path_factory.mktemp("shop on postgres"))
    one.write(on_postgres())
    try:
        one.up()
        yield one
    finally:
        one.close()


def psql(shop, role, database, sql):
    passfile = shop.folder / ".msctl" / "postgres" / f"{role}.pgpass"
    return subprocess.run(
        ["psql", "-XAtw", "-h", "127.0.0.1", "-p", str(shop.ports["postgres"]["client"]), "-U", role, "-d", database,
         "-c", sql], env={**shop.env, "PGPASSFILE": str(passfile)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=30, check=False)


def test_what_was_written_is_there_after_restarts(shop):
    user = shop.sign_up()
    order = shop.order(user["id"])
    assert order.status == 201, order
    shop.wait_event(order.json()["id"])
    assert psql(shop, "user-service", "user-service", "SELECT name FROM users").stdout.strip() == "Ann Example"

    for name in ("postgres", "user-service", "order-service"):
        done = shop.run("restart", name)
        assert done.returncode == 0, done.stderr
    wait_for(lambda: shop.get("/api/v1/users/" + user["id"]).status == 200, 20, "user-service back")
    assert shop.get("/api/v1/users/" + user["id"]).json() == user
    assert lasting(shop.get("/api/v1/orders/" + order.json()["id"]).json()) == lasting(order.json())
    taken = shop.post("/api/v1/users", {"email": user["email"], "name": "B", "password": "correct horse"})
    assert taken.status == 409, taken


def test_services_recover_when_the_server_was_killed(shop):
    user = shop.sign_up()
    pids = {name: shop.ps()[name]["pid"] for name in ("user-service", "order-service")}
    shop.kill_and_wait("postgres")
    wait_for(lambda: shop.get("/api/v1/users/" + user["id"]).status == 200, 20, "users readable again")
    wait_for(lambda: shop.order(user["id"]).status == 201, 20, "orders taken again")
    assert {name: shop.ps()[name]["pid"] for name in pids} == pids, "no service was restarted for it"


def test_a_role_reaches_no_other_database(shop):
    assert psql(shop, "user-service", "user-service", "SELECT count(*) FROM users").returncode == 0
    for database in ("order-service", "postgres", "template1"):
        refused = psql(shop, "user-service", database, "SELECT 1")
        assert refused.returncode != 0 and "permission denied" in refused.stdout, refused.stdout
    more = psql(shop, "user-service", "user-service", "CREATE DATABASE more")
    assert more.returncode != 0 and "permission denied" in more.stdout, more.stdout


def test_passwords_are_in_private_files_only(shop):
    folder = shop.folder / ".msctl" / "postgres"
    assert folder.stat().st_mode & 0o777 == 0o700
    passwords = []
    for name in ("admin", "user-service", "order-service"):
        file = folder / f"{name}.pgpass"
        assert file.stat().st_mode & 0o777 == 0o600
        passwords.append(file.read_text().strip().rpartition(":")[2])
    assert len(set(passwords)) == 3 and all(len(password) == 48 for password in passwords)
    told = json.loads((shop.folder / ".msctl" / "run" / "user-service.json").read_text())["database"]["url"]
    assert told.startswith("postgres://user-service@127.0.0.1:") and "passfile=" in told
    shown = told + shop.run("config").stdout + "".join(
        file.read_text(errors="replace") for file in (shop.folder / ".msctl" / "logs").glob("*.log"))
    assert not any(password in shown for password in passwords)


def test_the_job_is_seen_and_repeats_itself_harmlessly(shop):
    assert shop.state("postgres-databases") == "completed"
    done = shop.run("restart", "postgres-databases")
    assert done.returncode == 0, done.stderr
    shop.wait_state("postgres-databases", "completed")
    assert shop.log("postgres-databases").count("user-service has its database") >= 2
    assert shop.get("/api/v1/users/nobody").status in (404, 422)
