"""An accounting on paper, as a table and as data: readable, inert, the same bytes each time."""

import csv
import datetime as dt
import io
from dataclasses import replace

import pypdfium2
import pytest

from agreements.basis import Basis, OtherGround
from audit.events import Event
from gateway.services.accounting import wording
from gateway.services.accounting.lines import Accounting, Refused, Unread
from gateway.services.accounting.paper import paper
from gateway.services.accounting.plain import plain
from gateway.services.accounting.table import COLUMNS, table
from tests.factories.accounted import ABOUT, BY_HAND, UNDER, accounting, nightly, once

MONDAY = dt.date(2026, 9, 7)
pytestmark = pytest.mark.ferpa("N1")


def simple() -> Accounting:
    return accounting(
        [*nightly(ABOUT, MONDAY, 90), (BY_HAND, once(400, dt.date(2027, 2, 1)))],
        refused=(Refused("Bright Path Tutoring", UNDER.title, 3),),
    )


def pages(made: bytes) -> list[str]:
    """The text of each page, with the breaks of lines as spaces."""
    document = pypdfium2.PdfDocument(made)
    try:
        return [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]
    finally:
        document.close()


def test_what_an_agreement_says_is_never_read_as_markup() -> None:
    hostile = '#panic("x") *bold* $x$ @label <b> \\ = Heading'
    found = accounting([(replace(ABOUT, recipients=(hostile,), interest=hostile), once(20, MONDAY))])
    (text,) = pages(paper(found, [hostile]))
    assert text.count('#panic("x") *bold*') == 3


def test_a_simple_case_is_one_page_that_says_everything() -> None:
    (text,) = pages(paper(simple(), ["Emerald City School District", "12 Main Street"]))
    for words in (
        "12 Main Street",
        "Calixtine Örnsköldvik, student number Nr00702xcalixte",
        "Bright Path Tutoring",
        "Quiet Hosting Company",
        "Grade Point Average (as a range)",
        "September 7, 2026 to",
        "90 times, about every school day",
        "Log: 20 to 109",
        "Written consent (34 CFR 99.30)",
        "Recorded by hand",
        "Cedar County Health",
        "It covers August 1, 2026 to March 10, 2027, entries 0 to 900",
        "3 under",
        "no refused request names a student",
    ):
        assert words in text, words


def test_the_same_accounting_gives_the_same_bytes_and_a_reader_for_the_blind_finds_its_way() -> None:
    made = paper(simple())
    assert made == paper(simple())
    assert b"/MarkInfo" in made or b"/StructTreeRoot" in made
    document = pypdfium2.PdfDocument(made)
    assert document.get_metadata_value("Title") == "Record of disclosures"
    assert document.is_tagged()
    document.close()


@pytest.mark.parametrize("name", ["李小明", "علي الحداد", "አበበ በቀለ"])
def test_the_family_of_a_child_whose_name_no_font_of_ours_has_is_handed_its_paper_too(name: str) -> None:
    made = paper(replace(simple(), name=name))
    assert made == paper(replace(simple(), name=name))
    document = pypdfium2.PdfDocument(made)
    assert document.is_tagged()
    document.close()
    assert "student number Nr00702xcalixte" in pages(made)[0]


def test_who_was_shared_with_nobody_is_told_so() -> None:
    (text,) = pages(paper(accounting([], name=None)))
    assert "It lists nobody." in text
    assert "Student: student number" in text


def test_what_is_in_doubt_is_told_to_the_family_too() -> None:
    emergency = replace(ABOUT, recipients=(), threat="A flood.", further=())
    taken_back = replace(BY_HAND, elements=())
    corrected = once(30, MONDAY, corrected_by=31)
    found = accounting(
        [(emergency, once(20, MONDAY))],
        altered=(7, 8),
        not_opened=2,
        not_committed=3,
        unread=(Unread(20, "The emergency order that it cites does not verify any more."),),
        corrected=accounting([(BY_HAND, corrected), (taken_back, once(31, MONDAY, corrects=30))]).lines,
    )
    text = " ".join(pages(paper(found)))
    for words in (
        "beside 2 entries is not the one they commit to (7, 8)",
        "cannot be compared any more",
        "3 entries are of an earlier release, which committed to no list of students",
        "Entry 20: The emergency order",
        "Threat: A flood.",
        "Corrected by 31.",
        "Corrects 30.",
        "Not readable any more",
        "the record that it corrects was wrong",
    ):
        assert words in text, words


def test_a_long_accounting_takes_as_many_pages_as_it_needs() -> None:
    many = [(replace(ABOUT, recipients=(f"Partner {at}",)), once(20 + at, MONDAY)) for at in range(40)]
    made = pages(paper(accounting(many)))
    assert len(made) > 2
    assert all(f"Partner {at}" in " ".join(made) for at in range(40))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_the_table_is_a_formula(start: str) -> None:
    hostile = f'{start}HYPERLINK("http://example.test")'
    found = accounting([(replace(ABOUT, recipients=(hostile,), interest=hostile, behind=hostile), once(20, MONDAY))])
    (_, row) = csv.reader(io.StringIO(table(found), newline=""))
    assert not [cell for cell in row if cell.startswith(start)]
    assert row[COLUMNS.index("recipients")] == f"'{hostile}"


def test_the_table_has_a_row_for_each_line_and_says_which_count() -> None:
    found = accounting(
        nightly(ABOUT, MONDAY, 5), corrected=accounting([(BY_HAND, once(30, MONDAY, corrected_by=31))]).lines
    )
    rows = list(csv.DictReader(io.StringIO(table(found))))
    assert [(row["channel"], row["counts"], row["times"], row["entries"]) for row in rows] == [
        ("gateway", "true", "5", "20 to 24"),
        ("recorded_by_hand", "false", "1", "30"),
    ]


def test_entries_are_told_as_ranges() -> None:
    told = [once(entry, MONDAY) for entry in (3, 4, 5, 9, 11, 12)]
    assert wording.entries(told) == "3 to 5, 9, 11 to 12"


def test_everything_that_can_occur_has_words() -> None:
    assert all(wording.basis(each) != each for each in (*Basis, *OtherGround))
    assert wording.basis("another") == "another"
    looks = (Event.ACCOUNTING_READ, Event.RECORDS_COPIED, Event.EXPLANATION_READ, Event.ANALYSIS_READ)
    assert set(wording.LOOKS) == {each.value for each in looks}
    assert wording.behind(accounting([(BY_HAND, once(1, MONDAY))]).lines[0]) == ""
    person = replace(ABOUT, behind="Remy Responsible (person:remy)")
    assert "as the partner said" in wording.behind(accounting([(person, once(1, MONDAY))]).lines[0])
    twice = accounting([(ABOUT, once(1, MONDAY)), (ABOUT, once(2, MONDAY))]).lines[0]
    assert wording.when(twice) == "September 7, 2026, 2 times"


def test_the_data_say_what_people_are_told() -> None:
    found = plain(simple())
    assert found["does_not_cover"] == list(wording.NOT_COVERED)
    assert "proofs" not in found
    assert found["own_questions"] == {"accounting.read": {"times": 2, "what": "reading this accounting"}}
