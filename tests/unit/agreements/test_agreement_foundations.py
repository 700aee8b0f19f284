"""What an agreement rests on: the version it replaces, the master it narrows, and a partner that is not debarred."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from agreements.authority import Received
from agreements.elements import load_catalogue
from agreements.errors import (
    FoundationMissing,
    NotAnAmendment,
    NotApproved,
    NotEntitled,
    NotNarrower,
    PartnerDebarred,
    SignatureMissing,
)
from agreements.in_force import VerifiedBinding, verify_agreement, verify_binding
from agreements.signature import Kind
from tests.factories.agreements import RECEIVED, SPS_B, Keyring, SignedAgreement, client_id, client_jwk

PARTNER = "partner:bright-path"
OPERATOR = {"name": "Cloud of Machines", "interest": "Hosts the partner's program"}


def next_version(ring: Keyring, old: SignedAgreement, **changes: Any) -> SignedAgreement:
    return ring.agreement(changes={"/version": 2, "/replaces": old.digest, **changes})


def child_of(ring: Keyring, master: SignedAgreement, **changes: Any) -> SignedAgreement:
    return ring.agreement(changes={"/id": "agreement:a-child", "/master": master.digest, **changes})


@pytest.mark.ferpa("S4")
def test_a_later_version_rests_on_the_verified_version_it_replaces() -> None:
    ring = Keyring()
    old, other = ring.agreement(), ring.agreement(SPS_B)
    new = next_version(ring, old)
    with pytest.raises(FoundationMissing, match="replaces"):
        new.verified(ring)
    with pytest.raises(NotAnAmendment):
        new.verified(ring, replaced=other.verified(ring))
    assert new.verified(ring, replaced=old.verified(ring)).agreement.version == 2


@pytest.mark.ferpa("S4")
@pytest.mark.attack("an amendment with one signature, or the old ones")
def test_an_amendment_that_is_not_signed_and_approved_anew_is_none_and_the_old_version_stands() -> None:
    ring = Keyring()
    old = ring.agreement()
    before = old.verified(ring)
    new = next_version(ring, old)
    lone = ring.sign(Kind.AGREEMENT, new.agreement.canonical, ring.signer(PARTNER).key)
    with pytest.raises(SignatureMissing):
        replace(new, envelope=lone).verified(ring, replaced=before)
    with pytest.raises(NotApproved):
        replace(new, approval=old.approval).verified(ring, replaced=before)
    assert old.verified(ring) == before


@pytest.mark.ferpa("A8")
def test_a_child_rests_on_the_verified_master_that_it_narrows() -> None:
    ring = Keyring()
    master = ring.agreement(changes={"/framework": True})
    child = child_of(ring, master)
    with pytest.raises(FoundationMissing, match="master"):
        child.verified(ring)
    with pytest.raises(NotNarrower):
        child.verified(ring, master=ring.agreement(SPS_B).verified(ring))
    assert child.verified(ring, master=master.verified(ring)).agreement.master == master.digest


@pytest.mark.ferpa("A8")
@pytest.mark.parametrize(
    "change",
    [
        {"/term/last_day": "2027-07-01"},
        {"/datasets/0/school_years/1": "2024-2025"},
        {"/obligations/breach_notice_hours": 72},
    ],
)
def test_a_child_that_covers_one_day_or_year_more_or_owes_less_is_refused(change: dict[str, Any]) -> None:
    ring = Keyring()
    master = ring.agreement()
    child = child_of(ring, master, **change)
    with pytest.raises(NotNarrower):
        child.verified(ring, master=master.verified(ring))


@pytest.mark.ferpa("A8")
def test_only_a_framework_is_narrowed() -> None:
    ring = Keyring()
    master = ring.agreement()
    with pytest.raises(FoundationMissing, match="framework"):
        child_of(ring, master).verified(ring, master=master.verified(ring))


def test_a_child_is_no_master() -> None:
    ring = Keyring()
    master = ring.agreement(changes={"/framework": True})
    child = child_of(ring, master)
    standing = child.verified(ring, master=master.verified(ring))
    grandchild = child_of(ring, child, **{"/id": "agreement:a-grandchild"})
    with pytest.raises(NotNarrower, match="master"):
        grandchild.verified(ring, master=standing)


@pytest.mark.ferpa("A8")
def test_no_client_is_bound_to_a_framework() -> None:
    ring = Keyring()
    master = ring.agreement(changes={"/framework": True})
    with pytest.raises(NotEntitled, match="grants nothing"):
        ring.binding(master, client_id("one"), [client_jwk("one")]).verified(ring)


@pytest.mark.ferpa("A9")
@pytest.mark.ferpa("D2")
def test_a_client_that_an_unlisted_party_runs_is_not_bound() -> None:
    ring = Keyring()
    alone = ring.agreement()
    listing = {"/subrecipients": [OPERATOR], "/obligations/redisclosure/permitted": "listed_subrecipients"}
    listed = ring.agreement(changes=listing)
    for bundle, operator in ((alone, OPERATOR["name"]), (listed, "Somebody Else"), (listed, "cloud of machines")):
        binding = ring.binding(bundle, client_id("one"), [client_jwk("one")], operator=operator)
        with pytest.raises(NotEntitled, match="does not list"):
            binding.verified(ring)
    binding = ring.binding(listed, client_id("one"), [client_jwk("one")], operator=OPERATOR["name"])
    assert binding.verified(ring).binding.operator == OPERATOR["name"]


@pytest.mark.ferpa("S4")
def test_bindings_carry_over_where_the_new_version_says_so_and_nowhere_else() -> None:
    ring = Keyring()
    old = ring.agreement()
    binding = ring.binding(old, client_id("one"), [client_jwk("one")])
    silent, saying = next_version(ring, old), next_version(ring, old, **{"/annexes": "carried_over"})

    def verified(new: SignedAgreement, lineage: frozenset[str]) -> VerifiedBinding:
        return verify_binding(
            ring.filed(binding.envelope),
            [ring.filed(binding.approval)],
            authority=ring.authority,
            agreement=new.verified(ring, replaced=old.verified(ring)),
            lineage=lineage,
        )

    for new, lineage in ((silent, {old.digest}), (saying, set()), (saying, {"sha256:" + "0" * 64})):
        with pytest.raises(NotEntitled, match="another agreement"):
            verified(new, frozenset(lineage))
    carried = verified(saying, frozenset({old.digest}))
    assert (carried.agreement, carried.binding.agreement) == (saying.digest, old.digest)


@dataclass(frozen=True)
class Ban:
    partner: str = PARTNER
    until: date = date(2031, 8, 1)
    digest: str = "sha256:" + "b" * 64
    received: Received = Received(0, RECEIVED)  # noqa: RUF009 -- frozen


@pytest.mark.ferpa("L9")
@pytest.mark.parametrize("at", [RECEIVED, datetime(2030, 3, 1, tzinfo=UTC), datetime(2031, 8, 1, 23, 59, tzinfo=UTC)])
def test_no_agreement_with_a_debarred_partner_within_the_ban(at: datetime) -> None:
    ring = _long_lived()
    bundle = ring.agreement()
    with pytest.raises(PartnerDebarred, match="2031-08-01"):
        bundle.verified(ring, at, debarments=[Ban()])
    bundle.verified(ring, at, debarments=[Ban("partner:harbor-mentors")])


@pytest.mark.ferpa("L9")
def test_after_the_ban_an_officer_approves_in_view_of_it() -> None:
    ring, at = _long_lived(), datetime(2031, 8, 2, tzinfo=UTC)
    bundle = ring.agreement()
    with pytest.raises(NotApproved, match="acknowledge"):
        bundle.verified(ring, at, debarments=[Ban()])
    weighed = ring.approve(bundle.envelope, bundle.agreement.words_only, acknowledges=[Ban().digest])
    replace(bundle, approval=weighed).verified(ring, at, debarments=[Ban()])


@pytest.mark.ferpa("L9")
def test_a_ban_that_came_between_signature_and_approval_stops_the_approval() -> None:
    ring = _long_lived()
    bundle = ring.agreement()
    index = ring.filed(bundle.envelope).received.index
    between = Ban(received=Received(index, RECEIVED))
    bundle.verified(ring, debarments=[Ban(received=Received(index + 1, RECEIVED))])
    with pytest.raises(PartnerDebarred):
        bundle.verified(ring, debarments=[between])
    after = datetime(2031, 8, 2, tzinfo=UTC)
    for acknowledges in ([], [between.digest]):
        approval = ring.approve(bundle.envelope, bundle.agreement.words_only, acknowledges=acknowledges)
        judged = {"authority": ring.authority, "catalogue": load_catalogue(), "debarments": [between]}
        agreement, approvals = ring.filed(bundle.envelope), [ring.filed(approval, at=after)]
        if acknowledges:
            verify_agreement(agreement, approvals, **judged)  # type: ignore[arg-type]  # the parts are right
        else:
            with pytest.raises(NotApproved, match="acknowledge"):
                verify_agreement(agreement, approvals, **judged)  # type: ignore[arg-type]  # the parts are right


@pytest.mark.ferpa("L9")
@pytest.mark.attack("signed within the ban, approved after it")
def test_what_was_signed_within_a_ban_is_not_approved_after_it() -> None:
    ring = _long_lived()
    bundle = ring.agreement()
    weighed = ring.approve(bundle.envelope, bundle.agreement.words_only, acknowledges=[Ban().digest])
    with pytest.raises(PartnerDebarred):
        verify_agreement(
            ring.filed(bundle.envelope),
            [ring.filed(weighed, at=datetime(2031, 8, 2, tzinfo=UTC))],
            authority=ring.authority,
            catalogue=load_catalogue(),
            debarments=[Ban()],
        )


def _long_lived() -> Keyring:
    ring = Keyring()
    for party in ("district:emerald-city", PARTNER):
        ring.signers[party] = ring.introduce(party, f"Dana of {party}", valid_to=date(2040, 1, 1))
    return ring
