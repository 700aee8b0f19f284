"""The lists of what somebody has to look after: cases, incidents, emergencies. Nobody is named in them."""

from collections.abc import Callable, Mapping
from typing import Final

from gateway.pages.languages import message
from gateway.pages.listing import LONGEST, Column, Listing, Pick, Words
from gateway.services.emergencies.lines import OrderLine
from gateway.services.inbox.cases import CaseLine, Resolution, State
from gateway.services.incidents.clocks import Task
from gateway.services.incidents.lines import IncidentLine

Said = Callable[[str], str]
"""Says a message in the reader's language."""
STATES: Final = {
    State.OPEN: message("open"),
    State.LOOKED_AT: message("looked at"),
    State.RESOLVED: message("resolved"),
}
RESOLUTIONS: Final = {
    Resolution.MENDED: message("It was put right"),
    Resolution.EXPECTED: message("It was meant so"),
    Resolution.EXPLAINED: message("It was explained, and that convinced"),
    Resolution.STOPPED: message("What caused it was stopped"),
    Resolution.NO_FAULT: message("There was nothing wrong"),
}
TASKS: Final = {
    Task.PARTNER_TELLS: message("The partner tells the district, as the agreement says"),
    Task.COUNT_STUDENTS: message("See whose records it may concern"),
    Task.TELL_FAMILIES: message("Tell the families (RCW 42.56.590: within 30 days of discovery)"),
    Task.TELL_ATTORNEY_GENERAL: message("Tell the attorney general, because it concerns more than 500"),
}
ORDER_STANDINGS: Final = {
    "ahead": message("not begun"),
    "open": message("in force"),
    "over": message("over"),
    "ended": message("ended early"),
}
ORDERS_AT_ONCE: Final = 10
"""Orders on one page: each is shown whole."""
_OVERDUE, _OPEN, _CLOSED = message("overdue"), message("open"), message("closed")


def _client_of(line: CaseLine) -> str:
    return line.facts.get("client", "")


def cases_listing(
    found: Callable[[CaseLine], str], names: Mapping[str, str], person: str, said: Said
) -> Listing[CaseLine]:
    """Return the list of cases; `found` says what was found, `names` what people call programs, `person` looks."""

    def about(line: CaseLine) -> str | None:
        return names.get(_client_of(line), _client_of(line)) or None

    def whose(line: CaseLine) -> str | None:
        if line.assigned_to is None:
            return None
        return said(message("yours") if line.assigned_to == person else message("given to somebody"))

    return Listing(
        name="alarms",
        columns=(
            Column("number", message("Case"), lambda line: line.number, is_number=True),
            Column("found", message("What was found"), found),
            Column("code", message("Code"), lambda line: line.name, on_page=False),
            Column("standing", message("Standing"), lambda line: said(STATES[line.state])),
            Column("times", message("Times"), lambda line: line.times, is_number=True),
            Column("first", message("First"), lambda line: line.first_seen, on_page=False),
            Column("last", message("Last"), lambda line: line.last_seen),
            Column("about", message("Program"), about),
            Column("whose", message("Whose"), whose),
            Column(
                "resolution",
                message("How it ended"),
                lambda line: None if line.resolution is None else said(RESOLUTIONS[line.resolution]),
                on_page=False,
            ),
        ),
        sort="last",
        down=True,
        picks=(
            Pick("code", message("What was found"), lambda line: line.code, found),
            Pick("about", message("Program"), _client_of, lambda line: about(line) or ""),
        ),
        words=Words("words", message("Words of it"), lambda line: (found(line), line.name)),
        kept=("state", "mine"),
    )


def _ids_of(line: IncidentLine) -> str:
    return " ".join(line.concerns.named.values())[:LONGEST]


def incidents_listing(names: Mapping[str, str], said: Said) -> Listing[IncidentLine]:
    """Return the list of incidents; `names` are what people call whom they concern, by id."""

    def standing(line: IncidentLine) -> str:
        if line.closed is not None:
            return _CLOSED
        return _OVERDUE if line.overdue else _OPEN

    def concerns(line: IncidentLine) -> str:
        return ", ".join(names.get(each, each) for each in line.concerns.named.values())

    return Listing(
        name="incidents",
        columns=(
            Column("incident", message("Incident"), lambda line: line.entry, is_number=True),
            Column("what", message("What happened"), lambda line: line.what, sorts=False),
            Column("concerns", message("Whom it concerns"), concerns),
            Column("discovered", message("Discovered"), lambda line: line.discovered_at),
            Column("students", message("Students"), lambda line: line.students, is_number=True, on_page=False),
            Column("standing", message("Standing"), lambda line: said(standing(line))),
            Column("due", message("Next due"), lambda line: line.next.due if line.next and not line.closed else None),
            Column(
                "next",
                message("What is next"),
                lambda line: said(TASKS[line.next.task]) if line.next and not line.closed else None,
                on_page=False,
            ),
        ),
        sort="incident",
        down=True,
        picks=(
            Pick("standing", message("Standing"), standing, lambda line: said(standing(line))),
            Pick("concerns", message("Whom it concerns"), _ids_of, concerns),
        ),
        words=Words("words", message("Words of what happened"), lambda line: (line.what,)),
    )


def emergencies_listing(names: Mapping[str, str], said: Said) -> Listing[OrderLine]:
    """Return the list of emergency orders, the newest first; `names` are those of elements, by their ids."""

    def standing(line: OrderLine) -> str:
        return said(ORDER_STANDINGS[line.standing])

    def elements(line: OrderLine) -> str:
        return ", ".join(names.get(each, each) for each in line.elements)

    def review(line: OrderLine) -> str:
        return said(message("waiting") if line.reviewed_by is None else message("reviewed"))

    return Listing(
        name="emergencies",
        columns=(
            Column("begins", message("From"), lambda line: line.begins),
            Column("ends", message("Until"), lambda line: line.ends),
            Column("order", message("Order"), lambda line: line.id),
            Column("standing", message("Standing"), standing),
            Column("threat", message("The threat, in words"), lambda line: line.threat, sorts=False),
            Column("receives", message("Who receives"), lambda line: "; ".join(one.name for one in line.recipients)),
            Column("elements", message("Elements"), elements),
            Column("students", message("Students"), lambda line: line.students, is_number=True),
            Column("review", message("Review"), review),
            Column("releases", message("Answers"), lambda line: len(line.releases), is_number=True),
            Column("entry", message("Entry"), lambda line: line.entry, is_number=True),
        ),
        sort="begins",
        down=True,
        picks=(
            Pick("standing", message("Standing"), lambda line: line.standing, standing),
            Pick("review", message("Review"), review),
        ),
        words=Words("words", message("Words of it"), lambda line: (line.id, line.threat)),
        page=ORDERS_AT_ONCE,
    )
