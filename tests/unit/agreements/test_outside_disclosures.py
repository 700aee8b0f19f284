"""A disclosure recorded by hand is signed by an officer, complete, and corrected by nothing but a later record."""

from datetime import date, timedelta
from typing import Any

import pytest

from agreements.basis import OtherGround, ferpa_9932_required
from agreements.documents.outside_disclosure import (
    FurtherRecipient,
    OutsideDisclosure,
    outside_disclosure_bytes,
    read_outside_disclosure,
)
from agreements.elements import load_catalogue
from agreements.errors import InvalidDocument, NotEntitled
from agreements.outside import VerifiedOutsideDisclosure, verify_outside_disclosure
from tests.factories.agreements import key_for
from tests.factories.partners import OUTSIDE, TODAY, PartnerPapers

pytestmark = [pytest.mark.ferpa("N5"), pytest.mark.claim(12)]


def verified(papers: PartnerPapers, **changes: Any) -> VerifiedOutsideDisclosure:
    keys = changes.pop("keys", ())
    filed = papers.outside(keys=keys, **changes)
    return verify_outside_disclosure(filed, authority=papers.authority, catalogue=load_catalogue())


def problem(error: pytest.ExceptionInfo[InvalidDocument]) -> str:
    return error.value.problems[0].path


def test_nobody_but_an_officer_records_a_disclosure() -> None:
    with pytest.raises(NotEntitled):
        verified(PartnerPapers(), keys=[key_for("somebody")])


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"elements": ()}, "/elements"),
        ({"elements": ("000115", "000115")}, "/elements"),
        ({"elements": ("999999",)}, "/elements/0"),
        ({"disclosed_on": TODAY + timedelta(days=2)}, "/disclosed_on"),
        ({"corrects": 1}, "/why_corrected"),
        ({"why_corrected": "The wrong school."}, "/why_corrected"),
        ({"corrects": 2**40, "why_corrected": "The wrong school."}, "/corrects"),
        ({"basis": "health_safety_emergency"}, "/threat"),
        ({"threat": "A flood."}, "/threat"),
        ({"count": 0}, "/students/count"),
        ({"party": ""}, "/party/name"),
        ({"basis": "curiosity"}, "/basis"),
    ],
)
def test_a_record_that_lacks_what_the_law_asks_for_is_refused(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidDocument) as error:
        verified(PartnerPapers(), **changes)
    assert problem(error) == path


def test_what_leaves_under_no_agreement_is_what_the_law_asks_to_be_recorded() -> None:
    assert all(ferpa_9932_required(each) for each in OtherGround)


def test_a_day_that_no_calendar_has_is_refused() -> None:
    written = outside_disclosure_bytes(OUTSIDE).replace(TODAY.isoformat().encode(), b"2026-02-30")
    with pytest.raises(InvalidDocument) as error:
        read_outside_disclosure(written)
    assert problem(error) == "/disclosed_on"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"basis": "health_safety_emergency", "threat": "The river is over the levee."},
        {"evidence": "sha256:" + "a" * 64, "further_recipients": (FurtherRecipient("A lab", "It tests."),)},
        {"elements": (), "corrects": 0, "why_corrected": "The letter was never sent."},
        {"disclosed_on": date(2020, 1, 1)},
        *({"basis": each} for each in OtherGround),
    ],
)
def test_what_is_recorded_is_read_back_as_it_was_written(changes: dict[str, Any]) -> None:
    found = verified(PartnerPapers(), **changes)
    assert isinstance(found.disclosure, OutsideDisclosure)
    assert outside_disclosure_bytes(found.disclosure) == found.envelope.payload
    assert found.recorded_by.name
