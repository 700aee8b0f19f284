"""
Whether a person at the partner may see students under an agreement today: named, trained, and bound by an undertaking.

Pure, and for people; for clients, which somebody answers for, it is `agreements.accountable`.
"""

from collections.abc import Collection, Iterable
from enum import StrEnum
from zoneinfo import ZoneInfo

from agreements.authority import Received
from agreements.dates import school_year_of
from agreements.in_force import VerifiedAgreement
from agreements.people import VerifiedPeopleAnnex, VerifiedUndertaking, named_at


class Missing(StrEnum):
    """What a person lacks first, in the order in which it is asked for."""

    NAME = "name"
    TRAINING = "training"
    UNDERTAKING = "undertaking"


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
    # (2): the training is current.
    today = now.at.astimezone(ZoneInfo(agreement.agreement.term.time_zone)).date()
    if not named.training.completed_on <= today <= named.training.valid_to:
        return Missing.TRAINING
    # (3): the person accepted this version for this school year, with the key that the annex lists now.
    began = school_year_of(today)
    key = None if named.key is None or named.key.thumbprint in machines else named.key.thumbprint
    if not any(
        each.key == key
        and each.undertaking.person == person
        and each.undertaking.school_year == f"{began}-{began + 1}"
        and each.undertaking.agreement == agreement.agreement.digest
        for each in undertakings
    ):
        return Missing.UNDERTAKING
    return None
