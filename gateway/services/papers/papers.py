"""
Papers: documents prepared on pages, signed one by one by their own keys, and then brought into force as ever.

INVARIANT: nothing counts by standing here. A signature is verified when it comes, so that nobody waits for a bad one;
it gives effect by filing alone, through the Desk, which verifies everything anew.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.approvals import require_not_drafter
from agreements.canonical import MAX_BYTES, read_canonical
from agreements.document import parse_agreement
from agreements.documents.approval import APPROVABLE, Approval, approval_bytes
from agreements.emergencies import require_not_ordered_by
from agreements.keys import PublicKey
from agreements.signature import Envelope, Kind
from gateway.services.obligations.owed import Inspections
from gateway.services.office import Office
from gateway.services.papers import kept
from gateway.services.papers.errors import PaperFiled, PaperIncomplete, PaperRefused
from gateway.services.papers.filing import Beside, file_document, is_filed_here
from gateway.services.papers.judging import (
    PaperLine,
    World,
    counting,
    in_our_words,
    line_of,
    require_wanted,
    waiting_passkeys,
)
from gateway.services.papers.kinds import KINDS
from gateway.services.papers.telling import Term, terms_of
from gateway.services.standing.registry import Registry, read_moment

_LONGEST_TITLE: Final = 300
UsesUp = Callable[[AsyncConnection, datetime], Awaitable[None]]
"""What a signature uses up, such as the link that it came by."""


@dataclass(frozen=True, slots=True)
class Paper:
    """
    One paper whole: its line, its bytes as they are signed, what they say, and who brought which signature.

    `passkeys` are those of whoever looks that could sign what is still open; `filed_here` is False for what another
    command takes. `behind` are the words of which the document holds the digest alone.
    """

    line: PaperLine
    envelope: Envelope
    terms: tuple[Term, ...] = field(repr=False)
    words_only: tuple[str, ...]
    added: tuple[kept.Added, ...]
    approvals: tuple[PaperLine, ...]
    passkeys: tuple[PublicKey, ...]
    filed_here: bool
    behind: str | None = field(repr=False)


class Papers:
    """
    The papers of one installation.

    `inspections` says whether a family waits to inspect what a certificate of destruction is about: without it none is
    filed.
    """

    def __init__(self, office: Office, inspections: Inspections | None = None) -> None:
        self._office = office
        self._inspections = inspections
        self._desk = office.desk

    async def prepare(self, kind: Kind, payload: bytes, by: str, *, title: str, concerns: str | None = None) -> str:
        """
        Keep a document for signature; return its digest. The same bytes again are the same paper.

        `payload` is the canonical form, as it is signed; `by` the id of a person. Raises `PaperRefused` for anything
        that would never count, `TooManyPapers`.
        """
        approves = await self._judged(kind, payload, by, concerns)
        async with self._changing() as (connection, now):
            return await kept.put(connection, kind, payload, by, now, title=_named(title, kind), concerns=approves)

    async def _judged(self, kind: Kind, payload: bytes, by: str, concerns: str | None) -> str | None:
        """Judge a document as far as it can be; return what it concerns. Raises `PaperRefused`."""
        if kind not in KINDS:
            raise PaperRefused("This kind of document is not prepared on a page.")
        if len(payload) > MAX_BYTES:
            raise PaperRefused("The document is too long. Make, sign and register it with its command, in parts.")
        with in_our_words():
            read_canonical(payload)
            document = KINDS[kind].read(payload, self._desk.catalogue)
        if not isinstance(document, Approval):
            return concerns
        await self._require_second_person(document, by)
        # An emergency waits for nobody, so its review is filed by itself, and there is nothing to review before.
        if document.kind == Kind.EMERGENCY_ORDER.value and not await self._entries_of([document.approves]):
            raise PaperRefused("An emergency order is reviewed once it is in force: file it first.")
        await self._require_another_officer(document)
        return document.approves

    async def approve(self, digest: str, approver: str, by: str, acknowledges: Collection[str] = ()) -> str:
        """
        Prepare an officer's approval of a paper, with the terms that only words carry; return the approval's digest.

        `approver` is the thumbprint of the officer's key. Raises `NoSuchPaper`, `PaperFiled`, `PaperRefused`.
        """
        async with self._changing() as (connection, now):
            row = await kept.open_one(connection, digest, now)
        if row.kind.value not in APPROVABLE:
            raise PaperRefused("A document of this kind takes no approval.")
        if approver not in (await self._world()).held.officers:
            raise PaperRefused("Only an officer in office approves.")
        words = KINDS[row.kind].words_only(row.payload, self._desk.catalogue)
        said = Approval(digest, row.kind.value, approver, words, tuple(sorted(acknowledges)))
        return await self.prepare(Kind.APPROVAL, approval_bytes(said), by, title=row.title, concerns=digest)

    async def listed(self, person: str | None = None) -> tuple[PaperLine, ...]:
        """Return the open papers, the newest first; for `person`, whether one of their own keys may sign it."""
        world = await self._world()
        async with self._changing() as (connection, now):
            await kept.drop_stale(connection, now)
            every = [_as_registered(each, world.registry) for each in await kept.all_open(connection)]
            rows = [counting(each, world) for each in every if each.filed is None]
            about = await kept.about(connection, [row.digest for row in rows])
            approvals = [counting(each, world) for each in about]
            mine = await self._keys_of(connection, person, world.registry)
        opened = {row.digest for row in rows}
        return tuple(line_of(row, approvals, world, mine, opened) for row in rows)

    async def paper(self, digest: str, person: str | None = None, party: str | None = None) -> Paper:
        """Return one paper, filed or open; `person` or the signers of `party` look. Raises `NoSuchPaper`."""
        world = await self._world()
        async with self._office.engine.connect() as connection:
            row = counting(_as_registered(await kept.one(connection, digest), world.registry), world)
            approvals = [counting(each, world) for each in await kept.about(connection, [digest])]
            mine = await self._keys_of(connection, person, world.registry)
            approved = None if row.concerns is None else await kept.found(connection, row.concerns)
        opened = {digest} if approved is None or approved.filed is not None else {digest, approved.digest}
        kind, catalogue = KINDS[row.kind], world.catalogue
        return Paper(
            line=line_of(row, approvals, world, mine, opened),
            envelope=row.envelope,
            terms=terms_of(row.payload, kind.shape(catalogue), catalogue, kind.counted),
            words_only=kind.words_only(row.payload, catalogue),
            added=row.added,
            approvals=tuple(line_of(each, (), world, mine, opened) for each in approvals),
            passkeys=waiting_passkeys(row, world, party),
            filed_here=is_filed_here(row.kind),
            behind=kind.behind(kind.read(row.payload, catalogue), world.registry),
        )

    async def add(self, digest: str, signed: Envelope, by: str, uses_up: UsesUp | None = None) -> Paper:
        """
        Add the signatures of a signed document to a paper; an approval of it becomes a paper of its own.

        INVARIANT: all of it or nothing; an approval whose signature is refused leaves no paper.

        `by` is who brings them; `uses_up` is done in the same transaction, once the paper is locked: what it refuses
        adds nothing. Raises `NoSuchPaper`, `PaperFiled`, `PaperRefused` for a signature that does not verify,
        `SignatureUnwanted` for a good one by nobody who signs this document.
        """
        approved = digest if signed.kind is Kind.APPROVAL and signed.digest != digest else None
        if approved is None and signed.digest != digest:
            raise PaperRefused("The file signs another document than this one.")
        concerns = await self._judged(signed.kind, signed.payload, by, None)
        if approved is not None and concerns != approved:
            raise PaperRefused("The file approves another document.")
        world = await self._world()
        async with self._changing() as (connection, now):
            if approved is not None:
                title = (await kept.one(connection, approved)).title
                digest = await kept.put(
                    connection, signed.kind, signed.payload, by, now, title=title, concerns=approved
                )
            row = await kept.open_one(connection, digest, now)
            for signature in signed.signatures:
                if signature in row.signatures:
                    continue  # a file that was signed on top of what is here already
                require_wanted(row, signature, world)
                await kept.keep_signature(connection, digest, signature, by, now)
                row = await kept.open_one(connection, digest, now)
            if uses_up is not None:
                await uses_up(connection, now)
        return await self.paper(digest, by)

    async def parties_of(self, line: PaperLine, kids: Iterable[str]) -> set[str | None]:
        """Return the party for which each of these keys signs a paper today; None for a key that signs for nobody."""
        signers = (await self._world()).held.signers
        known = {kid: each.signer.party for kid, each in signers.items()}
        own = {each.need.listed.thumbprint: each.need.party for each in line.needs if each.need.listed is not None}
        return {(known | own).get(kid) for kid in kids}

    async def withdraw(self, digest: str, by: str) -> None:
        """
        Take an open paper away, with what was signed of it. Raises `NoSuchPaper`, `PaperFiled`.

        It gave nothing, so nothing is undone and nothing is on record; `by` is whoever may open it.
        """
        del by
        async with self._changing() as (connection, now):
            await kept.open_one(connection, digest, now)
            # Whoever withdraws it believes that it has no effect; one that a command filed, or a page that died, has.
            if await self._is_in_force(await self.paper(digest)):
                raise PaperFiled(f"The document {digest} is in force.")
            await kept.take_away(connection, digest)

    async def file(self, digest: str, by: str, asked_at: datetime | None = None) -> int:
        """
        Bring a complete paper into force; return its entry. `asked_at`: when, if a second person confirms that it was.

        Raises `NoSuchPaper`, `PaperIncomplete`, `PaperFiled`, `PaperRefused` for whatever the verification finds, and
        the errors of the service that files it; nothing was written then.
        """
        # Locked until it is noted: nobody withdraws, signs or files it meanwhile.
        async with self._changing() as (locked, now):
            await kept.open_one(locked, digest, now)
            return await self._file(locked, digest, by, asked_at)

    async def _file(self, locked: AsyncConnection, digest: str, by: str, asked_at: datetime | None) -> int:
        # Its approvals too: whoever takes one away believes that it has no effect.
        about = await kept.about(locked, [digest], locked=True)
        paper, world = await self.paper(digest), await self._world()
        if not paper.line.is_complete or not paper.added:
            raise PaperIncomplete(f"The paper {digest} lacks a signature.")
        if paper.line.goes_with is not None:
            raise PaperRefused("This approval is filed together with what it approves.")
        approvals = [each for each in (counting(one, world) for one in about) if each.signatures and not each.filed]
        # If we died after the filing, or a command filed it meanwhile, it is in force: only that is still to be noted.
        if not await self._is_in_force(paper):
            with in_our_words():
                complete = [each.envelope for each in approvals]
                beside = Beside(paper.line.title, self._inspections)
                await file_document(self._desk.of(by), paper.envelope, complete, beside, asked_at)
        # INVARIANT: a paper is filed by the entry that registered it, an approval too. What no entry registered, such
        # as an approval that came beside a command's, is not filed, and can be withdrawn or filed by itself.
        filed = await self._entries_of([digest, *(each.digest for each in approvals)])
        for each, index in filed.items():
            await kept.mark_filed(locked, each, index, by)
        return filed[digest]

    async def _is_in_force(self, paper: Paper) -> bool:
        """Return whether a paper is registered; what one person signs alone, with just this signature."""
        _, registry = await self._desk.registry()
        stored = next((each for each in registry.register.stored if each.digest == paper.line.digest), None)
        if stored is None or not any(each.need.person for each in paper.line.needs):
            return stored is not None
        return stored.envelope == paper.envelope

    async def _entries_of(self, digests: Collection[str]) -> dict[str, int]:
        """Return, of these documents, the entry that registered each; those that none did are left out."""
        _, registry = await self._desk.registry()
        return {each.digest: each.index for each in reversed(registry.register.stored) if each.digest in digests}

    async def _require_second_person(self, approval: Approval, by: str) -> None:
        """
        Check that whoever prepared or drafted a paper does not approve it (claim 12), nor bring such an approval.

        Raises `PaperRefused`. The document's own rule is `agreements.approvals`, which is asked here about the drafter,
        so that nobody waits for what does not count; the other one is about who signs in.
        """
        moment, registry = await self._desk.registry()
        async with self._office.engine.connect() as connection:
            paper = await kept.found(connection, approval.approves)
            if paper is None:
                return
            own = await self._keys_of(connection, paper.prepared_by, registry)
        if paper.kind is Kind.AGREEMENT and (
            officer := registry.authority.officers(moment.received).get(approval.approver)
        ):
            drafter = parse_agreement(paper.payload, self._desk.catalogue).people.drafted_by
            with in_our_words():
                require_not_drafter(officer, drafter, registry.authority)
        # Of two officers one writes an emergency order down and the other orders it: who else should review it?
        wrote = paper.kind is Kind.EMERGENCY_ORDER and own.isdisjoint(each.kid for each in paper.signatures)
        if not (wrote and approval.approver in own) and (by == paper.prepared_by or approval.approver in own):
            raise PaperRefused("Whoever prepared a document does not approve it: another person does.")

    async def _require_another_officer(self, review: Approval) -> None:
        """Check that no officer reviews the emergency that they ordered: nobody signs for what would not count."""
        moment, registry = await self._desk.registry()
        officer = registry.authority.officers(moment.received).get(review.approver)
        for each in registry.emergency_orders:
            if officer is not None and each.verified.digest == review.approves:
                with in_our_words():
                    require_not_ordered_by(each.verified, officer)

    async def _world(self) -> World:
        return World(*await self._desk.registry(), self._desk.catalogue)

    async def _keys_of(self, connection: AsyncConnection, person: str | None, registry: Registry) -> frozenset[str]:
        if person is None:
            return frozenset()
        return registry.staff.own_keys.get(person, frozenset()) | await kept.passkeys_of(connection, person)

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[tuple[AsyncConnection, datetime]]:
        async with self._office.engine.begin() as connection:
            yield connection, (await read_moment(connection)).now


def _as_registered(row: kept.Row, registry: Registry) -> kept.Row:
    """Return a paper as filed where its document is in force by other ways, such as a load that used it: none waits."""
    if row.filed is not None:
        return row
    found = (each for each in registry.register.stored if each.digest == row.digest)
    # What somebody accepted with a key of before is the same document, and not in force with the key of now.
    entries = (each.index for each in found if row.kind is not Kind.UNDERTAKING or each.envelope == row.envelope)
    return replace(row, filed=next(entries, None))


def _named(title: str, kind: Kind) -> str:
    return title.strip()[:_LONGEST_TITLE] or kind.value
