"""The schema files mean to an independent validator what they mean to ours: one corpus, asked of both.

The other half is supervisor/spec/schema_corpus_test.cpp.
"""

import json
import pathlib

import jsonschema
import pytest

SPEC = pathlib.Path(__file__).resolve().parents[2] / "supervisor" / "spec"
SERVICE = json.loads((SPEC / "service.schema.json").read_text())
CLUSTER = json.loads((SPEC / "msctl.schema.json").read_text())
CORPUS = json.loads((SPEC / "schema_corpus.json").read_text())


def validator(kind):
    resolver = jsonschema.RefResolver.from_schema(CLUSTER, store={SERVICE["$id"]: SERVICE})
    if kind == "service":
        return jsonschema.Draft202012Validator(SERVICE)
    return jsonschema.Draft202012Validator(CLUSTER, resolver=resolver)


@pytest.mark.parametrize("schema", [SERVICE, CLUSTER], ids=["service", "cluster"])
def test_is_a_valid_schema(schema):
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("kind", ["service", "cluster"])
def test_agrees_on_the_corpus(kind):
    asked = validator(kind)
    assert [value for value in CORPUS[kind]["accepted"] if not asked.is_valid(value)] == []
    assert [value for value in CORPUS[kind]["refused"] if asked.is_valid(value)] == []
