"""
A consent that a family signed, entered by hand; withdrawn by whoever has the right; never by whom a court took it from.

Rows C4 to C6, and C7. What is refused writes nothing, and no refusal names anybody.
"""

import datetime as dt
from pathlib import Path

import pytest

from agreements.documents.parental_rights import Act
from gateway.records.coverage import Scope
from gateway.records.errors import (
    ConsentRefused,
    NothingToStop,
    NotTheirRight,
    RestrictionRefused,
    SignerUnknown,
    UnknownStudent,
)
from gateway.records.loading.entered import newest_entry
from gateway.records.signed import Approval, Authentication, Capacity, Form, SignerName
from gateway.services.consents import GivenConsent
from gateway.services.renumbering import merge_students, reuse_number
from gateway.services.rights import Holder
from tests.factories.consenting import FATHER, MOTHER, OWN, give, rights, signed, withdraw
from tests.factories.database import TestDatabase
from tests.factories.records import (
    AGREEMENT,
    ENROLLMENTS,
    LINE,
    OTHER,
    OTHER_LINE,
    STUDENTS,
    SmallDistrict,
    permit,
    terms,
)

NOW = dt.date(2026, 2, 1)
DAY = dt.date(2026, 1, 20)
CONSENT = terms(basis="consent", element_order=("000115", "000172"))
OF_AGE = "1004"
"""Dua, who turns 18 on 11 March 2026; Bo (1002), born on 29 February 2008, is of age on 1 March."""


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path, now=NOW)
    district.scopes += [Scope(AGREEMENT, LINE, CONSENT), Scope(OTHER, OTHER_LINE, CONSENT)]
    await district.load({"students": STUDENTS, "enrollments": ENROLLMENTS})
    return district


async def names(district: SmallDistrict, agreement: str = AGREEMENT) -> set[str]:
    leave = permit("first_name", "last_name", rows=CONSENT, agreement=agreement)
    return {row["first_name"] for row in await district.rows(leave)}


async def size(district: SmallDistrict) -> int:
    return int(await district.owner.fetchval("SELECT size FROM audit.head"))


@pytest.mark.ferpa("C1")
@pytest.mark.ferpa("C2")
@pytest.mark.ferpa("C3")
@pytest.mark.ferpa("C4")
async def test_what_is_no_consent_is_refused_and_writes_nothing(district: SmallDistrict) -> None:
    before = await size(district)
    electronic = {"form": Form.ELECTRONIC, "authenticated_by": Authentication.CODE_SENT}
    refused: list[tuple[str, str, GivenConsent]] = [
        ("1001", "signer is missing", signed(DAY, signer=SignerName("  "))),
        ("1001", "purpose is missing", signed(DAY, purpose="")),
        ("1001", "party is missing", signed(DAY, party="")),
        ("1001", "what_will_be_done is missing", signed(DAY, what_will_be_done=" ")),
        ("1001", "evidence is missing", signed(DAY, evidence="")),
        ("1001", "evidence is no digest", signed(DAY, evidence="sha256:12")),
        ("1001", "notice_language is missing", signed(DAY, notice_language="")),
        ("1001", "covers lists nothing", signed(DAY, covers=())),
        ("1001", "approved_by is missing", signed(DAY, **electronic)),
        ("1001", "is for electronic forms alone", signed(DAY, approved_by=Approval.TYPED_NAME)),
        ("1001", "purpose or party", signed(DAY, purpose="mentoring")),
        ("1001", "purpose or party", signed(DAY, party="partner:harbor-mentors")),
        ("1001", "does not name 000033", signed(DAY, covers=("000033", "000115"))),
        ("1001", "signed_on is after from_date", signed(DAY, from_date=DAY - dt.timedelta(1))),
        ("1001", "has not come yet", signed(NOW + dt.timedelta(1))),
    ]
    for number, words, given in refused:
        with pytest.raises(ConsentRefused, match=words) as said:
            await give(district, number, given)
        assert "1001" not in str(said.value)
    with pytest.raises(UnknownStudent):
        await give(district, "4711", signed(DAY))
    with pytest.raises(ConsentRefused, match="No version"):
        await give(district, "1001", signed(DAY), line="agreement:nobodys")
    assert (await size(district), await names(district)) == (before, set())


