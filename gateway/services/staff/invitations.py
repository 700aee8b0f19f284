"""
How somebody new comes in: a code that works once, taken up by whoever signs in with it.

INVARIANT: an invitation gives no role. Whoever steals a code becomes the person it was for, without rights; the
officers then sign the role for exactly the identity that took it up, after the person has read out its check number.
"""

import hashlib
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.change import append_change
from audit.entry import leaf
from audit.events import Event
from gateway.services.staff.errors import IdentityTaken, InvitationRefused
from gateway.services.standing.identity import SALT_BYTES, Identity, Person, realm_of
from gateway.services.standing.registry import read_moment
from gateway.store.tables import staff_identity, staff_invitation

USUAL_HOURS: Final = 72
MOST_HOURS: Final = 14 * 24
"""Two weeks: a code that lies about longer in a mailbox is found there by somebody else."""
_CODE_BYTES: Final = 24
"""192 bits: nobody guesses one, so its plain digest may be kept."""
_MOST_CHARACTERS: Final = 100
_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('pactgate.staff', 0))")
_IS_ANOTHER: Final = text(
    "SELECT EXISTS (SELECT FROM gateway.staff_identity"
    " WHERE (issuer, subject) = (:issuer, :subject) AND person <> :person)"
)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A new invitation: the code is shown once and kept nowhere."""

    person: str
    party: str
    expires_at: datetime
    code: str = field(repr=False)


async def invite(
    connection: AsyncConnection, party: str, hours: int, person: str | None = None, invited_by: str | None = None
) -> Invitation:
    """
    Make an invitation to the staff of `party`, in the caller's transaction; `person` is somebody who signs in anew.

    `invited_by` is the person who signed in to invite: the entry of whoever takes it up names them.

    Whether the person is of that party is for the caller. Nothing is on record yet: it gives nothing.
    """
    moment = await read_moment(connection)
    code = f"invite-{secrets.token_urlsafe(_CODE_BYTES)}"
    made = Invitation(person or f"user:{uuid.uuid4()}", party, moment.now + timedelta(hours=hours), code)
    row = {"code": _hashed(code), "person": made.person, "party": party, "expires_at": made.expires_at}
    await connection.execute(insert(staff_invitation).values({**row, "invited_by": invited_by}))
    return made


async def redeem(connection: AsyncConnection, code: str, identity: Identity) -> Person:
    """
    Take up an invitation in the caller's transaction: from now on this identity is that of the person invited.

    The caller asked the person first (a page with the party's name and a token of its own): a link in a
    letter must not bind anybody's sign-in to what a stranger was invited for.

    Raises `InvitationRefused`, for whatever reason with one text; `IdentityTaken`.
    """
    # One at a time, so that one identity does not become two people at once.
    await connection.execute(_ONE_AT_A_TIME)
    moment = await read_moment(connection)
    gone = (
        await connection.execute(
            delete(staff_invitation)
            .where(staff_invitation.c.code == _hashed(code))
            .returning(
                staff_invitation.c.person,
                staff_invitation.c.party,
                staff_invitation.c.expires_at,
                staff_invitation.c.invited_by,
            )
        )
    ).one_or_none()
    # (1): there is such an invitation, it is not too late, and it is for staff who sign in this way.
    if gone is None or gone.expires_at <= moment.now or realm_of(gone.party) != identity.realm:
        raise InvitationRefused("The code invites nobody.")
    # (2): whoever signs in is nobody else here already.
    if await connection.scalar(_IS_ANOTHER, {**_columns(identity), "person": gone.person}):
        raise IdentityTaken("This identity is that of another person.")
    salt = secrets.token_bytes(SALT_BYTES)
    person = Person(gone.person, gone.party, identity.commitment(salt))
    about = {"person": person.id, "party": person.party, "identity": person.commitment}
    invited = {} if gone.invited_by is None else {"invited_by": gone.invited_by}
    written = leaf(Event.STAFF_LINKED, moment.now, **about, **invited)
    index = await append_change(connection, written)
    row = {
        "person": person.id,
        "party": person.party,
        **_columns(identity),
        "salt": salt,
        "idx": index,
    }
    await connection.execute(insert(staff_identity).values(row))
    return person


def _columns(identity: Identity) -> dict[str, str]:
    return {"issuer": identity.issuer, "subject": identity.subject}


def _hashed(code: str) -> bytes:
    return hashlib.sha256(code.strip()[:_MOST_CHARACTERS].encode(errors="replace")).digest()
