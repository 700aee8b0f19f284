"""
Certificates of destruction, holds and their releases, verified.

INVARIANT: a hold that is open when a certificate arrives beats it (34 CFR 99.10(e), row X4): the certificate never
counts, not even after the hold is released. A hold needs one officer and so does its release: neither lets records
leave, and what a release lets happen is a destruction that both parties agreed to.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass
from datetime import date

from agreements.authority import Authority
from agreements.canonical import read_canonical
from agreements.document import Agreement
from agreements.documents.destruction import WHOLE, Certificate, Disclosures, read_certificate
from agreements.documents.hold import Hold, Release, read_hold, read_release
from agreements.documents.signer import Signer
from agreements.errors import (
    AgreementNotOver,
    CertificateMismatch,
    DestroyedInFuture,
    DestroyedTooSoon,
    DestructionHeld,
    NotEntitled,
    SamePerson,
    UnknownLeaver,
)
from agreements.filed import Filed, Received
from agreements.names import person
from agreements.obligations import day_of
from agreements.seal import SEAL, require_seal
from agreements.signature import Kind
from agreements.trust import Officer


@dataclass(frozen=True, slots=True)
class VerifiedHold:
    """A hold that an officer placed. It is open from the entry that received it until that of its release."""

    hold: Hold
    digest: str
    officers: tuple[Officer, ...]
    received: Received
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


@dataclass(frozen=True, slots=True)
class VerifiedRelease:
    """The end of one hold, signed by an officer."""

    release: Release
    digest: str
    officers: tuple[Officer, ...]
    received: Received
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


@dataclass(frozen=True, slots=True)
class VerifiedCertificate:
    """
    A certificate that the partner, or its successor, signed while no hold was open.

    Whether it answers for what is in the log is asked by `require_bound` when it is filed. `flags`: keys that signed it
    and were revoked later.
    """

    certificate: Certificate
    digest: str
    signers: tuple[Signer, ...]
    received: Received
    flags: tuple[str, ...]
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)

    @property
    def covers_whole(self) -> bool:
        """Whether it answers for everything the partner received."""
        return self.certificate.covers == WHOLE

    def covers_leaver(self, record_code: str, left: date) -> bool:
        """Return whether it answers for a student who left on this day, and not only for an earlier stay."""
        certificate = self.certificate
        return record_code in certificate.leavers and left <= certificate.destroyed_on


@dataclass(frozen=True, slots=True)
class Recorded:
    """
    What the log says about the disclosures a certificate may answer for, in days of the agreement's zone.

    `disclosures` are those up to the entry that the certificate names as the last, the newest of them on `last_day`;
    `next_day` is the day of the first one after it, None if there is none.
    """

    disclosures: Disclosures
    last_day: date | None
    next_day: date | None


def verify_hold(filed: Filed, *, authority: Authority, agreement: str) -> VerifiedHold:
    """Verify that an officer placed a hold on the agreement with this digest. Raises an `AgreementError`."""
    filed.require_kind(Kind.HOLD)
    officers = authority.signed_by_officers(filed.envelope, filed.received)
    read_canonical(filed.envelope.payload)
    hold = read_hold(filed.envelope.payload)
    if hold.agreement != agreement:
        raise NotEntitled("The hold is on another agreement.")
    return VerifiedHold(hold, filed.envelope.digest, officers, filed.received, SEAL)


def verify_release(filed: Filed, *, authority: Authority, holds: Iterable[VerifiedHold]) -> VerifiedRelease:
    """Verify that an officer released one of `holds`, which was placed before. Raises an `AgreementError`."""
    filed.require_kind(Kind.RELEASE)
    officers = authority.signed_by_officers(filed.envelope, filed.received)
    read_canonical(filed.envelope.payload)
    release = read_release(filed.envelope.payload)
    if not any(hold.digest == release.hold and hold.received.index < filed.received.index for hold in holds):
        raise NotEntitled("The release is of a hold that was not placed on this agreement.")
    return VerifiedRelease(release, filed.envelope.digest, officers, filed.received, SEAL)


def open_holds(
    holds: Iterable[VerifiedHold], releases: Sequence[VerifiedRelease], index: int
) -> tuple[VerifiedHold, ...]:
    """Return the holds that are open at entry `index`: placed before it and not released before it."""
    released = {each.release.hold for each in releases if each.received.index < index}
    return tuple(each for each in holds if each.received.index < index and each.digest not in released)


def verify_certificate(
    filed: Filed,
    *,
    authority: Authority,
    parties: Sequence[str],
    agreement: Agreement,
    ended: date | None,
    holds: Iterable[VerifiedHold] = (),
    releases: Sequence[VerifiedRelease] = (),
) -> VerifiedCertificate:
    """
    Verify a partner's certificate of destruction (row X2).

    `parties` are the partner and those who answer for it since; `ended` is the last day of the agreement in force, in
    its zone, None if it was not over when the certificate was received.

    Raises an `AgreementError`, one of its own for each thing that can be wrong.
    """
    envelope, received = filed.envelope, filed.received
    filed.require_kind(Kind.CERTIFICATE)
    # (1): every signature verifies over exactly these bytes, by a signer entitled for one who owes the destruction.
    signing = authority.signed_for(envelope, parties, received)
    # (2): the bytes are a certificate, for this agreement.
    read_canonical(envelope.payload)
    certificate = read_certificate(envelope.payload)
    if certificate.agreement != agreement.digest:
        raise NotEntitled("The certificate is for another agreement.")
    # (3) to (5): what it says may be certified now.
    require_certifiable(
        certificate, agreement=agreement, ended=ended, received=received, holds=holds, releases=releases
    )
    kids = [known.signer.key.thumbprint for known in signing]
    return VerifiedCertificate(
        certificate,
        envelope.digest,
        tuple(known.signer for known in signing),
        received,
        authority.flags(kids),
        SEAL,
    )


def require_certifiable(
    certificate: Certificate,
    *,
    agreement: Agreement,
    ended: date | None,
    received: Received,
    holds: Iterable[VerifiedHold],
    releases: Sequence[VerifiedRelease],
) -> None:
    """
    Check what a certificate says, whoever signs it: it is judged so when it is drawn up, and when it is verified.

    Raises `SamePerson`, `DestroyedInFuture`, `AgreementNotOver`, `DestructionHeld`.
    """
    # (3): somebody else than who destroyed it saw it.
    if person(certificate.who) == person(certificate.witness):
        raise SamePerson("The destruction was witnessed by the person who carried it out.")
    # (4): it was done when the certificate came, by the log's clock, and nothing was to come after it.
    if certificate.destroyed_on > day_of(agreement.term, received.at):
        raise DestroyedInFuture(f"The certificate is dated {certificate.destroyed_on}, after it was received.")
    if certificate.covers == WHOLE and (ended is None or certificate.destroyed_on < ended):
        raise AgreementNotOver("The agreement was not over on the day on which all of it was certified as destroyed.")
    # (5): INVARIANT: an open hold beats destruction.
    if held := open_holds(holds, releases, received.index):
        listed = ", ".join(each.digest for each in held)
        raise DestructionHeld(f"Destruction was certified while a hold was open ({listed}).")


def require_bound(certificate: Certificate, recorded: Recorded, left: Mapping[str, date]) -> None:
    """
    Check that a certificate answers for exactly what the log says was disclosed (row X2: "bound to receipts").

    `left` says for each record code on which day its student left. Raises `CertificateMismatch`, `DestroyedTooSoon`,
    `UnknownLeaver`; no message tells a record code.
    """
    if certificate.disclosures != recorded.disclosures:
        found = recorded.disclosures
        raise CertificateMismatch(
            f"The log has {found.count} disclosures up to entry {found.last_entry}, with the digest {found.digest}; "
            "the certificate says otherwise."
        )
    if certificate.covers == WHOLE:
        if recorded.next_day is not None:
            raise CertificateMismatch("There are later disclosures than the last one the certificate names.")
        if recorded.last_day is not None and certificate.destroyed_on < recorded.last_day:
            raise DestroyedTooSoon(f"The last disclosure was on {recorded.last_day}.")
        return
    unknown = [code for code in certificate.leavers if code not in left]
    if unknown:
        raise UnknownLeaver(f"{len(unknown)} of the record codes are of nobody who left.")
    latest = max(left[code] for code in certificate.leavers)
    if certificate.destroyed_on < latest:
        raise UnknownLeaver(f"The last of these students left on {latest}, after the destruction.")
    if recorded.next_day is not None and recorded.next_day <= latest:
        raise CertificateMismatch("There are later disclosures while some of these students were covered.")
