"""`pactgate policy analyse` and `policy diff`: sentences for a person, data for a script, exit code 1 for a finding."""

import re
import shlex
from importlib.resources import files
from typing import Any

import pytest

from policies.analyse.dead import Why
from tests.factories.command_line import CommandLine
from tests.factories.pages import blocks, quoted, rows

PARTNER = "partner:bright-path"
PAGE = "docs/policy-analysis.md"
NAMED = ("--agreements", "bright=agreement:sps-a-tutoring")


def analysed(desk: CommandLine, *words: str) -> tuple[int, Any, str]:
    outcome = desk.run("policy", *words)
    return outcome.code, outcome.data, outcome.err


@pytest.fixture
def answered(active: CommandLine) -> CommandLine:
    """The agreement in force, with somebody who answers for its client."""
    active.name_people(active.done("agreement", "show")[0]["digest"])
    active.accept()
    return active


@pytest.mark.parametrize(
    "wrong",
    [
        ("analyse", "who", "grade_level", "--at", "soon"),
        ("analyse", "who", "grade_level", "--ever", "--student", "1"),
        ("analyse", "unused", "--last", "a month"),
        ("diff",),
        ("diff", "--from", "1"),
        ("diff", "@agreement.yaml", "--from", "1", "--to", "2"),
        ("diff", "--from", "1", "--to", "2", "--replay", "30d"),
    ],
)
def test_a_question_that_says_two_things_or_none_is_used_wrongly(bare: CommandLine, wrong: tuple[str, ...]) -> None:
    assert bare.run("policy", *wrong).code == 2


def test_what_nobody_has_is_refused(active: CommandLine) -> None:
    assert "shoe_size" in active.refused("policy", "analyse", "who", "shoe_size")
    assert "partner:nobody" in active.refused("policy", "analyse", "together", "partner:nobody")
    assert "no entry 9999" in active.refused("policy", "diff", "--from", "0", "--to", "9999")


def test_a_client_for_whom_nobody_answers_is_a_finding(active: CommandLine) -> None:
    code, data, said = analysed(active, "analyse", "dead")
    assert code == 1
    assert [found["why"] for found in data["dead"]] == ["unanswered"]
    assert "nobody answers for the client" in said


def test_only_those_who_should_can_obtain_an_element_or_a_counter_example_is_given(answered: CommandLine) -> None:
    code, data, said = analysed(answered, "analyse", "who", "first_name", "--only", PARTNER)
    assert (code, data["counter_example"]) == (0, None)
    assert f"{PARTNER} (client:" in said
    assert "by /datasets/0/elements/0 of agreement:sps-a-tutoring" in said
    code, data, said = analysed(answered, "analyse", "who", "000115", "--only", "partner:other", "--ever")
    assert code == 1
    assert data["counter_example"]["partner"] == PARTNER
    assert "Not only partner:other" in said
    code, data, said = analysed(answered, "analyse", "who", "000115", "--at", "2031-03-01T09:00-08:00")
    assert (code, said.strip()) == (0, "Nothing.")


def test_a_student_is_asked_about_on_record_and_is_not_repeated(answered: CommandLine) -> None:
    answered.done("records", "load", "@export", "--mapping", "@facts.toml", "--mapping", "@lists.toml", *NAMED)
    code, data, _ = analysed(answered, "analyse", "who", "first_name", "--student", "7001")
    assert (code, len(data["who"]["found"])) == (0, 1)
    entry = data["who"]["entry"]
    written = answered.found(f"SELECT convert_from(leaf, 'UTF8') FROM audit.entry WHERE idx = {entry}")  # noqa: S608 - a number
    assert '"event":"analysis.read"' in written
    assert "7001" not in written
    assert analysed(answered, "analyse", "who", "first_name", "--student", "7003")[2].strip() == "Nothing."


def test_every_question_is_answered_in_sentences_and_data(answered: CommandLine) -> None:
    for words, heading in (
        (("analyse", "together"), f"{PARTNER}:"),
        (("analyse", "unused", "--last", "52w"), "never asked for anything under agreement:sps-a-tutoring"),
        (("analyse", "dead"), "Nothing."),
        (("analyse", "replay", "--last", "12h"), "0 of 0 requests"),
    ):
        code, data, said = analysed(answered, *words)
        assert (code, heading in said) == (0, True), said
        assert list(data) == [words[1]]


def test_a_draft_a_law_or_two_entries_are_compared(answered: CommandLine) -> None:
    text = (answered.folder / "agreement.yaml").read_text()
    answered.write("less.yaml", re.sub(r'.*"000115".*\n', "", text))
    code, data, said = analysed(answered, "diff", "@less.yaml")
    assert code == 0
    assert [each["kind"] for each in data["diff"]["changes"]] == ["lost"]
    assert "'First name' (students: 000115) is lost" in said
    code, data, said = analysed(answered, "diff", "@agreement.signed.json")
    assert said.strip() == "No client gains or loses anything."
    assert analysed(answered, "diff", "@less.yaml", "--replay", "30d")[2].endswith("different.\n")
    entry = int(answered.found("SELECT size - 1 FROM audit.head"))
    assert "is gained, as it is" in analysed(answered, "diff", "--from", "0", "--to", str(entry))[2]


def test_the_page_can_be_typed_as_it_stands(answered: CommandLine) -> None:
    answered.done("records", "load", "@export", "--mapping", "@facts.toml", "--mapping", "@lists.toml", *NAMED)
    answered.write("draft.yaml", (answered.folder / "agreement.yaml").read_text())
    answered.write("guardrails.toml", files("policies").joinpath("guardrails.toml").read_text("utf-8"))
    answered.write("elements.toml", files("agreements").joinpath("elements.toml").read_text("utf-8"))
    known = {"$FROM": "0", "$TO": "3"}
    lines = [line for code in blocks(PAGE, "sh") for line in code.splitlines()]
    for line in lines:
        words = [known.get(word, word) for word in shlex.split(line)[1:]]
        words = [f"@{word}" if word.endswith((".yaml", ".toml")) else word for word in words]
        assert answered.run(*words).code == 0, line
    assert len(lines) > 10


def test_the_page_explains_every_reason() -> None:
    assert [quoted(why) for why, _ in rows(PAGE, first="why")] == [why.value for why in Why]
