"""
Whether a person at the partner may see students under an agreement today: named, trained, and bound by an undertaking.

And whether a client may call for that person, as the agreement's clause `people_behind` has it. Pure, and for people;
for clients, which somebody answers for, it is `agreements.accountable`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from agreements.authority import Received
from agreements.dates import school_year_of
from agreements.documents.people import NamedPerson
from agreements.in_force import VerifiedAgreement, VerifiedBinding
from agreements.people import VerifiedPeopleAnnex, VerifiedUndertaking, named_at, named_by
from agreements.terms import PeopleBehind


class Missing(StrEnum):
    """What a person lacks first, in the order in which it is asked for."""

    NAME = "name"
    TRAINING = "training"
    UNDERTAKING = "undertaking"


class Unattended(StrEnum):
    """Why a call is not attended as the agreement has it."""

    REQUIRED = "person_required"
    BARRED = "person_barred"
    NOT_ATTENDING = "person_not_attending"
    OTHER_ROLE = "person_role"


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who may stand behind a call under one agreement at one instant: `people` gives each one's role by id."""

    clause: PeopleBehind = PeopleBehind.ALLOWED
    people: Mapping[str, str] = field(default_factory=dict)

    def against(self, person: str | None, role: str | None) -> Unattended | None:
        """
        Return what speaks against a call for this person in this role, None if nothing; no person: a program's own.

        INVARIANT: without people nobody attends, whatever the clause says.
        """
        # (1): what the parties agreed (34 CFR 99.33(a)(2)).
        if person is None:
            return Unattended.REQUIRED if self.clause is PeopleBehind.REQUIRED else None
        if self.clause is PeopleBehind.BARRED:
            return Unattended.BARRED
        # (2): a person who may see students now, in the role that the annex gives.
        if person not in self.people:
            return Unattended.NOT_ATTENDING
        return None if self.people[person] == role else Unattended.OTHER_ROLE


UNATTENDED: Final = Attendance()
"""Programs on their own, and nobody behind them."""


def attendance(
    agreement: VerifiedAgreement,
    bindings: Iterable[VerifiedBinding],
    annexes: Sequence[VerifiedPeopleAnnex],
    undertakings: Iterable[VerifiedUndertaking],
    at: datetime,
) -> Attendance:
    """Return who may stand behind a call at this instant: whoever lacks nothing, by every annex that is given."""
    machines = {key.key.thumbprint for each in bindings for key in each.keys}
    accepted, today = _accepted(agreement, undertakings), _today(agreement, at)
    return Attendance(
        agreement.agreement.people_behind,
        {
            kid: named.role
            for kid, named in named_by(annexes).items()
            if _missing(named, accepted, today, machines) is None
        },
    )


def missing_of(
    person: str,
    *,
    agreement: VerifiedAgreement,
    annexes: Iterable[VerifiedPeopleAnnex],
    undertakings: Iterable[VerifiedUndertaking],
    now: Received,
    machines: Collection[str] = (),
) -> Missing | None:
    """
    Return what this person lacks now, None if nothing; `person` is the id by which the annexes name them.

    `machines` are the thumbprints of the clients' keys: a machine's key accepts nothing. Days and school years are
    those of the agreement's zone; school years turn on 1 July [P].
    """
    # (1): the annexes in force name the person (34 CFR 99.33(a)(2)); who was taken out is out.
    named = named_at(annexes, now.index).get(person)
    if named is None:
        return Missing.NAME
    # (2) and (3).
    return _missing(named, _accepted(agreement, undertakings), _today(agreement, now.at), machines)


_Accepted = frozenset[tuple[str, str, str]]
"""Person, thumbprint of the key, school year."""


def _missing(named: NamedPerson, accepted: _Accepted, today: date, machines: Collection[str]) -> Missing | None:
    # (2): the training is current.
    if not named.training.completed_on <= today <= named.training.valid_to:
        return Missing.TRAINING
    # (3): the person accepted this version for this school year, with the key that the annex lists now.
    if named.key is None or named.key.thumbprint in machines:
        return Missing.UNDERTAKING
    began = school_year_of(today)
    held = (named.id, named.key.thumbprint, f"{began}-{began + 1}") in accepted
    return None if held else Missing.UNDERTAKING


def _accepted(agreement: VerifiedAgreement, undertakings: Iterable[VerifiedUndertaking]) -> _Accepted:
    return frozenset(
        (each.undertaking.person, each.key, each.undertaking.school_year)
        for each in undertakings
        if each.undertaking.agreement == agreement.agreement.digest
    )


def _today(agreement: VerifiedAgreement, at: datetime) -> date:
    return at.astimezone(ZoneInfo(agreement.agreement.term.time_zone)).date()
