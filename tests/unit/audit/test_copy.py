"""A copy of disclosed rows is checked row by row against the log, and holds nothing of anybody else."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from audit.commitments import commit_rows, open_row
from audit.copy import CopiedEntry, CopiedRow, copy_text, verify_copy
from audit.errors import CommitmentMismatch, CopyInvalid, ProofInvalid, VerificationFailed
from audit.proof import Receipt
from audit.tree import inclusion_path, leaf_hash, tree_head
from tests.factories.log import numbered_leaf, signer_of

pytestmark = [pytest.mark.claim(5), pytest.mark.ferpa("C8")]
SIGNER = signer_of()
SECRET = bytes(range(32))
ROWS = [f'{{"record_code":"rc_{at}","first_name":"Ñame {at}"}}'.encode() for at in range(3)]


def copied(*places: tuple[int, ...], leaves: list[bytes] | None = None, size: int | None = None) -> list[CopiedEntry]:
    """A log of entries that each disclose three rows, and a copy of some rows of each."""
    leaves = leaves or [numbered_leaf(at, rows=commit_rows(SECRET, ROWS).hex()) for at in range(len(places))]
    hashes = [leaf_hash(each) for each in leaves][: size or len(leaves)]
    note = SIGNER.sign(len(hashes), tree_head(hashes)).note
    return [
        CopiedEntry(
            leaves[at],
            Receipt(at, inclusion_path(hashes, at), note),
            tuple(CopiedRow(ROWS[place], open_row(SECRET, ROWS, place)) for place in own),
        )
        for at, own in enumerate(places)
    ]


def refused(change: Callable[[Any], object], error: type[VerificationFailed] = CopyInvalid) -> None:
    content = json.loads(copy_text(copied((0,), (1, 2))))
    change(content)
    with pytest.raises(error):
        verify_copy(json.dumps(content), SIGNER.verifier)


def test_another_file_is_refused() -> None:
    for text_ in ("", "[]", "null", "{}", '{"format":"pactgate-copy/2"}', '{"format":"pactgate-copy/1"}', "[" * 9000):
        with pytest.raises(CopyInvalid):
            verify_copy(text_, SIGNER.verifier)
    with pytest.raises(CopyInvalid, match="too long"):
        verify_copy(" " * (64 * 2**20 + 1), SIGNER.verifier)
    with pytest.raises(CopyInvalid):
        verify_copy(copy_text([]), SIGNER.verifier)


def test_a_row_that_was_changed_moved_or_taken_from_another_is_refused() -> None:
    refused(lambda c: c["entries"][0]["rows"][0].update(row="{}"), CommitmentMismatch)
    refused(lambda c: c["entries"][0]["rows"][0].update(index=1), CommitmentMismatch)
    refused(lambda c: c["entries"][0]["rows"][0].update(key="00" * 16), CommitmentMismatch)
    refused(lambda c: c["entries"][0]["rows"][0].update(commitments="00" * 96), CommitmentMismatch)
    refused(lambda c: c["entries"][0]["rows"][0].update(index=True))
    refused(lambda c: c["entries"][0]["rows"].append(c["entries"][0]["rows"][0]))


def test_an_entry_that_is_not_in_the_log_is_refused() -> None:
    refused(lambda c: c["entries"][0].update(leaf=c["entries"][1]["leaf"]), ProofInvalid)
    refused(lambda c: c["entries"].append(c["entries"][0]))


def test_entries_under_two_checkpoints_are_no_copy() -> None:
    both = copied((0,), (1,))
    (first, _), leaves = copied((0,), (1,)), [each.leaf for each in both]
    (smaller,) = copied((0,), leaves=leaves, size=1)
    assert first.receipt != smaller.receipt
    with pytest.raises(CopyInvalid, match="one checkpoint"):
        verify_copy(copy_text([smaller, both[1]]), SIGNER.verifier)


def test_an_entry_that_commits_to_no_rows_or_cannot_be_read_is_refused() -> None:
    for leaf in (numbered_leaf(1), numbered_leaf(1, rows="no root"), numbered_leaf(1, rows=7), b"no leaf"):
        with pytest.raises(CopyInvalid):
            verify_copy(copy_text(copied((0,), leaves=[leaf])), SIGNER.verifier)


def test_a_copy_that_holds_says_what_it_proves() -> None:
    written = copy_text(copied((0,), (1, 2)))
    found = verify_copy(written, SIGNER.verifier)
    assert (found.origin, found.size, found.rows) == (SIGNER.origin, 2, 3)
    assert [(index, rows) for index, _, rows in found.entries] == [(0, (ROWS[0],)), (1, (ROWS[1], ROWS[2]))]
    # The rows of others are there as commitments only.
    assert "Ñame 1" not in copy_text(copied((0,)))
