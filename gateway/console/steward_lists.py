"""The lists that stewards open: loads, rosters, codes that nobody has classified."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.console.load_words import LOAD_STATES
from gateway.pages.languages import message
from gateway.pages.listing import Column, Listing, Pick, Words
from gateway.services.classifications import UnclassifiedCode
from gateway.services.rosters.office import RosterSummary


@dataclass(frozen=True, slots=True)
class LoadLine:
    """
    One load: what became of it and when, by which mapping, its entries and their events, and the rows it filled.

    `report` is the number of its report, if one is kept. What was not loaded filled nothing: its counts are None.
    """

    state: str
    at: datetime
    mapping: str
    entries: tuple[int, ...]
    events: tuple[str, ...]
    report: int | None
    added: int | None
    changed: int | None
    ended: int | None
    refused: int


def loads_listing(said: Callable[[str], str]) -> Listing[LoadLine]:
    """Return the list of loads; `said` says a message in the reader's language."""

    def state(line: LoadLine) -> str:
        return said(LOAD_STATES[line.state])

    return Listing(
        name="loads",
        columns=(
            Column("at", message("When"), lambda line: line.at),
            Column("state", message("Standing"), state),
            Column("mapping", message("Mapping"), lambda line: line.mapping or None),
            Column("entry", message("Entry"), lambda line: min(line.entries, default=None), is_number=True),
            Column("event", message("Event"), lambda line: ", ".join(line.events) or None, on_page=False),
            Column("added", message("Added"), lambda line: line.added, is_number=True),
            Column("changed", message("Changed"), lambda line: line.changed, is_number=True),
            Column("ended", message("Ended"), lambda line: line.ended, is_number=True),
            Column("refused", message("Refused"), lambda line: line.refused, is_number=True),
        ),
        sort="at",
        down=True,
        picks=(
            Pick("state", message("Standing"), lambda line: line.state, state),
            Pick("mapping", message("Mapping"), lambda line: line.mapping),
            Pick("event", message("Event"), lambda line: line.events[0] if line.events else ""),
        ),
    )


def rosters_listing(names: Mapping[str, str]) -> Listing[RosterSummary]:
    """Return the list of rosters; `names` are what people call agreements, by their ids. Nobody is named."""

    def agreement(line: RosterSummary) -> str:
        return names.get(line.agreement, line.agreement)

    return Listing(
        name="rosters",
        columns=(
            Column("roster", message("Roster"), lambda line: line.roster, is_number=True),
            Column("received", message("Handed in"), lambda line: line.received_at),
            Column("agreement", message("Agreement"), agreement),
            Column("standing", message("Standing"), lambda line: line.state),
            Column("until", message("Until"), lambda line: line.counts_until),
            Column("lines", message("Lines"), lambda line: line.lines, is_number=True),
            Column(
                "matched", message("Matched"), lambda line: line.matched if line.is_matched else None, is_number=True
            ),
            Column(
                "waiting", message("Waiting"), lambda line: line.waiting if line.is_matched else None, is_number=True
            ),
        ),
        sort="roster",
        down=True,
        picks=(
            Pick("agreement", message("Agreement"), lambda line: line.agreement, agreement),
            Pick("standing", message("Standing"), lambda line: line.state),
        ),
    )


CODES_AT_ONCE: Final = 25
"""Codes on one page, and so in one form and one document."""


def codes_listing(names: Mapping[str, str]) -> Listing[UnclassifiedCode]:
    """Return the list of codes to classify; `names` are those of elements, by their ids."""

    def element(line: UnclassifiedCode) -> str:
        return names.get(line.element, line.element)

    return Listing(
        name="codes",
        columns=(
            Column("element", message("Element"), element),
            Column("value", message("Value"), lambda line: line.value),
            Column("rows", message("Rows, about"), lambda line: line.rows, is_number=True),
            Column("tells", message("What it tells"), lambda _: None, sorts=False, in_file=False),
        ),
        sort="rows",
        down=True,
        picks=(Pick("element", message("Element"), lambda line: line.element, element),),
        words=Words("words", message("Words of the value"), lambda line: (line.value,)),
        page=CODES_AT_ONCE,
    )
