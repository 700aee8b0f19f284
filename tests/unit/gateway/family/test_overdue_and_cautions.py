"""What is overdue by the log's entries alone, and when the rights of a student have moved."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from agreements.elements import load_catalogue
from agreements.families import Asking, verify_family_request
from audit.entry import Entry
from audit.events import Event
from gateway.services.accounting.cautions import cautions_of
from gateway.services.accounting.folding import fold
from gateway.services.accounting.lines import Shown, Warn
from gateway.services.family.alarming import overdue_among
from tests.factories.accounted import ABOUT, once
from tests.factories.family_papers import FamilyPapers

DUE = date(2026, 11, 2)


def entries(*more: tuple[str, dict[str, Any]]) -> dict[int, Entry]:
    received: tuple[str, dict[str, Any]] = (
        Event.FAMILY_REQUEST_RECEIVED.value,
        {"answer_by": DUE.isoformat()},
    )
    return {4 + at: Entry(event, "", body) for at, (event, body) in enumerate((received, *more))}


@pytest.mark.ferpa("F1")
def test_a_request_is_overdue_from_the_day_after_its_last_one_until_it_ends() -> None:
    later = DUE + timedelta(days=10)
    extended = (Event.FAMILY_REQUEST_EXTENDED.value, {"answers": 4, "answer_by": later.isoformat()})
    assert overdue_among(entries(), DUE) == {}
    assert overdue_among(entries(), DUE + timedelta(days=1)) == {4: DUE}
    assert overdue_among(entries(extended), later) == {}
    assert overdue_among(entries(extended), later + timedelta(days=1)) == {4: later}
    for ended in (Event.FAMILY_REQUEST_ANSWERED, Event.FAMILY_REQUEST_REFUSED, Event.FAMILY_REQUEST_TAKEN_BACK):
        assert overdue_among(entries((ended.value, {"answers": 4})), date.max) == {}
    others = entries((Event.LINES_WITHHELD.value, {}), (Event.FAMILY_REQUEST_ANSWERED.value, {"answers": 99}))
    assert overdue_among(others, date.max) == {4: DUE}


@pytest.mark.ferpa("C5")
@pytest.mark.parametrize(
    ("born", "today", "moved"),
    [
        (date(2009, 3, 11), date(2027, 3, 10), False),
        (date(2009, 3, 11), date(2027, 3, 11), True),
        (date(2008, 2, 29), date(2026, 2, 27), False),
        (date(2008, 2, 29), date(2026, 2, 28), True),
        (None, date(2026, 1, 1), True),
    ],
)
def test_rights_move_on_the_day_on_which_a_student_is_18_and_perhaps_where_no_day_is_known(
    born: date | None, today: date, moved: bool
) -> None:
    papers, catalogue = FamilyPapers(), load_catalogue()
    asked = verify_family_request(papers.request(), authority=papers.authority, catalogue=catalogue)
    found = cautions_of([], Asking(asked), born, today, telling={}, catalogue=catalogue)
    assert [each.code for each in found] == ([Warn.RIGHTS_MOVED] if moved else [])
    assert cautions_of([], None, born, today, telling={}, catalogue=catalogue) == ()
    (restricted,) = cautions_of([], None, born, today, telling={}, catalogue=catalogue, restricted=True)
    assert restricted.code is Warn.RIGHTS_RESTRICTED


@pytest.mark.ferpa("N4")
@pytest.mark.parametrize(
    ("dataset", "element", "tells"),
    [
        ("attendance", "001069", False),  # School identifier: every dataset has it
        ("students", "000243", False),  # School year
        ("discipline", "001069", True),
        ("discipline", "000509", True),  # Incident behavior
        ("", "000509", True),  # a letter, recorded by hand
        ("", "001069", False),
    ],
)
def test_discipline_is_said_to_be_shared_where_it_was_and_nowhere_else(dataset: str, element: str, tells: bool) -> None:
    about = replace(ABOUT, dataset=dataset, elements=(Shown(element, "", "exact"),))
    lines = fold([(about, once(20, DUE))])
    found = cautions_of(lines, None, None, DUE, telling={}, catalogue=load_catalogue())
    assert [(each.code, each.entries) for each in found] == ([(Warn.TELLS_DISCIPLINE, (20,))] if tells else [])
