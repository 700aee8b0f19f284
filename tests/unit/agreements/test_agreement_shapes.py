"""No silent term: every leaf of every document says what carries it out."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from agreements.canonical import canonical_bytes
from agreements.document import parse_agreement
from agreements.documents.approval import APPROVAL
from agreements.documents.binding import CLIENT_BINDING
from agreements.documents.reinstatement import REINSTATEMENT
from agreements.documents.signer import SIGNER
from agreements.elements import load_catalogue, read_catalogue
from agreements.pointer import resolve
from agreements.schema import agreement_schema
from agreements.shapes import CARRIERS, Shape, carriers, shape_problems
from tests.factories.agreements import example
from tests.factories.lawful import EXAMPLES, read

SHAPES = {
    "agreement": agreement_schema(load_catalogue()),
    "signer": SIGNER,
    "approval": APPROVAL,
    "client_binding": CLIENT_BINDING,
    "reinstatement": REINSTATEMENT,
}


def nodes(node: Shape, path: str) -> Iterator[tuple[str, Shape]]:
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from nodes(child, f"{path}/{name}")
    if "items" in node:
        yield from nodes(node["items"], f"{path}/*")
    for name, child in node.get("$defs", {}).items():
        yield from nodes(child, f"{path}#{name}")


@pytest.mark.claim(1)
@pytest.mark.parametrize("name", SHAPES)
def test_every_leaf_names_its_carrier_and_every_object_is_closed(name: str) -> None:
    for path, node in nodes(SHAPES[name], name):
        if "properties" in node:
            assert node["additionalProperties"] is False, path
            assert "x-carried-by" not in node, path
        elif "items" not in node and "$ref" not in node:
            assert node["x-carried-by"] in CARRIERS, path


@pytest.mark.parametrize("name", SHAPES)
def test_the_published_schema_is_json_schema_and_every_keyword_has_a_sentence(name: str) -> None:
    Draft202012Validator.check_schema(SHAPES[name])
    for path, node in nodes(SHAPES[name], name):
        assert node.get("title") or "$ref" in node, path
        if "pattern" in node:
            assert node["x-looks-like"], path


@pytest.mark.claim(1)
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_leaf_of_a_signed_agreement_is_carried_by_exactly_one_thing(name: str) -> None:
    content: Any = example(name)
    found = list(carriers(SHAPES["agreement"], content))
    assert len(found) == len({path for path, _ in found}) == sum(1 for _ in leaves(content))
    agreement = read(content)
    assert set(agreement.words_only) == {path for path, carrier in found if carrier == "words_only"}
    assert resolve(content, agreement.words_only[0])


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from leaves(item)
    else:
        yield value


def test_an_unmapped_leaf_makes_the_document_invalid() -> None:
    content: Any = example()
    content["obligations"]["secret_clause"] = "the partner may do as it likes"
    problems = shape_problems(SHAPES["agreement"], content)
    assert [problem.path for problem in problems] == ["/obligations/secret_clause"]
    assert "secret_clause" in problems[0].sentence


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("version", "1", "a whole number"),
        ("version", 0, "at least 1"),
        ("version", 10000, "at most 9999"),
        ("version", True, "a whole number"),
        ("title", "", "is empty"),
        ("title", "x" * 201, "longer than 200"),
        ("title", ["x"], "a text"),
        ("cadence", "hourly", "one of: daily, weekly, monthly"),
        ("format", "pactgate-agreement/2", "pactgate-agreement/1"),
        ("id", "agreement:sps-a\n", "agreement:some-short-name"),
        ("id", "sps", "agreement:some-short-name"),
        ("datasets", [], "never means 'all'"),
        ("datasets", {}, "a list"),
        ("population", {}, "exactly one condition"),
        ("population", {"roster": True, "placement": True}, "exactly one condition"),
        ("population", {"all": []}, "never means 'all'"),
        ("population", {"in": {"column": "grade_level", "values": []}}, "never means 'all'"),
        ("population", {"in": {"column": "grade_level", "values": ["9", "9"]}}, "same thing twice"),
        ("population", {"not": {"roster": True}}, "not a part of 'The population'"),
        ("population", {"roster": False}, "must be true"),
        ("population", {"any": [{"roster": True}] * 51}, "more than 50"),
        ("population", None, "a group of named parts"),
        ("catalogue", "sha256:" + "0" * 64, "the catalogue of this release"),
    ],
)
def test_what_is_wrong_is_said_in_words(path: str, value: Any, sentence: str) -> None:
    content: Any = example()
    content[path] = value
    problems = shape_problems(SHAPES["agreement"], content)
    assert any(sentence in problem.sentence for problem in problems), problems


def test_an_agreement_written_against_an_earlier_catalogue_is_readable() -> None:
    text = files("agreements").joinpath("elements.toml").read_text("utf-8")
    old = load_catalogue().digest
    grown = read_catalogue(text.replace("earlier = [", f'earlier = ["{old}", ').replace('"Sex"', '"Sex or gender"'))
    assert grown.digest != old
    assert parse_agreement(canonical_bytes(example()), grown).version == 1
