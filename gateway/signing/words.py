"""The words of papers: what each kind of document is called on a page, and whose signature it waits for."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from agreements.signature import Kind
from gateway.pages.languages import message
from gateway.services.papers.needs import Who

TITLES: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.AGREEMENT: message("Agreement"),
        Kind.APPROVAL: message("Approval"),
        Kind.SIGNER: message("Introduction of a signer"),
        Kind.OFFICER: message("Introduction of an officer"),
        Kind.REVOCATION: message("Revocation of a key"),
        Kind.CLIENT_BINDING: message("Keys of a program"),
        Kind.PEOPLE_ANNEX: message("List of people"),
        Kind.UNDERTAKING: message("Undertaking"),
        Kind.CERTIFICATE: message("Certificate of destruction"),
        Kind.REINSTATEMENT: message("Reinstatement"),
        Kind.STAFF_ROLE: message("Role of somebody who signs in"),
        Kind.EMERGENCY_ORDER: message("Emergency order"),
        Kind.EMERGENCY_RELEASE: message("Handing over of records in an emergency"),
        Kind.PARENTAL_RIGHTS: message("Rights of a parent"),
        Kind.HOLD: message("Hold on destruction"),
        Kind.RELEASE: message("Release of a hold"),
        Kind.DEBARMENT: message("Debarment of a partner"),
        Kind.SUCCESSION: message("Succession of a partner"),
        Kind.REVIEW: message("Yearly review"),
        Kind.WITNESSES: message("Naming of witnesses"),
        Kind.CODE_CLASSIFICATION: message("Classification of codes"),
        Kind.LOAD_CONFIRMATION: message("Confirmation of a load"),
        Kind.ROSTER_DECISION: message("Decision on a roster"),
    }
)
"""A test sees that every kind of `gateway.services.papers.kinds` stands here."""
WHO: Final[Mapping[Who, str]] = MappingProxyType(
    {
        Who.OFFICER: message("an officer"),
        Who.SIGNER: message("a signer of the party"),
        Who.PERSON: message("the person, with the key on the partner's list of people"),
        Who.DECIDER: message("a steward who may sign this, or an officer"),
        Who.VOICE: message("an officer, or a signer of the district"),
        Who.REVOKER: message("an officer, a signer of the same party, or the key itself"),
        Who.APPROVAL: message("approval by an officer who did not prepare it"),
    }
)
