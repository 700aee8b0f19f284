"""What a comparison finds, and whom it stops: claims and parts, without a database."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.entry import Entry
from audit.events import Event
from gateway.records.errors import OpeningRefused
from gateway.records.parts import FIRST, LAST, Opening, Part, commit, open_with, parts_of
from gateway.services.integrity.comparing import compare, compare_batches, compare_terms
from gateway.services.integrity.findings import Code, Finding
from gateway.services.integrity.ledger import Claims, Ledger

pytestmark = pytest.mark.claim(1)

SALT = bytes(range(32))
OURS, THEIRS = "agreement:ours", "agreement:theirs"


def part(at: int = 5, name: str = "roster.begun", concerns: str = OURS, rows: int = 1, digest: int = 0) -> Part:
    return Part(at, name, concerns, rows, digest.to_bytes(32, "big"))


def sealed(ledger: Ledger, index: int, *parts: Part, event: Event = Event.ROSTER_LOADED, **body: object) -> Opening:
    """Let the ledger take an entry that commits to these parts."""
    opening = open_with(parts, SALT)
    ledger.take(index, Entry(event, "", {**body, "facts": commit(opening)}), opening)
    return opening


def found(claims: Claims, parts: Iterable[Part], first: int = FIRST, last: int = LAST) -> set[Finding]:
    return set(compare(claims, parts, first, last))


@pytest.mark.parametrize("changed", [b"", b"x", open_with([], SALT), open_with([part()], bytes(32))])
def test_an_opening_that_is_another_one_opens_nothing(changed: bytes) -> None:
    with pytest.raises(OpeningRefused):
        parts_of(changed, commit(open_with([part()], SALT)))


def test_an_opening_in_an_unknown_form_opens_nothing_although_it_is_committed_to() -> None:
    opening = Opening(open_with([], SALT) + b"5 roster.moved agreement:ours 1 00\n")
    with pytest.raises(OpeningRefused):
        parts_of(opening, commit(opening))


_PARTS = st.builds(
    part,
    st.integers(FIRST, LAST),
    st.sampled_from(["roster.begun", "opt_out.ended"]),
    st.sampled_from(["", OURS, "sha256:" + "a" * 64]),
    st.integers(1, 10**9),
    st.integers(0, 2**256 - 1),
)


@given(st.sets(_PARTS, max_size=8))
def test_what_is_committed_to_is_read_back_whatever_its_order(parts: set[Part]) -> None:
    opening = open_with(parts, SALT)
    assert set(parts_of(opening, commit(opening))) == parts
    assert open_with(sorted(parts, reverse=True), SALT) == opening


@pytest.mark.claim(9)
def test_a_commitment_cannot_be_guessed_from_what_it_commits_to() -> None:
    assert commit(open_with([part()], SALT)) != commit(open_with([part()], bytes(32)))
    assert repr(part()).count("digest") == 0


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], {Finding(Code.CHANGED, 5, "roster", OURS)}),
        ([part(digest=1)], {Finding(Code.CHANGED, 5, "roster", OURS)}),
        ([part(rows=2)], {Finding(Code.CHANGED, 5, "roster", OURS)}),
        ([part(), part(concerns=THEIRS)], {Finding(Code.CHANGED, 5, "roster", THEIRS)}),
        (
            [part(concerns=THEIRS)],
            {Finding(Code.CHANGED, 5, "roster", OURS), Finding(Code.CHANGED, 5, "roster", THEIRS)},
        ),
        ([part(), part(6)], {Finding(Code.UNCLAIMED, 6, "roster", OURS)}),
        ([part(), part(-1, "code.begun")], {Finding(Code.UNCLAIMED, -1, "code", OURS)}),
        ([part()], set()),
    ],
)
def test_rows_that_are_not_those_claimed_are_found(rows: list[Part], expected: set[Finding]) -> None:
    ledger = Ledger()
    sealed(ledger, 5, part())
    assert found(ledger.dated, rows) == expected


def test_an_entry_that_claims_rows_of_another_one_claims_nothing() -> None:
    ledger = Ledger()
    sealed(ledger, 5, part())
    sealed(ledger, 6, part(5, digest=1), part(7), batch=3)
    assert found(ledger.dated, [part(5, digest=1), part(7)]) == {
        Finding(Code.CHANGED, 5, "roster", OURS),
        Finding(Code.UNCLAIMED, 7, "roster", OURS),
    }


def test_an_entry_whose_opening_is_lost_is_told_and_hides_nothing_else() -> None:
    ledger = Ledger()
    opening = open_with([part()], SALT)
    ledger.take(5, Entry(Event.RECORDS_LOADED, "", {"facts": commit(opening), "batch": 2}), None)
    ledger.take(6, Entry(Event.ROSTER_LOADED, "", {"facts": commit(opening)}), opening + b" ")
    assert found(ledger.dated, [part(), part(6)]) == {
        Finding(Code.OPENING_LOST, 5, "audit.private"),
        Finding(Code.OPENING_LOST, 6, "audit.private"),
    }
    assert found(ledger.loaded, []) == {Finding(Code.OPENING_LOST, 2, "audit.private")}


def test_an_adoption_speaks_for_what_is_older_than_the_first_commitment_and_for_nothing_else() -> None:
    ledger = Ledger()
    ledger.take(3, Entry(Event.RECORDS_LOADED, "", {"batch": 1}), None)
    sealed(ledger, 5, part(), batch=2)
    ledger.take(6, Entry(Event.RECORDS_LOADED, "", {"batch": 4}), None)
    rows = [part(2), part(digest=1), part(6), part(1, "student.begun", ""), part(4, "student.begun", "")]
    sealed(ledger, 7, *rows, event=Event.FACTS_ADOPTED)
    assert ledger.adopted
    assert found(ledger.dated, [row for row in rows if row.table == "roster"]) == {
        Finding(Code.CHANGED, 5, "roster", OURS),
        Finding(Code.UNCLAIMED, 6, "roster", OURS),
    }
    loaded = [row for row in rows if row.table == "student"]
    assert found(ledger.loaded, loaded) == {Finding(Code.UNCLAIMED, 4, "student", "")}


def test_where_nothing_is_older_nothing_is_adopted() -> None:
    ledger = Ledger()
    ledger.take(0, Entry(Event.LOG_OPENED, "", {}), None)
    sealed(ledger, 5, part())
    ledger.take(6, Entry(Event.ROSTER_LOADED, "", {}), None)
    sealed(ledger, 7, part(0), event=Event.FACTS_ADOPTED)
    assert not ledger.adopted
    assert found(ledger.dated, [part(), part(0)]) == {Finding(Code.UNCLAIMED, 0, "roster", OURS)}


def test_a_second_adoption_adopts_nothing() -> None:
    ledger = Ledger()
    ledger.take(2, Entry(Event.ROSTER_LOADED, "", {}), None)
    sealed(ledger, 5, part(2), event=Event.FACTS_ADOPTED)
    sealed(ledger, 6, part(2, digest=1), part(3), event=Event.FACTS_ADOPTED)
    assert found(ledger.dated, [part(2)]) == set()
    assert found(ledger.dated, [part(2, digest=1), part(3)]) == {
        Finding(Code.CHANGED, 2, "roster", OURS),
        Finding(Code.UNCLAIMED, 3, "roster", OURS),
    }


@given(st.lists(st.tuples(st.integers(-5, 40), st.integers(1, 9)), max_size=20), st.integers(1, 30))
def test_the_ranges_of_a_round_leave_no_gap(claimed: list[tuple[int, int]], at_once: int) -> None:
    claims = Claims()
    for at, rows in claimed:
        claims.put(at, frozenset({part(at, rows=rows)}))
    ranges = list(claims.ranges(at_once))
    assert (ranges[0][0], ranges[-1][1]) == (FIRST, LAST)
    assert all(before[1] + 1 == after[0] for before, after in pairwise(ranges))
    assert [at for each in ranges for at, _ in claims.between(*each)] == sorted({at for at, _ in claimed})


@pytest.mark.parametrize(
    ("batches", "expected"),
    [
        ([(2, 5, False), (3, 6, True)], set()),
        ([(2, 5, True), (3, 6, False)], {Finding(Code.VISIBLE_MOVED, 2, "frontier")}),
        ([(2, 4, False), (3, 6, True)], {Finding(Code.VISIBLE_MOVED, 2, "batch")}),
        ([(3, 6, True)], {Finding(Code.VISIBLE_MOVED, 2, "batch")}),
        ([(2, 5, False), (3, 6, True), (4, 7, False)], {Finding(Code.VISIBLE_MOVED, 4, "batch")}),
        ([(2, 5, False), (3, 6, False), (9, None, True)], {Finding(Code.VISIBLE_MOVED, 9, "frontier")}),
    ],
)
def test_loads_that_are_visible_otherwise_than_by_the_log_are_found(
    batches: list[tuple[int, int | None, bool]], expected: set[Finding]
) -> None:
    ledger = Ledger()
    ledger.take(5, Entry(Event.RECORDS_LOADED, "", {"batch": 2}), None)
    ledger.take(6, Entry(Event.ROSTER_LOADED, "", {"batch": 3}), None)
    # What is kept no longer has a batch too, which shows nothing.
    ledger.take(7, Entry(Event.RECORDS_RETIRED, "", {"batch": 5, "readable_from": 5}), None)
    batches = [*batches, (5, 7, False)]
    assert compare_batches(ledger, batches) == expected


def test_a_population_with_other_terms_than_were_signed_is_found() -> None:
    signed = {"sha256:1": (OURS, "America/Los_Angeles")}
    assert compare_terms([("sha256:1", OURS, "America/Los_Angeles"), ("sha256:2", "x", "y")], signed) == set()
    for terms in ((THEIRS, "America/Los_Angeles"), (OURS, "UTC")):
        assert compare_terms([("sha256:1", *terms)], signed) == {Finding(Code.TERMS_MOVED, 0, "scope", "sha256:1")}


@pytest.mark.claim(9)
def test_an_alarm_repeats_nothing_that_a_changed_row_holds() -> None:
    assert Finding(Code.CHANGED, 5, "roster", "Mallory Malone").facts["concerns"] == "unknown"
    assert Finding(Code.CHANGED, 5, "roster", OURS).facts["concerns"] == OURS
    assert Finding(Code.CHANGED, 5, "student").facts["concerns"] == "everybody"
