"""`msctl affected`: what a change means for which service."""

import json
import shutil
import subprocess

import pytest
import yaml

import deploy_workspace as workspace
from conftest import ROOT, Cluster
from git_repository import git


@pytest.fixture
def place(msctl_bin, tmp_path):
    folder = tmp_path / "repo"
    folder.mkdir()
    workspace.write_workspace(folder)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    return Cluster(msctl_bin, folder)


def affected(place, *words, base="main", code=0):
    done = place.run("affected", "--base", base, "--output", "json", *words)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout) if code == 0 else done.stderr


def needs(answer):
    return {one["service"]: "".join(word[0] for word in one["for"]) for one in answer["services"]}


def edit(place, name, change):
    path = place.folder / name
    value = yaml.safe_load(path.read_text())
    change(value)
    path.write_text(yaml.safe_dump(value, sort_keys=False))


def test_nothing_changed(place):
    assert affected(place)["services"] == []
    assert "no service is affected" in place.run("affected", "--base", "main").stdout


@pytest.mark.parametrize("name, expected", [
    ("services/users/main.cpp", {"users": "btd", "orders": "t"}),
    ("services/users/new.cpp", {"users": "btd", "orders": "t"}),
    ("services/users/proto/users.proto", {"users": "btd", "orders": "btd"}),
    ("common/main.hpp", {"users": "btd", "orders": "btd"}),
    ("gateway/main.hpp", {"gateway": "btd"}),
    ("common/deps.txt", {"users": "btd", "orders": "btd", "gateway": "btd"}),
    ("README.md", {}),
])
def test_by_the_inputs_of_builds(place, name, expected):
    (place.folder / name).write_text("changed\n")
    answer = affected(place)
    assert needs(answer) == expected
    for one in answer["services"]:
        assert name in one["reasons"] or one["for"] == ["test"]
    git(place.folder, "checkout", "-q", "-b", "topic")
    git(place.folder, "add", "-A")
    git(place.folder, "commit", "-q", "-m", "change")
    assert needs(affected(place)) == expected
    assert needs(affected(place, "--head", "topic")) == expected
    assert affected(place, "--head", "main", base="main")["services"] == []


def test_a_change_after_the_branches_parted_is_not_ours(place):
    git(place.folder, "checkout", "-q", "-b", "topic")
    git(place.folder, "checkout", "-q", "main")
    (place.folder / "common/main.hpp").write_text("theirs\n")
    git(place.folder, "commit", "-qam", "theirs")
    git(place.folder, "checkout", "-q", "topic")
    assert affected(place)["services"] == []


def test_the_cluster_file_is_compared_by_what_it_means(place):
    path = place.folder / "msctl.yaml"
    path.write_text("# a comment\n" + path.read_text())
    assert affected(place)["services"] == []
    edit(place, "msctl.yaml", lambda value: value["services"]["gateway"].update(stop_grace_ms=5000))
    assert needs(affected(place)) == {"gateway": "d"}
    edit(place, "services/users/service.yaml", lambda value: value["ports"].update(grpc=9999))
    answer = affected(place)
    assert needs(answer)["users"] == "btd" and "its key ports" in str(answer)
    # Who calls it is told another address.
    assert "d" in needs(answer)["orders"] and "what it is told at start" in str(answer)


def test_services_that_come_and_go(place):
    def change(value):
        del value["services"]["gateway"]
        value["services"]["new"] = {"command": ["true"], "build": {"command": ["true"]}}
    edit(place, "msctl.yaml", change)
    answer = affected(place)
    assert needs(answer)["new"] == "btd" and answer["removed"] == ["gateway"]


def test_an_environment_affects_only_what_is_deployed(place):
    edit(place, "environments/staging.yaml", lambda value: value["services"]["users"].update(replicas={"min": 4}))
    answer = affected(place)
    assert needs(answer) == {"users": "d"}
    assert answer["services"][0]["reasons"] == ["environments/staging.yaml: services.users"]
    assert affected(place, "--for", "build", "--names") == []
    assert affected(place, "--for", "deploy", "--names") == ["users"]
    edit(place, "environments/staging.yaml", lambda value: value.update(tag="2"))
    assert set(needs(affected(place))) == {"nats", "users", "orders", "legacy", "gateway"}


def test_contracts_of_pairs_are_named(place):
    (place.folder / "services/users/main.cpp").write_text("changed\n")
    assert affected(place)["contracts"] == [{"consumer": "orders", "provider": "users"}]
    assert affected(place, "--for", "test", "--names") == ["orders", "users"]
    done = place.run("affected", "--base", "main")
    assert "contract: orders calls users" in done.stdout and "services/users/main.cpp" in done.stdout


