"""
How a paper stands: whose signatures it has and still needs, and whether one more is by somebody who signs it.

INVARIANT: a signature that would make the document refused as a whole is refused when it comes.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from agreements.elements import Catalogue
from agreements.errors import AgreementError
from agreements.keys import PublicKey
from agreements.signature import MAX_SIGNATURES, AnySignature, Envelope, Kind, verify
from gateway.errors import Sentence, without_remedy
from gateway.services.emergencies.orders import require_reviewed
from gateway.services.papers.errors import PaperRefused, SignatureUnwanted
from gateway.services.papers.kept import Row
from gateway.services.papers.kinds import KINDS
from gateway.services.papers.needs import Held, Need, NeedLine, Who, held_now, lines_of
from gateway.services.standing.registry import Moment, Registry


@dataclass(frozen=True)  # without slots: who holds which key is worked out once, for all papers
class World:
    """What papers are looked at against: what is in force, and when."""

    moment: Moment
    registry: Registry
    catalogue: Catalogue

    @cached_property
    def held(self) -> Held:
        """Who holds which key now."""
        return held_now(self.registry.authority, self.moment.received)

    def needs_of(self, row: Row) -> tuple[Need, ...]:
        """Return whose signatures a paper takes."""
        kind = KINDS[row.kind]
        return kind.needs(kind.read(row.payload, self.catalogue), self.registry)

    def keys_for(self, row: Row) -> dict[str, PublicKey]:
        """
        Return the keys by which a paper's signatures are verified, by thumbprint.

        What somebody signs alone as their partner's list names them is verified by the key that the list has, and by
        no other: it is no key of an officer's or a signer's, and signs as the list says.
        """
        needs = self.needs_of(row)
        if all(need.person is None for need in needs):
            return known_keys(self.registry)
        return {need.listed.thumbprint: need.listed for need in needs if need.listed is not None}


def counting(row: Row, world: World) -> Row:
    """
    Return an open paper with those signatures alone that count now.

    A key that was revoked since, or whose days are over, would have the document refused as a whole, and nobody can
    take a signature off: it is left out, and whoever it was signs anew.
    """
    if row.filed is not None or not row.added:
        return row
    needs = world.needs_of(row)
    counts = [each for each in row.added if any(world.held.may(each.signature.kid, need, row.kind) for need in needs)]
    return replace(row, added=tuple(counts))


@dataclass(frozen=True, slots=True)
class PaperLine:
    """
    One paper in a list. `needs` are whose signatures it takes and how far each is met; `concerns` what it approves.

    `prepared_by` is the id of a person. `goes_with` is the open paper with which an approval is filed. `for_me` says
    that whoever asks can sign something of it that is still open.
    """

    kind: Kind
    digest: str
    title: str
    concerns: str | None
    prepared_by: str
    prepared_at: datetime
    needs: tuple[NeedLine, ...]
    filed: int | None
    for_me: bool = False
    goes_with: str | None = None

    @property
    def is_complete(self) -> bool:
        """Return whether everybody signed who must."""
        return all(each.is_met for each in self.needs)


def line_of(
    row: Row, approvals: Collection[Row], world: World, mine: Collection[str] = (), opened: Collection[str] = ()
) -> PaperLine:
    """
    Return how a paper stands.

    `approvals` are papers of approvals, `mine` the keys of whoever asks, `opened` the digests of papers that are open.
    """
    held, own = world.held, frozenset(mine)
    given = [each for each in approvals if each.concerns == row.digest and each.kind is Kind.APPROVAL]
    approving = [signature.kid for each in given for signature in each.signatures]
    kids = [signature.kid for signature in row.signatures]
    needs = lines_of(world.needs_of(row), kids, approving, held, row.kind)
    unmet = [each.need for each in needs if not each.is_met]
    can_sign = any(held.may(kid, need, row.kind) for kid in own.difference(kids) for need in unmet)
    can_approve = any(need.who is Who.APPROVAL for need in unmet) and not own.isdisjoint(held.officers)
    return PaperLine(
        kind=row.kind,
        digest=row.digest,
        title=row.title,
        concerns=row.concerns,
        prepared_by=row.prepared_by,
        prepared_at=row.prepared_at,
        needs=needs,
        filed=row.filed,
        for_me=row.filed is None and (can_sign or can_approve),
        goes_with=row.concerns if row.concerns in opened else None,
    )


def known_keys(registry: Registry) -> dict[str, PublicKey]:
    """Return every key that an officer or a signer was introduced with, by thumbprint."""
    authority = registry.authority
    keys = {each.officer.key.thumbprint: each.officer.key for each in authority.tenures}
    return keys | {each.signer.key.thumbprint: each.signer.key for each in authority.introductions}


def waiting_passkeys(row: Row, world: World, party: str | None = None) -> tuple[PublicKey, ...]:
    """
    Return the passkeys that could sign what is still open of a paper; with `party` those of its signers alone.

    Which passkeys another party has is nobody's to know who comes by a link.
    """
    held, line = world.held, line_of(row, (), world)
    waiting = [each.need for each in line.needs if not each.is_met]
    return tuple(
        key
        for kid, key in sorted(world.keys_for(row).items())
        if key.passkey is not None
        and (party is None or (kid in held.signers and held.signers[kid].signer.party == party))
        and any(held.may(kid, need, row.kind) for need in waiting)
    )


def require_wanted(row: Row, signature: AnySignature, world: World) -> None:
    """
    Check that a signature verifies, by a key that counts now and of somebody who may sign this document.

    One by somebody else would make it refused as a whole. One more than it takes does no harm where several may sign,
    and may be what is lacking: two of whom one vouched for the other are too few, whoever of them came first. Where one
    signs alone it would do harm. Raises `PaperRefused`, `SignatureUnwanted`.
    """
    # What counts no more is left out when it is filed: it neither fills the paper nor stands beside anybody.
    row = counting(row, world)
    # (1): the key is one that somebody was introduced with, and it is not revoked.
    if not world.registry.authority.holders.counts(signature.kid, world.moment.received):
        raise PaperRefused(Sentence("The key %(key)s was revoked.", key=signature.kid))
    # (2): the signature verifies over exactly these bytes.
    with in_our_words():
        verify(Envelope(row.kind, row.payload, (signature,)), world.keys_for(row))
    # (3): a signed document holds so many signatures and no more.
    if len(row.signatures) >= MAX_SIGNATURES:
        raise SignatureUnwanted(f"The {row.kind.value} has {MAX_SIGNATURES} signatures.")
    # (4): who holds such a key may sign it.
    held = world.held
    needs = world.needs_of(row)
    if not any(held.may(signature.kid, need, row.kind) for need in needs):
        raise SignatureUnwanted(f"The key {signature.kid} does not sign this {row.kind.value}.")
    # (5): nobody signs beside whom the document wants alone.
    if any(need.alone for need in needs) and any(each.kid != signature.kid for each in row.signatures):
        raise SignatureUnwanted(f"Somebody has signed this {row.kind.value}, and one person signs it alone.")
    # (6): nobody signs for two parties, under one key or two.
    if _signs_for_another(row, signature.kid, needs, held):
        raise PaperRefused("One person signed for both parties.")
    # (7): nobody goes on alone from one emergency to the next; another officer can order this one.
    if row.kind is Kind.EMERGENCY_ORDER:
        with in_our_words():
            require_reviewed(world.registry.emergency_orders, held.name_of(signature.kid), world.moment.now)


def _signs_for_another(row: Row, kid: str, needs: Collection[Need], held: Held) -> bool:
    parties = {need.party for need in needs if need.who is Who.SIGNER}
    signers = {
        each: held.signers[each].signer.party
        for each in (kid, *(one.kid for one in row.signatures))
        if each in held.signers
    }
    named = {party for each, party in signers.items() if held.name_of(each) == held.name_of(kid)}
    return len(named & parties) > 1


@contextmanager
def in_our_words() -> Iterator[None]:
    """Say what `agreements` refuses as something about a paper: the page shows the sentence. Raises `PaperRefused`."""
    try:
        yield
    except AgreementError as error:
        raise PaperRefused(without_remedy(error.public_detail, error.remedy), remedy=error.remedy) from None
