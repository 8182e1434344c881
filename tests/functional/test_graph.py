"""`msctl graph`."""

import json
import re

from programs import idle


def shop(c):
    c.write({"name": "shop", "services": {
        "db": idle(c),
        "migrate": {"command": ["/bin/true"], "depends_on": {"db": "ready"}},
        "api": idle(c, depends_on={"db": "ready", "migrate": "completed"}),
        "front": idle(c, depends_on={"api": {"condition": "started", "required": False}}),
        "alone": idle(c)}})
    return c


def test_graph_is_a_tree_for_each_root(cluster):
    c = shop(cluster())
    done = c.run("graph")
    assert done.returncode == 0
    assert done.stdout == ("alone\n"
                           "front\n"
                           "`-- api (started, optional)\n"
                           "    |-- db (ready)\n"
                           "    `-- migrate (completed)\n"
                           "        `-- db (ready)\n")
    assert c.run("graph", "migrate").stdout == "migrate\n`-- db (ready)\n"
    assert c.run("graph", "nobody").returncode == 2
    assert c.run("graph", "--format", "png").returncode == 2


# The parts of https://graphviz.org/doc/info/lang.html that a graph of ours may use.
ID = r'(?:"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*)'
ATTRIBUTES = rf"(?:\s*\[\s*{ID}\s*=\s*{ID}(?:\s*,\s*{ID}\s*=\s*{ID})*\s*\])"
DOT = re.compile(rf"digraph\s+{ID}\s*\{{(?:\s*{ID}(?:\s*->\s*{ID})?{ATTRIBUTES}?\s*;)*\s*\}}\s*")


def test_dot_is_a_graph_by_its_grammar(cluster):
    c = shop(cluster())
    dot = c.run("graph", "--format", "dot").stdout
    assert DOT.fullmatch(dot)
    assert not DOT.fullmatch(dot.replace('"api"', 'a-p"i', 1))
    edges = {(a, b): label for a, b, label in re.findall(r'"(\S+)" -> "(\S+)" \[label="(\w+)"', dot)}
    assert edges == {("api", "db"): "ready", ("api", "migrate"): "completed", ("front", "api"): "started",
                     ("migrate", "db"): "ready"}


def test_mermaid_and_json_have_the_same_edges(cluster):
    c = shop(cluster())
    text = c.run("graph", "--format", "mermaid").stdout
    assert text.startswith("flowchart TD\n")
    names = dict(re.findall(r'^  (s\d+)\["([^"]+)"\]$', text, re.M))
    edges = re.findall(r'^  (s\d+) (?:-->|-\.->)\|"(\w+)"\| (s\d+)$', text, re.M)
    document = json.loads(c.run("graph", "--format", "json").stdout)
    assert document["cluster"] == "shop"
    assert sorted(names.values()) == [one["name"] for one in document["services"]]
    assert sorted((names[a], condition, names[b]) for a, condition, b in edges) == sorted(
        (one["name"], edge["condition"], edge["service"]) for one in document["services"] for edge in one["depends_on"])


def test_live_graph_shows_states(cluster):
    c = shop(cluster())
    done = c.run("graph", "--live")
    assert done.returncode == 1
    assert "msctl up" in done.stderr
    c.up("api")
    c.wait_state("migrate", "completed")
    assert "|-- db (ready) ready\n" in c.run("graph", "api", "--live").stdout
    assert 'fillcolor="#c6efce", tooltip="completed"' in c.run("graph", "--live", "--format", "dot").stdout
