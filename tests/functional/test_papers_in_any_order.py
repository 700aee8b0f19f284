"""Whoever signs a paper first: what the command line would take comes together, and what is complete is taken."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import pytest

from agreements.authority import Authority
from agreements.documents.classification import Verdict
from agreements.documents.debarment import Debarment, debarment_bytes, earliest_end
from agreements.documents.emergency import emergency_order_bytes
from agreements.documents.officer import OfficerIntroduction, officer_bytes
from agreements.documents.revocation import Revocation, revocation_bytes
from agreements.documents.roster_decision import roster_decision_bytes
from agreements.emergencies import verify_emergency_order
from agreements.errors import AgreementError
from agreements.filed import Filed
from agreements.keys import SigningKey
from agreements.parties import verify_debarment
from agreements.rostering import verify_roster_decision
from agreements.signature import AnySignature, Kind, add_signature
from agreements.stewarding import verify_classification, verify_load_confirmation
from agreements.witnessing import verify_witnesses
from gateway.services.admissions import Admissions
from gateway.services.papers.errors import SignatureUnwanted
from gateway.services.papers.judging import World, line_of, require_wanted
from gateway.services.papers.kept import Added, Row
from tests.factories.agreements import Keyring, key_for
from tests.factories.cohort import DAY, MENTORING
from tests.factories.every_kind import ROSTER
from tests.factories.gateway import NOON, Gateway
from tests.factories.partners import ORDER
from tests.factories.stewards import Stewards, classification, confirmation
from tests.factories.witness import VKEY
from tests.factories.witnessing import naming

pytestmark = [pytest.mark.claim(1), pytest.mark.claim(12)]

BY = "user:0b7f3a52-6c1e-4d0a-9f55-2a8f4f1f9d10"
MOST = 3
"""More than any of these kinds takes: the third voice is one too many, or the one that was lacking."""


@dataclass(frozen=True)
class Case:
    """A document, the keys that could be meant for it, and what judges it when it is filed."""

    kind: Kind
    payload: bytes
    keys: Sequence[SigningKey]
    judge: Callable[[Filed, Authority], object]


def row_of(case: Case) -> Row:
    return Row("sha256:" + "0" * 64, case.kind, "A title", None, case.payload, BY, NOON, None, ())


def signed(row: Row, signatures: Sequence[Added]) -> Row:
    kept = tuple(sorted(signatures, key=lambda each: each.signature.kid))
    return Row(row.digest, row.kind, row.title, None, row.payload, BY, NOON, None, kept)


def is_taken(case: Case, row: Row, world: World) -> bool:
    try:
        case.judge(Filed(row.envelope, world.moment.received), world.registry.authority)
    except AgreementError:
        return False
    return True


def is_wanted(row: Row, signature: AnySignature, world: World) -> bool:
    try:
        require_wanted(row, signature, world)
    except SignatureUnwanted:
        return False
    return True


def orders(case: Case) -> Iterator[tuple[SigningKey, ...]]:
    for length in range(1, MOST + 1):
        yield from permutations(case.keys, length)


def require_no_dead_end(case: Case, world: World) -> int:
    """Check every order of every few of the keys; return how many of them made the paper complete."""
    made = {key.thumbprint: add_signature(None, case.kind, case.payload, key).signatures[0] for key in case.keys}
    complete, wanted = 0, dict[str, bool]()
    for order in orders(case):
        row = row_of(case)
        for key in order:
            signature = made[key.thumbprint]
            taken = is_wanted(row, signature, world)
            assert wanted.setdefault(key.thumbprint, taken) == taken, "it hangs on the key, not on who came before"
            row = signed(row, [*row.added, Added(signature, BY, NOON)]) if taken else row
        line = line_of(row, (), world)
        label = f"{case.kind.value} {case.payload.decode()[:200]} {len(row.added)}"
        assert not row.added or line.is_complete == is_taken(case, row, world), label
        whole = signed(row_of(case), [Added(made[key.thumbprint], BY, NOON) for key in order])
        assert line.is_complete or not is_taken(case, whole, world), label
        complete += line.is_complete
    # Whoever is wanted spoils nothing: all of them together are taken.
    every = [Added(signature, BY, NOON) for kid, signature in made.items() if wanted[kid]]
    assert is_taken(case, signed(row_of(case), every), world), case.payload
    return complete


async def test_no_order_of_signatures_leads_into_a_dead_end_and_complete_means_that_it_is_taken(
    gateway: Gateway,
) -> None:
    office, ring = await gateway.office(), gateway.deployment.ring
    agreement = gateway.deployment.agreements[MENTORING].agreement
    district, partner = (ring.signer(each.id).key for each in (agreement.district, agreement.partner))
    olivia, piotr = (each.key for each in ring.officers)
    stella, teo = (await Stewards.introduced(gateway)).keys  # each of them introduced by another officer
    third = key_for("a third officer")
    introduced = officer_bytes(OfficerIntroduction("Quinn Third", third.public, DAY, None, "A third officer."))
    await Admissions(office.desk).introduce_officer(Keyring.sign(Kind.OFFICER, introduced, olivia, piotr))
    world = World(*await office.desk.registry(), office.desk.catalogue)

    def ended(key: SigningKey, since: int | None = None) -> Case:
        payload = revocation_bytes(Revocation(key.thumbprint, since, "Stolen."))
        keys = (third, olivia, piotr, district, partner)
        return Case(Kind.REVOCATION, payload, keys, lambda filed, authority: authority.admit(filed))

    def by_stewards(kind: Kind, payload: bytes, judge: Callable[[Filed, Authority], object]) -> Case:
        return Case(kind, payload, (olivia, piotr, stella, teo), judge)

    another = officer_bytes(OfficerIntroduction("Rae Fourth", key_for("a fourth").public, DAY, None, "A fourth."))
    debarred = Debarment(agreement.partner.id, "improper_redisclosure", DAY, earliest_end(DAY), "Passed on.")
    two = (olivia, piotr, district, stella)
    code = classification(("000094", "Suspended 1", Verdict.OPEN))
    cases = [
        *(ended(key) for key in (third, district, partner, stella)),
        *(ended(key, since=1) for key in (third, district, partner, stella)),
        Case(Kind.OFFICER, another, two, lambda filed, authority: authority.admit(filed)),
        Case(
            Kind.DEBARMENT,
            debarment_bytes(debarred),
            two,
            lambda filed, authority: verify_debarment(filed, authority=authority),
        ),
        Case(
            Kind.WITNESSES,
            naming([(VKEY, "https://witness.example/add")], [olivia]).payload,
            two,
            lambda filed, authority: verify_witnesses(filed, None, authority=authority),
        ),
        by_stewards(
            Kind.CODE_CLASSIFICATION,
            code,
            lambda filed, authority: verify_classification(filed, None, authority=authority),
        ),
        by_stewards(
            Kind.LOAD_CONFIRMATION,
            confirmation(),
            lambda filed, authority: verify_load_confirmation(filed, authority=authority),
        ),
    ]
    for case in cases:
        assert require_no_dead_end(case, world), case.kind


async def test_what_one_person_signs_alone_takes_no_second_signature_which_would_make_it_refused(
    gateway: Gateway,
) -> None:
    office, ring = await gateway.office(), gateway.deployment.ring
    olivia, piotr = (each.key for each in ring.officers)
    district = gateway.deployment.agreements[MENTORING].agreement.district.id
    world = World(*await office.desk.registry(), office.desk.catalogue)
    ordered = emergency_order_bytes(replace(ORDER, begins=NOON))
    cases = [
        Case(
            Kind.EMERGENCY_ORDER,
            ordered,
            (olivia, piotr),
            lambda filed, authority: verify_emergency_order(
                filed, (), authority=authority, catalogue=office.desk.catalogue
            ),
        ),
        Case(
            Kind.ROSTER_DECISION,
            roster_decision_bytes(ROSTER),
            (olivia, piotr),
            lambda filed, authority: verify_roster_decision(
                filed, authority=authority, district=district, partners_people=()
            ),
        ),
    ]
    for case in cases:
        for first, second in permutations(case.keys):
            one, two = (add_signature(None, case.kind, case.payload, key).signatures[0] for key in (first, second))
            assert is_wanted(row_of(case), one, world)
            row = signed(row_of(case), [Added(one, BY, NOON)])
            assert line_of(row, (), world).is_complete
            assert is_taken(case, row, world), case.kind
            assert not is_wanted(row, two, world)
            assert not is_taken(case, signed(row, [*row.added, Added(two, BY, NOON)]), world), "so it would be lost"
