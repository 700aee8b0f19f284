"""One document, one sequence of bytes: however it is spelled, and never for anything else."""

import json
import unicodedata
from contextlib import suppress
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.authored import read_authored, read_yaml
from agreements.canonical import MAX_INTEGER, Json, canonical_bytes, read_canonical, read_json
from agreements.document import agreement_problems, parse_agreement
from agreements.elements import load_catalogue
from agreements.errors import MalformedDocument
from tests.factories.agreements import example
from tests.factories.lawful import EXAMPLES

FIXED = settings(derandomize=True, deadline=None, max_examples=50)
WIDE = settings(derandomize=True, deadline=None, max_examples=400)
PLAIN = st.text(
    st.characters(exclude_categories=("C", "Zl", "Zp"), include_characters="\n\u200c\u200d"),
    max_size=12,
).filter(lambda text: unicodedata.is_normalized("NFC", text))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PLAIN, inner, max_size=4),
    max_leaves=12,
)


def shuffled(value: Any, draw: Any) -> Any:
    if isinstance(value, dict):
        return {name: shuffled(value[name], draw) for name in draw(st.permutations(list(value)))}
    return [shuffled(item, draw) for item in value] if isinstance(value, list) else value


@FIXED
@given(VALUES)
def test_canonical_bytes_read_back_to_the_same_value(value: Any) -> None:
    data = canonical_bytes(value)
    assert read_canonical(data) == value
    assert canonical_bytes(read_canonical(data)) == data


@FIXED
@given(VALUES, st.data(), st.sampled_from([None, 1, 4]), st.booleans())
def test_spelling_does_not_change_the_bytes(value: Any, data: st.DataObject, indent: int | None, escape: bool) -> None:
    spelled = json.dumps(shuffled(value, data.draw), indent=indent, ensure_ascii=escape)
    assert canonical_bytes(read_json(spelled)) == canonical_bytes(value)


@FIXED
@given(st.sampled_from(EXAMPLES), st.data(), st.integers(40, 200))
def test_an_agreement_is_the_same_in_yaml_and_json_in_any_order(name: str, data: st.DataObject, width: int) -> None:
    content = example(name)
    digest = parse_agreement(canonical_bytes(content), load_catalogue()).digest
    mixed = shuffled(content, data.draw)
    written = yaml.safe_dump(mixed, sort_keys=False, width=width, default_style='"', allow_unicode=True)
    written = written.replace("!!int ", "").replace("!!bool ", "")
    for text in (json.dumps(mixed, indent=2), _unquoted(written)):
        assert parse_agreement(text, load_catalogue()).digest == digest


def _unquoted(text: str) -> str:
    """PyYAML quotes numbers and booleans in this style too; take those quotes off."""
    for word in ("true", "false", *(str(number) for number in range(100))):
        text = text.replace(f': "{word}"\n', f": {word}\n")
    return text


@FIXED
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (read_authored, read_yaml, read_json):
        with suppress(MalformedDocument):
            value: Json = read(text)
            assert canonical_bytes(value)
            assert agreement_problems(value, load_catalogue())


@FIXED
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(MalformedDocument):
        read_authored(raw)


@FIXED
@given(VALUES)
def test_any_value_is_judged_without_an_accident(value: Any) -> None:
    assert agreement_problems(value, load_catalogue())


@WIDE
@given(st.sampled_from(EXAMPLES), st.data())
def test_an_agreement_with_any_part_replaced_is_judged_without_an_accident(name: str, data: st.DataObject) -> None:
    content: Any = example(name)
    here = content
    while True:
        key = data.draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
        if isinstance(here[key], dict | list) and here[key] and data.draw(st.booleans()):
            here = here[key]
            continue
        here[key] = data.draw(VALUES)
        break
    for problem in agreement_problems(content, load_catalogue()):
        assert problem.sentence.endswith(".")
        assert problem.source
