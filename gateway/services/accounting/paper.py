"""
The accounting on paper: a PDF that a parent can read, on the district's letterhead, and that a screen reader can too.

Set by Typst as PDF/UA-1 (ISO 14289-1): tagged, with a title and a language (decision 0022). INVARIANT: the same
accounting gives the same bytes, and no word of an agreement is read as markup.
"""

from collections.abc import Sequence
from typing import Final

from gateway.services.accounting import wording
from gateway.services.accounting.lines import Accounting, Channel, Line
from gateway.services.publishing.signed_words import shown
from gateway.services.typesetting import typeset

_COLUMNS: Final = ("Who received it", "What was shared", "Why, and on what ground", "When and how often")
_FEW: Final = 6
"""Lines of further recipients and the like that are told one by one."""
Cell = list[tuple[str, str]]


def paper(accounting: Accounting, letterhead: Sequence[str] = ()) -> bytes:
    """Return the PDF. `letterhead` are the lines at its top; without them the district's name alone."""
    said = {
        "language": "en",
        "title": "Record of disclosures",
        "district": accounting.district,
        "letterhead": [shown(each) for each in (letterhead or (accounting.district,))],
        "about": _about(accounting),
        "opening": [_opening(accounting), wording.covered(accounting)],
        "columns": _COLUMNS,
        "tables": _tables(accounting),
        "sections": _sections(accounting),
        "footer": f"As of entry {accounting.entry} of the district's log, {wording.day(accounting.now)}",
    }
    return typeset("gateway.services.accounting", "accounting.typ", said, accounting.now)


def _about(accounting: Accounting) -> str:
    name = "" if accounting.name is None else f"{shown(accounting.name)}, "
    return f"Student: {name}student number {shown(accounting.number)}"


def _opening(accounting: Accounting) -> str:
    law = "You have a right to see it under FERPA, a federal law (34 CFR 99.32)."
    if not accounting.lines:
        return (
            f"This record lists who outside the district received information about the student. It lists nobody. {law}"
        )
    return (
        "This record lists who outside the district received information about the student, what it was, and why."
        f" Each row stands for all transfers of the same information to the same party. {law}"
    )


def _tables(accounting: Accounting) -> list[tuple[str, str, list[list[Cell]]]]:
    regular = [line for line in accounting.lines if line.about.channel is not Channel.BY_HAND]
    by_hand = [line for line in accounting.lines if line.about.channel is Channel.BY_HAND]
    tables = []
    if regular:
        tables.append(("What was disclosed", "", [_row(line) for line in regular]))
    if by_hand:
        note = "These were made outside the gateway; an officer of the district wrote them down."
        tables.append(("Recorded by hand", note, [_row(line) for line in by_hand]))
    if accounting.corrected:
        note = "These were recorded by hand and corrected later. They stay on record and count no more."
        tables.append(("Corrected", note, [_row(line) for line in accounting.corrected]))
    return tables


def _row(line: Line) -> list[Cell]:
    about = line.about
    who: Cell = [("strong", shown(each)) for each in about.recipients] or [("strong", "Not readable any more")]
    who += [("note", f"It may pass it on to {shown(each.name)}: {shown(each.interest)}") for each in about.further]
    why: Cell = [("plain", shown(each)) for each in (about.interest or about.purpose,) if each]
    why += [("plain", f"Threat: {shown(about.threat)}")] if about.threat else []
    why.append(("note", wording.basis(about.basis)))
    if about.under is not None and about.under.title:
        why.append(("note", f"Under: {shown(about.under.title)}"))
    often: Cell = [("plain", wording.when(line))]
    often += [("note", each) for each in (wording.behind(line), shown(about.how or "")) if each]
    often.append(("note", f"Log: {wording.entries(line.occurrences)}"))
    often += [
        ("note", f"Corrected by {each.corrected_by}." if each.corrected_by else f"Corrects {each.corrects}.")
        for each in line.occurrences
        if each.corrected_by or each.corrects is not None
    ]
    what: Cell = [("plain", wording.elements(line) or "Nothing: the record that it corrects was wrong.")]
    return [who, what, why, often]


def _sections(accounting: Accounting) -> list[tuple[str, list[str]]]:
    sections = []
    if accounting.refused:
        told = [
            f"{shown(each.partner)}: {each.requests} under “{shown(each.agreement)}”"
            for each in accounting.refused[:_FEW]
        ]
        sections.append(("Refused requests under the same agreements (it is not known about whom)", told))
    if accounting.withheld:
        sections.append(("What is not shown", [wording.WITHHELD]))
    doubts = _doubts(accounting)
    if doubts:
        sections.append(("What could not be confirmed", doubts))
    sections.append(("What this record does not cover", list(wording.NOT_COVERED)))
    check = [
        "You may ask the district for a copy of the records themselves, and for the proof of each entry.",
        "The numbers after “Log” are entries of the district's log, which cannot be changed unnoticed.",
        "If something in the records is wrong, you may ask the district to correct it (34 CFR 99.20).",
    ]
    sections.append(("What you can do", check))
    return sections


def _doubts(accounting: Accounting) -> list[str]:
    doubts = []
    if accounting.altered:
        numbers = ", ".join(str(each) for each in accounting.altered[:_FEW])
        doubts.append(
            f"The list of students beside {len(accounting.altered)} entries is not the one they commit to ({numbers})."
        )
    if accounting.not_opened:
        doubts.append(f"The list of students beside {accounting.not_opened} entries cannot be compared any more.")
    if accounting.not_committed:
        doubts.append(
            f"{accounting.not_committed} entries are of an earlier release, which committed to no list of students:"
            " nothing tells whether the list beside them was changed."
        )
    doubts += [f"Entry {each.entry}: {each.reason}" for each in accounting.unread[:_FEW]]
    return doubts
