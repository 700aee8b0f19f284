"""How questions about policies are typed: what a question would not heed is refused, never left out."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gateway.cli import app
from gateway.cli.papers import read_text
from gateway.cli.policy_questions import moment, number
from gateway.errors import GatewayError

PARTNER = ("policy", "explain", "--partner", "partner:bright-path")
WRONG_USE = 2


@pytest.mark.parametrize(
    "asked",
    [
        ("--student", "1", "--element", "grade_level", "--as-partner"),
        ("--student", "1", "--element", "grade_level", "--dataset", "students"),
        ("--student", "1", "--element", "grade_level", "--filter", "sex"),
        ("--element", "grade_level", "--as-partner"),
        ("--element", "grade_level", "--at", "2026-11-02"),
        ("--element", "grade_level", "--sort", "sex"),
        ("--element", "grade_level", "--purpose", "study"),
        (),
    ],
)
def test_an_option_that_the_question_would_not_heed_is_refused(asked: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, [*PARTNER, *asked]).exit_code == WRONG_USE


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(typer.BadParameter):
        moment("tomorrow")


def test_a_time_without_a_zone_is_utc() -> None:
    assert moment("2026-11-02T09:30") == datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    assert moment("2026-11-02T01:30-08:00") == datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def test_a_number_that_is_typed_out_is_not_asked_for() -> None:
    assert number("7001") == "7001"


def test_a_file_that_is_no_text_is_refused_with_the_byte(tmp_path: Path) -> None:
    (tmp_path / "guardrails.toml").write_bytes(b"version = 1 # \xff")
    with pytest.raises(GatewayError, match=r"not UTF-8 text \(byte 14\)"):
        read_text(tmp_path / "guardrails.toml")
