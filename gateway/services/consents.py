"""
Entering a consent by hand: what a family signed on paper, or approved electronically, counts on the next request.

It is judged as a row of a list is, and more: the signer had the right on that day, no court took it, the elements are
those of the agreement. One transaction, with its entry, which names nobody and commits to the row (claim 1). No list
ends it by leaving it out; a list that names the same consent speaks about it from then on.
"""

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.change import next_index
from audit.events import Event
from gateway.records import standing
from gateway.records.coverage import Scope
from gateway.records.errors import ConsentRefused
from gateway.records.loading.cells import CellRefused, Value
from gateway.records.loading.forms import require_forms, require_known, require_order
from gateway.records.loading.staging import row_digest
from gateway.records.loading.targets import AGREEMENT, CONSENTS, LINE, NUMBER, columns_of
from gateway.records.meanings import ALL
from gateway.records.numbers import Said, one_with
from gateway.records.population import Random
from gateway.records.signed import Approval, Authentication, Capacity, Form, SignerName
from gateway.services.rights import Holder, require_right_to_consent, today_under
from gateway.services.standing.identity import by as said_by
from gateway.services.stops import ScopesInForce, append_stated, move, student_known_as


@dataclass(frozen=True, slots=True)
class GivenConsent:
    """
    A consent as it was signed. `covers` are ids of elements, or `all`; `to_date` is its last day.

    `evidence` is the digest of the scan, or of the record of the electronic act; `notice` that of the text that was
    shown before.
    """

    covers: tuple[str, ...]
    signed_by: Capacity
    signer: SignerName = field(repr=False)
    signed_on: dt.date
    from_date: dt.date
    to_date: dt.date | None
    purpose: str
    party: str
    what_will_be_done: str
    form: Form
    evidence: str
    notice: str
    notice_language: str
    authenticated_by: Authentication | None = None
    approved_by: Approval | None = None

    def values(self) -> dict[str, Value]:
        """Return the values by field, as a row of a list has them."""
        return {
            "covers": sorted(set(self.covers)),
            "signed_by": self.signed_by.value,
            "signed_on": self.signed_on,
            "from_date": self.from_date,
            "to_date": self.to_date,
            "signer": " ".join(self.signer.words.split()) or None,
            "purpose": self.purpose or None,
            "party": self.party or None,
            "what_will_be_done": self.what_will_be_done.strip() or None,
            "form": self.form.value,
            "evidence": self.evidence or None,
            "authenticated_by": None if self.authenticated_by is None else self.authenticated_by.value,
            "approved_by": None if self.approved_by is None else self.approved_by.value,
            "notice": self.notice or None,
            "notice_language": self.notice_language or None,
        }


@dataclass(frozen=True, slots=True)
class OnFile:
    """How many consents are in force under an agreement: all, those entered by hand, and older ones (`signed`)."""

    line: str
    consents: int
    by_hand: int
    older: int


async def consents_on_file(connection: AsyncConnection) -> tuple[OnFile, ...]:
    """Return the counts of each agreement that has any."""
    own = standing.consent.c
    counts = (func.count(), func.count().filter(own.by_hand), func.count().filter(own.purpose.is_(None)))
    found = select(own.line, *counts).where(own.to_idx.is_(None)).group_by(own.line).order_by(own.line)
    return tuple(OnFile(*row) for row in (await connection.execute(found)).all())


async def give_consent(
    connection: AsyncConnection,
    line: str,
    student_identifier: str,
    given: GivenConsent,
    *,
    scopes: ScopesInForce,
    person: str | None = None,
    random: Random = secrets.token_bytes,
) -> int:
    """
    Put a signed consent on file for the agreement of this line; return the entry.

    It names the `person` who signed in to enter it.

    Raises `UnknownStudent`, `ConsentRefused`, `NotTheirRight`, `SignerUnknown`. Nothing was written then.
    """
    # (1): it says all that the law asks for, in the forms that lists have.
    values = given.values()
    try:
        require_known(CONSENTS, {**values, NUMBER: student_identifier, AGREEMENT: line})
        require_order(values)
        require_forms(CONSENTS, {**values, AGREEMENT: line})
    except CellRefused as error:
        raise ConsentRefused(f"This is no consent: {error}.") from None
    idx = await next_index(connection)
    student = await student_known_as(connection, student_identifier)
    # (2): to this agreement's partner, for its purpose, about elements that it names.
    _require_promised(line, given, await scopes(connection))
    # (3): signed by whoever had the right, before it counts, and not taken back since.
    today = await connection.scalar(select(today_under(line)))
    assert isinstance(today, dt.date)
    if given.signed_on > today:
        raise ConsentRefused("It is signed on a day that has not come yet.")
    holder = Holder(given.signed_by, given.signer)
    await require_right_to_consent(connection, student, holder, given.signed_on)
    await _require_not_settled(connection, line, student, student_identifier, given.signed_on)
    # (4): one that says otherwise gives way to it; the same one is on file.
    consent = standing.consent
    own: dict[str, object] = {LINE: line, "student_id": student, **values}
    row = {name: own[name] for name in columns_of(CONSENTS)}
    digest = row_digest(CONSENTS, columns_of(CONSENTS), list(row.values()))
    same = [consent.c[name] == row[name] for name in consent.info["key"]]
    if digest in (await connection.scalars(select(consent.c.digest).where(*same, consent.c.to_idx.is_(None)))).all():
        raise ConsentRefused("This consent is on file.")
    await connection.execute(update(consent).where(*same, consent.c.to_idx.is_(None)).values(to_idx=idx))
    await connection.execute(insert(consent), [{**row, "digest": digest, "from_idx": idx, "by_hand": True}])
    await move(connection, student, idx, scopes, random, only=line)
    return await append_stated(connection, idx, Event.CONSENT_GIVEN, random, line=line, **said_by(person))


def _require_promised(line: str, given: GivenConsent, scopes: Sequence[Scope]) -> None:
    versions = [each for each in scopes if each.line == line]
    if not versions:
        raise ConsentRefused("No version of this agreement is in force, so there is nothing to consent to.")
    if not any((each.purpose, each.party) == (given.purpose, given.party) for each in versions):
        raise ConsentRefused("Its purpose or party is not that of the agreement (34 CFR 99.30(b)(2), (3)).")
    named = {ALL, *(element for each in versions for element in each.terms.element_order)}
    if strange := sorted(set(given.covers) - named):
        raise ConsentRefused(f"The agreement does not name {', '.join(strange)}.")


async def _require_not_settled(
    connection: AsyncConnection, line: str, student: UUID, number: str, signed_on: dt.date
) -> None:
    """Check that it was not withdrawn after it was signed, and that the number was this child's then."""
    consent, said = standing.consent.c, standing.renumbered.c
    ids = await one_with(connection, student)
    withdrawn = (consent.line == line, consent.student_id.in_(ids), consent.withdrawn_on >= signed_on)
    if await connection.scalar(select(consent.row_id).where(*withdrawn).limit(1)) is not None:
        raise ConsentRefused("This consent was withdrawn after it was signed. The family signs again.")
    number_then = (said.kind == Said.REUSED.value, said.to_idx.is_(None), said.student_identifier == number)
    since = await connection.scalar(select(func.max(said.said_on)).where(*number_then))
    if since is not None and signed_on < since:
        raise ConsentRefused("On that day the number was another child's.")


__all__ = [
    "Approval",
    "Authentication",
    "Capacity",
    "Form",
    "GivenConsent",
    "OnFile",
    "SignerName",
    "consents_on_file",
    "give_consent",
]
