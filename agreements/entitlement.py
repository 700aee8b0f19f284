"""Who may sign for a party, and when: signers introduced by officers, within their validity and limits, not revoked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from agreements.documents.signer import Signer
from agreements.errors import NotEntitled, SamePerson, SecondVoiceMissing, SignatureMissing
from agreements.names import person
from agreements.signature import Kind
from agreements.trust import Officer

_STEWARDS: Final = 2
"""Neither what a value of a code tells, nor that a broken export is right, is one person's word (claim 12)."""


@dataclass(frozen=True, slots=True)
class Introduced:
    """A signer, and the officers in office who vouched for the person: those of all introductions that are current."""

    signer: Signer
    introduced_by: tuple[Officer, ...]

    @property
    def vouching(self) -> frozenset[str]:
        """The names of the officers who vouched, as `person` compares them: an officer may have had several keys."""
        return frozenset(person(officer.name) for officer in self.introduced_by)


@dataclass(frozen=True, slots=True)
class Steward:
    """Who signed as a steward: the name, as `person` compares them, and the officers whose word the key rests on."""

    name: str = field(repr=False)
    rests_on: frozenset[str] = field(repr=False)


def entitled(kid: str, found: Sequence[Introduced], parties: Collection[str], kind: Kind, day: date) -> Introduced:
    """
    Return the introduction by which `kid` signs a document of this kind for exactly one of `parties` on `day` (UTC).

    `found` are the introductions of `kid`. Raises `NotEntitled`; `SamePerson` if the key signs for more than one.
    """
    # (1): the key was introduced for one of the parties of this document, and for one only.
    own = [known for known in found if known.signer.party in parties]
    if not own:
        raise NotEntitled(f"The signer {kid} does not belong to {' or '.join(parties)}.")
    if len({known.signer.party for known in own}) > 1:
        raise SamePerson(f"The key {kid} is registered for both parties; nobody signs for both.")
    # (2): the signature was received within the signer's validity, both days included.
    current = [known for known in own if known.signer.valid_from <= day <= known.signer.valid_to]
    if not current:
        raise NotEntitled(f"The signer {kid} was not valid on {day.isoformat()}, when the signature was received.")
    # (3): within the signer's limits.
    allowed = [known for known in current if kind.value in known.signer.may_sign]
    if not allowed:
        raise NotEntitled(f"The signer {kid} may not sign a document of kind '{kind}'.")
    return Introduced(allowed[0].signer, _all_vouching(allowed))


def current_signer(found: Sequence[Introduced], day: date) -> Introduced | None:
    """Return the signer as introduced for one party on `day` (UTC); None if for none, or for several."""
    current = [known for known in found if known.signer.valid_from <= day <= known.signer.valid_to]
    if len({known.signer.party for known in current}) != 1:
        return None
    return Introduced(current[0].signer, _all_vouching(current))


def require_two_people(signing: Sequence[Introduced]) -> None:
    """Check that nobody signed for two parties, under one key or two. Raises `SamePerson`."""
    parties: dict[str, str] = {}
    for known in signing:
        name = person(known.signer.name)
        if parties.setdefault(name, known.signer.party) != known.signer.party:
            raise SamePerson("One person signed for both parties.")


def require_two_stewards(signing: Collection[Steward], kind: Kind) -> None:
    """
    Check that two people decided, and that no single officer can be both of them.

    Whom one officer alone introduced may be that officer's own second key. Raises `SignatureMissing`,
    `SecondVoiceMissing`.
    """
    if len({each.name for each in signing}) < _STEWARDS:
        raise SignatureMissing(f"A document of kind '{kind}' is signed by two stewards.")
    if len(frozenset[str]().union(*(each.rests_on for each in signing))) < _STEWARDS:
        raise SecondVoiceMissing("One officer alone introduced everybody who signed.")


def _all_vouching(found: Sequence[Introduced]) -> tuple[Officer, ...]:
    officers = {officer.key.thumbprint: officer for known in found for officer in known.introduced_by}
    return tuple(officers[kid] for kid in sorted(officers))
