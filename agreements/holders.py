"""
Who holds which key in which role, from which entry of the log to which: what the authority documents add up to.

INVARIANT: a revocation only narrows. It may reach back, and takes with it whatever rests on the signatures that it
unmakes; nothing that was stopped or refused comes back because of it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from agreements.documents.signer import ROLES, Signer
from agreements.entitlement import Introduced, current_signer
from agreements.errors import SecondVoiceMissing
from agreements.filed import Filed, Received
from agreements.names import person
from agreements.signature import Kind
from agreements.trust import Officer, Trust

_VOICES: Final = 2


@dataclass(frozen=True, slots=True)
class Tenure:
    """An officer's time in office: after the entry of the document that introduced the officer; None if pinned."""

    officer: Officer
    valid_from: date
    filed: Filed | None


@dataclass(frozen=True, slots=True)
class Introduction:
    """A signer as one document introduced the person."""

    signer: Signer
    filed: Filed


@dataclass(frozen=True, slots=True)
class End:
    """The first entry at which a key's signature does not count, and the documents that say so."""

    index: int
    documents: frozenset[str]


@dataclass(frozen=True, slots=True)
class Holders:
    """Officers and signers, and where their keys end. Changed by `agreements.admission` only."""

    tenures: tuple[Tenure, ...]
    introductions: tuple[Introduction, ...] = ()
    ends: Mapping[str, End] = field(default_factory=dict)

    def counts(self, kid: str, received: Received) -> bool:
        """Return whether no revocation unmakes a signature of this key received then."""
        return kid not in self.ends or received.index < self.ends[kid].index

    def officers(self, received: Received) -> dict[str, Officer]:
        """Return the officers in office when something was received, by thumbprint."""
        return {
            each.officer.key.thumbprint: each.officer
            for each in self.tenures
            if (each.filed is None or each.filed.received.index < received.index)
            and each.valid_from <= received.day
            and self.counts(each.officer.key.thumbprint, received)
        }

    def introduced(self, kid: str, received: Received) -> list[Introduced]:
        """Return how this key had been introduced by the time something was received, whatever its validity."""
        return [
            Introduced(each.signer, self._introducers(each))
            for each in self.introductions
            if each.signer.key.thumbprint == kid and each.filed.received.index < received.index
        ]

    def signers(self, received: Received) -> dict[str, Introduced]:
        """Return the signers who could sign when something was received, by thumbprint."""
        kids = {each.signer.key.thumbprint for each in self.introductions}
        found = {kid: current_signer(self.introduced(kid, received), received.day) for kid in sorted(kids)}
        return {kid: known for kid, known in found.items() if known is not None and self.counts(kid, received)}

    def parties_of(self, kid: str) -> frozenset[str]:
        """Return the parties for which this key was ever introduced as a signer's."""
        return frozenset(each.signer.party for each in self.introductions if each.signer.key.thumbprint == kid)

    def voices(self, received: Received) -> dict[str, Officer | Signer]:
        """Return, by thumbprint, whose signatures are heard on who is an officer: officers, and district signers."""
        signers = {
            kid: known.signer
            for kid, known in self.signers(received).items()
            if known.signer.role == ROLES[0] and Kind.AGREEMENT.value in known.signer.may_sign
        }
        return {**signers, **self.officers(received)}

    def require_two_voices(self, kids: Collection[str], received: Received) -> None:
        """
        Check that two people decided: two officers, or one and a district signer not introduced by that one alone.

        `kids` signed what was received then. Raises `SecondVoiceMissing`.
        """
        officers = {kid: officer for kid, officer in self.officers(received).items() if kid in kids}
        names = {person(officer.name) for officer in officers.values()}
        if len(names) >= _VOICES:
            return
        heard, signers = self.voices(received), self.signers(received)
        others = [signers[kid] for kid in kids if kid in heard and kid not in officers]
        # A signer whom one officer alone brought may be that officer's own second key.
        if not names or not any(known.vouching - names for known in others):
            raise SecondVoiceMissing("Two people in office must sign who is an officer.")

    def ended(self, kid: str, index: int, document: str) -> "Holders":
        """Return the holders once the key counts for nothing from entry `index` on, and nothing that rests on it."""
        known = self.ends.get(kid)
        end = (
            End(index, frozenset({document}))
            if known is None
            else End(min(index, known.index), known.documents | {document})
        )
        return replace(self, ends={**self.ends, kid: end}).still_held()

    def still_held(self) -> "Holders":
        """Return the holders without those whose introduction rests on a signature that does not count any more."""
        less = replace(
            self,
            tenures=tuple(each for each in self.tenures if each.filed is None or self._is_heard(each.filed)),
            introductions=tuple(
                each for each in self.introductions if each.filed.signed_by <= set(self.officers(each.filed.received))
            ),
        )
        # Who fell may have introduced others.
        return self if less == self else less.still_held()

    def _is_heard(self, filed: Filed) -> bool:
        try:
            self.require_two_voices(filed.signed_by, filed.received)
        except SecondVoiceMissing:
            return False
        return filed.signed_by <= set(self.voices(filed.received))

    def _introducers(self, introduction: Introduction) -> tuple[Officer, ...]:
        officers = self.officers(introduction.filed.received)
        return tuple(officers[kid] for kid in sorted(introduction.filed.signed_by) if kid in officers)


def pinned(trust: Trust) -> Holders:
    """Return who holds what before any document: the officers pinned at `pactgate init`."""
    return Holders(tuple(Tenure(officer, date.min, None) for officer in trust.officers))
