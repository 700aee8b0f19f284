"""A log with several keys: each counts for its own sizes, and one bad signature of a known key spoils it all."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import CheckpointSigner, CheckpointVerifier, LogKey
from audit.errors import CheckpointInvalid, NoteInvalid
from audit.keyfiles import KeyUnusable, verifier_of
from audit.note import NoteVerifier
from tests.factories.log import ORIGIN, signer_of

OLD_KEY, NEW_KEY = (Ed25519PrivateKey.from_private_bytes(seed.to_bytes(32, "big")) for seed in (1, 2))
OLD, NEW = CheckpointSigner(ORIGIN, OLD_KEY), CheckpointSigner(ORIGIN, NEW_KEY)
BOTH = CheckpointSigner(ORIGIN, OLD_KEY, NEW_KEY)
HEAD = bytes(range(32))


def public(signer: CheckpointSigner) -> bytes:
    return NoteVerifier.parse(signer.vkey).public


def knowing(old_last: int) -> CheckpointVerifier:
    return CheckpointVerifier(ORIGIN, LogKey(public(OLD), last=old_last), LogKey(public(NEW), first=old_last - 2))


@pytest.mark.claim(5)
def test_a_retired_key_says_nothing_about_what_came_later() -> None:
    verifier = knowing(10)
    assert verifier.verify(OLD.sign(10, HEAD).note).size == 10
    with pytest.raises(CheckpointInvalid, match="does not count at this size"):
        verifier.verify(OLD.sign(11, HEAD).note)
    assert verifier.verify(BOTH.sign(11, HEAD).note).size == 11


@pytest.mark.claim(5)
def test_a_new_key_says_nothing_about_what_was_before_it() -> None:
    verifier = knowing(10)
    assert verifier.verify(NEW.sign(8, HEAD).note).size == 8
    with pytest.raises(CheckpointInvalid, match="does not count"):
        verifier.verify(NEW.sign(7, HEAD).note)


def test_while_keys_are_exchanged_everybody_can_check_with_the_key_they_have() -> None:
    checkpoint = BOTH.sign(9, HEAD)
    assert checkpoint.note.count("\u2014 ") == 2
    for signer in (OLD, NEW, BOTH):
        assert signer.verifier.verify(checkpoint.note) == checkpoint
    with pytest.raises(NoteInvalid, match="with this key"):
        OLD.verifier.verify(NEW.sign(9, HEAD).note)
    with pytest.raises(NoteInvalid, match="with these keys"):
        knowing(10).verify(signer_of(seed=3).sign(9, HEAD).note)


def test_one_signature_of_a_known_key_that_does_not_hold_spoils_the_checkpoint() -> None:
    note = OLD.sign(9, HEAD).note + NEW.line(9, bytes(32))
    assert OLD.verifier.verify(note).size == 9
    with pytest.raises(NoteInvalid, match="does not hold"):
        BOTH.verifier.verify(note)


def test_a_log_is_known_by_at_least_one_key_and_keys_of_one_log() -> None:
    with pytest.raises(NoteInvalid, match="at least one key"):
        CheckpointVerifier(ORIGIN)
    with pytest.raises(NoteInvalid, match="different logs"):
        CheckpointVerifier.parse(OLD.vkey, signer_of("other.example").vkey)
    assert CheckpointVerifier.parse(OLD.vkey, NEW.vkey).vkeys == (OLD.vkey, NEW.vkey) == BOTH.verifier.vkeys


def test_keys_given_by_a_person_are_judged_together() -> None:
    verifier = verifier_of([NEW.vkey], [("10", OLD.vkey)])
    assert verifier.verify(OLD.sign(10, HEAD).note).size == 10
    with pytest.raises(CheckpointInvalid):
        verifier.verify(OLD.sign(11, HEAD).note)
    for retired, sentence in ((("ten", OLD.vkey), "is no size"), (("10", signer_of("o.example").vkey), "different")):
        with pytest.raises(KeyUnusable, match=sentence):
            verifier_of([NEW.vkey], [retired])
