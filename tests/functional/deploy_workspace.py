"""Workspaces that the tests of `msctl deploy` and `msctl affected` render."""

import json
import re

import yaml

DIGEST = "sha256:" + "0123456789abcdef" * 4
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def image(name):
    return f"registry.example.com/{name}@{DIGEST}"


def cluster():
    """A gateway, two services that are built, one with a database, a broker and one that lives elsewhere."""
    http = {"ready": {"http": "/health/ready"}, "live": {"http": "/health/live"}}
    return {
        "version": 1,
        "name": "shop",
        "broker": "nats",
        "services": {
            "nats": {"command": ["nats-server", "--port", "${port:client}", "--store_dir", "${dir:data}"],
                     "ports": {"client": 4222}, "probes": {"ready": {"tcp": "client"}}},
            "users": {"path": "services/users"},
            "orders": {"path": "services/orders"},
            "legacy": {"external": {"url": "http://legacy.example.com:8443", "health": "/"}},
            "gateway": {"command": ["bin/gateway"], "build": {"command": ["make", "gateway"], "inputs": ["gateway/**"]},
                        "ports": {"http": 8080}, "gateway": True, "probes": http},
        },
    }


def services():
    http = {"ready": {"http": "/health/ready"}, "live": {"http": "/health/live"}}
    return {
        "users": {"name": "users", "version": "0.1.0", "command": ["../../bin/users", "--port", "${port:http}"],
                  "build": {"command": ["make", "users"], "inputs": ["services/users/**", "common/**"]},
                  "ports": {"http": 8081, "grpc": 9081}, "probes": {**http, "boot": {"grpc": "grpc"}},
                  "routes": [{"prefix": "/api/users", "to": "/users"}], "env": {"MODE": "${env:MODE:-fast}", "PEER": "http://127.0.0.1:${port:nats.client}/x"}},
        "orders": {"name": "orders", "version": "0.1.0", "command": ["../../bin/orders"],
                   "build": {"command": ["make", "orders"],
                             "inputs": ["services/orders/**", "services/users/proto/**", "common/**"]},
                   "ports": {"http": 8082, "grpc": 0}, "database": "sqlite", "publishes": ["order.placed"],
                   "calls": {"users": {}}, "depends_on": {"legacy": "started"}, "probes": http,
                   "routes": [{"prefix": "/api/orders", "to": "/orders"}],
                   "resources": {"memory": "128M", "cpus": 0.5, "open_files": 4096}, "stop_grace_ms": 20000},
    }


def environment():
    return {
        "namespace": "shop-staging",
        "image_prefix": "registry.example.com/shop",
        "tag": "1.4.0",
        "base_image": image("debian"),
        "build_image": image("gcc"),
        "proxy_image": image("nginx"),
        "setup": {"inputs": ["common/deps.txt"], "command": ["sh", "common/deps.txt"]},
        "ingress": {"class": "nginx", "hosts": [{"host": "shop.example.com", "tls_secret": "shop-tls"},
                                                {"host": "shop.example.org"}]},
        "monitoring": {"labels": {"release": "prometheus"}},
        "faults": {"users": {"delay_ms": 250, "abort_status": 503, "abort_percent": 5}},
        "actions": dict.fromkeys(["checkout", "setup_buildx", "login", "build_push", "sbom", "cosign"], COMMIT),
        "ci": {"setup": ["make msctl"], "test": ["make \"test-$SERVICE\""], "contract_test": [],
               "image_tools": image("tools"), "deploy_tools": image("kubectl")},
        "services": {
            "nats": {"image": "registry.example.com/nats:2.9", "storage": {"size": "10Gi", "class": "fast"}},
            "users": {"replicas": {"min": 3, "max": 6}, "canary": {"tag": "1.5.0-rc.1", "weight": 10},
                      "secrets": {"SIGNING_KEY": {"secret": "users", "key": "signing"}}},
        },
    }


def dump(value):
    """JSON, since that is YAML of every version: PyYAML writes what only 1.1 takes for text without quotes."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return re.sub("[\x7f-\xa0\u2028\u2029\ufeff]", lambda found: f"\\u{ord(found.group()):04x}", text)


def write_workspace(folder, cluster_file=None, own=None, environments=None):
    """Writes all of it with the folders that builds need."""
    (folder / "msctl.yaml").write_text(dump(cluster_file or cluster()))
    for name, value in (own or services()).items():
        (folder / "services" / name / "proto").mkdir(parents=True, exist_ok=True)
        (folder / "services" / name / "service.yaml").write_text(dump(value))
        (folder / "services" / name / "main.cpp").write_text("int main() {}\n")
        (folder / "services" / name / "proto" / f"{name}.proto").write_text('syntax = "proto3";\n')
    for name in ("common", "gateway"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "main.hpp").write_text("#pragma once\n")
    (folder / "common" / "deps.txt").write_text("true\n")
    (folder / "environments").mkdir(exist_ok=True)
    for name, value in ({"staging": environment()} if environments is None else environments).items():
        (folder / "environments" / f"{name}.yaml").write_text(dump(value))


def documents(text):
    """Of a rendered YAML file, read as YAML 1.1."""
    return [value for value in yaml.safe_load_all(text) if value is not None]


def rendered(folder, names="*.yaml"):
    """Every YAML document below a folder, with its path."""
    return [(path, value) for path in sorted(folder.rglob(names)) for value in documents(path.read_text())]
