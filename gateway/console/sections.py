"""The sections of the console, in the groups in which they are listed: whatever somebody may not open is not there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from agreements.roles import Role
from gateway.pages.languages import message
from gateway.services.papers.kinds import ANY
from gateway.services.staff.roles import MAY, Act

ROOT: Final = "/console"
_LOG: Final = frozenset({Act.READ_LOG})


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the console: its address, its name (a message of the catalogue), and one act of which it takes."""

    name: str
    path: str
    title: str
    acts: frozenset[Act]


@dataclass(frozen=True, slots=True)
class Group:
    """Sections that belong together, and what they are called together (a message of the catalogue)."""

    title: str
    sections: tuple[Section, ...]


GROUPS: Final = (
    Group(
        message("What happens"),
        (
            Section("overview", f"{ROOT}/overview", message("Overview"), _LOG),
            Section("log", f"{ROOT}/log", message("Log"), _LOG),
            Section("alarms", f"{ROOT}/alarms", message("Alarms"), _LOG),
            Section("incidents", f"{ROOT}/incidents", message("Incidents"), frozenset({Act.HANDLE_INCIDENTS})),
        ),
    ),
    Group(
        message("Records"),
        (
            Section("loads", f"{ROOT}/loads", message("Loads"), frozenset({Act.LOAD_RECORDS})),
            Section("rosters", f"{ROOT}/rosters", message("Rosters"), frozenset({Act.MANAGE_ROSTERS})),
            Section("codes", f"{ROOT}/codes", message("Codes"), frozenset({Act.CLASSIFY_CODES})),
        ),
    ),
    Group(
        message("Students and families"),
        (
            Section("students", f"{ROOT}/students", message("Students"), frozenset({Act.SEARCH_STUDENTS})),
            Section("wishes", f"{ROOT}/wishes", message("What families say"), frozenset({Act.RECORD_CONSENTS})),
        ),
    ),
    Group(
        message("What is agreed"),
        (
            Section("agreements", f"{ROOT}/agreements", message("Agreements"), _LOG),
            Section("drafts", f"{ROOT}/drafts", message("Drafts"), frozenset({Act.DRAFT})),
            Section("papers", f"{ROOT}/papers", message("To sign"), ANY),
            Section("obligations", f"{ROOT}/obligations", message("Obligations"), _LOG),
        ),
    ),
    Group(
        message("With whom"),
        (
            Section("partners", f"{ROOT}/partners", message("Partners"), _LOG),
            Section("clients", f"{ROOT}/clients", message("Programs"), _LOG),
            Section("signers", f"{ROOT}/signers", message("Who signs"), _LOG),
            Section("staff", f"{ROOT}/staff", message("Staff and roles"), frozenset({Act.INVITE})),
        ),
    ),
    Group(
        message("At once"),
        (
            Section("stop", f"{ROOT}/stop", message("Stop"), frozenset({Act.STOP})),
            Section("emergencies", f"{ROOT}/emergencies", message("Emergencies"), frozenset({Act.APPROVE})),
        ),
    ),
)


def acts_of(roles: Iterable[Role]) -> frozenset[Act]:
    """Return whatever somebody with these roles may do."""
    return frozenset[Act]().union(*(MAY[role] for role in roles))


def groups_for(roles: Iterable[Role]) -> list[Group]:
    """Return the sections that somebody with these roles may open, in their groups; none is empty."""
    acts = acts_of(roles)
    open_ones = [
        Group(each.title, tuple(one for one in each.sections if not one.acts.isdisjoint(acts))) for each in GROUPS
    ]
    return [each for each in open_ones if each.sections]


def first_page(roles: Iterable[Role]) -> str | None:
    """Return the first page of the console that somebody with these roles may open."""
    return next((each.path for group in groups_for(roles) for each in group.sections), None)
