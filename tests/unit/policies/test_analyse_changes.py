"""What changes is what would be decided otherwise: compared with `decide`, instant by instant."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from agreements.elements import DATASETS
from policies.analyse.changes import Change, Kind, changes
from policies.analyse.obtained import obtained
from policies.compile import Suspension
from policies.decide import decide
from policies.decision import Permit
from policies.rehearsal import Rehearsed
from policies.request import AccessRequest
from policies.state import PolicyState
from tests.factories.agreements import SPS_B, Keyring
from tests.factories.analysed import MENTOR, MENTORING, TUTORING, alone, only_lines, with_lines
from tests.factories.policy_worlds import NOVEMBER, TUTOR

EARLY = datetime(2026, 1, 1, tzinfo=UTC)
NEXT = (
    Keyring()
    .agreement(
        SPS_B,
        changes={
            "/version": 2,
            "/replaces": MENTORING.digest,
            "/term/first_day": "2027-01-15",
            "/datasets/0/elements/2/transformation": "band",
            "/datasets/1/elements/5": {"element": "000496", "transformation": "exact"},
        },
    )
    .agreement
)
ENDS = datetime(2027, 5, 1, 7, tzinfo=UTC)
OLD = Rehearsed(MENTORING, frozenset({MENTOR}), until=ENDS)
BEFORE = alone(OLD, Rehearsed(TUTORING, frozenset({TUTOR})))
AFTER = alone(
    replace(OLD, until=NEXT.term.begins),
    Rehearsed(NEXT, frozenset({MENTOR})),
    Rehearsed(TUTORING, frozenset({TUTOR})),
    stops=(Suspension(TUTOR, 4),),
)
CHANGES = changes(obtained(BEFORE), obtained(AFTER), EARLY)


def leaving(state: PolicyState, now: datetime) -> dict[tuple[str, ...], str]:
    """Client, line, dataset and element of all that leaves at `now`, with the way it does."""
    found: dict[tuple[str, ...], str] = {}
    for (digest, made), dataset in product(state.promises.items(), DATASETS):
        document = made.document
        for client in made.clients:
            decision = decide(state, AccessRequest(client, digest, document.purpose.code, dataset), now)
            for field in decision.fields if isinstance(decision, Permit) else ():
                found[client, document.id, dataset, field.element] = field.transformation
    return found


def told(now: datetime) -> dict[tuple[str, ...], tuple[str | None, str | None]]:
    return {
        (each.side.client, each.side.line, each.side.dataset, each.side.element): (
            None if each.before is None else each.before.transformation,
            None if each.after is None else each.after.transformation,
        )
        for each in CHANGES
        if each.begins <= now < each.ends
    }


def test_at_every_instant_the_changes_are_the_difference_of_the_decisions() -> None:
    edges = {edge for each in CHANGES for edge in (each.begins, each.ends)}
    seen = 0
    for now in sorted({edge + timedelta(seconds=seconds) for edge in edges for seconds in (-1, 0)}):
        before, after = leaving(BEFORE, now), leaving(AFTER, now)
        keys = before.keys() | after.keys()
        moved = {key: (before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)}
        assert told(now) == (moved if now >= EARLY else {})
        seen += len(moved)
    assert seen > 20


def of(element: str, line: str = MENTORING.id) -> list[tuple[Kind, datetime, datetime]]:
    return [
        (each.kind, each.begins, each.ends)
        for each in CHANGES
        if (each.side.line, each.side.element) == (line, element)
    ]


def test_a_later_version_takes_over_on_its_first_day_and_what_it_goes_on_giving_is_no_change() -> None:
    takes_over, ends, later = NEXT.term.begins, ENDS, NEXT.term.ends
    assert of("000115") == [(Kind.GAINED, ends, later)]
    assert of("000100") == [(Kind.CHANGED, takes_over, ends), (Kind.GAINED, ends, later)]
    assert of("002022") == [(Kind.LOST, takes_over, ends)]
    assert of("000496") == [(Kind.GAINED, takes_over, later)]


def test_a_stop_loses_everything_from_now_on_and_nothing_of_the_past() -> None:
    lost = changes(obtained(BEFORE), obtained(AFTER), NOVEMBER)
    own = [each for each in lost if each.side.client == TUTOR]
    assert len(own) == len(TUTORING.datasets[0].elements) + len(TUTORING.datasets[1].elements)
    assert all((each.kind, each.begins, each.ends) == (Kind.LOST, NOVEMBER, TUTORING.term.ends) for each in own)
    assert changes(obtained(BEFORE), obtained(AFTER), NEXT.term.ends) == ()


def test_what_two_versions_in_a_row_gave_is_lost_once() -> None:
    lost = changes(obtained(AFTER), (), EARLY)
    (name,) = [each for each in lost if (each.side.line, each.side.element) == (MENTORING.id, "000115")]
    assert (name.kind, name.begins, name.ends) == (Kind.LOST, MENTORING.term.begins, NEXT.term.ends)


def test_the_same_rules_change_nothing() -> None:
    assert changes(obtained(BEFORE), obtained(BEFORE), EARLY) == ()


def test_of_two_versions_in_force_at_once_the_most_open_counts() -> None:
    one, other = only_lines(TUTORING, {"000100": "band"}), only_lines(NEXT, {"000100": "exact"})
    other = replace(other, id=one.id, partner=one.partner, purpose=one.purpose, term=one.term)
    both = (Rehearsed(one, frozenset({TUTOR})), Rehearsed(other, frozenset({TUTOR})))
    found: tuple[Change, ...] = changes(obtained(alone(both[0])), obtained(alone(*both)), EARLY)
    assert [(each.kind, each.side.transformation) for each in found] == [(Kind.CHANGED, "exact")]


@pytest.mark.parametrize("ways", [("exact", "blank"), ("blank", "exact")])
def test_a_column_that_is_left_empty_is_a_change(ways: tuple[str, str]) -> None:
    before, after = (
        obtained(alone(Rehearsed(with_lines(only_lines(TUTORING, {"000115": way})), frozenset({TUTOR}))))
        for way in ways
    )
    assert [each.kind for each in changes(before, after, EARLY)] == [Kind.CHANGED]
