"""Everything this room refuses, with a stable code, a message for the log and a sentence for the person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class AgreementError(Exception):
    """
    Base of every refusal of this room.

    `code` is stable; the message is for the log; `public_detail` tells the person what to do about it. Neither holds
    personal data or key material.
    """

    code: ClassVar[str] = "agreement_error"
    remedy: ClassVar[str] = "Ask the district's privacy office."

    def __init__(self, message: str, *, public_detail: str | None = None) -> None:
        super().__init__(message)
        self.public_detail = public_detail or f"{message} {self.remedy}"


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One thing that is wrong with a document, in words an administrator understands.

    `path` is a JSON pointer (RFC 6901) into the document, `rule` a row of the requirement matrix or `format`,
    `source` the law or the project rule behind it.
    """

    path: str
    rule: str
    source: str
    sentence: str


class MalformedDocument(AgreementError):
    """The bytes cannot be read as one plain JSON or YAML document, so nothing in them was judged."""

    code = "malformed_document"
    remedy = "Correct the file and try again."


class InvalidDocument(AgreementError):
    """The document was read and is wrong; `problems` lists everything that is wrong with it at once."""

    code = "invalid_document"
    remedy = "Correct every problem listed and check the document again."

    def __init__(self, what: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        places = ", ".join(problem.path or "/" for problem in self.problems)
        listed = " ".join(f"{problem.path or '/'}: {problem.sentence}" for problem in self.problems)
        super().__init__(
            f"{what} has {len(self.problems)} problem(s) at {places}",
            public_detail=f"{listed} {self.remedy}",
        )


class InvalidAgreement(InvalidDocument):
    """An agreement breaks the format, the catalogue, or a rule of its legal basis."""

    code = "invalid_agreement"


class NotAnAmendment(InvalidDocument):
    """A later version changes what only a new agreement can change; `problems` names every place."""

    code = "not_an_amendment"
    remedy = "Correct every place listed, or register a new agreement with an id of its own."


class NotNarrower(InvalidDocument):
    """A child reaches beyond its master, or cannot be shown not to; `problems` names every place."""

    code = "not_narrower"
    remedy = "Narrow every place listed to what the master allows, or amend the master first."


class BrokenCatalogue(AgreementError):
    """The element catalogue shipped with this release contradicts itself."""

    code = "broken_catalogue"
    remedy = "Reinstall Pactgate."


class UnknownElement(AgreementError):
    """No element of the catalogue has this id or wire name."""

    code = "unknown_element"
    remedy = "Use a name from the element catalogue."


class BadKey(AgreementError):
    """A key is not one of the kinds we accept, is not written canonically, or is private where it must be public."""

    code = "bad_key"
    remedy = "Supply an Ed25519 or P-256 key; client keys may also be RSA of at least 2048 bits."


class BadEnvelope(AgreementError):
    """A signed document is not a strict JWS in general JSON serialization (RFC 7515 section 7.2.1)."""

    code = "bad_envelope"
    remedy = "Sign the document again with `pactgate agreement sign`."


class BadSignature(AgreementError):
    """A signature does not verify over exactly these bytes with exactly this key."""

    code = "bad_signature"
    remedy = "The document or a signature was changed after signing. Obtain the signed file again."


class BadTrust(AgreementError):
    """The trust file is missing something, or pins the same officer twice."""

    code = "bad_trust"
    remedy = (
        "Put back your copy of the trust file. Only a new installation runs `pactgate init`, with the public keys of"
        " two different officers."
    )


class NotEntitled(AgreementError):
    """A signature is genuine, but its holder may not give it: unknown, expired, revoked, or of another party."""

    code = "signer_not_entitled"
    remedy = "Have a registered and current signer of the party sign."


class SignatureMissing(AgreementError):
    """A party has not signed."""

    code = "signature_missing"
    remedy = "Collect the missing signature."


class SamePerson(AgreementError):
    """One person acts in two roles that must be held by two people."""

    code = "same_person"
    remedy = "Have a second person act."


class NotApproved(AgreementError):
    """No officer's approval covers exactly this document and its words-only terms."""

    code = "not_approved"
    remedy = "Ask a privacy officer who did not draft it to review and approve it."


class CertificateMismatch(AgreementError):
    """A certificate of destruction does not answer for exactly the disclosures that are in the log."""

    code = "certificate_mismatch"
    remedy = "Make a new draft with `pactgate certificate new` and have the partner sign that."


class DestroyedTooSoon(AgreementError):
    """A certificate names a day after which the partner still received what it says was destroyed."""

    code = "destroyed_too_soon"
    remedy = "What was received later has to be destroyed too: certify the day on which the last of it was."


class DestroyedInFuture(AgreementError):
    """A certificate names a day that had not come when it was received."""

    code = "destroyed_in_future"
    remedy = "Certify after the destruction, not before it."


class AgreementNotOver(AgreementError):
    """Everything was certified as destroyed while the agreement still let records leave."""

    code = "agreement_not_over"
    remedy = "Wait for the end of the agreement, or terminate it first."


class DestructionHeld(AgreementError):
    """Destruction was certified while an officer's hold was open."""

    code = "destruction_held"
    remedy = "Ask the privacy office at once: records under a hold must not be destroyed."


class UnknownLeaver(AgreementError):
    """A certificate lists a record code of nobody who left, or a day before somebody left."""

    code = "unknown_leaver"
    remedy = "Take the list that `pactgate certificate new --covers leavers` writes."


class ReviewRefused(AgreementError):
    """A yearly review leaves out days since the last one, or looks at days that have not come."""

    code = "review_refused"
    remedy = "Review from the day after the last review, or from the activation, to a day that is over."


class ObligationOverdue(AgreementError):
    """The partner, or the district about it, owes something under an earlier agreement, and its day is past."""

    code = "obligation_overdue"
    remedy = "File the certificate or the review first; `pactgate obligation list` shows what is missing."


class SecondVoiceMissing(AgreementError):
    """Who is an officer is not decided by one person."""

    code = "second_voice_missing"
    remedy = "Have a second officer sign it, or a district signer whom the officer did not introduce alone."


class LogKeyRefused(AgreementError):
    """A key of the log cannot be introduced or retired as this document says."""

    code = "log_key_refused"
    remedy = "`pactgate keys list` tells which keys the log has."


class LastOfficer(AgreementError):
    """A revocation would leave the district without any officer in office, and so without anybody to appoint one."""

    code = "last_officer"
    remedy = "Introduce another officer first."


class FoundationMissing(AgreementError):
    """A document rests on another one, a master or the version it replaces, that is not verified."""

    code = "foundation_missing"
    remedy = "Register the document it rests on first, or correct the digest by which it is named."


class PartnerDebarred(AgreementError):
    """A debarment bars the partner from student data (34 CFR 99.67)."""

    code = "partner_debarred"
    remedy = "No agreement with this partner can be made before the debarment is over."


class AlreadyRegistered(AgreementError):
    """The register already holds a document with this digest; it is append-only."""

    code = "already_registered"
    remedy = "Nothing to do if it is the same document; otherwise make a new version."


class NotRegistered(AgreementError):
    """The register holds no agreement with this digest."""

    code = "not_registered"
    remedy = "Check the digest, or register the agreement first."


class MoveNotAllowed(AgreementError):
    """An agreement cannot be moved like this from where it stands."""

    code = "move_not_allowed"
    remedy = "See where it stands with `pactgate agreement show`."


class LineTaken(AgreementError):
    """The agreement's id belongs to another partner, or this version of it is registered already."""

    code = "line_taken"
    remedy = "Choose another id, or write the next version: `pactgate agreement amend`."


class PartnerGone(AgreementError):
    """The partner went on as another one, which signs for itself."""

    code = "partner_gone"
    remedy = "Name its successor: `pactgate parties list` says who that is."


class ReviewMissing(AgreementError):
    """An officer orders again although nobody else has looked at what they ordered before."""

    code = "review_missing"
    remedy = "Another officer reviews that order in time, or orders this one."


class NotTheNext(AgreementError):
    """A naming of witnesses, or a classification of codes, does not follow the newest one."""

    code = "not_the_next"
    remedy = "See which one that is (`pactgate witness list`, `pactgate codes list`), and write the document anew."


class OrderNotOpen(AgreementError):
    """Nothing leaves by this emergency order now: it has not begun, it is over, or it was ended."""

    code = "order_not_open"
    remedy = "If the threat is there still, order anew: one officer orders, a second reviews."
