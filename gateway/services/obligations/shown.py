"""What the office is shown of obligations: values, as the commands and the pages print them."""

from dataclasses import dataclass
from datetime import date

from agreements.canonical import Json
from agreements.documents.destruction import Disclosures, figures_content
from agreements.obligations import Duty, Status


@dataclass(frozen=True, slots=True)
class Owed:
    """One obligation as listed. `leavers` is how many students it is about, for that kind only."""

    agreement: str
    partner: str
    duty: Duty
    status: Status
    due: date | None
    overdue_since: date | None
    days_left: int | None
    leavers: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A certificate, hold, release or review that was filed and does not hold, by the code of its refusal."""

    agreement: str
    document: str
    code: str


@dataclass(frozen=True, slots=True)
class EndingClient:
    """A client that loses its last binding to an agreement on a day: nothing is owed, but somebody has to look."""

    client: str
    agreement: str
    last_day: date
    days_left: int
    """Whole days after today; negative once it is over."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What is owed under every agreement, and the documents about it that do not hold."""

    obligations: tuple[Owed, ...]
    refused: tuple[Refused, ...]
    ending_clients: tuple[EndingClient, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a partner certifies: the disclosures as the log has them, and for leavers their record codes."""

    agreement: str
    covers: str
    disclosures: Disclosures
    leavers: tuple[str, ...] = ()

    @property
    def content(self) -> dict[str, Json]:
        """The part of a certificate that the district writes; the partner adds what only it knows, and signs."""
        return figures_content(self.agreement, self.covers, self.disclosures, self.leavers)


@dataclass(frozen=True, slots=True)
class CertificateLine:
    """A certificate that counts; `flagged` are keys that signed it and were revoked later. Names stay in it."""

    certificate: str
    covers: str
    disclosures: int
    leavers: int
    method: str
    destroyed_on: date
    entry: int
    flagged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """
    What a partner owes under one agreement and what it certified.

    There are about so many `answers` to certify, the newest of them `last_entry`, and so many students who left.
    `certifiable` is what a certificate may cover now.
    """

    owed: tuple[Owed, ...]
    certificates: tuple[CertificateLine, ...]
    answers: int
    last_entry: int | None
    leavers: int
    certifiable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HoldLine:
    """
    A hold in a list: its agreement, and whether it is still open. Its reason stays in the document.

    `inspect_by` is the last day on which a family that asked to inspect is in time (row F1); `overdue` from the next.
    """

    hold: str
    agreement: str
    kind: str
    since: date
    placed_by_entry: int
    open: bool
    inspect_by: date | None
    overdue: bool
