"""
When an officer's approval counts: exactly this document, all its words-only terms, and a second person.

INVARIANT: who drafted a document, signed it for a party, or alone vouched for those who did, does not approve it;
people are compared by key and by name, since an officer may have had several keys.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from agreements.authority import Authority, Filed, Received
from agreements.canonical import read_canonical
from agreements.documents.approval import Approval, read_approval
from agreements.entitlement import Introduced
from agreements.errors import AgreementError, NotApproved, SamePerson
from agreements.names import person
from agreements.signature import Envelope, Kind
from agreements.trust import Officer

Weighed = Callable[[Received], frozenset[str]]
"""Given when an approval was received: the digests it must acknowledge. May raise, and then it does not count."""


@dataclass(frozen=True, slots=True)
class Counted:
    """An approval that counts, with the officer who gave it."""

    officer: Officer
    approval: Approval
    received: Received


def _nothing(_: Received) -> frozenset[str]:
    return frozenset()


def approver_of(
    envelope: Envelope,
    words: tuple[str, ...],
    approvals: Sequence[Filed],
    *,
    authority: Authority,
    signing: Sequence[Introduced] = (),
    drafter: str | None = None,
    weighed: Weighed = _nothing,
) -> Officer:
    """Return the officer of the first approval that counts. Raises why the last one does not, or `NotApproved`."""
    counted = counted_approvals(
        envelope, words, approvals, authority=authority, signing=signing, drafter=drafter, weighed=weighed
    )
    return counted[0].officer


def counted_approvals(
    envelope: Envelope,
    words: tuple[str, ...],
    approvals: Iterable[Filed],
    *,
    authority: Authority,
    signing: Sequence[Introduced] = (),
    drafter: str | None = None,
    weighed: Weighed = _nothing,
) -> tuple[Counted, ...]:
    """
    Return the approvals of `envelope` that count: one or more, in the order given.

    `words` are its words-only terms, `signing` who signed it for the parties, `drafter` the thumbprint of who wrote it.
    Raises why the last approval does not count, or `NotApproved` if there is none.
    """
    refusal: AgreementError = NotApproved("No officer has approved the document.")
    counted = []
    for approval in approvals:
        try:
            officer = judged_approval(
                envelope, words, approval, authority=authority, signing=signing, drafter=drafter, weighed=weighed
            )
        except AgreementError as error:
            refusal = error
        else:
            counted.append(Counted(officer, read_approval(approval.envelope.payload), approval.received))
    if not counted:
        raise refusal
    return tuple(counted)


def judged_approval(
    envelope: Envelope,
    words: tuple[str, ...],
    approval: Filed,
    *,
    authority: Authority,
    signing: Sequence[Introduced] = (),
    drafter: str | None = None,
    weighed: Weighed = _nothing,
) -> Officer:
    """Return the officer who gave this approval of `envelope`. Raises why it does not count."""
    # (a): the approval is signed by exactly the officer it names, in office when it was received.
    approval.require_kind(Kind.APPROVAL)
    officers = authority.signed_by_officers(approval.envelope, approval.received)
    read_canonical(approval.envelope.payload)
    content = read_approval(approval.envelope.payload)
    if {officer.key.thumbprint for officer in officers} != {content.approver}:
        raise NotApproved("The approval is not signed by the officer it names.")
    officer = officers[0]
    # (b): it covers exactly these bytes, as this kind of document, with all terms that only words carry.
    if (content.approves, content.kind) != (envelope.digest, envelope.kind.value):
        raise NotApproved("The approval is for another document.")
    if content.words_only != words:
        raise NotApproved("The approval does not cover exactly the terms that only words carry.")
    # (c): it shows that what speaks against the document was weighed.
    if missing := weighed(approval.received) - set(content.acknowledges):
        raise NotApproved(f"The approval does not acknowledge {', '.join(sorted(missing))}.")
    # (d): a second person approves.
    _require_second_person(officer, signing, drafter, authority)
    return officer


def require_not_drafter(officer: Officer, drafter: str, authority: Authority) -> None:
    """Check that an officer did not draft an agreement, under this key or an earlier one. Raises `SamePerson`."""
    if drafter == officer.key.thumbprint or person(officer.name) in authority.names_of(drafter):
        raise SamePerson("The officer who drafted the agreement cannot approve it.")


def _require_second_person(
    officer: Officer, signing: Sequence[Introduced], drafter: str | None, authority: Authority
) -> None:
    own, name = officer.key.thumbprint, person(officer.name)
    # The officer did not draft it, and is not one of its signers.
    if drafter is not None:
        require_not_drafter(officer, drafter, authority)
    for known in signing:
        if known.signer.key.thumbprint == own or person(known.signer.name) == name:
            raise SamePerson("The officer who signed for a party cannot approve the document.")
    # For each party somebody signed whom another officer vouches for: one officer could otherwise introduce two keys
    # of their own as the signers of both parties, and approve what they signed.
    for party in sorted({known.signer.party for known in signing}):
        vouching = frozenset().union(*(known.vouching for known in signing if known.signer.party == party))
        if vouching <= {name}:
            raise SamePerson(f"The approving officer alone introduced the signers of {party}.")
