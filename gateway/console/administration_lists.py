"""The lists of programs, of people who sign in, and of what is owed: what their columns and filters are."""

from collections.abc import Callable, Mapping
from datetime import date

from gateway.console import labels
from gateway.pages.languages import message
from gateway.pages.listing import Column, Listing, Pick, Words
from gateway.services.obligations.shown import Owed
from gateway.services.overview import ClientLine
from gateway.services.staff.office import StaffLine

Said = Callable[[str], str]
"""Says a message in the reader's language."""
STOPPED, MAY_ASK = message("stopped"), message("may ask")


def last_day(line: ClientLine) -> date | None:
    """Return the day on which the last binding of a program ends; None for one that lasts as its agreement."""
    days = [each.last_day for each in line.bindings]
    return None if None in days else max((each for each in days if each is not None), default=None)


def days_left(line: ClientLine) -> int | None:
    """Return the days until then."""
    days = [each.days_left for each in line.bindings]
    return None if None in days else max((each for each in days if each is not None), default=None)


def clients_listing(names: Mapping[str, str], said: Said) -> Listing[ClientLine]:
    """Return the list of programs, those whose keys end first at its beginning."""

    def partner(line: ClientLine) -> str:
        return names.get(line.partner, line.partner)

    def standing(line: ClientLine) -> str:
        is_stopped = line.suspended_by is not None or line.partner_suspended_by is not None
        return STOPPED if is_stopped else MAY_ASK

    def standing_said(line: ClientLine) -> str:
        return said(standing(line))

    return Listing(
        name="clients",
        columns=(
            Column("name", message("Program"), lambda line: line.name),
            Column("partner", message("Partner"), partner),
            Column("standing", message("Standing"), standing_said),
            Column("end", message("Keys end"), last_day),
        ),
        sort="end",
        picks=(
            Pick("partner", message("Partner"), lambda line: line.partner, partner),
            Pick("standing", message("Standing"), standing, standing_said),
        ),
        words=Words("words", message("Words of its name"), lambda line: (line.name, line.id)),
    )


def staff_listing(parties: Mapping[str, str], said: Said) -> Listing[StaffLine]:
    """Return the list of people who sign in, by the entry that brought them."""

    def roles(line: StaffLine) -> str:
        return ", ".join(said(labels.ROLES[each.role]) for each in line.roles if each.counts)

    return Listing(
        name="staff",
        columns=(
            Column("check", message("Check number"), lambda line: line.check_number),
            Column("party", message("Whose staff"), lambda line: parties.get(line.party, line.party)),
            Column("roles", message("Roles"), roles),
            Column("entry", message("Came in"), lambda line: line.linked, is_number=True),
        ),
        sort="entry",
        picks=(
            Pick("party", message("Whose staff"), lambda line: line.party, lambda line: parties.get(line.party, "")),
        ),
        words=Words("words", message("Check number"), lambda line: (line.check_number, line.person)),
    )


def obligations_listing(names: Mapping[str, str], titles: Mapping[str, str], said: Said) -> Listing[Owed]:
    """Return the list of what is owed, what is overdue or due first at its beginning."""

    def partner(line: Owed) -> str:
        return names.get(line.partner, line.partner)

    def duty(line: Owed) -> str:
        return said(labels.DUTIES[line.duty])

    def status(line: Owed) -> str:
        return said(labels.STATUSES[line.status])

    return Listing(
        name="obligations",
        columns=(
            Column("duty", message("What"), duty),
            Column("agreement", message("Agreement"), lambda line: titles.get(line.agreement, line.agreement)),
            Column("partner", message("Partner"), partner),
            Column("standing", message("Standing"), status),
            Column("due", message("Due"), lambda line: line.overdue_since or line.due),
        ),
        sort="due",
        picks=(
            Pick("duty", message("What"), lambda line: line.duty.value, duty),
            Pick("standing", message("Standing"), lambda line: line.status.value, status),
            Pick("partner", message("Partner"), lambda line: line.partner, partner),
        ),
    )
