"""
Who acts in the demo: two officers, a signer of each party, a client of each partner, and what they sign.

Keys are new in every run. The documents are the examples that ship with `agreements`, moved to the school year that is
played; nothing about them is special, and they are judged as any other.
"""

import re
import uuid
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from typing import Any

from agreements.authored import read_authored
from agreements.canonical import canonical_bytes, digest_of, read_canonical
from agreements.document import Agreement, parse_agreement
from agreements.documents.approval import Approval, approval_bytes
from agreements.documents.binding import CLIENT_BINDING, ClientBinding, binding_bytes
from agreements.documents.people import PEOPLE_ANNEX, RESPONSIBLE, NamedPerson, PeopleAnnex, Training, people_bytes
from agreements.documents.signer import LIMITS, Signer, signer_bytes
from agreements.documents.undertaking import Undertaking, undertaking_bytes
from agreements.elements import load_catalogue
from agreements.keys import CLIENT_ALGORITHMS, SigningKey, read_public_key
from agreements.shapes import words_only
from agreements.signature import Envelope, Kind, add_signature
from agreements.statement import statement
from agreements.trust import Officer
from gateway.oauth.client import PartnerKeys

RESPONSIBLE_PERSON = "person:responsible"
ADDRESS = "responsible@partner.example"
WRITTEN_FOR = "2026-2027"
"""The school year the examples are written for."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a key of their own."""

    name: str
    key: SigningKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signed:
    """A document with all signatures, and the approval of it."""

    document: Envelope
    approval: Envelope


@dataclass(frozen=True, slots=True)
class Cast:
    """The people of the demo. `drafter` is an officer as well: so `approver`, who did not draft, must approve."""

    approver: Person
    drafter: Person
    district: Person
    partners: dict[str, Person]
    """The signer of each partner, by partner id."""
    responsible: Person
    """Who answers for the partners' clients."""

    @classmethod
    def meet(cls, partners: tuple[str, ...]) -> "Cast":
        """Return new people with new keys."""
        return cls(
            approver=Person("Privacy officer A", SigningKey.generate("Ed25519")),
            drafter=Person("Privacy officer B", SigningKey.generate("ES256")),
            district=Person("Signer of the district", SigningKey.generate("ES256")),
            partners={each: Person(f"Signer of {each}", SigningKey.generate("Ed25519")) for each in partners},
            responsible=Person("Responsible person", SigningKey.generate("Ed25519")),
        )

    @property
    def officers(self) -> tuple[Officer, ...]:
        """The two officers, as `init` pins them."""
        return tuple(Officer(each.name, each.key.public) for each in (self.approver, self.drafter))

    def introduction(self, party: str, first: date, last: date) -> Envelope:
        """Return the document by which an officer introduces the signer of `party`."""
        person = self.district if party.startswith("district:") else self.partners[party]
        role = f"{party.partition(':')[0]}_signer"
        signer = Signer(party, role, person.name, person.key.public, first, last, LIMITS)
        return add_signature(None, Kind.SIGNER, signer_bytes(signer), self.drafter.key)

    def agreement(self, content: dict[str, Any]) -> tuple[Agreement, Signed]:
        """Have both parties sign `content`, and the officer who did not draft it approve."""
        content["people"]["drafted_by"] = self.drafter.key.thumbprint
        agreement = parse_agreement(canonical_bytes(content), load_catalogue())
        envelope = add_signature(None, Kind.AGREEMENT, agreement.canonical, self.district.key)
        partner = self.partners[agreement.partner.id]
        envelope = add_signature(envelope, Kind.AGREEMENT, agreement.canonical, partner.key)
        return agreement, Signed(envelope, self._approval(envelope, agreement.words_only))

    def half_signed(self, content: dict[str, Any]) -> Signed:
        """Have only the partner sign `content`, and the officer approve it: the district has not signed."""
        agreement = parse_agreement(canonical_bytes(content), load_catalogue())
        key = self.partners[agreement.partner.id].key
        envelope = add_signature(None, Kind.AGREEMENT, agreement.canonical, key)
        return Signed(envelope, self._approval(envelope, agreement.words_only))

    def binding(self, agreement: Agreement, keys: PartnerKeys) -> tuple[str, Signed]:
        """Have the partner bind a client's keys to `agreement`; return the client's id with the document."""
        client = f"client:{uuid.uuid4()}"
        jwks = keys.jwks()["keys"]
        assert isinstance(jwks, list)
        public = tuple(read_public_key(jwk, CLIENT_ALGORITHMS) for jwk in jwks)
        payload = binding_bytes(ClientBinding(agreement.digest, client, public, RESPONSIBLE_PERSON))
        envelope = add_signature(None, Kind.CLIENT_BINDING, payload, self.partners[agreement.partner.id].key)
        return client, Signed(envelope, self._approval(envelope, words_only(CLIENT_BINDING, read_canonical(payload))))

    def people(self, agreement: Agreement, trained: date, valid_to: date) -> Signed:
        """Have the partner name the person who answers for its client, and an officer approve."""
        training = Training("Privacy of student records", trained, valid_to)
        person = self.responsible
        named = NamedPerson(RESPONSIBLE_PERSON, person.name, ADDRESS, RESPONSIBLE, training, person.key.public)
        payload = people_bytes(PeopleAnnex(agreement.digest, (named,)))
        envelope = add_signature(None, Kind.PEOPLE_ANNEX, payload, self.partners[agreement.partner.id].key)
        return Signed(envelope, self._approval(envelope, words_only(PEOPLE_ANNEX, read_canonical(payload))))

    def undertaking(self, agreement: Agreement, school_year: str) -> Envelope:
        """Have that person accept the limits of the agreement for a school year."""
        words = digest_of(statement(agreement).encode())
        payload = undertaking_bytes(Undertaking(agreement.digest, RESPONSIBLE_PERSON, school_year, words))
        return add_signature(None, Kind.UNDERTAKING, payload, self.responsible.key)

    def _approval(self, envelope: Envelope, words: tuple[str, ...]) -> Envelope:
        key = self.approver.key
        approval = Approval(envelope.digest, envelope.kind.value, key.thumbprint, words)
        return add_signature(None, Kind.APPROVAL, approval_bytes(approval), key)


def script(name: str, school_year: str) -> dict[str, Any]:
    """Return the content of an example agreement, moved to `school_year`."""
    text = files("agreements").joinpath("examples", name).read_text("utf-8")
    moved = dict(zip(WRITTEN_FOR.split("-"), school_year.split("-"), strict=True))
    # In one pass: a year later the first year becomes what the second one was.
    content = read_authored(re.sub("|".join(moved), lambda year: moved[year[0]], text))
    assert isinstance(content, dict)
    return content
