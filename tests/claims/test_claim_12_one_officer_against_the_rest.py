"""
Claim 12. One person cannot do it alone, from the first day.

On documents alone: whatever one officer signs, with keys made up for the purpose, nobody is taken in, nobody is put out
and nothing is promised. And whoever lost a key gets a new one from the remaining trust, never from an administrator.
"""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.authority import Received
from agreements.errors import AgreementError
from agreements.keys import SigningKey
from agreements.signature import Kind
from tests.factories.agreements import RECEIVED, Keyring, Person, key_for

pytestmark = pytest.mark.claim(12)

DISTRICT, PARTNER = "district:emerald-city", "partner:bright-path"
LATER = Received(10_000, RECEIVED)
EVE = key_for("officer-0")
"""The key of officer 0, in the hands of somebody who means to act alone."""
KEYS = {name: key_for(name) for name in ("one", "two", "three")} | {"officer-0": EVE}
NAMES = ("Olivia Okafor", "Piotr Nowak", "Puppet One", "Puppet Two", "Di of the district", "Dana of the partner")

_keys = st.sampled_from(sorted(KEYS))
_signing = st.just(["officer-0"]) | st.lists(_keys, min_size=1, max_size=3, unique=True)
_names = st.sampled_from(NAMES)
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("signer"), _names, _keys, _signing, st.sampled_from([DISTRICT, PARTNER])),
        st.tuples(st.just("officer"), _names, _keys, _signing, st.sampled_from(["", "officer-0", "officer-1", "one"])),
        st.tuples(
            st.just("revoke"), st.sampled_from([*sorted(KEYS), "officer-1"]), st.none() | st.integers(0, 40), _signing
        ),
    ),
    max_size=8,
)


def honest() -> Keyring:
    """Two officers, and a signer of each party whom officer 1 introduced."""
    ring = Keyring()
    ring.signers = {
        DISTRICT: ring.introduce(DISTRICT, "Di of the district"),
        PARTNER: ring.introduce(PARTNER, "Dana of the partner"),
    }
    return ring


def alone(ring: Keyring, steps: list[tuple[object, ...]]) -> None:
    """File what one officer makes up."""
    thumbprints = {name: key.thumbprint for name, key in KEYS.items()}
    thumbprints |= {"": "", "officer-1": ring.officers[1].key.thumbprint}
    for number, (what, *rest) in enumerate(steps):
        match what, *rest:
            case "signer", str(name), str(key), list(signing), str(party):
                made = ring.introduce(party, name, KEYS[key], by=held(signing)).document
                assert made is not None
                ring.papers.append(ring.filed(made, index=100 + number))
            case "officer", str(name), str(key), list(signing), str(replaced):
                ring.officer_document(name, KEYS[key], by=held(signing), replaces=thumbprints[replaced] or None)
                ring.papers[-1] = ring.filed(ring.papers[-1].envelope, index=100 + number)
            case "revoke", str(subject), since, list(signing):
                ring.revocation(thumbprints[subject], by=held(signing), since=since)  # type: ignore[arg-type]
                ring.papers[-1] = ring.filed(ring.papers[-1].envelope, index=100 + number)


def held(names: list[str]) -> list[SigningKey]:
    return [KEYS[name] for name in names]


@settings(derandomize=True, deadline=None, max_examples=60)
@given(_steps, _signing)
def test_whatever_one_officer_signs_nobody_comes_nobody_goes_and_nothing_is_promised(
    steps: list[tuple[object, ...]], signing: list[str]
) -> None:
    ring = honest()
    genuine = ring.agreement()
    alone(ring, steps)
    authority = ring.authority
    in_office = set(authority.officers(LATER))
    assert ring.officers[1].key.thumbprint in in_office
    assert in_office <= {each.key.thumbprint for each in ring.officers}
    assert {each.signer.name for each in authority.introductions} >= {"Di of the district", "Dana of the partner"}
    # No signature of a key at hand, in any number, puts in force what the two parties never signed.
    forged = ring.sign(Kind.AGREEMENT, genuine.agreement.canonical, *held(signing))
    approval = ring.approve(forged, genuine.agreement.words_only)
    with pytest.raises(AgreementError):
        replace(genuine, envelope=forged, approval=approval).verified(ring)


def test_one_officer_with_a_whole_set_of_puppets_gets_nothing() -> None:
    """The longest way, step by step: every step that would widen anything is refused or leads nowhere."""
    ring = Keyring()
    puppets = {party: ring.introduce(party, f"Puppet of {party}", by=[EVE]) for party in (DISTRICT, PARTNER)}
    ring.signers = puppets
    assert not ring.authority.refused, "an officer introduces signers"
    ring.officer_document("Third", key_for("third"), by=[EVE, puppets[DISTRICT].key])
    ring.officer_document("Third", key_for("third"), by=[EVE, puppets[DISTRICT].key, puppets[PARTNER].key])
    lost = ring.officers[1].key.thumbprint
    ring.officer_document("Piotr Nowak", key_for("third"), by=[EVE, puppets[DISTRICT].key], replaces=lost)
    ring.revocation(lost, by=[EVE, puppets[DISTRICT].key])
    refused = {document for document, _ in ring.authority.refused}
    assert refused == {each.envelope.digest for each in ring.papers}
    assert set(ring.authority.officers(LATER)) == {each.key.thumbprint for each in ring.officers}
    with pytest.raises(AgreementError):
        ring.agreement().verified(ring)


@pytest.mark.ferpa("S3")
def test_one_officer_takes_in_no_other_and_two_do() -> None:
    ring = honest()
    third = key_for("third")
    ring.officer_document("Thea Third", third, by=[EVE])
    assert third.thumbprint not in ring.authority.officers(LATER)
    ring.papers.clear()
    ring.officer_document("Thea Third", third, by=[each.key for each in ring.officers])
    assert third.thumbprint in ring.authority.officers(LATER)


@pytest.mark.ferpa("S7")
def test_a_lost_key_is_replaced_by_the_remaining_trust_and_never_by_an_administrator() -> None:
    ring = honest()
    piotr, renewed, administrator = ring.officers[1], key_for("piotr renewed"), key_for("administrator")
    olivias = Person("Opal", key_for("opal"))
    ring.signers["opal"] = replace(olivias, document=ring.introduce(DISTRICT, "Opal", olivias.key, by=[EVE]).document)
    for by in (
        [administrator],
        [administrator, renewed],
        [EVE],
        [EVE, administrator],
        [EVE, olivias.key],
        [ring.signers[DISTRICT].key, olivias.key],
    ):
        ring.officer_document(piotr.name, renewed, by=by, replaces=piotr.key.thumbprint)
        assert set(ring.authority.officers(LATER)) == {EVE.thumbprint, piotr.key.thumbprint}
    ring.officer_document(piotr.name, renewed, by=[EVE, ring.signers[DISTRICT].key], replaces=piotr.key.thumbprint)
    assert set(ring.authority.officers(LATER)) == {EVE.thumbprint, renewed.thumbprint}
