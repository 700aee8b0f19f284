"""Commitments: they bind every row and reveal none; openings of one row say nothing of another."""

import dataclasses
from hashlib import sha256, shake_256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.commitments import (
    Private,
    RowOpening,
    commit_bytes,
    commit_rows,
    commit_subjects,
    open_row,
    pack_private,
    require_bytes,
    require_row,
    require_subjects,
    row_commitments,
    unpack_private,
)
from audit.errors import CommitmentMismatch

SECRET = bytes(range(32))
ROWS = [b'{"gpa":"3.9"}', b'{"gpa":"2.1"}', b""]


def test_an_opening_for_another_row_place_key_or_entry_is_refused() -> None:
    root, opening = commit_rows(SECRET, ROWS), open_row(SECRET, ROWS, 1)
    require_row(root, opening, ROWS[1])
    others = opening.commitments
    for claimed, shown, row in (
        (root, opening, ROWS[0]),
        (root, dataclasses.replace(opening, index=0), ROWS[1]),
        (root, dataclasses.replace(opening, index=3), ROWS[1]),
        (root, dataclasses.replace(opening, index=-2), ROWS[1]),
        (root, dataclasses.replace(opening, key=bytes(16)), ROWS[1]),
        (root, RowOpening(1, opening.key + ROWS[1][:1], others), ROWS[1][1:]),
        (root, dataclasses.replace(opening, commitments=others[:-32]), ROWS[1]),
        (root, dataclasses.replace(opening, commitments=others + b"x"), ROWS[1]),
        (sha256(others + b"x").digest(), dataclasses.replace(opening, commitments=others + b"x"), ROWS[1]),
        (commit_rows(bytes(32), ROWS), opening, ROWS[1]),
    ):
        with pytest.raises(CommitmentMismatch):
            require_row(claimed, shown, row)


@pytest.mark.parametrize("packed", [b"", bytes(16), bytes(range(16)) * 2, bytes(range(1, 17)) + bytes(range(16))])
def test_a_list_of_subjects_that_was_altered_beside_the_tree_is_found(packed: bytes) -> None:
    listed = bytes(range(16)) + bytes(range(1, 17))
    commitment = commit_subjects(SECRET, listed)
    with pytest.raises(CommitmentMismatch):
        require_subjects(commitment, SECRET, packed)
    with pytest.raises(CommitmentMismatch):
        require_subjects(commitment, bytes(32), listed)
    require_subjects(commitment, SECRET, listed)


@pytest.mark.parametrize("index", [-1, 3])
def test_a_row_that_is_not_there_cannot_be_opened(index: int) -> None:
    with pytest.raises(CommitmentMismatch):
        open_row(SECRET, ROWS, index)


@pytest.mark.parametrize("short", [b"", bytes(31), bytes(33)])
def test_a_secret_or_salt_of_another_length_is_refused(short: bytes) -> None:
    with pytest.raises(CommitmentMismatch):
        commit_rows(short, ROWS)
    with pytest.raises(CommitmentMismatch):
        commit_subjects(short, bytes(16))
    with pytest.raises(CommitmentMismatch):
        commit_bytes(short, b"body")


def test_another_body_or_salt_does_not_open_a_commitment() -> None:
    commitment = commit_bytes(SECRET, b"body")
    require_bytes(commitment, SECRET, b"body")
    for salt, body in ((SECRET, b"bodx"), (bytes(32), b"body")):
        with pytest.raises(CommitmentMismatch):
            require_bytes(commitment, salt, body)


@given(rows=st.lists(st.binary(max_size=40), max_size=20), secret=st.binary(min_size=32, max_size=32))
def test_every_row_opens_and_equal_rows_look_different(rows: list[bytes], secret: bytes) -> None:
    root = commit_rows(secret, rows)
    for index, row in enumerate(rows):
        require_row(root, open_row(secret, rows, index), row)
    packed = row_commitments(secret, rows)
    assert len({packed[at : at + 32] for at in range(0, len(packed), 32)}) == len(rows)


def test_the_construction_is_the_documented_one() -> None:
    keys = shake_256(SECRET).digest(16 * 3)
    flat = b"".join(sha256(keys[at * 16 : at * 16 + 16] + row).digest() for at, row in enumerate(ROWS))
    assert commit_rows(SECRET, ROWS) == sha256(flat).digest()
    assert open_row(SECRET, ROWS, 2) == RowOpening(2, keys[32:], flat)
    assert commit_rows(SECRET, []) == sha256(b"").digest()


def test_an_opening_does_not_give_the_key_of_another_row() -> None:
    opening = open_row(SECRET, ROWS, 1)
    keys = shake_256(SECRET).digest(16 * 3)
    shown = opening.key + opening.commitments
    assert keys[:16] not in shown
    assert keys[32:] not in shown


def test_secrets_do_not_print() -> None:
    private = Private(SECRET, SECRET, SECRET, b"GET /v1/students")
    for printed in (repr(private), repr(open_row(SECRET, ROWS, 0))):
        assert SECRET.hex() not in printed
        assert "students" not in printed
        assert "key=" not in printed


@given(
    private=st.builds(
        Private, st.binary(), st.binary(), st.binary(), st.text(st.characters(codec="utf-8")).map(str.encode)
    )
)
def test_openings_read_back(private: Private) -> None:
    assert unpack_private(pack_private(private)) == private


@pytest.mark.parametrize(
    "packed", [b"", b"\xff", b"[]", b"{}", b'{"request":1,"request_salt":"","result_salt":"","row_secret":""}']
)
def test_openings_that_cannot_be_read_are_refused_without_quoting_them(packed: bytes) -> None:
    with pytest.raises(CommitmentMismatch) as caught:
        unpack_private(packed)
    assert caught.value.__cause__ is None
