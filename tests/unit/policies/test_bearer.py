"""A token that is bound to no key: each switch that is off denies, and says which; all of them on permit."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest

from agreements.elements import load_catalogue
from policies.analyse.replay import Logged, decided
from policies.compile import Suspension
from policies.decide import decide
from policies.decision import Denied, Permit
from policies.errors import MalformedGuardrails
from policies.guardrails import Guardrails, load_guardrails, read_guardrails, recorded_guardrails
from policies.rehearsal import Rehearsed, rehearse
from policies.request import Bearer
from policies.state import Granted
from policies.told import bearer_told, told_of_bearer
from tests.factories.agreements import SPS_A, Keyring, client_id, client_jwk
from tests.factories.policy_worlds import ALWAYS, NOVEMBER, TUTOR, Promise, World, denied

pytestmark = pytest.mark.claim(1)

NETWORK, NARROW = "203.0.113.0/28", "198.51.100.7/32"
CLAUSE = {"bearer": True, "because": "It cannot bind its tokens.", "last_day": "2026-12-31"}
ENDS = datetime(2027, 1, 1, 8, tzinfo=UTC)
"""The first instant after the clause's last day, where the agreement is at home."""
RING = Keyring()


def allowing(part: str = "[compatibility]\nbearer = true") -> Guardrails:
    """The shipped guardrails and this part."""
    shipped = files("policies").joinpath("guardrails.toml").read_text("utf-8")
    return read_guardrails(f"{shipped}\n{part}\n", load_catalogue())


def bound(clause: dict[str, Any] | None = CLAUSE, *bindings: dict[str, Any]) -> Promise:
    """An agreement with this clause and these bindings of the tutor; `ends` is what a later one said of it."""
    signed = RING.agreement(SPS_A, changes={} if clause is None else {"/compatibility": clause})
    without: dict[str, Any] = {"compatibility": True, "allowed_addresses": (NETWORK,)}
    made = []
    for each in bindings or (without,):
        jwks = [] if each.get("compatibility") else [client_jwk("tutor")]
        said: dict[str, Any] = {name: value for name, value in each.items() if name != "ends"}
        verified = RING.binding(signed, TUTOR, jwks, **said).verified(RING)
        made.append(verified.ending(each["ends"]) if "ends" in each else verified)
    return Promise(signed, Granted(signed.verified(RING), tuple(made), None, {TUTOR: (ALWAYS,)}))


def judged(
    made: Promise, network: str | None = NETWORK, *, now: datetime = NOVEMBER, dataset: str = "students", **world: Any
) -> Permit | Denied:
    """Decide as the gateway does."""
    state = World((made,), **{"guardrails": allowing(), **world})
    return decide(state.state(), state.ask(dataset, bearer=Bearer(network)), now)


@pytest.mark.parametrize("part", ["", "[compatibility]\nbearer = false"])
def test_the_district_forbids_unless_its_guardrails_allow(part: str) -> None:
    refused = denied(judged(bound(), guardrails=allowing(part)))
    assert (refused.code, refused.facts["clause"]) == ("bearer_not_covered", "guardrails:/compatibility")


@pytest.mark.parametrize("part", ['bearer = "true"', "bearer = 1", "", "bearer = true\nsince = 1", "barer = true"])
def test_guardrails_that_do_not_say_it_plainly_are_no_guardrails(part: str) -> None:
    with pytest.raises(MalformedGuardrails):
        allowing(f"[compatibility]\n{part}")


def test_guardrails_are_read_again_as_they_were_kept() -> None:
    for chosen in (load_guardrails(), allowing()):
        assert recorded_guardrails(chosen.canonical, load_catalogue()) == chosen


def test_both_parties_must_have_signed_the_clause() -> None:
    refused = denied(judged(bound(None)))
    assert (refused.code, refused.facts["clause"]) == ("bearer_not_covered", "/compatibility")


