"""Who holds which key: officers and signers as the register has them, those whose keys were revoked included."""

from dataclasses import dataclass
from datetime import date

from agreements.authority import Authority, Received
from gateway.services.filing import Desk
from gateway.services.standing.registry import Moment


@dataclass(frozen=True, slots=True)
class OfficerLine:
    """
    One officer's key. `entry` is the entry that introduced it, None for one that was pinned at the start.

    `in_office` says whether it counts now; `ended` is the first entry at which it does not.
    """

    key: str
    name: str
    valid_from: date | None
    entry: int | None
    in_office: bool
    ended: int | None


@dataclass(frozen=True, slots=True)
class SignerLine:
    """One introduction of a signer. `ended` is the first entry at which the key's signature does not count."""

    key: str
    name: str
    party: str
    role: str
    may_sign: tuple[str, ...]
    valid_from: date
    valid_to: date
    entry: int
    introduced_by: tuple[str, ...]
    ended: int | None


async def officer_lines(desk: Desk) -> tuple[OfficerLine, ...]:
    """Return every key that is or was an officer's, the pinned ones first."""
    moment, registry = await desk.registry()
    authority = registry.authority
    in_office = authority.officers(_now(moment))
    return tuple(
        OfficerLine(
            key=tenure.officer.key.thumbprint,
            name=tenure.officer.name,
            valid_from=None if tenure.filed is None else tenure.valid_from,
            entry=None if tenure.filed is None else tenure.filed.received.index,
            in_office=tenure.officer.key.thumbprint in in_office,
            ended=authority.ended(tenure.officer.key.thumbprint),
        )
        for tenure in authority.tenures
    )


async def signer_lines(desk: Desk) -> tuple[SignerLine, ...]:
    """Return every introduction of a signer that holds, oldest first."""
    _, registry = await desk.registry()
    return _signers(registry.authority)


def _signers(authority: Authority) -> tuple[SignerLine, ...]:
    return tuple(
        SignerLine(
            key=each.signer.key.thumbprint,
            name=each.signer.name,
            party=each.signer.party,
            role=each.signer.role,
            may_sign=each.signer.may_sign,
            valid_from=each.signer.valid_from,
            valid_to=each.signer.valid_to,
            entry=each.filed.received.index,
            introduced_by=tuple(sorted(each.filed.signed_by)),
            ended=authority.ended(each.signer.key.thumbprint),
        )
        for each in authority.introductions
    )


def _now(moment: Moment) -> Received:
    """Return what a document filed now would be dated by."""
    return Received(moment.size, moment.now)
