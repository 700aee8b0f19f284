"""The lists around documents: what waits for signatures, drafts, who signs, what comes due."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from gateway.console import labels
from gateway.pages.languages import message
from gateway.pages.listing import Column, Listing, Pick, Words
from gateway.services.calendar import Coming, Day
from gateway.services.drafts.kept import Draft
from gateway.services.keyholders import OfficerLine, SignerLine
from gateway.services.papers.judging import PaperLine
from gateway.signing.words import TITLES, WHO

Said = Callable[[str], str]
"""Says a message in the reader's language."""
Keyholder = OfficerLine | SignerLine
_OFFICERS: Final = "officers"
OFFICER: Final = message("privacy officer")
COMING: Final = {
    Coming.TERM_BEGINS: message("The term begins"),
    Coming.TERM_ENDS: message("The last day of the term"),
    Coming.DESTRUCTION: message("The certificate of destruction is due"),
    Coming.LEAVERS: message("The certificate for students who left is due"),
    Coming.REVIEW: message("The yearly review is due"),
    Coming.BINDING_ENDS: message("The last day of a program's keys"),
    Coming.NOBODY_ANSWERS: message("The last day on which somebody answers for a program"),
}


def papers_listing(names: Mapping[str, str], said: Said) -> Listing[PaperLine]:
    """Return the list of documents that wait; `names` are those of partners."""

    def waits(line: PaperLine) -> str | None:
        unmet = [each.need for each in line.needs if not each.is_met]
        party = {need: f": {names.get(need.party, need.party)}" if need.party else "" for need in unmet}
        return "; ".join(f"{said(WHO[need.who])}{party[need]}" for need in unmet) or None

    def kind(line: PaperLine) -> str:
        return said(TITLES[line.kind])

    return Listing(
        name="papers",
        columns=(
            Column("title", message("Document"), lambda line: line.title),
            Column("kind", message("Kind"), kind),
            Column("prepared", message("Prepared"), lambda line: line.prepared_at),
            Column("waits", message("Waits for"), waits),
            Column("digest", message("Digest"), lambda line: line.digest, on_page=False),
        ),
        sort="prepared",
        down=True,
        picks=(Pick("kind", message("Kind"), lambda line: line.kind.value, kind),),
        words=Words("words", message("Words of its title"), lambda line: (line.title, line.digest)),
        kept=("show",),
    )


def drafts_listing(named: Callable[[Draft], str], bases: Mapping[str, str], said: Said) -> Listing[Draft]:
    """Return the list of drafts, the one that was saved last first; `named` says what people call one."""

    def basis(line: Draft) -> str:
        told = line.said("/basis/type")
        return said(bases[told]) if told in bases else told

    return Listing(
        name="drafts",
        columns=(
            Column("name", message("Draft"), named),
            Column("number", message("Number"), lambda line: line.said("/id") or None, on_page=False),
            Column("partner", message("Partner"), lambda line: line.said("/partner/name") or None),
            Column("basis", message("Legal basis"), lambda line: basis(line) or None),
            Column("saved", message("Saved"), lambda line: line.changed_at),
        ),
        sort="saved",
        down=True,
        picks=(
            Pick("partner", message("Partner"), lambda line: line.said("/partner/name")),
            Pick("basis", message("Legal basis"), lambda line: line.said("/basis/type"), basis),
        ),
        words=Words("words", message("Words of its title or number"), lambda line: (named(line), line.said("/id"))),
    )


def standing_of(line: Keyholder, today: date) -> str:
    """Return whether a key signs today: officers by what the register says, signers by their days."""
    if line.ended is not None:
        return message("revoked")
    if isinstance(line, OfficerLine):
        return message("in office") if line.in_office else message("not begun")
    if line.valid_from > today:
        return message("not begun")
    return message("in office") if today <= line.valid_to else message("over")


def _introduced(line: Keyholder) -> int:
    """Return the entry that introduced a key; those that were pinned when the log was opened come first."""
    return -1 if line.entry is None else line.entry


def signers_listing(parties: Mapping[str, str], today: date, said: Said) -> Listing[Keyholder]:
    """Return the list of everybody who signs, officers first; `parties` are the names of the district and partners."""

    def party(line: Keyholder) -> str:
        return said(OFFICER) if isinstance(line, OfficerLine) else parties.get(line.party, line.party)

    def group(line: Keyholder) -> str:
        return _OFFICERS if isinstance(line, OfficerLine) else line.party

    def may(line: Keyholder) -> str | None:
        return None if isinstance(line, OfficerLine) else ", ".join(said(labels.MAY_SIGN[one]) for one in line.may_sign)

    def standing(line: Keyholder) -> str:
        return standing_of(line, today)

    return Listing(
        name="signers",
        columns=(
            Column("name", message("Who"), lambda line: line.name),
            Column("party", message("Signs for"), party),
            Column("may", message("May sign"), may, sorts=False),
            Column("standing", message("Standing"), lambda line: said(standing(line))),
            Column("from", message("From"), lambda line: line.valid_from, on_page=False),
            Column("until", message("Until"), lambda line: line.valid_to if isinstance(line, SignerLine) else None),
            Column("entry", message("Introduced"), _introduced, in_file=False),
            Column("introduced", message("Introduced"), lambda line: line.entry, on_page=False, sorts=False),
            Column("key", message("Key"), lambda line: line.key, on_page=False),
        ),
        sort="entry",
        picks=(
            Pick("party", message("Signs for"), group, party),
            Pick("standing", message("Standing"), standing, lambda line: said(standing(line))),
        ),
        words=Words("words", message("Words of a name or key"), lambda line: (line.name, line.key)),
    )


def calendar_listing(names: Mapping[str, str], said: Said) -> Listing[Day]:
    """Return the list of what comes due, in the order of days and in no other."""

    def coming(line: Day) -> str:
        return said(COMING[line.coming])

    def partner(line: Day) -> str:
        return names.get(line.partner, line.partner)

    def standing(line: Day) -> str | None:
        return said(message("overdue")) if line.overdue else None

    return Listing(
        name="calendar",
        columns=(
            Column("day", message("Day"), lambda line: line.day),
            Column("coming", message("What comes"), coming, sorts=False),
            Column("about", message("Program"), lambda line: line.about, sorts=False),
            Column("agreement", message("Agreement"), lambda line: line.title, sorts=False),
            Column("partner", message("Partner"), partner, sorts=False),
            Column("standing", message("Standing"), standing, sorts=False),
        ),
        sort="day",
        picks=(
            Pick("coming", message("What comes"), lambda line: line.coming.value, coming),
            Pick("partner", message("Partner"), lambda line: line.partner, partner),
        ),
        words=Words("words", message("Words of its title"), lambda line: (line.title, line.about or "")),
    )