def test_the_clause_ends_with_its_last_day_and_so_does_the_permit() -> None:
    made = bound()
    permit = judged(made, now=ENDS - timedelta(microseconds=1))
    assert isinstance(permit, Permit)
    assert permit.valid_until == ENDS
    refused = denied(judged(made, now=ENDS))
    assert (refused.code, refused.facts["clause"]) == ("bearer_not_covered", "/compatibility/last_day")


@pytest.mark.parametrize("network", [None, "203.0.113.0/24", "203.0.113.7/32", NARROW])
def test_a_request_from_another_network_than_those_signed_is_refused(network: str | None) -> None:
    refused = denied(judged(bound(), network))
    assert (refused.code, refused.facts["clause"]) == ("address_not_covered", "client:/allowed_addresses")


def test_a_client_with_keys_is_never_served_by_a_bearer_token() -> None:
    keyed = bound(CLAUSE, {"allowed_addresses": (NETWORK,)})
    refused = denied(judged(keyed))
    assert (refused.code, refused.facts["clause"]) == ("bearer_not_covered", "client:/allowed_addresses")
    state = World((keyed,), guardrails=allowing())
    assert decide(state.state(), state.ask("students"), NOVEMBER)


def test_a_binding_ends_on_its_own_day_or_on_that_which_a_later_one_names() -> None:
    without = {"compatibility": True, "allowed_addresses": (NETWORK,)}
    short = bound(CLAUSE, {**without, "last_day": date(2026, 11, 2)})
    assert isinstance(judged(short), Permit)
    assert denied(judged(short, now=NOVEMBER + timedelta(days=1))).code == "bearer_not_covered"
    keys = {"earlier_last_day": date(2026, 11, 1)}
    assert denied(judged(bound(CLAUSE, {**without, "ends": NOVEMBER}, keys))).code == "bearer_not_covered"
    # What a binding says of earlier ones does not end a later one.
    assert isinstance(judged(bound(CLAUSE, keys, without)), Permit)
    two = bound(CLAUSE, {**without, "last_day": date(2026, 11, 2)}, {**without, "allowed_addresses": (NETWORK, NARROW)})
    assert all(isinstance(judged(two, each, now=NOVEMBER + timedelta(days=9)), Permit) for each in (NETWORK, NARROW))


def test_what_stands_against_everything_is_told_first_and_what_was_asked_last() -> None:
    made = bound(None)
    assert denied(judged(made, clients=())).code == "unknown_client"
    assert denied(judged(made, suspensions=(Suspension(TUTOR, 12),))).code == "suspended"
    assert denied(judged(made, dataset="assessments")).code == "bearer_not_covered"
    assert denied(judged(bound(), dataset="assessments")).code == "dataset_not_covered"
    other = World((replace(made, granted=replace(made.granted, bindings=())),), guardrails=allowing())
    assert denied(decide(other.state(), other.ask("students", bearer=Bearer(NETWORK)), NOVEMBER)).code == "no_agreement"


def test_a_rehearsal_serves_no_bearer_token() -> None:
    made = bound()
    rehearsed = Rehearsed(made.signed.agreement, frozenset({TUTOR}))
    state = rehearse([rehearsed], load_catalogue(), allowing())
    asked = World((made,)).ask("students", bearer=Bearer(NETWORK))
    assert denied(decide(state, asked, NOVEMBER)).code == "bearer_not_covered"


@pytest.mark.claim(6)
def test_what_the_entry_says_of_the_token_is_decided_again() -> None:
    made = bound()
    for network, code in ((NETWORK, None), (None, "address_not_covered")):
        body = told_of_bearer(Bearer(network))
        assert bearer_told(body) == Bearer(network)
        logged = Logged(1, NOVEMBER, TUTOR, made.digest, made.purpose, "students", (), code, bearer=bearer_told(body))
        again = decided(World((made,), guardrails=allowing()).state(), logged)
        assert (again.code if isinstance(again, Denied) else None) == code
    assert (told_of_bearer(None), bearer_told({})) == ({}, None)
    assert client_id("tutor") == TUTOR
