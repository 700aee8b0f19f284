"""
A file rebuilt that was handed over in an emergency: its rows as of their epoch, compared with what was committed to.

The same promise as for a page (`gateway.services.accounting.rebuilding`): what does not lead to the entry is not shown.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.errors import UnknownElement
from audit.commitments import Private, row_commitments
from gateway.records import facts, release
from gateway.records.errors import RecordsError
from gateway.records.named import read_named_past
from gateway.records.numbers import Said
from gateway.records.standing import renumbered
from gateway.records.subjects import SubjectKey
from gateway.services.analysis.past import Past
from gateway.services.errors import NotRebuilt
from gateway.services.naming import Listed
from gateway.services.obligations.history import time_of
from policies.decision import Denied
from policies.emergency import Ended
from policies.emergency_release import EmergencyPermit, Handing, OrderInForce
from policies.errors import PolicyError


async def rebuild_release(
    past: Past, connection: AsyncConnection, key: SubjectKey, found: Listed
) -> tuple[Private, list[bytes]]:
    """
    Return what opens the entry of a release, and every row of the file, byte for byte as it was handed over.

    Raises `NotRebuilt`, saying why.
    """
    if found.private is None:
        raise NotRebuilt("What opens the entry is not there any more.")
    permit = _permit(past, found)
    known, subject = facts.identity.c, release.subject.c
    sealed = any_(literal(key.sealed(sorted(set(found.subjects))), ARRAY(subject.sealed.type)))
    own = (known.student_id == subject.student_id, subject.sealed == sealed)
    # Under the number that each had then: one that was given to another child since is the former holder's there.
    said = renumbered.c
    reused = (said.student_id == subject.student_id, said.kind == Said.REUSED.value, said.to_idx.is_(None))
    then = select(said.student_identifier).where(*reused).limit(1).scalar_subquery()
    numbers = (await connection.scalars(select(func.coalesce(then, known.student_identifier)).where(*own))).all()
    if not numbers:
        raise NotRebuilt("Nothing leads to the students of the entry any more.")
    try:
        read = await read_named_past(connection, permit, time_of(found.entry), numbers)
    except RecordsError as error:
        raise NotRebuilt(f"The rows cannot be read as they stood: {error}") from None
    rows = list(read.rows)
    committed = sha256(row_commitments(found.private.row_secret, rows)).hexdigest()
    if key.numbers(read.subjects) != b"".join(found.subjects) or committed != found.entry.body["rows"]:
        raise NotRebuilt("What is on file now does not lead to what the entry commits to.")
    return found.private, rows


def _permit(past: Past, found: Listed) -> EmergencyPermit:
    """Return the decision made again, by the order as it stood before the entry."""
    body, law = found.entry.body, past.law
    registry = past.after(found.index - 1)
    orders = {each.verified.digest: each for each in registry.emergency_orders}
    ordered = orders.get(body["order"])
    if ordered is None:
        raise NotRebuilt("The emergency order that the entry cites does not verify any more.")
    try:
        ended = None if ordered.ended is None else Ended(ordered.ended.index)
        in_force = OrderInForce(ordered.verified, law.catalogue, law.at(registry), ended=ended, epoch=body["epoch"])
        decision = in_force.decide(_handing(body), time_of(found.entry))
    except (PolicyError, UnknownElement):
        raise NotRebuilt("The release of the entry is no release of this version of Pactgate.") from None
    if isinstance(decision, Denied) or decision.ruleset_digest != body["ruleset"]:
        raise NotRebuilt("By the rules of this version of Pactgate the release would have been another one.")
    return decision


def _handing(body: Mapping[str, Any]) -> Handing:
    return Handing(tuple(body["recipients"]), body["dataset"], tuple(body["elements"]))
