"""
Certificates, holds, releases and reviews for tests, about one agreement; each signed by whom the test says.

    desk = Owing()                                  # sps-a with its signers known, received before its term begins
    desk.certificate(destroyed_on=…)                # -> Filed, signed by the partner's signer after the term
    desk.hold(), desk.release(hold), desk.review()  # -> Filed, signed by officer 0
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from agreements.authority import Authority, Filed, Received, build_authority
from agreements.documents.destruction import Certificate, Disclosures, certificate_bytes
from agreements.documents.hold import Hold, Release, hold_bytes, release_bytes
from agreements.documents.review import Finding, Review, review_bytes
from agreements.keys import SigningKey
from agreements.signature import Kind
from tests.factories.agreements import SPS_A, Keyring, SignedAgreement

INTRODUCED: Final = datetime(2026, 8, 1, 17, 0, tzinfo=UTC)
AFTER: Final = datetime(2027, 7, 10, 19, 0, tzinfo=UTC)
"""Noon in the agreement's zone, ten days after its last day, 30 June 2027."""
FIGURES: Final = Disclosures(3, 40, "sha256:" + "5" * 64)


@dataclass
class Owing:
    """One agreement and everybody who may sign something about what is owed under it."""

    ring: Keyring = field(default_factory=Keyring)

    def __post_init__(self) -> None:
        for party in ("district:emerald-city", "partner:bright-path", "partner:new-path"):
            name = f"Dana Signer of {party.split(':')[1]}"  # whoever certifies does it after the term
            self.ring.signers[party] = self.ring.introduce(party, name, valid_to=date(2028, 6, 30))
        self.bundle: SignedAgreement = self.ring.agreement(SPS_A)
        self.agreement = self.bundle.agreement
        self.partner = self.agreement.partner.id
        self.parties = (self.partner,)
        self.extra: list[Filed] = []

    @property
    def authority(self) -> Authority:
        signers = [
            Filed(document, Received(index, INTRODUCED)) for index, document in enumerate(self.ring.signer_documents, 1)
        ]
        return build_authority(self.ring.trust, [*signers, *self.extra])

    @property
    def signer(self) -> SigningKey:
        return self.ring.signer(self.partner).key

    def certificate(self, *keys: SigningKey, index: int = 100, at: datetime = AFTER, **changes: Any) -> Filed:
        certificate = Certificate(
            agreement=self.agreement.digest,
            covers="whole",
            disclosures=FIGURES,
            what="Every copy.",
            method="purge",
            how="Cryptographic erase, backups rotated out.",
            destroyed_on=date(2027, 7, 5),
            who="Rae Responsible",
            witness="Wim Witness",
        )
        payload = certificate_bytes(replace(certificate, **changes))
        return Filed(self.ring.sign(Kind.CERTIFICATE, payload, *(keys or (self.signer,))), Received(index, at))

    def hold(self, *keys: SigningKey, index: int = 50, at: datetime = AFTER, **changes: Any) -> Filed:
        hold = Hold(self.agreement.digest, "inspection", date(2027, 6, 1), "A request is open.")
        payload = hold_bytes(replace(hold, **changes))
        return Filed(self.ring.sign(Kind.HOLD, payload, *self._officers(keys)), Received(index, at))

    def release(self, hold: Filed, *keys: SigningKey, index: int = 60, at: datetime = AFTER) -> Filed:
        payload = release_bytes(Release(hold.envelope.digest, "The request was answered."))
        return Filed(self.ring.sign(Kind.RELEASE, payload, *self._officers(keys)), Received(index, at))

    def review(self, *keys: SigningKey, index: int = 70, at: datetime = AFTER, **changes: Any) -> Filed:
        review = Review(
            agreement=self.agreement.digest,
            first_day=date(2026, 8, 20),
            last_day=at.date() - timedelta(days=1),
            pack="sha256:" + "7" * 64,
            findings=(Finding("An element was never asked for.", "Drop it at the renewal."),),
            conclusion="continue",
        )
        payload = review_bytes(replace(review, **changes))
        return Filed(self.ring.sign(Kind.REVIEW, payload, *self._officers(keys)), Received(index, at))

    def _officers(self, keys: Sequence[SigningKey]) -> Sequence[SigningKey]:
        return keys or (self.ring.officers[0].key,)
