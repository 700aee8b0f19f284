"""
The public register of agreements (row A10): what is published of each, as plain values.

INVARIANT: holds nothing of a person: no signer, officer, drafter, responsible person or client, and no count of
students (claim 9). `gateway.services.publishing.listing` makes it.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from agreements.obligations import Status
from agreements.terms import Party, PeopleBehind, PurposeTerms, Subrecipient, Term
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


@dataclass(frozen=True, slots=True)
class Duties:
    """
    How it stands with the yearly review and with destruction under one agreement.

    `destruction` is None while the log is still being counted: where nothing left, nothing is owed, and nobody is to be
    called overdue for it.
    """

    review: Status = Status.NOT_DUE
    destruction: Status | None = Status.NOT_DUE


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

    A `framework` grants nothing by itself: only agreements that narrow it do.
    `months` is None while the log is still being counted. Other agreements (`replaces`, `replaced_by`, `master`,
    `children`) are named by digest.
    """

    digest: str
    line: str
    version: int
    framework: bool
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
    bearer_until: date | None
    """The last day of the clause that lets in programs which know only a secret; None without one."""
    people_behind: PeopleBehind


@dataclass(frozen=True, slots=True)
class PublicRegister:
    """The whole register, as of a day in the zone that most agreements name."""

    as_of: date
    time_zone: str
    agreements: tuple[PublicAgreement, ...]
