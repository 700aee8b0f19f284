"""What a family asks is signed by an officer, due in time, and ended by nothing but a step that fits it."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from agreements.authority import Filed
from agreements.documents.family import (
    Asked,
    Step,
    family_request_bytes,
    family_step_bytes,
    read_family_request,
)
from agreements.elements import load_catalogue
from agreements.errors import InvalidDocument, NotEntitled, SamePerson
from agreements.families import Asking, VerifiedFamilyRequest, verify_family_request, verify_family_step
from tests.factories.agreements import key_for
from tests.factories.family_papers import REQUEST, TODAY, FamilyPapers

pytestmark = [pytest.mark.ferpa("F1"), pytest.mark.claim(12)]

NAME = ("000115",)


def verified(papers: FamilyPapers, filed: Filed, before: Sequence[Asking] = ()) -> VerifiedFamilyRequest:
    return verify_family_request(filed, authority=papers.authority, catalogue=load_catalogue(), before=before)


def stepped(papers: FamilyPapers, asking: Asking, filed: Filed, before: Sequence[Asking] = ()) -> Asking:
    step = verify_family_step(filed, asking, authority=papers.authority, before=before)
    return Asking(asking.asked, (*asking.steps, step))


def paths(error: pytest.ExceptionInfo[InvalidDocument]) -> list[str]:
    return [each.path for each in error.value.problems]


def test_nobody_but_an_officer_takes_in_or_answers() -> None:
    papers = FamilyPapers()
    mallory = [key_for("mallory")]
    with pytest.raises(NotEntitled):
        verified(papers, papers.request(keys=mallory))
    asked = papers.request()
    with pytest.raises(NotEntitled):
        stepped(papers, Asking(verified(papers, asked)), papers.step(asked, keys=mallory))


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"answer_by": TODAY + timedelta(days=46)}, "/answer_by"),
        ({"answer_by": TODAY - timedelta(days=1)}, "/answer_by"),
        ({"received_on": TODAY + timedelta(days=2), "answer_by": TODAY + timedelta(days=9)}, "/received_on"),
        ({"elements": NAME}, "/elements"),
        ({"kind": Asked.AMENDMENT}, "/elements"),
        ({"kind": Asked.AMENDMENT, "elements": ("999999",)}, "/elements/0"),
        ({"kind": Asked.HEARING, "elements": NAME}, "/follows"),
        ({"follows": "sha256:" + "0" * 64}, "/follows"),
        ({"kind": Asked.HEARING, "elements": NAME, "follows": "sha256:" + "0" * 64}, "/follows"),
        ({"student": "7001"}, "/student"),
    ],
)
def test_a_request_that_cannot_have_been_made_is_refused(changes: dict[str, Any], path: str) -> None:
    papers = FamilyPapers()
    with pytest.raises(InvalidDocument) as error:
        verified(papers, papers.request(**changes))
    assert paths(error) == [path]


def test_a_day_that_no_calendar_has_is_refused() -> None:
    written = family_request_bytes(REQUEST).replace(TODAY.isoformat().encode(), b"2026-02-30")
    with pytest.raises(InvalidDocument) as error:
        read_family_request(written)
    assert paths(error) == ["/received_on"]


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"step": Step.ANSWERED}, "/outcome"),
        ({"step": Step.REFUSED}, "/ground"),
        ({"step": Step.EXTENDED}, "/answer_by"),
        ({"outcome": "inspected"}, "/outcome"),
        ({"by_entry": 4}, "/by_entry"),
        ({"step": Step.ANSWERED, "outcome": "stopped"}, "/outcome"),
        ({"step": Step.REFUSED, "ground": "hearing_offered"}, "/ground"),
        ({"step": Step.EXTENDED, "answer_by": TODAY + timedelta(days=46)}, "/answer_by"),
        ({"step": Step.EXTENDED, "answer_by": TODAY + timedelta(days=45)}, "/answer_by"),
    ],
)
def test_a_step_that_a_request_cannot_take_is_refused(said: dict[str, Any], path: str) -> None:
    papers = FamilyPapers()
    asked = papers.request()
    with pytest.raises(InvalidDocument) as error:
        stepped(papers, Asking(verified(papers, asked)), papers.step(asked, **said))
    assert paths(error) == [path]


def test_a_step_about_another_request_or_after_the_end_is_refused() -> None:
    papers = FamilyPapers()
    asked, other = papers.request(), papers.request(student="1" * 64)
    asking = Asking(verified(papers, asked))
    with pytest.raises(NotEntitled):
        stepped(papers, asking, papers.step(other))
    ended = stepped(papers, asking, papers.step(asked))
    assert ended.ended is not None
    with pytest.raises(NotEntitled):
        stepped(papers, ended, papers.step(asked, step=Step.ANSWERED, outcome="inspected"))


def test_more_time_counts_and_never_beyond_what_the_law_gives() -> None:
    papers = FamilyPapers()
    asked = papers.request(answer_by=TODAY + timedelta(days=10), evidence="sha256:" + "a" * 64)
    asking = Asking(verified(papers, asked))
    longer = stepped(papers, asking, papers.step(asked, step=Step.EXTENDED, answer_by=TODAY + timedelta(days=45)))
    assert (longer.answer_by - TODAY, longer.ended) == (timedelta(days=45), None)
    assert not longer.is_overdue(longer.answer_by)
    assert longer.is_overdue(longer.answer_by + timedelta(days=1))
    amended = papers.request(kind=Asked.AMENDMENT, elements=NAME)
    most = papers.step(amended, step=Step.EXTENDED, answer_by=TODAY + timedelta(days=90))
    assert stepped(papers, Asking(verified(papers, amended)), most).answer_by == TODAY + timedelta(days=90)


@pytest.mark.ferpa("F2")
def test_who_refused_an_amendment_does_not_sign_the_outcome_of_the_hearing() -> None:
    papers = FamilyPapers()
    first, second = (officer.key for officer in papers.ring.officers[:2])
    amendment = papers.request(kind=Asked.AMENDMENT, elements=NAME)
    asking = Asking(verified(papers, amendment))
    hearing = papers.request(kind=Asked.HEARING, elements=NAME, follows=amendment.envelope.digest)
    # An amendment that is open, was answered or was about something else leads to no hearing.
    answered = papers.step(amendment, step=Step.ANSWERED, outcome="amended")
    for before in ((), (asking,), (stepped(papers, asking, answered),)):
        with pytest.raises(InvalidDocument) as error:
            verified(papers, hearing, before)
        assert paths(error) == ["/follows"]
    refused = stepped(papers, asking, papers.step(amendment, step=Step.REFUSED, ground="hearing_offered", keys=[first]))
    other = papers.request(kind=Asked.HEARING, elements=("000172",), follows=amendment.envelope.digest)
    with pytest.raises(InvalidDocument):
        verified(papers, other, [refused])
    heard = Asking(verified(papers, hearing, [refused]))
    outcome: dict[str, Any] = {"step": Step.ANSWERED, "outcome": "statement_offered", "by_entry": 7}
    for keys, others in (([first], [refused]), ([first, second], [refused]), ([second], [])):
        with pytest.raises(SamePerson):
            stepped(papers, heard, papers.step(hearing, keys=keys, **outcome), others)
    done = stepped(papers, heard, papers.step(hearing, keys=[second], **outcome), [refused])
    assert done.ended is not None
    assert done.ended.step.by_entry == 7
    # Whoever refused it may say that the family took the hearing back.
    assert stepped(papers, heard, papers.step(hearing, keys=[first]), [refused]).ended is not None


def test_what_is_written_is_read_back() -> None:
    papers = FamilyPapers()
    asked = papers.request(received_on=date(2020, 1, 1), answer_by=date(2020, 2, 15), restricted=True)
    found = verified(papers, asked)
    assert family_request_bytes(found.request) == asked.envelope.payload
    step = papers.step(asked, step=Step.REFUSED, ground="no_rights", evidence="sha256:" + "b" * 64)
    taken = stepped(papers, Asking(found), step).ended
    assert taken is not None
    assert family_step_bytes(taken.step) == step.envelope.payload