@pytest.mark.ferpa("C7")
@pytest.mark.claim(1)
@pytest.mark.claim(7)
async def test_a_consent_entered_by_hand_counts_on_the_next_request_for_its_elements(district: SmallDistrict) -> None:
    entry = await give(district, "1001", signed(DAY, covers=("000115",)))
    page = await district.page(permit("first_name", "last_name", rows=CONSENT))
    assert page.epoch == entry
    assert await district.rows(permit("first_name", "last_name", rows=CONSENT)) == [{"first_name": "Ana"}]
    assert await names(district, OTHER) == set()
    leaf = await district.owner.fetchval("SELECT convert_from(leaf, 'UTF8') FROM audit.entry WHERE idx = $1", entry)
    assert '"event":"consent.given"' in leaf
    assert not any(word in leaf for word in ("1001", "Ruiz", "Ana", "000115"))
    with pytest.raises(ConsentRefused, match="on file"):
        await give(district, "1001", signed(DAY, covers=("000115",)))
    electronic = {"authenticated_by": Authentication.DISTRICT_ACCOUNT, "approved_by": Approval.CONFIRMED}
    await give(district, "1001", signed(DAY, form=Form.ELECTRONIC, **electronic))
    assert await district.rows(permit("first_name", "last_name", rows=CONSENT)) == [
        {"first_name": "Ana", "last_name": "Ruiz"}
    ]
    assert await district.owner.fetchval("SELECT count(*) FROM records.consent WHERE to_idx IS NULL") == 1


@pytest.mark.claim(7)
async def test_no_list_ends_what_was_entered_by_hand_but_one_that_names_it_speaks_about_it(
    district: SmallDistrict,
) -> None:
    await give(district, "1001", signed(DAY))
    row = (LINE, "1002", "all", "parent", f"{DAY}", f"{DAY}", None)
    await district.load({"consents": [row]})
    assert await names(district) == {"Ana", "Bo"}
    named = (LINE, "1001", "all", "parent", f"{DAY}", f"{DAY}", f"{NOW - dt.timedelta(1)}")
    await district.load({"consents": [row, named]})
    assert await names(district) == {"Bo"}
    await district.load({"consents": [row]})
    with pytest.raises(NothingToStop):
        await withdraw(district, "1001")


@pytest.mark.ferpa("C6")
@pytest.mark.claim(7)
async def test_either_parent_withdraws_what_the_other_signed_and_earlier_entries_stay(district: SmallDistrict) -> None:
    given = await give(district, "1001", signed(DAY))
    assert await names(district) == {"Ana"}
    with pytest.raises(NotTheirRight, match="not 18 yet"):
        await withdraw(district, "1001", OWN)
    entry = await withdraw(district, "1001", Holder(Capacity.PARENT, FATHER))
    page = await district.page(permit("first_name", "last_name", rows=CONSENT))
    assert (page.epoch, len(page.rows)) == (entry, 0)
    assert await size(district) == entry + 1 > given + 1
    # What was withdrawn is not entered again; a new signature is a new consent.
    with pytest.raises(ConsentRefused, match="signs again"):
        await give(district, "1001", signed(DAY))
    await district.at(NOW + dt.timedelta(2))
    await give(district, "1001", signed(NOW + dt.timedelta(1)))
    assert await names(district) == {"Ana"}


@pytest.mark.ferpa("C5")
@pytest.mark.parametrize(
    ("number", "lapses", "own"),
    [("1004", dt.date(2026, 3, 11), dt.date(2026, 3, 11)), ("1002", dt.date(2026, 2, 28), dt.date(2026, 3, 1))],
    ids=["an ordinary birthday", "29 February"],
)
async def test_at_eighteen_the_parents_word_lapses_and_the_students_begins(
    district: SmallDistrict, number: str, lapses: dt.date, own: dt.date
) -> None:
    first = {"1004": "Dua", "1002": "Bo"}[number]
    await give(district, number, signed(DAY))
    for day, expected in ((lapses - dt.timedelta(1), {first}), (lapses, set[str]())):
        await district.at(day, 20)
        assert await names(district) == expected, day
    with pytest.raises(NotTheirRight, match="signs alone"):
        await give(district, number, signed(lapses))
    student = {"signed_by": Capacity.ELIGIBLE_STUDENT, "signer": SignerName("The Student")}
    with pytest.raises(NotTheirRight, match="was not 18"):
        await give(district, number, signed(own - dt.timedelta(1), **student))
    await district.at(own, 20)
    await give(district, number, signed(own, **student))
    assert await names(district) == {first}
    with pytest.raises(NotTheirRight, match="turned 18"):
        await withdraw(district, number)
    assert await names(district) == {first}
    await withdraw(district, number, OWN)
    assert await names(district) == set()


@pytest.mark.ferpa("C5")
@pytest.mark.claim(7)
async def test_on_the_day_that_is_nobodys_and_without_a_birth_date_anybody_may_stop(district: SmallDistrict) -> None:
    await give(district, "1002", signed(DAY))
    await district.at(dt.date(2026, 2, 28), 20)
    assert await withdraw(district, "1002", OWN)
    with pytest.raises(NotTheirRight, match="No birth date"):
        await give(district, "1003", signed(DAY))
    await district.load({"consents": [(LINE, "1003", "all", "parent", f"{DAY}", f"{DAY}", None)]})
    assert await withdraw(district, "1003", OWN)


