"""
What is published of each agreement, as plain values.

INVARIANT: nothing of a person is in them: no signer, officer, drafter, responsible person or client, and no count of
students (claim 9).
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from agreements.in_force import VerifiedAgreement
from agreements.terms import Party, PurposeTerms, Subrecipient, Term
from gateway.services.publishing.usage import Band


class PublicStanding(StrEnum):
    """Where an agreement stands today, its term included, in the order in which they are listed."""

    IN_FORCE = "in_force"
    NOT_YET = "not_yet"
    SUSPENDED = "suspended"
    REPLACED = "replaced"
    TERMINATED = "terminated"
    OVER = "over"
    CLOSED = "closed"


class Status(StrEnum):
    """How it stands with something that is owed. `CERTIFIED`: done, and signed for."""

    NOT_DUE = "not_due"
    DUE = "due"
    OVERDUE = "overdue"
    HELD = "held"
    CERTIFIED = "certified"


@dataclass(frozen=True, slots=True)
class Duties:
    """How it stands with the yearly review and with destruction under one agreement."""

    review: Status = Status.NOT_DUE
    destruction: Status = Status.NOT_DUE


@dataclass(frozen=True, slots=True)
class Listed:
    """
    One agreement that verifies, and where it stands: what a register is made of.

    `standing` is the word of its last move (active, suspended, replaced, terminated, closed); `entry` the entry of the
    log that brought it into force and `since` the instant from which it can have been used. `until` is the first
    instant at which it no longer counts because of the version `replaced_by`, or of its master; None: its own term.
    """

    verified: VerifiedAgreement
    standing: str
    since: datetime
    entry: int | None = None
    replaced_by: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PublicElement:
    """One element that may leave, by its plain name, and as what."""

    id: str
    title: str
    transformation: str


@dataclass(frozen=True, slots=True)
class PublicDataset:
    """What may leave of one dataset."""

    dataset: str
    school_years: tuple[str, ...]
    elements: tuple[PublicElement, ...]


@dataclass(frozen=True, slots=True)
class PublicMonth:
    """A month that has been over for ten days, by its first day, and about how many disclosures it had."""

    month: date
    disclosures: Band


@dataclass(frozen=True, slots=True)
class PublicAgreement:
    """
    One agreement, as published. `opt_outs` are the kinds of a family's no that its basis honours.

    `months` is None while the log is still being counted. Other agreements (`replaces`, `replaced_by`, `master`,
    `children`) are named by digest.
    """

    digest: str
    line: str
    version: int
    title: str
    district: Party
    partner: Party
    basis: str
    purpose: PurposeTerms
    datasets: tuple[PublicDataset, ...]
    subrecipients: tuple[Subrecipient, ...]
    opt_outs: tuple[str, ...]
    term: Term
    standing: PublicStanding
    entry: int | None
    months: tuple[PublicMonth, ...] | None
    duties: Duties
    replaces: str | None
    replaced_by: str | None
    master: str | None
    children: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublicRegister:
    """The whole register, as of a day in the zone that most agreements name."""

    as_of: date
    time_zone: str
    agreements: tuple[PublicAgreement, ...]
