"""Record codes and subject numbers: random, and nothing else."""

import hashlib
import secrets

import pytest

from gateway.records.codes import FORM, new_code
from gateway.records.subjects import SubjectKey


def test_a_code_is_26_letters_of_base32_and_nothing_of_the_student() -> None:
    assert FORM.match(new_code(secrets.token_bytes))
    assert new_code(bytes) == "rc_" + "a" * 26


def test_two_codes_differ() -> None:
    assert len({new_code(secrets.token_bytes) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("size", [0, 15, 17, 31, 33])
def test_a_subject_key_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="16, 24 or 32"):
        SubjectKey(bytes(size))


def test_a_subject_key_does_not_print() -> None:
    assert "11" not in repr(SubjectKey(b"\x11" * 32))


def test_sealed_numbers_open_under_their_own_key_only() -> None:
    drawn = hashlib.sha512(b"numbers").digest()
    key = SubjectKey(b"k" * 32)
    sealed = key.new_sealed(4, lambda count: drawn[:count])
    assert len(sealed) == 4
    assert key.numbers(sealed) == drawn
    assert key.numbers([sealed[2], sealed[0]]) == drawn[32:48] + drawn[:16]
    assert SubjectKey(b"j" * 32).numbers(sealed) != drawn
    assert key.numbers([]) == b""
    assert not any(drawn[at : at + 16] in sealed for at in range(0, 64, 16))
