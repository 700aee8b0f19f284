"""The lists that stewards open: loads, rosters, codes that nobody has classified."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.pages.languages import message
from gateway.pages.listing import Column, Listing, Pick, Words
from gateway.services.classifications import UnclassifiedCode
from gateway.services.rosters.office import RosterSummary


@dataclass(frozen=True, slots=True)
class Filled:
    """What a load did to one target, in rows."""

    target: str
    added: int
    changed: int
    ended: int
    refused: int


@dataclass(frozen=True, slots=True)
class LoadLine:
    """One load: its entry, its time, its event, and what it filled by which mapping."""

    entry: int
    at: datetime
    event: str
    mapping: str
    filled: tuple[Filled, ...]

    def rows(self, count: str) -> int:
        """Return how many rows of all targets it added, changed, ended or refused."""
        return sum(getattr(each, count) for each in self.filled)


LOADS: Final[Listing[LoadLine]] = Listing(
    name="loads",
    columns=(
        Column("entry", message("Entry"), lambda line: line.entry, is_number=True),
        Column("at", message("When"), lambda line: line.at),
        Column("event", message("Event"), lambda line: line.event, on_page=False),
        Column("mapping", message("Mapping"), lambda line: line.mapping or None),
        Column("added", message("Added"), lambda line: line.rows("added"), is_number=True),
        Column("changed", message("Changed"), lambda line: line.rows("changed"), is_number=True),
        Column("ended", message("Ended"), lambda line: line.rows("ended"), is_number=True),
        Column("refused", message("Refused"), lambda line: line.rows("refused"), is_number=True),
    ),
    sort="entry",
    down=True,
    picks=(
        Pick("mapping", message("Mapping"), lambda line: line.mapping),
        Pick("event", message("Event"), lambda line: line.event),
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
            Column("matched", message("Matched"), lambda line: line.matched, is_number=True),
            Column("waiting", message("Waiting"), lambda line: line.waiting, is_number=True),
        ),
        sort="roster",
        down=True,
        picks=(
            Pick("agreement", message("Agreement"), lambda line: line.agreement, agreement),
            Pick("standing", message("Standing"), lambda line: line.state),
        ),
    )


CODES_AT_ONCE: Final = 25
"""Codes on one page, and so in one form: a form has 32 fields at most (`gateway.oauth.form`)."""


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
