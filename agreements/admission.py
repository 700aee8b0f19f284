"""
How an officer or a signer is taken in, and how a key ends: one authority document after the other, in the log's order.

Each is judged by what was known when it was received; `agreements.authority` leaves out those that raise.
"""

from collections.abc import Collection
from typing import Final

from agreements.canonical import read_canonical
from agreements.documents.officer import OfficerIntroduction, read_officer
from agreements.documents.revocation import Revocation, read_revocation
from agreements.documents.signer import read_signer
from agreements.errors import LastOfficer, NotEntitled, SamePerson
from agreements.filed import Filed, Received
from agreements.holders import Holders, Introduction, Tenure
from agreements.keys import PublicKey
from agreements.names import person
from agreements.signature import Kind, verify
from agreements.trust import Officer

_OFFICER: Final = "officer"
_OPPOSED: Final = {_OFFICER, "partner_signer"}
"""Not even under one key: who decides for the district what a partner gets does not sign for a partner."""


def admit(holders: Holders, filed: Filed) -> Holders:
    """Return the holders after this document. Raises an `AgreementError` naming the first thing that is wrong."""
    match filed.envelope.kind:
        case Kind.OFFICER:
            return _officer(holders, filed)
        case Kind.SIGNER:
            return _signer(holders, filed)
        case Kind.REVOCATION:
            return _revocation(holders, filed)
        case other:
            raise NotEntitled(f"A document of kind '{other}' gives nobody authority.")


def require_revokers(holders: Holders, revocation: Revocation, kids: Collection[str], received: Received) -> None:
    """
    Check that enough of those who may revoke a key signed its revocation, and nobody of another party.

    `kids` signed it, each good when it was received. Raises `NotEntitled`, `SecondVoiceMissing`.
    """
    subject, others, officers = revocation.subject, set(kids) - {revocation.subject}, holders.officers(received)
    since, reaches_back = _since(revocation, received)
    # (1): an officer is put out of office by two others, or by nobody but the person; a signer by an officer, by
    # another signer of the party, or by the person. What was signed already is unmade by those two others or by an
    # officer only: a party could otherwise undo its own signature, and shed what it owes under it.
    if subject in {each.officer.key.thumbprint for each in holders.tenures}:
        if subject not in kids or reaches_back:
            holders.require_two_voices(others, received)
    else:
        signers, parties = holders.signers(received), holders.parties_of(subject)
        for kid in others - set(officers):
            if signers[kid].signer.party not in parties:
                raise NotEntitled(f"The signer {kid} is of another party than the key that is revoked.")
        if reaches_back and not others & set(officers):
            raise NotEntitled("Only an officer revokes a signer's key from an earlier entry on; leave out 'since'.")
    # (2): reaching back, it may unmake the introduction of other officers; that takes two voices as well.
    if {*officers} - {subject} - {*holders.ended(subject, since, "").officers(received)}:
        holders.require_two_voices(others, received)


def _since(revocation: Revocation, received: Received) -> tuple[int, bool]:
    """Return the entry from which it acts, and whether that is an earlier one. A stop does not wait."""
    since = received.index if revocation.since is None else min(revocation.since, received.index)
    return since, since < received.index


def _officer(holders: Holders, filed: Filed) -> Holders:
    received = filed.received
    # (1): every signature verifies, by somebody who is heard on who is an officer.
    voices = holders.voices(received)
    signed = verify(filed.envelope, {kid: each.key for kid, each in voices.items()})
    read_canonical(signed.payload)
    new = read_officer(signed.payload)
    # (2): two people decided.
    holders.require_two_voices(signed.signed_by, received)
    # (3): the key is nobody else's and was never an officer's, and the person has no other place.
    known = {each.officer.key.thumbprint: each.officer for each in holders.tenures}
    if new.key.thumbprint in known:
        raise NotEntitled("This key is an officer's already, or was.")
    _require_own_place(holders, new.key, new.name, _OFFICER, received, but=new.replaces)
    added = Tenure(Officer(new.name, new.key), new.valid_from, filed)
    after = Holders((*holders.tenures, added), holders.introductions, holders.ends)
    # (4): a key is replaced by another key of the same person, and ends with it.
    if new.replaces is not None:
        _require_same_person(new, known.get(new.replaces))
        after = after.ended(new.replaces, received.index + 1, filed.envelope.digest)
    # (5): somebody is in office from here on, whatever day the new officer begins.
    _require_somebody(after, received)
    return after