@pytest.mark.ferpa("C6")
@pytest.mark.claim(1)
@pytest.mark.claim(7)
async def test_a_parent_whose_rights_a_court_revoked_neither_consents_nor_withdraws(district: SmallDistrict) -> None:
    await give(district, "1001", signed(DAY))
    await give(district, "1002", signed(DAY))
    entry = await rights(district, "1001", SignerName("ana  RUIZ"))
    # (1): what this parent signed for this child has ended, and only that.
    assert (await names(district), await size(district)) == ({"Bo"}, entry + 1)
    with pytest.raises(NotTheirRight, match="revoked"):
        await give(district, "1001", signed(DAY, from_date=NOW))
    with pytest.raises(RestrictionRefused):
        await rights(district, "1001", MOTHER)
    # (2): no list brings it back; the other parent's word counts, and who speaks has to be said.
    await give(district, "1001", signed(DAY, signer=FATHER))
    assert await names(district) == {"Ana", "Bo"}
    with pytest.raises(SignerUnknown):
        await withdraw(district, "1001")
    with pytest.raises(NotTheirRight, match="revoked") as refused:
        await withdraw(district, "1001", Holder(Capacity.PARENT, MOTHER))
    assert "Ruiz" not in str(refused.value)
    assert await names(district) == {"Ana", "Bo"}
    await withdraw(district, "1001", Holder(Capacity.PARENT, FATHER))
    assert await names(district) == {"Bo"}
    # (3): given back, the parent signs again.
    await rights(district, "1001", SignerName("Ana \u2060Ruiz"), Act.RESTORED)
    with pytest.raises(RestrictionRefused):
        await rights(district, "1001", MOTHER, Act.RESTORED)
    await district.at(NOW + dt.timedelta(2))
    await give(district, "1001", signed(NOW + dt.timedelta(1)))
    assert await names(district) == {"Ana", "Bo"}


@pytest.mark.ferpa("C6")
@pytest.mark.claim(7)
async def test_no_list_brings_what_a_restricted_parent_signed(district: SmallDistrict) -> None:
    row = (LINE, "1001", "all", "parent", f"{DAY}", f"{DAY}", None)
    await district.load({"consents": [row]})
    assert await names(district) == {"Ana"}
    # As a word processor writes the name that the list has.
    await rights(district, "1001", SignerName("Somebody\u2019s\u200b Parent"))
    assert await names(district) == set()
    for _ in range(2):
        report = await district.load({"consents": [row]})
        assert "99.4" in str(report.refused[0])
        assert await names(district) == set()
    own = (LINE, "1001", "all", "eligible_student", f"{DAY}", f"{DAY}", None)
    assert (await district.load({"consents": [own]})).refused == ()


@pytest.mark.ferpa("C6")
@pytest.mark.claim(1)
async def test_a_restriction_under_one_number_of_a_child_holds_for_the_child_and_goes_with_it(
    district: SmallDistrict,
) -> None:
    await give(district, "1001", signed(DAY))
    await rights(district, "1002", MOTHER)
    assert await names(district) == {"Ana"}
    async with district.engine.begin() as connection:
        entry = await merge_students(connection, "1002", "1001", scopes=district.in_force)
    assert await names(district) == set()
    with pytest.raises(NotTheirRight, match="revoked"):
        await give(district, "1001", signed(NOW))
    async with district.engine.connect() as connection:
        assert await newest_entry(connection) == entry
    # It is on file under the number that stands too, and is lifted by it.
    with pytest.raises(RestrictionRefused):
        await rights(district, "1001", MOTHER)
    await rights(district, "1001", MOTHER, Act.RESTORED)
    await give(district, "1001", signed(NOW))
    assert await names(district) == {"Ana"}
    last = await rights(district, "1001", FATHER)
    parts = {row["part"] for row in await district.owner.fetch("SELECT part FROM records.dated_between($1, $1)", last)}
    assert "restriction.begun" in parts
    async with district.engine.connect() as connection:
        assert await newest_entry(connection) == last
    await district.owner.execute("SELECT records.erase(ARRAY(SELECT sealed FROM records.subject))")
    assert await district.owner.fetchval("SELECT count(*) FROM records.restriction") == 0
    assert await district.owner.fetchval("SELECT count(*) FROM records.consent") == 0


@pytest.mark.claim(7)
async def test_what_was_given_when_the_number_was_another_childs_is_not_entered(district: SmallDistrict) -> None:
    async with district.engine.begin() as connection:
        await reuse_number(connection, "1001", scopes=district.in_force)
    await district.load({"students": STUDENTS, "enrollments": ENROLLMENTS}, confirm=True)
    with pytest.raises(ConsentRefused, match="another child's"):
        await give(district, "1001", signed(DAY))
    await district.at(NOW + dt.timedelta(2))
    await give(district, "1001", signed(NOW + dt.timedelta(1)))
    assert await names(district) == {"Ana"}
