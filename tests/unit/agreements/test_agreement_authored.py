"""Bytes to values: JSON and YAML read alike, and only what every reader reads alike."""

import pytest

from agreements.authored import read_authored, read_yaml
from agreements.canonical import canonical_bytes, digest_of, read_canonical, read_json
from agreements.errors import MalformedDocument


@pytest.mark.parametrize(
    "bare",
    [
        *(
            "~",
            "y",
            "N",
            "yes",
            "No",
            "on",
            "OFF",
            "True",
            "NULL",
            "010",
            "000115",
            "1_000",
            "+5",
            "0x1F",
            "0o7",
            "0b1",
        ),
        *("12:30:45", "1.5", "1.", ".5", "1e3", "-.inf", ".nan", "-0", "9007199254740992", "99999999999999999999"),
    ],
)
def test_a_bare_word_that_programs_read_differently_is_refused(bare: str) -> None:
    with pytest.raises(MalformedDocument):
        read_yaml(f"a: {bare}")
    assert read_yaml(f'a: "{bare}"') == {"a": bare}


def test_yaml_is_plain_values_and_dates_stay_text() -> None:
    text = """
    day: 2026-09-01
    year: 2026-2027
    count: -12
    zero: 0
    yes_and_no: [true, false, null, ]
    empty:
    folded: >-
      one
      two
    'quoted': 'it''s'
    nested: {a: [{b: c}, []], d: {}}
    """
    assert read_yaml(text) == {
        "day": "2026-09-01",
        "year": "2026-2027",
        "count": -12,
        "zero": 0,
        "yes_and_no": [True, False, None],
        "empty": None,
        "folded": "one two",
        "quoted": "it's",
        "nested": {"a": [{"b": "c"}, []], "d": {}},
    }
    assert read_yaml("just a text") == "just a text"
    assert read_yaml("- 1\n- two") == [1, "two"]


def test_a_file_that_starts_with_a_brace_is_json() -> None:
    assert read_authored(' {"a": [1, true, null, "x"]}') == {"a": [1, True, None, "x"]}
    with pytest.raises(MalformedDocument, match="not JSON"):
        read_authored("{a: 1}")
    assert read_authored(b"a: 1") == {"a": 1}


def test_the_canonical_form_is_that_of_rfc_8785() -> None:
    value = read_json(
        '{"\\u20ac": 1, "\\r": "2", "a": [true, null, -5], "\\ud83d\\ude00": "\\u000a", "b": {}}'.replace("\\r", "c")
    )
    data = canonical_bytes(value)
    assert data == '{"a":[true,null,-5],"b":{},"c":"2","€":1,"😀":"\\n"}'.encode()
    assert digest_of(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert read_canonical(data) == value


@pytest.mark.parametrize("raw", [b'{"b":1,"a":2}', b'{"a": 1}', b'{"a":1}\n', b'{"a":"\\u0041"}'])
def test_signed_bytes_that_are_not_canonical_are_refused(raw: bytes) -> None:
    with pytest.raises(MalformedDocument, match="canonical"):
        read_canonical(raw)


def test_a_value_without_a_canonical_form_is_refused() -> None:
    for value in (2**60, "\ud800", {"\ud800": 1}):
        with pytest.raises(MalformedDocument, match="no canonical form"):
            canonical_bytes(value)  # type: ignore[arg-type]  # the point of the test
