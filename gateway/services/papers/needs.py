"""
Who still has to sign a paper: read off the document, and compared with the keys that are introduced now.

INVARIANT: this says what to show and when to try. Whether a document counts is judged by `agreements` when it is filed,
and at every load.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agreements.admission import require_revokers
from agreements.authority import Authority, Received
from agreements.documents.revocation import Revocation
from agreements.documents.signer import ROLES
from agreements.entitlement import Introduced, Steward, require_two_stewards
from agreements.errors import AgreementError
from agreements.holders import Holders
from agreements.keys import PublicKey
from agreements.names import person
from agreements.signature import Kind
from agreements.trust import Officer


class Who(StrEnum):
    """Whose signature a document waits for."""

    OFFICER = "officer"
    SIGNER = "signer"
    """Of the party named, introduced for this kind of document."""
    PERSON = "person"
    """Somebody of the party's, with the key by which its list of people names them, and with no other."""
    DECIDER = "decider"
    """An officer, or a signer of the district introduced for just this: a steward, who decides on rosters."""
    VOICE = "voice"
    """Who is heard on who is an officer: officers, and signers of the district."""
    REVOKER = "revoker"
    """An officer, another signer of the party, or the key itself; of an officer's key another voice, or itself."""
    APPROVAL = "approval"
    """Another document, by an officer: see `gateway.services.papers.papers`."""


@dataclass(frozen=True, slots=True)
class Need:
    """
    So many `people` of one sort. `party` is theirs, `key` the one thumbprint that counts, where there is one.

    `alone`: nobody may sign beside them; a second person judges such a document instead of signing it.
    `revocation` is what revokers sign: who they may be, and how many, hangs on the key and on how far it reaches back.
    `person` is the id of whom a document is about who signs it alone, and `listed` the key by which the partner's list
    in force names them: None, and nobody can sign. `not_by` are names, as `person` compares them, of whom it is about
    and whose signature would have it refused.
    """

    who: Who
    party: str | None = None
    key: str | None = None
    people: int = 1
    revocation: Revocation | None = None
    alone: bool = False
    person: str | None = None
    listed: PublicKey | None = None
    not_by: frozenset[str] = frozenset()


BY_LINK: Final = frozenset({Who.SIGNER, Who.PERSON})
"""Who of a partner's may be sent a link: they have no account here."""


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds which key now, by which documents."""

    officers: Mapping[str, Officer]
    signers: Mapping[str, Introduced]
    holders: Holders
    now: Received

    def name_of(self, kid: str) -> str:
        """Return the name of a key's holder, as `person` compares names; the thumbprint for a key of nobody's."""
        if kid in self.officers:
            return person(self.officers[kid].name)
        return person(self.signers[kid].signer.name) if kid in self.signers else kid

    def may(self, kid: str, need: Need, kind: Kind) -> bool:
        """Return whether a signature by this key is one that the need asks for."""
        signer = self.signers[kid].signer if kid in self.signers else None
        limits = () if signer is None else signer.may_sign
        is_officer = kid in self.officers
        is_decider = is_officer or (signer is not None and signer.role == ROLES[0] and kind.value in limits)
        return {
            Who.OFFICER: is_officer and need.key in {None, kid} and self.name_of(kid) not in need.not_by,
            Who.SIGNER: signer is not None and signer.party == need.party and kind.value in limits,
            Who.PERSON: need.listed is not None and kid == need.listed.thumbprint,
            Who.DECIDER: is_decider and self.name_of(kid) not in need.not_by,
            Who.VOICE: self._is_heard(kid),
            Who.REVOKER: need.key is not None and (is_officer or self._may_revoke(kid, need.key)),
            Who.APPROVAL: False,
        }[need.who]

    def enough(self, kids: Collection[str], need: Need, kind: Kind) -> bool:
        """
        Return whether those who signed are as many, and as far apart, as `agreements` asks for.

        `kids` are keys that may sign for the need. Whom one officer alone introduced may be that officer's own key.
        """
        if len({self.name_of(kid) for kid in kids}) < (1 if need.who is Who.REVOKER else need.people):
            return False
        try:
            if need.revocation is not None:
                require_revokers(self.holders, need.revocation, kids, self.now)
            elif need.who is Who.VOICE:
                self.holders.require_two_voices(kids, self.now)
            elif need.who is Who.DECIDER and need.people > 1:
                require_two_stewards([self._steward(kid) for kid in kids], kind)
        except AgreementError:
            return False
        return True

    def _is_heard(self, kid: str) -> bool:
        return kid in self.holders.voices(self.now)

    def _may_revoke(self, kid: str, subject: str) -> bool:
        if kid == subject:
            return True
        if subject in {each.officer.key.thumbprint for each in self.holders.tenures}:
            return self._is_heard(kid)
        return kid in self.signers and self.signers[kid].signer.party in self.holders.parties_of(subject)

    def _steward(self, kid: str) -> Steward:
        name = self.name_of(kid)
        return Steward(name, frozenset({name}) if kid in self.officers else self.signers[kid].vouching)


def held_now(authority: Authority, now: Received) -> Held:
    """Return who holds which key now."""
    return Held(authority.officers(now), authority.holders.signers(now), authority.holders, now)


@dataclass(frozen=True, slots=True)
class NeedLine:
    """One need, how many people have signed for it so far, by which keys, and whether nobody more has to."""

    need: Need
    met: int
    keys: tuple[str, ...]
    is_met: bool


def lines_of(
    needs: Collection[Need], kids: Collection[str], approvals: Collection[str], held: Held, kind: Kind
) -> tuple[NeedLine, ...]:
    """Return how far each need is met by the keys `kids`, and by those who gave a complete approval."""
    found = []
    for need in needs:
        keys = approvals if need.who is Who.APPROVAL else [kid for kid in kids if held.may(kid, need, kind)]
        met, enough = len({held.name_of(kid) for kid in keys}), held.enough(keys, need, kind)
        found.append(NeedLine(need, met, tuple(sorted(keys)), enough))
    return tuple(found)
