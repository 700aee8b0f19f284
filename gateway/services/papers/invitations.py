"""
Links by which a partner's signer, or somebody on its list of people, comes to one document without an account here.

INVARIANT: a link shows one document and gives nothing. What counts is a signature by a key that an officer introduced
for that party, or that the party's list names; whoever steals a link reads what would be agreed, and signs nothing. It
is good for one signature.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.documents.signer import LIMITS, ROLES, Signer, signer_bytes
from agreements.keys import PublicKey
from agreements.register import digest_bytes
from agreements.signature import Envelope, Kind
from gateway.services.office import Office
from gateway.services.papers.errors import InvitationOver, NoSuchPaper, PaperRefused
from gateway.services.papers.kept import count_open
from gateway.services.papers.needs import BY_LINK, Who
from gateway.services.papers.own_passkeys import OwnPasskeys
from gateway.services.papers.papers import Paper, Papers
from gateway.services.standing.registry import read_moment
from gateway.store.papers import paper_invitation

LASTS: Final = timedelta(days=14)
"""As long as an invitation of staff at most: a link that lies about in a mailbox is found there by somebody else."""
MOST_KEYS: Final = 3
"""New keys of one partner that wait: whoever has a link must not fill the district's list."""
A_YEAR: Final = timedelta(days=365)
_CODE_BYTES: Final = 24
"""192 bits: nobody guesses one, so its plain digest may be kept."""
_MOST_CHARACTERS: Final = 100


@dataclass(frozen=True, slots=True)
class Invited:
    """A new link: the code is shown once and kept nowhere. `party` is whose signer it is for."""

    party: str
    ends_at: datetime
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class InvitationLine:
    """One link of a paper: for whom, until when, and whether it was used."""

    party: str
    ends_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link leads to."""

    paper: Paper
    party: str

    @property
    def takes_signers(self) -> bool:
        """Return whether a signer of the party is asked, who may come without a key that the district knows."""
        return any(each.need.who is Who.SIGNER for each in self.paper.line.needs)


class Invitations:
    """The links to the papers of one installation."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._papers = Papers(office)

    async def invite(self, digest: str, party: str, by: str) -> Invited:
        """
        Make a link to a paper for whoever of a partner's signs it; `by` is the id of a person.

        Raises `NoSuchPaper`, `PaperRefused` unless the paper waits for somebody of that partner's.
        """
        found = await self._papers.paper(digest)
        waits_for = {each.need.party for each in found.line.needs if each.need.who in BY_LINK and not each.is_met}
        if found.line.filed is not None or party not in waits_for or not party.startswith("partner:"):
            raise PaperRefused("The document waits for no signature of this partner's.")
        code = secrets.token_urlsafe(_CODE_BYTES)
        async with self._office.engine.begin() as connection:
            now = (await read_moment(connection)).now
            made = Invited(party, now + LASTS, code)
            row = {"token": _hashed(code), "digest": digest_bytes(digest), "party": party, "made_by": by}
            times = {"made_at": now, "ends_at": made.ends_at}
            await connection.execute(insert(paper_invitation).values({**row, **times}))
        return made

    async def listed(self, digest: str) -> tuple[InvitationLine, ...]:
        """Return the links of a paper, the newest first."""
        own = paper_invitation.c
        wanted = select(own.party, own.ends_at, own.used_at).where(own.digest == digest_bytes(digest))
        async with self._office.engine.connect() as connection:
            return tuple(InvitationLine(*row) for row in await connection.execute(wanted.order_by(own.made_at.desc())))

    async def open(self, code: str) -> Opened:
        """Return what a link leads to. Raises `InvitationOver`, for whatever reason with one text."""
        own = paper_invitation.c
        wanted = select(own.digest, own.party, own.ends_at).where(own.token == _hashed(code), own.used_at.is_(None))
        async with self._office.engine.begin() as connection:
            row = (await connection.execute(wanted)).one_or_none()
            now = (await read_moment(connection)).now
        if row is None or row.ends_at <= now:
            raise InvitationOver("The code leads nowhere.")
        try:
            found = await self._papers.paper(f"sha256:{row.digest.hex()}", party=row.party)
        except NoSuchPaper:
            raise InvitationOver("The paper is gone.") from None
        if found.line.filed is not None:
            raise InvitationOver("The paper is filed.")
        return Opened(found, row.party)

    async def sign(self, code: str, signed: Envelope) -> None:
        """
        Add the signature of the party's signer, or of the person whom it is about, to the paper; use the link up.

        Raises `InvitationOver`, `PaperRefused` for a signature that is not by a signer of this party, and whatever
        `Papers.add` raises.
        """
        opened = await self.open(code)
        if signed.digest != opened.paper.line.digest:
            raise PaperRefused("This link is for the signature of one document, and this signs another.")
        parties = await self._papers.parties_of(opened.paper.line, (each.kid for each in signed.signatures))
        if parties != {opened.party}:
            raise PaperRefused("This link is for a signer of another party than the key belongs to.")

        async def uses_up(connection: AsyncConnection, now: datetime) -> None:
            # INVARIANT: one link takes one signature, of two that come at once too: the second finds it used.
            own = paper_invitation.c
            ours = (own.token == _hashed(code), own.used_at.is_(None))
            if not (await connection.execute(update(paper_invitation).where(*ours).values(used_at=now))).rowcount:
                raise InvitationOver("The link was used.")

        await self._papers.add(opened.paper.line.digest, signed, opened.party, uses_up)

    async def introduce(self, opened: Opened, key: PublicKey, name: str) -> str:
        """
        Prepare the introduction of a new key as that of the party's signer, for a year; return the paper's digest.

        An officer signs it after having made sure whose key it is. Raises `PaperRefused`, also where it is no signer
        who is asked to sign.
        """
        if not opened.takes_signers:
            raise PaperRefused("This document is signed with the key on the partner's list of people, and no other.")
        async with self._office.engine.connect() as connection:
            today = (await read_moment(connection)).now.date()
            if await count_open(connection, by=opened.party) >= MOST_KEYS:
                raise PaperRefused("Enough new keys of this partner wait to be introduced already.")
        signer = Signer(opened.party, ROLES[1], name.strip(), key, today, today + A_YEAR, LIMITS)
        await OwnPasskeys(self._office).keep(key.thumbprint, opened.party)
        title = f"A signer of {opened.party}"
        return await self._papers.prepare(Kind.SIGNER, signer_bytes(signer), opened.party, title=title)


def _hashed(code: str) -> bytes:
    return hashlib.sha256(code.strip()[:_MOST_CHARACTERS].encode(errors="replace")).digest()