def _signer(holders: Holders, filed: Filed) -> Holders:
    # (1): every signature verifies, by an officer in office.
    officers = holders.officers(filed.received)
    signed = verify(filed.envelope, {kid: officer.key for kid, officer in officers.items()})
    read_canonical(signed.payload)
    signer = read_signer(signed.payload)
    # (2): the person has no other role under another key.
    _require_own_place(holders, signer.key, signer.name, signer.role, filed.received)
    added = Introduction(signer, filed)
    return Holders(holders.tenures, (*holders.introductions, added), holders.ends)


def _revocation(holders: Holders, filed: Filed) -> Holders:
    envelope, received = filed.envelope, filed.received
    officers, signers = holders.officers(received), holders.signers(received)
    subject = read_revocation(envelope.payload).subject
    keys = {kid: each.key for kid, each in officers.items()}
    keys |= {kid: known.signer.key for kid, known in signers.items()}
    # (1): every signature verifies, by an officer or a signer who could sign then, or by the key itself.
    own = _key_of(holders, subject)
    if own is None:
        raise NotEntitled(f"No officer and no signer holds the key {subject}.")
    if holders.counts(subject, received):
        keys[subject] = own
    signed = verify(envelope, keys)
    read_canonical(signed.payload)
    revocation = read_revocation(signed.payload)
    # (2): those signed who may revoke it, and as many as it takes.
    require_revokers(holders, revocation, signed.signed_by, received)
    # (3): it acts from its own entry at the latest, and the last officer stays.
    after = holders.ended(subject, _since(revocation, received)[0], envelope.digest)
    _require_somebody(after, received)
    return after


def _require_own_place(
    holders: Holders, key: PublicKey, name: str, role: str, received: Received, *, but: str | None = None
) -> None:
    """Check that nobody gets two roles under two keys, nor one key two names. Raises `NotEntitled`, `SamePerson`."""
    if key.thumbprint in holders.ends:
        raise NotEntitled("The key was revoked; a revoked key does not come back.")
    # A key that signs in two ways would be two keys; whose browser is asked would not be said by the document alone.
    held_keys = [each.officer.key for each in holders.tenures] + [each.signer.key for each in holders.introductions]
    if any(known.thumbprint == key.thumbprint and known.passkey != key.passkey for known in held_keys):
        raise NotEntitled("The key is registered as another passkey, or once as a passkey and once not.")
    places = [(each.officer.key.thumbprint, each.officer.name, _OFFICER) for each in holders.tenures]
    places += [(each.signer.key.thumbprint, each.signer.name, each.signer.role) for each in holders.introductions]
    for kid, holder, held in places:
        same = person(holder) == person(name)
        if kid == key.thumbprint and not same:
            raise SamePerson("The key is registered under another name.")
        if same and {held, role} == _OPPOSED and holders.counts(kid, received):
            raise SamePerson("An officer of the district is no partner's signer.")
        if kid == key.thumbprint or not same or kid == but or not holders.counts(kid, received):
            continue
        if held != role or held == _OFFICER:
            sentence = "If they are two people, write the name so that it tells them apart."
            raise SamePerson(f"A person of this name is registered in another role or as an officer. {sentence}")


def _require_same_person(new: OfficerIntroduction, replaced: Officer | None) -> None:
    if replaced is None:
        raise NotEntitled(f"The key {new.replaces}, which is to be replaced, is no officer's.")
    if person(new.name) != person(replaced.name):
        raise NotEntitled("A key is replaced by another key of the same person; introduce another person without it.")


def _require_somebody(holders: Holders, received: Received) -> None:
    after = Received(received.index + 1, received.at)
    if not holders.officers(after):
        raise LastOfficer("Nobody would be left in office.")


def _key_of(holders: Holders, kid: str) -> PublicKey | None:
    held = [each.officer.key for each in holders.tenures] + [each.signer.key for each in holders.introductions]
    return next((key for key in held if key.thumbprint == kid), None)
