"""
Signed documents for tests: officers, signers, agreements in force, client bindings. All keys are derived from names.

    ring = Keyring()                                  # two officers, a signer a party; nothing random, no clock
    bundle = ring.agreement()                         # sps-a, signed by both parties, approved by officer "Olivia"
    bundle = ring.agreement(SPS_B, changes={"/cadence": "daily"})
    bundle.verified(ring)                             # -> VerifiedAgreement (raises what in_force raises)
    binding = ring.binding(bundle, "client:…", [jwk])  # signed by the partner's signer, approved
    binding.verified(ring)                            # -> VerifiedBinding
    ring.people(bundle).verified(ring)                # -> VerifiedPeopleAnnex: who answers for ring's bindings
    ring.undertaking(bundle)                          # -> Envelope, signed by that person
    ring.reinstatement("client:…", undoes=7)          # -> Envelope, signed by an officer
    ring.authority                                    # -> Authority by all that was introduced and filed
    ring.revocation(thumbprint, by=[key])             # -> Filed; counts in `authority` from then on
    ring.officer_document("Quinn", key)               # -> Filed; likewise

`changes` maps JSON pointers to values (REMOVED deletes). The parts are there to be misused: `ring.officers[0]`,
`ring.key("anyone")`, `ring.introduce(…)`, `ring.sign(kind, payload, *keys)`, `ring.approve(envelope, …)`.

Everything gets an entry of an imagined log as it is made: `ring.filed(envelope)` says which. So a document made after a
revocation was received after it. A signer in `ring.signers` counts from the entry at which it was introduced.

Officer 0 ("Olivia Okafor") approves, officer 1 ("Piotr Nowak") drafts and introduces the signers: one officer alone can
not do both.
"""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from agreements.authored import read_authored
from agreements.authority import Authority, Filed, Received, build_authority
from agreements.canonical import Json, canonical_bytes, digest_of, read_canonical
from agreements.document import Agreement, parse_agreement
from agreements.documents.approval import Approval, approval_bytes
from agreements.documents.binding import CLIENT_BINDING, ClientBinding, binding_bytes
from agreements.documents.officer import OfficerIntroduction, officer_bytes
from agreements.documents.people import PEOPLE_ANNEX, NamedPerson, PeopleAnnex, Training, people_bytes
from agreements.documents.reinstatement import Reinstatement, reinstatement_bytes
from agreements.documents.revocation import Revocation, revocation_bytes
from agreements.documents.signer import LIMITS, Signer, signer_bytes
from agreements.documents.undertaking import Undertaking, undertaking_bytes
from agreements.elements import load_catalogue
from agreements.in_force import VerifiedAgreement, VerifiedBinding, verify_agreement, verify_binding
from agreements.keys import CLIENT_ALGORITHMS, SigningKey, read_public_key
from agreements.people import VerifiedPeopleAnnex, verify_people_annex
from agreements.shapes import words_only
from agreements.signature import Envelope, Kind, add_signature
from agreements.statement import statement
from agreements.trust import Officer, Trust, pin_trust

SPS_A: Final = "sps-a-tutoring-consent.yaml"
SPS_B: Final = "sps-b-mentoring-school-official.yaml"
RECEIVED: Final = datetime(2026, 8, 20, 17, 0, tzinfo=UTC)
"""When the log received the signatures: before the examples' term begins."""
RESPONSIBLE_PERSON: Final = "person:rae-responsible"
REMOVED: Final = object()


def example(name: str = SPS_A) -> dict[str, Any]:
    """The content of one of `agreements/examples`."""
    content = read_authored(files("agreements").joinpath("examples", *name.split("/")).read_bytes())
    assert isinstance(content, dict)
    return content


