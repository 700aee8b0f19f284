"""docs/guardrails.md says what the guardrails say, line for line."""

import tomllib
from importlib.resources import files

from agreements.elements import load_catalogue
from policies.directory import REASONS
from policies.guardrails import POPULATION_CODES, load_guardrails
from tests.factories.pages import inline, quoted, rows, text_of

PAGE = "docs/guardrails.md"
CONTENT = tomllib.loads(files("policies").joinpath("guardrails.toml").read_text("utf-8"))


def test_the_page_lists_what_is_never_shared() -> None:
    listed = [(quoted(element), because) for element, because in rows(PAGE, first="never")]
    assert listed == [(row["element"], row["reason"]) for row in CONTENT["never"]]


def test_the_page_lists_each_law_with_what_it_opens() -> None:
    listed = [(law, bases.strip("`"), elements) for law, bases, elements in rows(PAGE, first="law")]
    assert listed == [
        (row["law"], *row["bases"], ", ".join(f"`{each}`" for each in row["elements"]) or "code values only")
        for row in CONTENT["gates"]
    ]


def test_the_page_lists_every_coded_element_and_what_a_closed_value_does() -> None:
    codes = load_guardrails().codes
    expected = {
        (element.id, element.name, "withholds the row" if set(element.datasets) <= codes.whole_rows else "is `null`")
        for element in load_catalogue()
        if element.id in codes.coded
    }
    assert {(quoted(each), quoted(name), does) for each, name, does in rows(PAGE, first="coded element")} == expected


def test_the_page_explains_every_clause_as_a_denial_does() -> None:
    listed = {quoted(clause): says for clause, says in rows(PAGE, first="clause")}
    assert listed == {clause: load_guardrails().reason(clause) for clause in (*REASONS, POPULATION_CODES)}


def test_the_page_states_the_minimum_that_is_shipped_and_that_there_is_no_notice() -> None:
    assert f"**{load_guardrails().cells.minimum}**" in text_of(PAGE)
    assert not load_guardrails().directory.notice
    assert {"directory_information", "de_identified", "de_identified_with_code"} <= set(inline(PAGE))
