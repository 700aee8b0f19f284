from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from policies.errors import ClockWithoutZone, MalformedRule
from policies.rule import ANY, EARLIEST, LATEST, Rule, instant, moment_of, require_sound

DIGEST = "sha256:" + "a" * 64
ALLOW = Rule(
    sub="role:agr:" + "a" * 64,
    agr=DIGEST,
    obj="students",
    fld="000100",
    act="read:tutoring",
    nbf="2026-09-01T07:00:00Z",
    exp="2027-07-01T07:00:00Z",
    eft="allow",
    clause="/datasets/0/elements/0",
)
DENY = Rule(ALLOW.sub, ANY, ANY, ANY, ANY, EARLIEST, LATEST, "deny", "guardrails:/gates/1/elements/0")


@pytest.mark.parametrize("field", ["agr", "obj", "fld", "act"])
def test_a_grant_never_holds_a_wildcard(field: str) -> None:
    with pytest.raises(MalformedRule):
        replace(ALLOW, **{field: ANY})


@pytest.mark.parametrize("field", ["sub", "nbf", "exp", "eft", "clause"])
def test_not_even_a_denial_holds_a_wildcard_for_these(field: str) -> None:
    with pytest.raises(MalformedRule):
        replace(DENY, **{field: ANY})


@pytest.mark.parametrize("field", Rule.__slots__)
@pytest.mark.parametrize("value", ["", " ", "x\n", "*/", "a#b", "é", 7, None])
def test_nothing_empty_or_strange_stands_in_a_rule(field: str, value: str) -> None:
    with pytest.raises(MalformedRule):
        replace(ALLOW, **{field: value})


@pytest.mark.parametrize("effect", ["dney", "Allow", "ALLOW", "allow ", "permit", "denyallow"])
def test_an_effect_is_one_of_two_words(effect: str) -> None:
    with pytest.raises(MalformedRule):
        replace(ALLOW, eft=effect)


@pytest.mark.parametrize(
    "time",
    [
        "2026-09-01T07:00:00",
        "2026-09-01T07:00:00+00:00",
        "2026-09-01 07:00:00Z",
        "2026-09-01T07:00:00.5Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-09-01T24:00:00Z",
        "2026-9-1T7:00:00Z",
        "٢٠٢٦-09-01T07:00:00Z",
    ],
)
@pytest.mark.parametrize("field", ["nbf", "exp"])
def test_a_time_has_one_form_and_exists(field: str, time: str) -> None:
    with pytest.raises(MalformedRule):
        replace(ALLOW, **{field: time})


@pytest.mark.parametrize("end", ["2026-09-01T07:00:00Z", "2026-09-01T06:59:59Z"])
def test_a_rule_does_not_end_before_it_begins(end: str) -> None:
    with pytest.raises(MalformedRule):
        replace(ALLOW, exp=end)


def test_only_elements_of_the_catalogue_are_loaded() -> None:
    with pytest.raises(MalformedRule):
        require_sound(ALLOW.line, frozenset({"000101"}))
    require_sound(ALLOW.line, frozenset({"000100"}))
    require_sound(DENY.line, frozenset())


@pytest.mark.parametrize("values", [(), ALLOW.line[:8], (*ALLOW.line, "")])
def test_a_line_has_all_fields_and_no_more(values: tuple[str, ...]) -> None:
    with pytest.raises(MalformedRule):
        require_sound(values)


def test_a_rule_is_in_force_from_its_first_second_until_just_before_its_end() -> None:
    assert not ALLOW.holds_at("2026-09-01T06:59:59Z")
    assert ALLOW.holds_at("2026-09-01T07:00:00Z")
    assert ALLOW.holds_at("2027-07-01T06:59:59Z")
    assert not ALLOW.holds_at("2027-07-01T07:00:00Z")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ClockWithoutZone):
        instant(datetime(2026, 9, 1))  # noqa: DTZ001 -- the refusal of exactly this is tested


def test_times_are_written_in_utc_with_fixed_width_rounded_down() -> None:
    pacific = timezone(timedelta(hours=-7))
    assert instant(datetime(2026, 9, 1, 0, 0, 0, 999999, tzinfo=pacific)) == "2026-09-01T07:00:00Z"
    assert instant(datetime(1, 1, 1, tzinfo=UTC)) == EARLIEST
    assert moment_of(LATEST) == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
