"""`pactgate audit search` and `reindex` on the command line."""

import orjson
import pytest

from gateway.cli.audit_search import _telling
from tests.factories.command_line import CommandLine


def lines(desk: CommandLine, *words: str, typed: str = "") -> list[dict[str, object]]:
    outcome = desk.run("audit", "search", *words, typed=typed)
    assert outcome.code == 0, outcome.err
    return [orjson.loads(line) for line in outcome.out.splitlines()]


def test_a_question_that_cannot_be_read_or_is_about_nobody_is_refused(active: CommandLine) -> None:
    for wrong in (("--from", "soon"), ("--event", "of.tomorrow"), ("--limit", "0"), ("--outcome", "good")):
        assert active.run("audit", "search", *wrong).code == 2
    assert "partner:nobody" in active.refused("audit", "search", "--partner", "partner:nobody")
    assert "cursor" in active.refused("audit", "search", "--cursor", "AAAA")
    assert "no student" in active.refused("audit", "search", "--student", "-", typed="nobody\n")


def test_entries_are_found_page_by_page_and_said_in_sentences(active: CommandLine) -> None:
    everything = lines(active, "--limit", "500")
    assert [line["index"] for line in everything] == list(range(len(everything) - 1, -1, -1))
    first = lines(active, "--limit", "3", "--oldest-first", "--sentences")
    assert [line.get("index") for line in first] == [0, 1, 2, None]
    assert "The log was opened" in str(first[0]["sentence"])
    rest = lines(active, "--limit", "500", "--oldest-first", "--cursor", str(first[-1]["next"]))
    assert [line["index"] for line in rest] == list(range(3, len(everything)))
    period = ("--from", "2020-01-01", "--to", "2100-01-01T00:00")
    events = ("--event", "agreement.activated", "--event", "client.registered")
    assert len(lines(active, "--partner", "partner:bright-path", *events, *period)) == 2


def test_a_search_for_a_student_says_that_it_is_on_record(active: CommandLine) -> None:
    active.done("records", "load", "@export", "--mapping", "@facts.toml")
    outcome = active.run("audit", "search", "--student", "-", typed="7001\n")
    assert outcome.code == 0
    assert not outcome.out.strip()
    assert "That a student was searched for is entry" in outcome.err
    (entry,) = lines(active, "--event", "log.searched")
    assert "7001" not in str(entry)


def test_the_index_is_checked_and_made_anew(active: CommandLine) -> None:
    assert active.done("audit", "reindex", "--check") == {"blocks": 0, "checked": True}
    assert active.done("audit", "reindex") == {"blocks": 0, "checked": False}
    active.sql("INSERT INTO audit.indexed VALUES (0, '', '')")
    assert "of the entries 0 to 4095" in active.refused("audit", "reindex", "--check")


def test_whoever_waits_for_a_long_log_is_told_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    for blocks in range(1, 130):
        _telling("indexed")(blocks)
    assert capsys.readouterr().err.splitlines() == [
        f"{blocks} blocks of 4,096 entries are indexed." for blocks in (64, 128)
    ]
