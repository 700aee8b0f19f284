"""
Who still has to sign a paper: read off the document, and compared with the keys that are introduced now.

INVARIANT: this says what to show and when to try. Whether a document counts is judged by `agreements` when it is filed,
and at every load.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from agreements.authority import Authority, Received
from agreements.documents.signer import ROLES
from agreements.entitlement import Introduced
from agreements.names import person
from agreements.signature import Kind
from agreements.trust import Officer


class Who(StrEnum):
    """Whose signature a document waits for."""

    OFFICER = "officer"
    SIGNER = "signer"
    """Of the party named, introduced for this kind of document."""
    DECIDER = "decider"
    """An officer, or a signer of the district introduced for just this: a steward, who decides on rosters."""
    VOICE = "voice"
    """Who is heard on who is an officer: officers, and signers of the district."""
    REVOKER = "revoker"
    """An officer, another signer of the party, or the key itself."""
    APPROVAL = "approval"
    """Another document, by an officer: see `gateway.services.papers.papers`."""


@dataclass(frozen=True, slots=True)
class Need:
    """So many `people` of one sort. `party` is theirs, `key` the one thumbprint that counts, where there is one."""

    who: Who
    party: str | None = None
    key: str | None = None
    people: int = 1


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds which key now."""

    officers: Mapping[str, Officer]
    signers: Mapping[str, Introduced]

    def name_of(self, kid: str) -> str:
        """Return the name of a key's holder, as `person` compares names; the thumbprint for a key of nobody's."""
        if kid in self.officers:
            return person(self.officers[kid].name)
        return person(self.signers[kid].signer.name) if kid in self.signers else kid

    def may(self, kid: str, need: Need, kind: Kind) -> bool:
        """Return whether a signature by this key is one that the need asks for."""
        signer = self.signers[kid].signer if kid in self.signers else None
        limits = () if signer is None else signer.may_sign
        is_officer, is_districts = kid in self.officers, signer is not None and signer.role == ROLES[0]
        return {
            Who.OFFICER: is_officer and need.key in {None, kid},
            Who.SIGNER: signer is not None and signer.party == need.party and kind.value in limits,
            Who.DECIDER: is_officer or (is_districts and kind.value in limits),
            Who.VOICE: is_officer or (is_districts and Kind.AGREEMENT.value in limits),
            Who.REVOKER: is_officer or signer is not None or kid == need.key,
            Who.APPROVAL: False,
        }[need.who]


def held_now(authority: Authority, now: Received) -> Held:
    """Return who holds which key now."""
    return Held(authority.officers(now), authority.holders.signers(now))


@dataclass(frozen=True, slots=True)
class NeedLine:
    """One need, how many people have met it so far, and by which keys."""

    need: Need
    met: int
    keys: tuple[str, ...]

    @property
    def is_met(self) -> bool:
        """Return whether nobody more has to sign for it."""
        return self.met >= self.need.people


def lines_of(
    needs: Collection[Need], kids: Collection[str], approvals: Collection[str], held: Held, kind: Kind
) -> tuple[NeedLine, ...]:
    """Return how far each need is met by the keys `kids`, and by those who gave a complete approval."""
    found = []
    for need in needs:
        keys = approvals if need.who is Who.APPROVAL else [kid for kid in kids if held.may(kid, need, kind)]
        found.append(NeedLine(need, len({held.name_of(kid) for kid in keys}), tuple(sorted(keys))))
    return tuple(found)