def test_a_cluster_in_a_folder_of_the_repository(place, msctl_bin):
    inner = place.folder / "deep/shop"
    inner.mkdir(parents=True)
    workspace.write_workspace(inner)
    git(place.folder, "add", "-A")
    git(place.folder, "commit", "-q", "-m", "inner")
    (inner / "services/users/main.cpp").write_text("changed\n")
    assert needs(affected(Cluster(msctl_bin, inner), base="HEAD")) == {"users": "btd", "orders": "t"}
    assert affected(place, base="HEAD")["services"] == []


def test_odd_names_of_files(place):
    name = 'services/users/a "b"\n\u00e9 $x.cpp'
    (place.folder / name).write_text("x")
    assert needs(affected(place)) == {"users": "btd", "orders": "t"}
    done = place.run("affected", "--base", "main")
    assert done.returncode == 0 and "\n\u00e9" not in done.stdout


def test_what_cannot_be_told_is_said(place, tmp_path, msctl_bin):
    assert 'git knows no revision "nobody"' in affected(place, base="nobody", code=2)
    assert "no revision" in affected(place, "--head=--output=x", code=2)
    assert place.run("affected").returncode == 2
    (place.folder / "common/main.hpp").write_text("two\n")
    git(place.folder, "commit", "-qam", "second")
    first = git(place.folder, "rev-parse", "HEAD~1")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{place.folder}", "shallow")
    assert "git fetch --unshallow" in affected(Cluster(msctl_bin, tmp_path / "shallow"), base=first, code=2)
    shutil.rmtree(place.folder / ".git")
    assert "is in no git work tree" in affected(place, base="main", code=2)


def test_a_base_with_a_broken_cluster_file_affects_everything(place):
    good = (place.folder / "msctl.yaml").read_text()
    (place.folder / "msctl.yaml").write_text("services: 7\n")
    git(place.folder, "commit", "-qam", "broken")
    (place.folder / "msctl.yaml").write_text(good)
    answer = affected(place, base="HEAD")
    assert set(needs(answer)) == {"nats", "users", "orders", "legacy", "gateway"}
    assert "cannot be read" in str(answer)


def test_inputs_are_compared_with_what_the_compiler_read(place):
    """A small ninja build that reads a header which no input names."""
    if not shutil.which("ninja") or not shutil.which("g++"):
        pytest.skip("ninja and g++ are not there")
    root = place.folder
    (root / "other").mkdir()
    (root / "other/hidden.hpp").write_text("#pragma once\nint hidden();\n")
    (root / "gateway/main.cpp").write_text('#include "main.hpp"\n#include "../other/hidden.hpp"\nint main() {}\n')
    (root / "out/bin").mkdir(parents=True)
    (root / "out/build.ninja").write_text("rule cc\n command = g++ -MMD -MF $out.d -c $in -o $out\n depfile = $out.d\n deps = gcc\n"
                                          "rule ld\n command = g++ $in -o $out\nbuild main.o: cc ../gateway/main.cpp\n"
                                          "build bin/gateway: ld main.o\n")
    edit(place, "msctl.yaml", lambda value: value["services"]["gateway"].update(command=["out/bin/gateway"]))
    done = place.run("affected", "--check")
    assert done.returncode == 1 and "nothing of it was built yet" in done.stdout
    subprocess.run(["ninja", "-C", str(root / "out")], check=True, capture_output=True)
    done = place.run("affected", "--check")
    assert done.returncode == 1
    assert "gateway: built from other/hidden.hpp, which no build.inputs names" in done.stderr
    edit(place, "msctl.yaml", lambda value: value["services"]["gateway"]["build"].update(inputs=["gateway/**", "other/**"]))
    done = place.run("affected", "--check")
    assert done.returncode == 0 and "name all 3 files" in done.stdout
    edit(place, "msctl.yaml", lambda value: value["services"]["gateway"].update(command=["${dir:root}/out/bin/gateway"]))
    done = place.run("affected", "--check")
    assert done.returncode == 0 and "name all 3 files" in done.stdout


def test_our_own_services_name_all_that_they_are_built_from(msctl_bin):
    done = Cluster(msctl_bin, ROOT).run("affected", "--check")
    for name in ("user-service", "order-service", "gateway"):
        assert f"{name}: its build.inputs name all" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
