"""A roster is read whole or refused whole, and what is refused is named by line and column and never quoted."""

import datetime as dt
import json
import unicodedata
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.services.rosters.lines import MOST_BYTES, MOST_LINES, RosterLine, RosterUnreadable, read_roster

pytestmark = [pytest.mark.ferpa("R2"), pytest.mark.claim(9)]

CHILD = {"given_name": "Ximena", "family_name": "Núñez", "birth_date": "2012-02-29"}
HEAD = "given_name,family_name,birth_date"


def as_json(*rows: object) -> bytes:
    return json.dumps({"lines": rows}).encode()


def refused(body: bytes, form: str = "json") -> str:
    with pytest.raises(RosterUnreadable) as error:
        read_roster(body, form)
    return str(error.value)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe{\x00", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "lines"),
        (b'{"lines": {}}', "lines"),
        (b'{"lines": [], "more": 1}', "lines"),
        (b'{"lines": []}', "no line"),
        (b'{"lines": [1]}', "Line 1"),
        (as_json(*[CHILD] * (MOST_LINES + 1)), f"{MOST_LINES}"),
        (b" " * (MOST_BYTES + 1), f"{MOST_BYTES}"),
    ],
)
def test_what_is_no_roster_is_refused(body: bytes, says: str) -> None:
    assert says in refused(body)


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"given_name": None}, "given_name"),
        ({"family_name": ""}, "family_name"),
        ({"birth_date": 20120229}, "birth_date"),
        ({"birth_date": "29.02.2012"}, "birth_date"),
        ({"birth_date": "2012-02-30"}, "birth_date"),
        ({"birth_date": "1912-02-28"}, "birth_date"),
        ({"from_date": "2026-13-01"}, "from_date"),
        ({"from_date": "2026-09-02", "to_date": "2026-09-01"}, "to_date"),
        ({"given_name": ["Ximena"]}, "given_name"),
        ({"given_name": "=HYPERLINK(A1)"}, "given_name"),
        ({"family_name": "+1"}, "family_name"),
        ({"school": "@SUM(A1)"}, "school"),
        ({"given_name": "Xi\u202emena"}, "given_name"),
        ({"given_name": "Xi\u0000mena"}, "given_name"),
        ({"given_name": "Xi\nmena"}, "given_name"),
        ({"given_name": " Ximena"}, "given_name"),
        ({"given_name": "123"}, "given_name"),
        ({"given_name": "X" * 101}, "given_name"),
        ({"reference": "a b"}, "reference"),
        ({"reference": "=1"}, "reference"),
        ({"reference": "a" * 65}, "reference"),
        ({"student_number": "9" * 65}, "student_number"),
        ({"secret": "x"}, "members among"),
    ],
)
def test_a_cell_that_cannot_be_is_named_by_its_column_and_not_quoted(changes: dict[str, Any], column: str) -> None:
    said = refused(as_json(CHILD, {**CHILD, **changes}))
    assert said.startswith("Line 2")
    assert column in said
    assert not [value for value in changes.values() if isinstance(value, str) and len(value) > 3 and value in said]


def test_one_reference_is_one_line() -> None:
    assert refused(as_json({**CHILD, "reference": "a"}, CHILD, {**CHILD, "reference": "a"})).startswith("Line 3")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "first line"),
        ("given_name,birth_date\nA,2012-01-01", "first line"),
        (f"{HEAD},{HEAD}\n", "first line"),
        (f"{HEAD},weight\n", "first line"),
        (f"{HEAD}\n", "no line"),
        (f"{HEAD}\nA,B\n", "Line 1"),
        (f'{HEAD}\n"A,B,2012-01-01\n', "no CSV"),
        (f"{HEAD}\n" + "A" * 140_000, "no CSV"),
        (f"{HEAD}\nA\0,B,2012-01-01", "NUL"),
        (f"{HEAD}\n" + "A,B,2012-01-01\n" * (MOST_LINES + 1), f"{MOST_LINES}"),
    ],
)
def test_a_file_that_is_no_roster_is_refused(text: str, says: str) -> None:
    assert says in refused(text.encode(), "csv")


def test_a_file_that_is_not_utf_8_is_refused() -> None:
    assert "UTF-8" in refused(f"{HEAD}\nA,B,2012-01-01".encode("utf-16"), "csv")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_is_read_as_spreadsheets_save_it(delimiter: str, end: str) -> None:
    rows = [
        ["birth_date", "given_name", "family_name", "reference", "to_date"],
        ["2012-02-29", "Ximena", "N\u0075\u0301n\u0303ez", "r-1", ""],
        ["", "", "", "", ""],
        ["2011-01-01", "'t Hooft", "Zoë", "", "2027-06-30"],
    ]
    body = end.join(delimiter.join(row) for row in rows).encode("utf-8-sig")
    first, second = read_roster(body, "csv")
    assert first == RosterLine(1, "Ximena", "Núñez", dt.date(2012, 2, 29), reference="r-1")
    assert (second.number, second.given_name, second.to_date) == (2, "'t Hooft", dt.date(2027, 6, 30))


@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)), st.sampled_from(["json", "csv"]))
def test_no_bytes_do_more_than_be_refused(body: bytes, form: str) -> None:
    with suppress(RosterUnreadable):
        read_roster(body, form)


@given(
    st.dictionaries(
        st.sampled_from(["given_name", "family_name", "birth_date", "school", "reference", "from_date", "x"]),
        st.one_of(st.none(), st.integers(), st.text(max_size=20), st.lists(st.none(), max_size=1)),
    )
)
def test_no_line_does_more_than_be_refused(row: dict[str, object]) -> None:
    with suppress(RosterUnreadable):
        (line,) = read_roster(as_json({**CHILD, **row}), "json")
        assert not {unicodedata.category(letter) for letter in line.given_name} & {"Cc", "Cs", "Zl", "Zp"}
