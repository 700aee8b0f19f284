"""What the public register says of an agreement: where it stands, when it was used, which opt-outs it honours."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from agreements.basis import Basis
from agreements.canonical import digest_of
from agreements.obligations import Status
from gateway.records.coverage import Scope, covered
from gateway.services.publishing.listing import opt_outs_of
from gateway.services.publishing.public_register import Duties, PublicAgreement, PublicStanding
from gateway.services.publishing.signed_words import shown
from gateway.services.publishing.usage import band_of
from policies.decision import RowTerms
from policies.population import Everyone
from tests.factories.agreements import SPS_A, SPS_B, Keyring
from tests.factories.public_register import NOW, listed, one, register_with

PACIFIC = ZoneInfo("America/Los_Angeles")
LATER = digest_of(b"a later version")
pytestmark = pytest.mark.ferpa("A10")


def local(year: int, month: int, day: int, hour: int = 0, **more: int) -> dt.datetime:
    return dt.datetime(year, month, day, hour, tzinfo=PACIFIC, **more).astimezone(dt.UTC)


def published(**about: Any) -> PublicAgreement:
    (agreement,) = one(**about).agreements
    return agreement


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"standing": "something new"}, PublicStanding.SUSPENDED),
        ({"standing": "suspended"}, PublicStanding.SUSPENDED),
        ({"standing": "suspended", "now": local(2026, 8, 31)}, PublicStanding.SUSPENDED),
        ({"standing": "suspended", "now": local(2027, 7, 1)}, PublicStanding.OVER),
        ({"standing": "terminated"}, PublicStanding.TERMINATED),
        ({"standing": "terminated", "now": local(2029, 1, 1)}, PublicStanding.TERMINATED),
        ({"standing": "closed"}, PublicStanding.CLOSED),
        # A later version takes over on its first day, not before; one whose day nobody gave has taken over already.
        ({"standing": "replaced", "replaced_by": LATER}, PublicStanding.REPLACED),
        ({"standing": "replaced", "replaced_by": LATER, "until": NOW}, PublicStanding.REPLACED),
        (
            {"standing": "replaced", "replaced_by": LATER, "until": NOW + dt.timedelta(seconds=1)},
            PublicStanding.IN_FORCE,
        ),
        ({"standing": "replaced", "replaced_by": LATER, "until": NOW, "now": local(2027, 7, 1)}, PublicStanding.OVER),
        # Its master is over.
        ({"standing": "active", "until": NOW}, PublicStanding.OVER),
        # The term, to the second, in its own zone.
        ({"now": local(2026, 8, 31, 23, minute=59, second=59)}, PublicStanding.NOT_YET),
        ({"now": local(2026, 9, 1)}, PublicStanding.IN_FORCE),
        ({"now": local(2027, 6, 30, 23, minute=59, second=59)}, PublicStanding.IN_FORCE),
        ({"now": local(2027, 7, 1)}, PublicStanding.OVER),
    ],
)
def test_an_agreement_stands_where_its_moves_and_its_term_put_it(
    about: dict[str, Any], expected: PublicStanding
) -> None:
    assert published(**about).standing is expected


def test_a_terminated_agreement_stays_and_comes_after_those_in_force() -> None:
    ring = Keyring()
    a, b = ring.agreement(SPS_A), ring.agreement(SPS_B)
    found = register_with(listed(ring, a, standing="terminated"), listed(ring, b)).agreements
    assert [(each.digest, each.standing.value) for each in found] == [
        (b.digest, "in_force"),
        (a.digest, "terminated"),
    ]


def test_a_chain_of_versions_and_a_master_with_its_children_are_named_by_digest() -> None:
    ring = Keyring()
    first = ring.agreement(SPS_A)
    second = ring.agreement(SPS_A, changes={"/version": 2, "/replaces": first.digest})
    old = listed(ring, first, standing="replaced", replaced_by=second.digest)
    agreements = {each.digest: each for each in register_with(old, listed(ring, second, replaces=first)).agreements}
    assert agreements[first.digest].replaced_by == second.digest
    assert agreements[second.digest].replaces == first.digest
    assert {each.children for each in agreements.values()} == {()}
    master = ring.agreement(SPS_B, changes={"/framework": True})
    child = ring.agreement(SPS_B, changes={"/id": "agreement:child", "/master": master.digest})
    agreements = {
        each.digest: each for each in register_with(listed(ring, master), listed(ring, child, master=master)).agreements
    }
    assert (agreements[master.digest].framework, agreements[master.digest].children) == (True, (child.digest,))
    assert (agreements[child.digest].framework, agreements[child.digest].master) == (False, master.digest)


# ------------------------------------------------------------------------------------------------------------- use


@pytest.mark.parametrize(
    ("count", "band"),
    [
        *((0, "none"), (1, "1-9"), (9, "1-9"), (10, "10-99"), (99, "10-99"), (100, "100-999"), (999, "100-999")),
        *((1000, "1,000 or more"), (10**9, "1,000 or more")),
    ],
)
def test_a_count_is_shown_as_its_band(count: int, band: str) -> None:
    assert band_of(count).value == band


def test_a_month_is_shown_when_it_has_been_over_for_ten_days_and_not_a_second_before() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    counts = {bundle.digest: {dt.date(2027, 2, 1): 3, dt.date(2027, 1, 1): 40, dt.date(2027, 3, 1): 5000}}

    def months(now: dt.datetime) -> list[tuple[str, str]]:
        (found,) = register_with(listed(ring, bundle), now=now, months=counts).agreements
        assert found.months is not None
        return [(f"{row.month:%Y-%m}", row.disclosures.value) for row in found.months]

    before = months(local(2027, 3, 10, 23, minute=59, second=59))
    assert before == [("2027-01", "10-99"), *((f"2026-{month:02}", "none") for month in (12, 11, 10, 9))]
    assert months(local(2027, 3, 11)) == [("2027-02", "1-9"), *before]
    # The clocks change on 14 March and 7 November: the day counts, not the hours.
    assert months(local(2027, 4, 10, 23, minute=59)) == [("2027-02", "1-9"), *before]
    assert months(local(2027, 4, 11)) == [("2027-03", "1,000 or more"), ("2027-02", "1-9"), *before]


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        # Not before it was received, whatever its term says.
        ({"since": local(2026, 12, 24)}, ["2027-01", "2026-12"]),
        # Not after it ended.
        ({"now": local(2028, 1, 1), "since": local(2027, 5, 1)}, ["2027-06", "2027-05"]),
        # The version that takes over has months of its own.
        (
            {
                "standing": "replaced",
                "replaced_by": LATER,
                "until": local(2027, 1, 1),
                "since": local(2026, 11, 30, 23, minute=59),
            },
            ["2026-12", "2026-11"],
        ),
        # It counts no more at all since its master ended, and from when is not said: nothing is hidden.
        ({"until": dt.datetime.min.replace(tzinfo=dt.UTC), "since": local(2026, 12, 24)}, ["2027-01", "2026-12"]),
        # Nothing before its term.
        ({"now": local(2026, 8, 25)}, []),
        ({"now": local(2026, 10, 10, 23)}, []),
    ],
)
def test_only_months_in_which_it_could_be_used_are_shown(about: dict[str, Any], expected: list[str]) -> None:
    months = published(**about).months
    assert months is not None
    assert [f"{row.month:%Y-%m}" for row in months] == expected


def test_a_version_that_takes_over_from_a_day_that_has_passed_hides_no_use_of_the_old_one() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    old = listed(ring, bundle, standing="replaced", replaced_by=LATER, until=local(2026, 9, 1))
    counts = {bundle.digest: {dt.date(2026, 10, 1): 3, dt.date(2027, 1, 1): 40}}
    (found,) = register_with(old, months=counts).agreements
    assert [(f"{row.month:%Y-%m}", row.disclosures.value) for row in found.months or ()] == [
        ("2027-01", "10-99"),
        ("2026-12", "none"),
        ("2026-11", "none"),
        ("2026-10", "1-9"),
        ("2026-09", "none"),
    ]


def test_while_the_log_is_being_counted_no_month_is_shown_as_unused() -> None:
    ring = Keyring()
    (found,) = register_with(listed(ring, ring.agreement()), counted=False).agreements
    assert found.months is None


def test_nothing_is_due_where_nothing_is_said_and_what_is_said_is_shown() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    assert published().duties == Duties(Status.NOT_DUE, Status.NOT_DUE)
    owed = Duties(Status.CERTIFIED, Status.OVERDUE)
    (found,) = register_with(listed(ring, bundle), duties={bundle.digest: owed}).agreements
    assert found.duties == owed


# --------------------------------------------------------------------------------------------------------- opt-outs


@pytest.mark.parametrize("basis", Basis)
def test_the_opt_outs_that_are_published_are_those_that_keep_students_out(basis: Basis) -> None:
    terms = RowTerms(Everyone(), basis, ("2026-2027",), "America/Los_Angeles", "weekly", ("000115",))
    statement = covered(Scope(LATER, "agreement:one", terms))
    postgresql = dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves its dialects untyped
    read = str(statement.compile(dialect=postgresql, compile_kwargs={"literal_binds": True}))
    for scope in ("sharing", "directory"):
        assert (f"'{scope}'" in read) == (scope in opt_outs_of(basis)), read


# ------------------------------------------------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("signed", "expected"),
    [
        ("Tutoring\u202egnirotuT", "Tutoring\ufffdgnirotuT"),
        ("a\u2066b\u2069c\u200ed\u200fe\u061cf", "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf"),
        ("soft\u00adhyphen \u200bzero \ufeffmark", "soft\ufffdhyphen \ufffdzero \ufffdmark"),
        ("two\nlines\u2028three", "two lines three"),
        ("bell\x07", "bell\ufffd"),
        # What belongs to the spelling of a name stays.
        ("\u0645\u06cc\u200c\u062e क्\u200dष Ngûyen", "\u0645\u06cc\u200c\u062e क्\u200dष Ngûyen"),
    ],
)
def test_what_is_invisible_in_signed_words_is_made_visible(signed: str, expected: str) -> None:
    assert shown(signed) == expected


@given(st.text())
def test_shown_words_stay_on_one_line_and_hide_nothing(text: str) -> None:
    assert shown(shown(text)) == shown(text)
    assert not set(shown(text)) & set("\n\r\t\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\x00")


def test_the_register_is_dated_in_the_zone_that_most_agreements_name() -> None:
    ring = Keyring()
    late = local(2027, 3, 10, 23)
    here = listed(ring, ring.agreement(SPS_A))
    there = listed(ring, ring.agreement(SPS_B, changes={"/term/time_zone": "Asia/Tokyo"}))
    more = {"/term/time_zone": "Asia/Tokyo", "/id": "agreement:another"}
    third = listed(ring, ring.agreement(SPS_B, changes=more))
    assert (register_with(here, now=late).as_of, register_with(here, now=late).time_zone) == (
        dt.date(2027, 3, 10),
        "America/Los_Angeles",
    )
    assert register_with(here, there, third, now=late).as_of == dt.date(2027, 3, 11)
    assert register_with(now=late).time_zone == "UTC"
