"""Row types of the files that give partners standing or take it away; in the manner of `rows`."""

import datetime as dt
from typing import NamedTuple

__all__ = ["ConsentRow", "OptOutRow", "PlacementRow", "RosterRow"]


class RosterRow(NamedTuple):
    """roster_<partner>.csv: a student on a partner's list."""

    student_number: str
    agreement: str
    site: str
    start_date: dt.date
    end_date: dt.date | None


class ConsentRow(NamedTuple):
    """consents.csv: one signed consent; `elements` is `all` or CEDS ids with semicolons between them.

    what, who, why and what_will_be_done are the four facts of RCW 28A.605.030(2). evidence is the digest of the scan,
    or of the record of the electronic act (34 CFR 99.30(d)); notice that of the text that was shown before.
    """

    student_number: str
    agreement: str
    signer_relation: str
    elements: str
    signed_on: dt.date
    valid_from: dt.date
    valid_to: dt.date
    withdrawn_on: dt.date | None
    what: str
    who: str
    why: str
    what_will_be_done: str
    signer: str
    form: str
    evidence: str
    authenticated_by: str | None
    approved_by: str | None
    notice: str
    notice_language: str


class OptOutRow(NamedTuple):
    """opt_outs.csv: a family's no to `sharing` or to `directory` information; without an agreement, to all of them."""

    student_number: str
    scope: str
    agreement: str | None
    from_date: dt.date
    requested_by: str


class PlacementRow(NamedTuple):
    """placements.csv: out-of-home placement under a court order; over on its `end_date`."""

    student_number: str
    agreement: str
    agency: str
    start_date: dt.date
    end_date: dt.date | None
