"""
Every stop that takes out one student.

Each does its act as the district does it. One that comes with a day has no entry; it comes by the clock. To add a stop
is to add a line to the list.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from agreements.documents.erasure import Erasure, erasure_bytes
from agreements.documents.parental_rights import Act, Ground, ParentalRights, parental_rights_bytes
from agreements.signature import Kind
from gateway.erased import ErasedLinks
from gateway.services.erasures import Erasures
from gateway.services.restrictions import Restrictions, SignerName, Whom
from gateway.services.stewardship import Stewardship
from tests.factories.records import SAID
from tests.factories.stage import Stage, after

CONSENT_ENDS, BIRTHDAY, ROSTER_ENDS, EXIT = (dt.date(2027, 3, day) for day in (11, 13, 15, 17))
"""Days that come while the clock goes on: the last one of a consent, an 18th birthday, …"""


@dataclass(frozen=True)
class StudentStop:
    """
    Something after which one student is not served. `prepare` gives the student what the stop is about.

    With `forgets`, nothing is left of what was shown: who follows changes is told to read everything again.
    """

    name: str
    act: Callable[[Stage, str], Awaitable[object]]
    dated: bool = False
    prepare: Callable[[Stage, str], None] | None = None
    forgets: bool = False


def _change(stage: Stage, target: str, number: str, change: Callable[[list[Any]], list[Any] | None]) -> None:
    """Change or take out the student's rows in what the district's systems export."""
    place = 1 if target in {"rosters", "consents"} else 0
    rows = []
    for row in stage.files[target]:
        made = change(list(row)) if row[place] == number else list(row)
        if made is not None:
            rows.append(made)
    stage.files[target] = rows


def _of_main(stage: Stage, change: Callable[[list[Any]], list[Any] | None]) -> Callable[[list[Any]], list[Any] | None]:
    return lambda row: change(row) if row[0] == stage.line() else row


async def _withdrawn(stage: Stage, number: str) -> None:
    await Stewardship(stage.office).withdraw(stage.line(), number)


async def _rights_revoked(stage: Stage, number: str) -> None:
    """An officer puts on file what a court decided about whoever signed the student's consents."""
    whom = Whom(number, SignerName(SAID["signer"]))
    said = ParentalRights(Act.REVOKED, Ground.COURT_ORDER, dt.date(2026, 10, 1), SAID["evidence"], whom.commitment)
    officer = stage.gateway.deployment.ring.officers[0].key
    document = stage.gateway.deployment.ring.sign(Kind.PARENTAL_RIGHTS, parental_rights_bytes(said), officer)
    await Restrictions(stage.office.desk).file(document, whom)


async def _opted_out(stage: Stage, number: str) -> None:
    await Stewardship(stage.office).opt_out(number, None, directory_only=False)


async def _opted_out_of_one(stage: Stage, number: str) -> None:
    await Stewardship(stage.office).opt_out(number, stage.line(), directory_only=False)


async def _off_the_roster(stage: Stage, number: str) -> None:
    _change(stage, "rosters", number, _of_main(stage, lambda _: None))
    await stage.load("rosters")


async def _consent_gone(stage: Stage, number: str) -> None:
    _change(stage, "consents", number, _of_main(stage, lambda _: None))
    await stage.load("consents")


async def _exited(stage: Stage, number: str) -> None:
    _change(stage, "enrollments", number, lambda row: [*row[:5], "2027-03-09"])
    await stage.load("enrollments")


async def _school_changed(stage: Stage, number: str) -> None:
    _change(stage, "enrollments", number, lambda row: [row[0], "ECS-199", *row[2:]])
    await stage.load("enrollments")


async def _not_exported(stage: Stage, number: str) -> None:
    _change(stage, "students", number, lambda _: None)
    await stage.load("students")


async def _withheld(stage: Stage, number: str) -> None:
    """Load a row of the student that is refused: what stands there may not be true any more."""
    _change(stage, "students", number, lambda row: [*row[:3], "31.02.2011", *row[4:]])
    await stage.load("students", refused=1)


async def _erased(stage: Stage, number: str) -> None:
    """Two officers erase a student of whom no record is left."""
    for target in stage.files:
        if target not in {"schools", "opt_outs"}:
            _change(stage, target, number, lambda _: None)
    await stage.load(*(target for target in stage.files if target not in {"schools", "opt_outs"}))
    keys = [person.key for person in stage.gateway.deployment.ring.officers]
    kept = ErasedLinks(stage.gateway.home / "erasures")
    erasures = Erasures(stage.office.desk, stage.gateway.deployment.keys.subject, kept)
    payload = erasure_bytes(Erasure(await erasures.links_of([number]), "the retention of the district is over"))
    await erasures.erase(stage.gateway.deployment.ring.sign(Kind.ERASURE, payload, *keys))


def _consent_to(stage: Stage, number: str) -> None:
    _change(stage, "consents", number, _of_main(stage, lambda row: [*row[:6], f"{CONSENT_ENDS}"]))


def _born(stage: Stage, number: str) -> None:
    born = BIRTHDAY.replace(year=BIRTHDAY.year - 18)
    _change(stage, "students", number, lambda row: [*row[:3], f"{born:%d.%m.%Y}", *row[4:]])


def _roster_to(stage: Stage, number: str) -> None:
    _change(stage, "rosters", number, _of_main(stage, lambda row: [*row[:3], f"{ROSTER_ENDS}"]))


def _leaves_on(stage: Stage, number: str) -> None:
    _change(stage, "enrollments", number, lambda row: [*row[:5], f"{EXIT}"])


def _at(day: dt.date) -> Callable[[Stage, str], Awaitable[object]]:
    return lambda stage, _: stage.gateway.at(after(day))


STUDENT_STOPS: Final[Sequence[StudentStop]] = (
    StudentStop("the roster is loaded without the student", _off_the_roster),
    StudentStop("the consents are loaded without the student's", _consent_gone),
    StudentStop("the student has left the school", _exited),
    StudentStop("the student goes to a school that is not covered", _school_changed),
    StudentStop("the student is exported no more", _not_exported),
    StudentStop("the student is erased", _erased, forgets=True),
    StudentStop("the student's own row is refused by a load", _withheld),
    StudentStop("the consent is withdrawn", _withdrawn),
    StudentStop("a court revokes the rights of the parent who signed", _rights_revoked),
    StudentStop("the family opts out", _opted_out),
    StudentStop("the family opts out of this agreement", _opted_out_of_one),
    StudentStop("the consent's last day is over", _at(CONSENT_ENDS), dated=True, prepare=_consent_to),
    StudentStop(
        "the parent's consent ends with childhood", _at(BIRTHDAY - dt.timedelta(days=1)), dated=True, prepare=_born
    ),
    StudentStop("the last day on the roster is over", _at(ROSTER_ENDS), dated=True, prepare=_roster_to),
    StudentStop("the last day at the school is over", _at(EXIT), dated=True, prepare=_leaves_on),
)
"""
In this order: loads come first, since what a family said is refused by every later load that says otherwise, and days
come last. There are no more of them than half the students.
"""
