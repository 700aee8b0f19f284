"""What as many witnesses as must have seen, and when the window closes: exact, for any number of them."""

import datetime as dt

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from agreements.witnessing import VerifiedWitnesses, verify_witnesses
from audit.cosignature import WitnessSigner, WitnessVerifier
from audit.cosigning import Cosigned
from gateway.problems import Problem
from gateway.services.witnessing.window import Seen, Standing, Window
from tests.factories.agreements import Keyring
from tests.factories.witnessing import naming

pytestmark = pytest.mark.claim(5)

KEYS = [
    WitnessSigner(f"w{at}.example", Ed25519PrivateKey.from_private_bytes(bytes([at] * 32))).verifier for at in range(5)
]
RING = Keyring()
OFFICERS = [person.key for person in RING.officers[:2]]
DOCUMENTS = {
    (count, must): naming([(key.vkey, f"https://{key.name}") for key in KEYS[:count]], OFFICERS, must_cosign=must)
    for count in range(1, 6)
    for must in range(1, count + 1)
}
SECOND = dt.timedelta(seconds=1)


def named(count: int, must: int) -> VerifiedWitnesses:
    return verify_witnesses(RING.filed(DOCUMENTS[count, must]), None, authority=RING.authority)


def standing(verified: VerifiedWitnesses, cosigned: dict[WitnessVerifier, Cosigned]) -> Standing:
    keys = dict.fromkeys(KEYS[: len(verified.witnesses.witnesses)], "")
    return Standing(verified, keys, {key.signer: each for key, each in cosigned.items()})


def test_without_enough_witnesses_nothing_was_seen_and_the_hours_run_from_the_naming() -> None:
    verified = named(3, 2)
    late = int(verified.received.at.timestamp()) + 9_000
    assert standing(verified, {}).seen == Seen(0, verified.received.at)
    assert standing(verified, {KEYS[0]: Cosigned(9, late)}).seen == Seen(0, verified.received.at)
    # One who is not named does not help.
    assert standing(named(2, 2), {KEYS[0]: Cosigned(9, late), KEYS[4]: Cosigned(9, late)}).seen.size == 0


@given(
    st.integers(1, 5).flatmap(lambda count: st.tuples(st.just(count), st.integers(1, count))),
    st.lists(st.none() | st.tuples(st.integers(1, 9), st.integers(-10, 10)), min_size=5, max_size=5),
)
def test_as_many_as_must_have_seen_that_much_and_no_more(
    terms: tuple[int, int], cosignatures: list[tuple[int, int] | None]
) -> None:
    count, must = terms
    verified = named(count, must)
    base = int(verified.received.at.timestamp()) + 100
    cosigned = {
        key: Cosigned(each[0], base + each[1]) for key, each in zip(KEYS, cosignatures, strict=True) if each is not None
    }
    seen = standing(verified, cosigned).seen
    counted = [each for key, each in cosigned.items() if key in KEYS[:count]]
    if len(counted) < must:
        assert seen.size == 0
        return
    assert sum(each.size >= seen.size for each in counted) >= must
    assert sum(each.size > seen.size for each in counted) < must
    assert sum(each.time >= seen.at.timestamp() for each in counted) >= must
    assert sum(each.time > seen.at.timestamp() for each in counted) < must


def test_a_cosignature_from_before_the_naming_opens_nothing_earlier() -> None:
    verified = named(1, 1)
    old = int(verified.received.at.timestamp()) - 100_000
    assert standing(verified, {KEYS[0]: Cosigned(5, old)}).seen == Seen(5, verified.received.at)


def test_the_window_closes_to_the_second_and_by_itself() -> None:
    window, at = Window(), dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    window.require_open(at)
    window.extend(Seen(5, at), 4)
    end = at + dt.timedelta(hours=4)
    window.require_open(end - SECOND)
    with pytest.raises(Problem) as refused:
        window.require_open(end)
    assert refused.value.code == "witness_missing"
    window.extend(Seen(6, at + SECOND), 4)
    window.require_open(end)
    window.contradict(contradicted=True)
    with pytest.raises(Problem) as refused:
        window.require_open(at)
    assert refused.value.code == "log_damaged"
    assert not window.is_open(at)
    window.contradict(contradicted=False)
    assert window.is_open(at)
    window.close()
    assert not window.is_open(dt.datetime.min.replace(tzinfo=dt.UTC) + SECOND)
    window.extend(None, 0)
    assert window.until is None
    assert window.is_open(end)
