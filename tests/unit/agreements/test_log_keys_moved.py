"""Which keys the log has: two officers move them, none comes back, and one always stands."""

from datetime import UTC, date, datetime

import pytest

from agreements.authority import build_authority
from agreements.documents.log_key import LogKeyMove, log_key_bytes, read_log_key
from agreements.documents.officer import OfficerIntroduction, officer_bytes
from agreements.errors import InvalidDocument, LogKeyRefused, NotEntitled
from agreements.filed import Filed, Received
from agreements.keys import SigningKey
from agreements.log_keys import (
    LogKey,
    VerifiedLogKeyMove,
    ended_halves,
    log_keys_by_origin,
    log_keys_of,
    moved,
    pinned_log_keys,
    verify_log_key,
)
from agreements.signature import Envelope, Kind, add_signature
from agreements.trust import Officer, Trust, pin_trust, recovered_trust

pytestmark = [pytest.mark.claim(12), pytest.mark.claim(5)]

ORIGIN, PINNED, SECOND = "log.example", "log.example+00000000+first", "log.example+00000001+second"
KEYS = tuple(SigningKey.generate("Ed25519") for _ in range(3))
TRUST = pin_trust(ORIGIN, (Officer("Ines Duarte", KEYS[0].public), Officer("Tomasz Wilk", KEYS[1].public)), PINNED)
NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)


def signed(payload: bytes, *keys: SigningKey, kind: Kind = Kind.LOG_KEY) -> Envelope:
    envelope = None
    for key in keys:
        envelope = add_signature(envelope, kind, payload, key)
    assert envelope is not None
    return envelope


def move(key: str = SECOND, what: str = "introduced", origin: str = ORIGIN) -> bytes:
    return log_key_bytes(LogKeyMove(origin, key, what, "Test."))


def verified(payload: bytes, index: int, trust: Trust = TRUST) -> VerifiedLogKeyMove:
    filed = Filed(signed(payload, *KEYS[:2]), Received(index, NOON))
    return verify_log_key(filed, authority=build_authority(trust, ()))


def test_one_person_with_two_keys_is_one_person() -> None:
    second = officer_bytes(
        OfficerIntroduction("Ines  DUARTE", KEYS[2].public, date(2026, 1, 1), KEYS[0].thumbprint, "x")
    )
    authority = build_authority(TRUST, [Filed(signed(second, *KEYS[:2], kind=Kind.OFFICER), Received(3, NOON))])
    for keys in (KEYS[:1], KEYS[2:]):
        with pytest.raises((LogKeyRefused, NotEntitled)):
            verify_log_key(Filed(signed(move(), *keys), Received(5, NOON)), authority=authority)


def test_a_stranger_another_kind_and_another_log_move_nothing() -> None:
    authority = build_authority(TRUST, ())
    for envelope, refusal in (
        (signed(move(), KEYS[0], KEYS[2]), NotEntitled),
        (signed(move(), *KEYS[:2], kind=Kind.HOLD), NotEntitled),
        (signed(move(origin="log.elsewhere"), *KEYS[:2]), LogKeyRefused),
        (signed(move(), KEYS[0]), LogKeyRefused),
    ):
        with pytest.raises(refusal):
            verify_log_key(Filed(envelope, Received(5, NOON)), authority=authority)
    with pytest.raises(InvalidDocument):
        read_log_key(move(what="borrowed"))
    with pytest.raises(TypeError):
        VerifiedLogKeyMove(read_log_key(move()), Received(5, NOON), object())


def test_no_key_comes_twice_none_comes_back_and_one_always_stands() -> None:
    keys = pinned_log_keys(TRUST)
    for payload in (move(PINNED, "retired"), move(SECOND, "retired"), move(PINNED)):
        with pytest.raises(LogKeyRefused):
            moved(keys, verified(payload, 5))
    keys = moved(moved(keys, verified(move(), 5)), verified(move(PINNED, "retired"), 7))
    assert keys == (LogKey(PINNED, None, 7), LogKey(SECOND, 5, None))
    for payload in (move(PINNED), move(PINNED, "retired"), move(SECOND, "retired"), move(SECOND)):
        with pytest.raises(LogKeyRefused):
            moved(keys, verified(payload, 9))


def test_moves_count_in_the_order_of_the_log_and_what_cannot_follow_is_left_out() -> None:
    retire, again, introduce = verified(move(PINNED, "retired"), 7), verified(move(SECOND), 6), verified(move(), 5)
    assert log_keys_of(TRUST, [retire, again, introduce]) == (LogKey(PINNED, None, 7), LogKey(SECOND, 5, None))
    assert log_keys_of(TRUST, [retire]) == pinned_log_keys(TRUST)


def test_after_a_recovery_a_move_is_about_the_origin_that_the_log_had_when_it_was_received() -> None:
    new, third = "log2.example", "log2.example+00000002+third"
    trust = recovered_trust(TRUST, new, "log2.example+00000003+second", recovery=f"sha256:{'a' * 64}", entry=9, kept=12)
    for payload, index in ((move(), 10), (move(third, origin=new), 8)):
        with pytest.raises(LogKeyRefused, match="is about the log"):
            verified(payload, index, trust)
    moves = [
        verified(payload, index, trust)
        for payload, index in (
            (move(), 5),
            (move(PINNED, "retired"), 7),
            (move("log2.example+00000004+first", origin=new), 11),  # retired under the old origin
            (move(third, origin=new), 12),
        )
    ]
    before, after = log_keys_by_origin(trust, reversed(moves))
    assert before == (LogKey(PINNED, None, 7), LogKey(SECOND, 5, None)) == log_keys_of(trust.before(0), moves)
    assert after == (LogKey("log2.example+00000003+second"), LogKey(third, 12)) == log_keys_of(trust, moves)
    assert ended_halves([before]) == {"first"}
    assert [trust.at(entry).origin for entry in (0, 8, 9, 10)] == [ORIGIN, ORIGIN, new, new]
