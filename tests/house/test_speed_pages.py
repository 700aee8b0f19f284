"""The pages about speed name commands that are there, and docs/records-speed.md holds the tables its command prints."""

import re
import shlex

import pytest

from tests.bench import records, records_head, records_tables
from tests.bench.records_depth import FLAT
from tests.bench.records_head import HEADS, heads_table
from tests.bench.records_tables import CHANGES, CHECKS, DEPTHS, GROWING, PAGES, is_flat
from tests.bench.scenes import served
from tests.factories.pages import ROOT, blocks, commands, inline, rows, text_of

OAUTH, RECORDS, LOG = "docs/oauth-speed.md", "docs/records-speed.md", "docs/log-speed.md"
LOADS, CONSOLE = "docs/loads-speed.md", "docs/console-speed.md"
SPEED = (LOG, "docs/log-search-speed.md", OAUTH, "docs/policy-speed.md", RECORDS, LOADS, CONSOLE)
PYTHON = ".venv/bin/python -m "
NUMBER = re.compile(r"[\d,]+(\.\d+)?")


def called(page: str) -> list[list[str]]:
    """Return the words of each call of a module of ours on a page: the module, then what it is given."""
    lines = [line for code in blocks(page, "sh") for line in code.splitlines()]
    found = [line.removeprefix(PYTHON) for line in lines if line.startswith(PYTHON)]
    found += [line.removeprefix("python -m ") for line in inline(page) if line.startswith("python -m tests.")]
    return [shlex.split(line, comments=True) for line in found]


def source_of(module: str) -> str:
    """Return the text of a module that runs. Raises `AssertionError` if there is none."""
    at = ROOT.joinpath(*module.split("."))
    found = [file for file in (at.with_suffix(".py"), at / "__main__.py") if file.is_file()]
    assert found, f"there is no {module}"
    return found[0].read_text("utf-8")


def require_there(words: list[str]) -> None:
    """Check that a call names a module that runs, and options that it has."""
    source = source_of(words[0])
    assert 'if __name__ == "__main__":' in source
    for word in words[1:]:
        assert not word.startswith("--") or f'"{word}"' in source, f"{words[0]} has no {word}"


@pytest.mark.parametrize("wrong", ["tests.bench.nothing", "tests.bench.records --student", "tests.bench.scenes"])
def test_a_command_that_is_not_there_would_be_found(wrong: str) -> None:
    with pytest.raises(AssertionError):
        require_there(wrong.split())


@pytest.mark.parametrize("page", SPEED)
def test_every_command_of_a_page_about_speed_is_there(page: str) -> None:
    found = called(page)
    assert found
    for words in found:
        require_there(words)


@pytest.mark.parametrize("page", [LOG, OAUTH, RECORDS, LOADS, CONSOLE])
def test_make_bench_runs_what_the_page_measures(page: str) -> None:
    ran = re.findall(r"\$\(PY\) -m (tests\.bench[\w.]*)", (ROOT / "Makefile").read_text("utf-8"))
    measured = {words[0] for words in called(page) if words[0].startswith("tests.bench")}
    assert measured <= set(ran)


def test_the_page_of_records_says_that_make_runs_it_and_names_its_options() -> None:
    assert ["bench"] in commands(RECORDS, "make")
    parsers = (records.options(), records_head.options())
    known = {option for parser in parsers for action in parser._actions for option in action.option_strings}
    assert set(re.findall(r"`(--[a-z-]+)", text_of(RECORDS))) <= known


@pytest.mark.parametrize("head", [PAGES, DEPTHS, GROWING, CHANGES, HEADS, CHECKS])
def test_the_page_of_records_has_every_table_that_the_command_prints(head: tuple[str, ...]) -> None:
    assert text_of(RECORDS).count(f"| {' | '.join(head)} |\n") == 1
    found = rows(RECORDS, first=head[0])
    assert found
    for row in found:
        assert len(row) == len(head)
        assert all(NUMBER.fullmatch(cell) for cell in row[1:] if cell not in {"yes", "**no**"}), row


def test_the_page_of_records_names_datasets_that_are_served() -> None:
    for head in (PAGES, DEPTHS, CHANGES, CHECKS):
        assert {row[0] for row in rows(RECORDS, first=head[0])} <= set(served())
    assert {row[0] for row in rows(RECORDS, first=DEPTHS[0])} == {row[0] for row in rows(RECORDS, first=PAGES[0])}


def test_a_page_that_is_not_flat_is_shown_as_not_flat() -> None:
    assert [is_flat(FLAT), is_flat(FLAT + 0.01)] == ["yes", "**no**"]
    for head in (DEPTHS, CHANGES):
        ratio, flat = head.index("dearest / first"), head.index("flat")
        for row in rows(RECORDS, first=head[0]):
            assert row[flat] == is_flat(float(row[ratio])), row


def test_the_tables_are_those_of_the_page() -> None:
    assert records_tables.pages_table([]).splitlines()[0] == f"| {' | '.join(PAGES)} |"
    assert records_tables.checks_table([]).splitlines()[0] == f"| {' | '.join(CHECKS)} |"
    assert records_tables.changes_table([]).splitlines()[0] == f"| {' | '.join(CHANGES)} |"
    assert heads_table([]).splitlines()[0] == f"| {' | '.join(HEADS)} |"
