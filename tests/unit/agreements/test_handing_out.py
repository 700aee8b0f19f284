"""Lines of an accounting are withheld by two officers, for a reason of the law's, until a day."""

from datetime import timedelta
from typing import Any

import pytest

from agreements.documents.telling_partners import Tells, read_telling_partners, telling_partners_bytes
from agreements.documents.withholding import Reason, read_withholding, withholding_bytes
from agreements.errors import InvalidDocument, NotEntitled, SignatureMissing
from agreements.handing_out import verify_telling_partners, verify_withholding
from tests.factories.agreements import RECEIVED, key_for
from tests.factories.family_papers import TODAY, WITHHOLDING, FamilyPapers

pytestmark = [pytest.mark.ferpa("N4"), pytest.mark.claim(12)]


def test_one_officer_alone_withholds_nothing() -> None:
    papers = FamilyPapers()
    first, second = (officer.key for officer in papers.ring.officers[:2])
    with pytest.raises(SignatureMissing):
        verify_withholding(papers.withholding(keys=[first]), authority=papers.authority)
    for keys in ([key_for("mallory")], [first, second, key_for("mallory")]):
        with pytest.raises(NotEntitled):
            verify_withholding(papers.withholding(keys=keys), authority=papers.authority)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"until": TODAY - timedelta(days=2)}, "/until"),
        ({"until": TODAY + timedelta(days=367)}, "/until"),
        ({"replaces": 10**6}, "/replaces"),
        ({"evidence": None}, "/evidence"),
        ({"lines": ()}, "/lines"),
        ({"lines": ("partner:a",)}, "/lines/0"),
        ({"student": b"s" * 15}, "/student"),
    ],
)
def test_a_withholding_without_an_end_or_a_paper_is_refused(changes: dict[str, Any], path: str) -> None:
    papers = FamilyPapers()
    with pytest.raises(InvalidDocument) as error:
        verify_withholding(papers.withholding(**changes), authority=papers.authority)
    assert [each.path for each in error.value.problems] == [path]


def test_a_reason_that_no_law_knows_and_a_day_that_no_calendar_has_are_refused() -> None:
    for old, new, path in (
        (b"court_order", b"embarrassing", "/reason"),
        (WITHHOLDING.until.isoformat().encode(), b"2027-02-30", "/until"),
    ):
        with pytest.raises(InvalidDocument) as error:
            read_withholding(withholding_bytes(WITHHOLDING).replace(old, new))
        assert [each.path for each in error.value.problems] == [path]


def test_a_withholding_ends_by_itself_when_its_last_day_is_over_everywhere() -> None:
    papers = FamilyPapers()
    filed = papers.withholding(until=TODAY, reason=Reason.SAFETY, evidence=None, replaces=0)
    found = verify_withholding(filed, authority=papers.authority)
    assert withholding_bytes(found.withholding) == filed.envelope.payload
    midnight = RECEIVED.replace(hour=0, minute=0) + timedelta(days=1)
    assert found.lasts(midnight + timedelta(hours=11, minutes=59))
    assert not found.lasts(midnight + timedelta(hours=12))


def test_a_list_of_telling_partners_is_signed_and_names_each_once() -> None:
    papers = FamilyPapers()
    with pytest.raises(NotEntitled):
        verify_telling_partners(papers.telling(keys=[key_for("mallory")]), authority=papers.authority)
    twice = telling_partners_bytes({"partner:a": Tells.SHELTER, "partner:b": Tells.JUSTICE}, 3)
    assert read_telling_partners(twice) == ({"partner:a": Tells.SHELTER, "partner:b": Tells.JUSTICE}, 3)
    with pytest.raises(InvalidDocument):
        read_telling_partners(twice.replace(b"partner:b", b"partner:a"))
    found = verify_telling_partners(papers.telling({}), authority=papers.authority)
    assert (found.partners, found.after) == ({}, -1)
