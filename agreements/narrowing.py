"""
A child of a master: a whole agreement that reaches nowhere beyond the one it narrows (row A8).

It says everything itself, so that it can be read, signed and checked alone; here each part is held against the
master's. What cannot be shown to be narrower counts as wider.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from agreements.compatibility import CLAUSE, LAST_DAY
from agreements.covering import lies_within
from agreements.dates import school_year_of
from agreements.document import Agreement
from agreements.errors import NotNarrower, Problem
from agreements.pointer import resolve
from agreements.schema import CADENCES
from agreements.strictness import tells_no_more
from agreements.terms import DatasetTerms, Term

_SOURCE = "project rule A8"


def require_narrower(master: Agreement, child: Agreement) -> None:
    """
    Check that `child` covers no field, student, day or use that `master` does not, and owes no less.

    INVARIANT: nothing leaves under a child that could not leave under its master. Whether the master is in force is
    for the caller. Raises `NotNarrower` with every place of the child.
    """
    found = tuple(
        Problem(path, "A8", _SOURCE, sentence)
        for judge in (_lineage, _sameness, _data, _rows, _time, _obligations, _people, _programs)
        for path, sentence in judge(master, child)
    )
    if found:
        raise NotNarrower("The child", found)


_Place = tuple[str, str]


def _lineage(master: Agreement, child: Agreement) -> Iterator[_Place]:
    if child.master != master.digest:
        yield "/master", f"The master has the digest {master.digest}; the child names {child.master}."
    if master.master is not None:
        yield "/master", "There is one level of masters: the agreement named narrows a master itself."
    if child.framework:
        yield "/framework", "There is one level of masters: a child cannot be a framework."
    if child.id == master.id:
        yield "/id", "A child has an id of its own; it is no version of its master."


def _sameness(master: Agreement, child: Agreement) -> Iterator[_Place]:
    kind = "/basis/study_kind"
    for path, theirs, ours in (
        ("/district/id", master.district.id, child.district.id),
        ("/partner/id", master.partner.id, child.partner.id),
        ("/partner/type", master.partner.kind, child.partner.kind),
        ("/basis/type", master.basis, child.basis),
        (kind, resolve(master.content, kind), resolve(child.content, kind)),
        ("/purpose/code", master.purpose.code, child.purpose.code),
    ):
        if theirs != ours:
            yield path, f"The master says '{theirs}'; the child must say the same."


def _data(master: Agreement, child: Agreement) -> Iterator[_Place]:
    allowed = {terms.dataset: terms for terms in master.datasets}
    for terms in child.datasets:
        if terms.dataset in allowed:
            yield from _dataset(allowed[terms.dataset], terms)
        else:
            yield f"{terms.pointer}/dataset", f"The master does not share the dataset '{terms.dataset}'."


def _dataset(master: DatasetTerms, child: DatasetTerms) -> Iterator[_Place]:
    for index, year in enumerate(child.school_years):
        if year not in master.school_years:
            yield f"{child.pointer}/school_years/{index}", f"The master does not cover the school year {year}."
    lines = {line.element: line for line in master.elements}
    for line in child.elements:
        theirs = lines.get(line.element)
        if theirs is None:
            yield f"{line.pointer}/element", f"The master does not share the element {line.element}."
        elif not tells_no_more(line.transformation, theirs.transformation):
            sentence = f"The master gives it as '{theirs.transformation}'; '{line.transformation}' would tell more."
            yield f"{line.pointer}/transformation", sentence
        elif theirs.own_line and not line.own_line:
            yield f"{line.pointer}/own_line", "The master gives this element a line of its own; the child must too."


def _rows(master: Agreement, child: Agreement) -> Iterator[_Place]:
    if not lies_within(child.population, master.population):
        sentence = (
            "This cannot be shown to cover only students of the master. "
            "Write an 'all' that lists the master's population and what narrows it."
        )
        yield "/population", sentence


def _time(master: Agreement, child: Agreement) -> Iterator[_Place]:
    if child.term.begins < master.term.begins:
        yield "/term/first_day", f"The master begins later, on {master.term.first_day} ({master.term.time_zone})."
    if child.term.ends > master.term.ends:
        yield "/term/last_day", f"The master ends earlier, on {master.term.last_day} ({master.term.time_zone})."
    if CADENCES.index(child.cadence) < CADENCES.index(master.cadence):
        yield "/cadence", f"Under the master values move {master.cadence}; '{child.cadence}' is faster."
    if child.identifiers not in {master.identifiers, "record_code"}:
        yield "/identifiers", "Under the master students are identified by record codes only."


def _obligations(master: Agreement, child: Agreement) -> Iterator[_Place]:
    theirs, ours = master.obligations, child.obligations
    if ours.redisclosure_permitted not in {theirs.redisclosure_permitted, "nobody"}:
        yield "/obligations/redisclosure/permitted", "The master lets data pass on to nobody."
    for index, subrecipient in enumerate(child.subrecipients):
        if subrecipient not in master.subrecipients:
            yield f"/subrecipients/{index}", "The master does not list this subrecipient with this interest."
    if not _destroys_as_early(master, child):
        sentence = f"This may be later than under the master, which says '{theirs.destroy_when}'."
        yield "/obligations/destruction/destroy_when", sentence
    if ours.destruction_period_days > theirs.destruction_period_days:
        sentence = f"The master allows {theirs.destruction_period_days} days until records are destroyed."
        yield "/obligations/destruction/destruction_period_days", sentence
    if ours.breach_notice_hours > theirs.breach_notice_hours:
        sentence = f"The master demands notice of a breach within {theirs.breach_notice_hours} hours."
        yield "/obligations/breach_notice_hours", sentence


def _people(master: Agreement, child: Agreement) -> Iterator[_Place]:
    if not child.people_behind.is_within(master.people_behind):
        yield "/people_behind", f"Under the master a person behind a call is {master.people_behind}."


def _programs(master: Agreement, child: Agreement) -> Iterator[_Place]:
    if child.compatibility is None:
        return
    if master.compatibility is None:
        yield CLAUSE, "The master does not let in programs that know only a client secret."
    elif child.compatibility.last_day > master.compatibility.last_day:
        yield LAST_DAY, f"The master lets in such programs until {master.compatibility.last_day}."


def _destroys_as_early(master: Agreement, child: Agreement) -> bool:
    """Compare by day: a purpose is fulfilled when the term ends at the latest; a school year may end after a term."""
    match child.obligations.destroy_when, master.obligations.destroy_when:
        case ours, theirs if ours == theirs:
            return True
        case "purpose_fulfilled", "term_end":
            return True
        case "school_year_end", "term_end":
            return _school_year_of_end(child.term).ends <= master.term.ends
        case _, "school_year_end":
            return school_year_of(child.term.first_day) == school_year_of(child.term.last_day)
    return False


def _school_year_of_end(term: Term) -> Term:
    """Return `term`, prolonged to the end of the school year in which it ends."""
    return replace(term, last_day=date(school_year_of(term.last_day) + 1, 6, 30))