def changed(content: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Set, or with REMOVED delete, what the JSON pointers name; a list index one past the end appends."""
    for path, value in changes.items():
        *steps, last = path.split("/")[1:]
        here: Any = content
        for step in steps:
            here = here[int(step)] if isinstance(here, list) else here[step]
        if isinstance(here, list):
            place = int(last)
            here[place : place + 1] = [] if value is REMOVED else [value]
        elif value is REMOVED:
            del here[last]
        else:
            here[last] = value
    return content


def key_for(name: str, algorithm: str = "Ed25519") -> SigningKey:
    """The same key for the same name, always."""
    secret = hashlib.sha256(f"pactgate tests|{name}".encode()).digest()
    private = (
        Ed25519PrivateKey.from_private_bytes(secret)
        if algorithm == "Ed25519"
        else derive_private_key(int.from_bytes(secret, "big") >> 1, SECP256R1())
    )
    return SigningKey.read(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@dataclass(frozen=True)
class Person:
    """A named key of our own; `document` introduces a signer, None for officers."""

    name: str
    key: SigningKey
    document: Envelope | None = None


@dataclass(frozen=True)
class SignedAgreement:
    """An agreement with everything that puts it in force."""

    agreement: Agreement
    envelope: Envelope
    approval: Envelope

    @property
    def digest(self) -> str:
        return self.agreement.digest

    def verified(self, ring: "Keyring", received_at: datetime = RECEIVED, **other: Any) -> VerifiedAgreement:
        """`other`: `replaced`, `master`, `debarments`."""
        return verify_agreement(
            ring.filed(self.envelope, at=received_at),
            [ring.filed(self.approval, at=received_at)],
            authority=ring.authority,
            catalogue=load_catalogue(),
            **other,
        )


@dataclass(frozen=True)
class SignedBinding:
    """A client binding with its approval."""

    binding: ClientBinding
    envelope: Envelope
    approval: Envelope
    agreement: SignedAgreement

    def verified(self, ring: "Keyring", received_at: datetime = RECEIVED) -> VerifiedBinding:
        return verify_binding(
            ring.filed(self.envelope, at=received_at),
            [ring.filed(self.approval, at=received_at)],
            authority=ring.authority,
            agreement=self.agreement.verified(ring),
        )


@dataclass(frozen=True)
class SignedPeople:
    """A people annex with its approval."""

    annex: PeopleAnnex
    envelope: Envelope
    approval: Envelope
    agreement: SignedAgreement

    def verified(self, ring: "Keyring", received_at: datetime = RECEIVED) -> VerifiedPeopleAnnex:
        return verify_people_annex(
            ring.filed(self.envelope, at=received_at),
            [ring.filed(self.approval, at=received_at)],
            authority=ring.authority,
            agreement=self.agreement.verified(ring),
        )


@dataclass
class Keyring:
    """Officers, signers and their keys. Signers are introduced as the agreements that need them are made."""

    officers: list[Person] = field(
        default_factory=lambda: [
            Person("Olivia Okafor", key_for("officer-0")),
            Person("Piotr Nowak", key_for("officer-1", "ES256")),
        ]
    )
    signers: dict[str, Person] = field(default_factory=dict)
    """The signer of each party, by party id."""
    papers: list[Filed] = field(default_factory=list)
    """Further officer, signer and revocation documents, as they are filed."""
    indexes: dict[str, int] = field(default_factory=dict)
    """The entry of each signed document, by its text: signed anew, it is received anew."""
    origin: str = "pactgate.test/emerald-city"
    log_public_key: str = "pactgate.test/emerald-city+00000000+AQ=="

    @property
    def trust(self) -> Trust:
        pinned = tuple(Officer(person.name, person.key.public) for person in self.officers)
        return pin_trust(self.origin, pinned, self.log_public_key)

    @property
    def signer_documents(self) -> list[Envelope]:
        return [person.document for person in self.signers.values() if person.document is not None]

    @property
    def authority(self) -> Authority:
        """Who may sign what, by the signers in `signers` and the `papers`."""
        return build_authority(self.trust, [*map(self.filed, self.signer_documents), *self.papers])

    @staticmethod
    def key(name: str, algorithm: str = "Ed25519") -> SigningKey:
        return key_for(name, algorithm)

    def filed(self, envelope: Envelope, *, index: int | None = None, at: datetime = RECEIVED) -> Filed:
        """The envelope as received by `index`: by default the entry it had before, or the next one."""
        known = self.indexes.setdefault(envelope.text, 1 + max(self.indexes.values(), default=0))
        return Filed(envelope, Received(known if index is None else index, at))

    def signer(self, party: str) -> Person:
        """The signer of this party, introduced on first use: `Dana Signer (<party>)`, with an ES256 key."""
        if party not in self.signers:
            self.signers[party] = self.introduce(party, f"Dana Signer of {party.split(':')[1]}")
        return self.signers[party]

    def introduce(
        self,
        party: str,
        name: str,
        key: SigningKey | None = None,
        *,
        by: Sequence[SigningKey] = (),
        valid_from: date = date(2026, 7, 1),
        valid_to: date = date(2027, 6, 30),
        may_sign: Sequence[str] = LIMITS,
    ) -> Person:
        """A signer document, signed `by` these keys (default: officer 1). Not registered in `signers`."""
        key = key or key_for(f"signer {party} {name}", "ES256")
        role = f"{party.partition(':')[0]}_signer"
        payload = signer_bytes(Signer(party, role, name, key.public, valid_from, valid_to, tuple(may_sign)))
        document = self.sign(Kind.SIGNER, payload, *(by or (self.officers[1].key,)))
        self.filed(document)
        return Person(name, key, document)

    def officer_document(
        self,
        name: str,
        key: SigningKey,
        *,
        by: Sequence[SigningKey] = (),
        valid_from: date = date(2026, 7, 1),
        replaces: str | None = None,
    ) -> Filed:
        """The introduction of an officer, filed, signed `by` these keys (default: both officers)."""
        payload = officer_bytes(OfficerIntroduction(name, key.public, valid_from, replaces, "A third officer."))
        signing = by or [officer.key for officer in self.officers]
        self.papers.append(self.filed(self.sign(Kind.OFFICER, payload, *signing)))
        return self.papers[-1]

    def revocation(self, subject: str, *, by: Sequence[SigningKey] = (), since: int | None = None) -> Filed:
        """The revocation of a key, filed, signed `by` these keys (default: officer 0)."""
        payload = revocation_bytes(Revocation(subject, since, f"Lost, number {len(self.papers)}."))
        envelope = self.sign(Kind.REVOCATION, payload, *(by or (self.officers[0].key,)))
        self.papers.append(self.filed(envelope))
        return self.papers[-1]

    @staticmethod
    def sign(kind: Kind, payload: bytes, *keys: SigningKey) -> Envelope:
        envelope = None
        for key in keys:
            envelope = add_signature(envelope, kind, payload, key)
        assert envelope is not None
        return envelope

    def approve(
        self,
        envelope: Envelope,
        listed: Sequence[str],
        *,
        officer: int = 0,
        kind: str | None = None,
        acknowledges: Sequence[str] = (),
    ) -> Envelope:
        """The approval of `envelope` by an officer, covering the `listed` words-only terms."""
        key = self.officers[officer].key
        approval = Approval(
            envelope.digest, kind or envelope.kind.value, key.thumbprint, tuple(listed), tuple(acknowledges)
        )
        signed = self.sign(Kind.APPROVAL, approval_bytes(approval), key)
        self.filed(signed)
        return signed

    def agreement(
        self, name: str = SPS_A, *, changes: Mapping[str, Any] | None = None, content: dict[str, Any] | None = None
    ) -> SignedAgreement:
        """An example (or `content`), changed, drafted by officer 1, signed by both parties, approved by officer 0."""
        content = content if content is not None else example(name)
        content["people"]["drafted_by"] = self.officers[1].key.thumbprint
        agreement = parse_agreement(canonical_bytes(changed(content, changes or {})), load_catalogue())
        keys = [self.signer(party).key for party in (agreement.district.id, agreement.partner.id)]
        envelope = self.sign(Kind.AGREEMENT, agreement.canonical, *keys)
        self.filed(envelope)
        return SignedAgreement(agreement, envelope, self.approve(envelope, agreement.words_only))

    def binding(
        self,
        agreement: SignedAgreement,
        client: str,
        jwks: Sequence[Json],
        *,
        responsible: str = RESPONSIBLE_PERSON,
        operator: str | None = None,
        **terms: Any,
    ) -> SignedBinding:
        """
        Public JWKs bound to the agreement: signed by the partner's signer, approved by officer 0.

        `terms` are the further terms of a binding, by the names of `ClientBinding`.
        """
        keys = tuple(read_public_key(jwk, CLIENT_ALGORITHMS) for jwk in jwks)
        binding = ClientBinding(agreement.digest, client, keys, responsible, operator, **terms)
        payload = binding_bytes(binding)
        envelope = self.sign(Kind.CLIENT_BINDING, payload, self.signer(agreement.agreement.partner.id).key)
        self.filed(envelope)
        approval = self.approve(envelope, words_only(CLIENT_BINDING, read_canonical(payload)))
        return SignedBinding(binding, envelope, approval, agreement)

    def people(self, agreement: SignedAgreement, *people: NamedPerson) -> SignedPeople:
        """The people annex: signed by the partner's signer, approved by officer 0. By default it names `rae()`."""
        annex = PeopleAnnex(agreement.digest, people or (rae(),))
        payload = people_bytes(annex)
        envelope = self.sign(Kind.PEOPLE_ANNEX, payload, self.signer(agreement.agreement.partner.id).key)
        self.filed(envelope)
        approval = self.approve(envelope, words_only(PEOPLE_ANNEX, read_canonical(payload)))
        return SignedPeople(annex, envelope, approval, agreement)

    def undertaking(
        self,
        agreement: SignedAgreement,
        *,
        school_year: str = "2026-2027",
        person: str = RESPONSIBLE_PERSON,
        key: SigningKey | None = None,
    ) -> Envelope:
        """What the responsible person accepted for this version of the agreement, signed with the person's own key."""
        accepted = digest_of(statement(agreement.agreement).encode())
        payload = undertaking_bytes(Undertaking(agreement.digest, person, school_year, accepted))
        envelope = self.sign(Kind.UNDERTAKING, payload, key or key_for(person))
        self.filed(envelope)
        return envelope

    def reinstatement(self, subject: str, *, undoes: int, officer: int = 0) -> Envelope:
        """The undoing of a suspension, signed by an officer."""
        payload = reinstatement_bytes(Reinstatement(subject, undoes, "The matter was resolved."))
        return self.sign(Kind.REINSTATEMENT, payload, self.officers[officer].key)


def rae(**changes: Any) -> NamedPerson:
    """Who answers for the clients of every partner here: trained until the end of the school year 2026-2027."""
    training = Training("FERPA for partners", date(2026, 7, 15), date(2027, 7, 14))
    key = key_for(RESPONSIBLE_PERSON).public
    made = NamedPerson(RESPONSIBLE_PERSON, "Rae Responsible", "rae@partner.example", "responsible", training, key)
    return replace(made, **changes)


def client_id(name: str) -> str:
    """A client id, the same for the same name, always."""
    digest = hashlib.sha256(name.encode()).digest()[:16]
    return f"client:{uuid.UUID(bytes=digest, version=4)}"


def client_jwk(name: str, algorithm: str = "ES256") -> dict[str, Json]:
    """The public key of a client of this name (private: `key_for(f'client {name}', algorithm)`)."""
    return key_for(f"client {name}", algorithm).public.jwk
