"""
Salted commitments to what was disclosed, so that a leaf binds the rows without revealing anything about them.

An unsalted digest of a small answer can be guessed (a grade point average in 401 tries), so each row and each body is
hashed with a key of its own that stands beside the tree and may be erased.

The commitments to the rows of one page are joined *flat*, root = SHA-256(c_0 || c_1 || ...), not in a Merkle tree. Each
c_i is salted, so giving all of them away with an opening reveals no more than giving the siblings of a path would; a
page has a few hundred rows, so an opening stays small; and the root is one C call on the hot path instead of one
for each inner node. For the same reason all row keys come from a single SHAKE-256 call.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256, shake_256

from audit.errors import CommitmentMismatch

SECRET_SIZE = 32
"""Bytes of the secret of an entry's rows, and of every other salt."""
KEY_SIZE = 16
"""Bytes of one row's key: 128 bits against guessing a row from its commitment."""
_HASH = 32
_SUBJECTS = b"pactgate-subjects/1\n"


@dataclass(frozen=True, slots=True)
class RowOpening:
    """What one person may receive about one row: its key, and the commitments to the other rows, nothing of them."""

    index: int
    key: bytes = field(repr=False)
    commitments: bytes
    """All c_i of the entry, concatenated."""


@dataclass(frozen=True, slots=True)
class Private:
    """
    What opens the commitments of one leaf; stands beside the tree in `audit.private`, never in it.

    `request` is the canonical request the salted request commitment is over.
    """

    row_secret: bytes = field(default=b"", repr=False)
    result_salt: bytes = field(default=b"", repr=False)
    request_salt: bytes = field(default=b"", repr=False)
    request: bytes = field(default=b"", repr=False)


def row_commitments(secret: bytes, rows: Sequence[bytes]) -> bytes:
    """Commit to each row, in order: c_i = SHA-256(key_i || row bytes), concatenated."""
    keys = _row_keys(secret, len(rows))
    starts = range(0, len(keys), KEY_SIZE)
    return b"".join([sha256(keys[at : at + KEY_SIZE] + row).digest() for at, row in zip(starts, rows, strict=True)])


def commit_rows(secret: bytes, rows: Sequence[bytes]) -> bytes:
    """Return the root that stands in the leaf; `secret` is 32 random bytes used for this entry only."""
    return sha256(row_commitments(secret, rows)).digest()


def open_row(secret: bytes, rows: Sequence[bytes], index: int) -> RowOpening:
    """Make the opening of one row. Raises `CommitmentMismatch` if there is no such row."""
    if not 0 <= index < len(rows):
        raise CommitmentMismatch(f"no row {index} among {len(rows)}")
    key = _row_keys(secret, len(rows))[index * KEY_SIZE : (index + 1) * KEY_SIZE]
    return RowOpening(index, key, row_commitments(secret, rows))


def require_row(root: bytes, opening: RowOpening, row: bytes) -> None:
    """Check that `row` is the row at `opening.index` of the entry with this root. Raises `CommitmentMismatch`."""
    # (1): a key of another length would let bytes move between key and row.
    if len(opening.key) != KEY_SIZE:
        raise CommitmentMismatch(f"a row key has {KEY_SIZE} bytes")
    # (2): the commitments are the ones the leaf binds.
    if len(opening.commitments) % _HASH or sha256(opening.commitments).digest() != root:
        raise CommitmentMismatch("the commitments do not lead to the root in the leaf")
    # (3): the row is the one committed to at this place.
    start = opening.index * _HASH
    if start < 0 or sha256(opening.key + row).digest() != opening.commitments[start : start + _HASH]:
        raise CommitmentMismatch(f"this is not row {opening.index} of the entry")


def commit_subjects(secret: bytes, packed: bytes) -> bytes:
    """
    Commit to the subject numbers in row order: SHA-256(SHA-256("pactgate-subjects/1" || 0x0a || secret) || numbers).

    `secret` is that of the entry's rows. A list that is altered beside the tree is found by `require_subjects`.
    """
    return sha256(_subjects_salt(secret) + packed).digest()


def require_subjects(commitment: bytes, secret: bytes, packed: bytes) -> None:
    """Check that these are the subject numbers that the entry commits to. Raises `CommitmentMismatch`."""
    if commit_subjects(secret, packed) != commitment:
        raise CommitmentMismatch("the subject numbers beside the entry are not those it commits to")


def commit_bytes(salt: bytes, body: bytes) -> bytes:
    """Commit to a whole answer or a canonical request: SHA-256(salt || body), with a fresh salt of 32 bytes."""
    if len(salt) != SECRET_SIZE:
        raise CommitmentMismatch(f"a salt has {SECRET_SIZE} bytes")
    return sha256(salt + body).digest()


def require_bytes(commitment: bytes, salt: bytes, body: bytes) -> None:
    """Check that `body` is what was committed to. Raises `CommitmentMismatch`."""
    if commit_bytes(salt, body) != commitment:
        raise CommitmentMismatch("this is not what the entry commits to")


def pack_private(private: Private) -> bytes:
    """Write the openings as canonical JSON: hex for secrets, text for the request."""
    return json.dumps(
        {
            "request": private.request.decode(),
            "request_salt": private.request_salt.hex(),
            "result_salt": private.result_salt.hex(),
            "row_secret": private.row_secret.hex(),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def unpack_private(packed: bytes) -> Private:
    """Read what `pack_private` wrote. Raises `CommitmentMismatch` if these are other bytes."""
    try:
        fields = json.loads(packed)
        return Private(
            row_secret=bytes.fromhex(fields["row_secret"]),
            result_salt=bytes.fromhex(fields["result_salt"]),
            request_salt=bytes.fromhex(fields["request_salt"]),
            request=fields["request"].encode(),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        # The cause is dropped: it quotes the content, and these are secrets.
        raise CommitmentMismatch("the openings beside this entry cannot be read") from None


def _subjects_salt(secret: bytes) -> bytes:
    if len(secret) != SECRET_SIZE:
        raise CommitmentMismatch(f"the secret of an entry has {SECRET_SIZE} bytes")
    return sha256(_SUBJECTS + secret).digest()


def _row_keys(secret: bytes, count: int) -> bytes:
    if len(secret) != SECRET_SIZE:
        raise CommitmentMismatch(f"the secret of an entry has {SECRET_SIZE} bytes")
    return shake_256(secret).digest(KEY_SIZE * count)
