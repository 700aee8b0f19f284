"""Receipts (`.tlog-proof`): pinned form, malformed ones refused, only the entry they name verifies."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import CheckpointInvalid, NoteInvalid, ProofInvalid, ReceiptInvalid, VerificationFailed
from audit.note import b64
from audit.proof import HEADER, MAX_RECEIPT, Receipt
from audit.tree import inclusion_path, leaf_hash, tree_head
from tests.factories.log import numbered_leaf, signer_of

LEAVES = [numbered_leaf(number) for number in range(11)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]
SIGNER = signer_of()
CHECKPOINT = SIGNER.sign(11, tree_head(HASHES))
RECEIPT = Receipt(4, inclusion_path(HASHES, 4), CHECKPOINT.note)


def test_a_receipt_does_not_prove_another_entry_place_or_log() -> None:
    assert RECEIPT.verify(LEAVES[4], SIGNER.verifier) == CHECKPOINT
    older = SIGNER.sign(4, tree_head(HASHES[:4])).note
    for receipt, leaf, signer, error in (
        (RECEIPT, LEAVES[5], SIGNER, ProofInvalid),
        (RECEIPT, LEAVES[4] + b" ", SIGNER, ProofInvalid),
        (dataclasses.replace(RECEIPT, index=5), LEAVES[4], SIGNER, ProofInvalid),
        (dataclasses.replace(RECEIPT, index=11), LEAVES[4], SIGNER, ProofInvalid),
        (dataclasses.replace(RECEIPT, checkpoint=older), LEAVES[4], SIGNER, ProofInvalid),
        (dataclasses.replace(RECEIPT, checkpoint="nothing"), LEAVES[4], SIGNER, NoteInvalid),
        (RECEIPT, LEAVES[4], signer_of(seed=2), NoteInvalid),
        (RECEIPT, LEAVES[4], signer_of("other.example/log"), (NoteInvalid, CheckpointInvalid)),
    ):
        with pytest.raises(error):
            receipt.verify(leaf, signer.verifier)


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        f"{HEADER}\n\ncheckpoint\n",
        f"{HEADER}\nindex 4\n",
        f"{HEADER[:-1]}2\nindex 4\n\ncheckpoint\n",
        f"{HEADER}\nindex 04\n\ncheckpoint\n",
        f"{HEADER}\nindex -4\n\ncheckpoint\n",
        f"{HEADER}\nindex 9223372036854775807\n\ncheckpoint\n",
        f"{HEADER}\nindex 4\nextra AAAA\n\ncheckpoint\n",
        f"{HEADER}\nextra AAA\nindex 4\n\ncheckpoint\n",
        f"{HEADER}\nindex 4\nAAAA\n\ncheckpoint\n",
        f"{HEADER}\nindex 4\n{b64(bytes(32))[:-1]}B\n\ncheckpoint\n",
        f"{HEADER}\nindex 4\n" + f"{b64(bytes(32))}\n" * 64 + "\ncheckpoint\n",
        f"{HEADER}\nindex 4\n\u00e9\n\ncheckpoint\n",
        "x" * (MAX_RECEIPT + 1),
    ],
)
def test_a_malformed_receipt_is_refused(text: str) -> None:
    with pytest.raises(ReceiptInvalid):
        Receipt.parse(text)


def test_the_form_is_the_published_one() -> None:
    steps = "".join(f"{b64(step)}\n" for step in RECEIPT.path)
    assert RECEIPT.text() == f"{HEADER}\nindex 4\n{steps}\n{CHECKPOINT.note}"
    assert dataclasses.replace(RECEIPT, extra=b"salt").text().startswith(f"{HEADER}\nextra c2FsdA==\nindex 4\n")


@given(
    index=st.integers(0, 2**63 - 2),
    path=st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple),
    checkpoint=st.text(max_size=200),
    extra=st.binary(max_size=40),
)
def test_what_is_written_reads_back(index: int, path: tuple[bytes, ...], checkpoint: str, extra: bytes) -> None:
    receipt = Receipt(index, path, checkpoint, extra)
    assert Receipt.parse(receipt.text()) == receipt


@given(at=st.integers(0, len(RECEIPT.text()) - 1), to=st.characters(codec="ascii"))
def test_a_receipt_with_any_character_changed_proves_nothing_else(at: int, to: str) -> None:
    text = RECEIPT.text()
    changed = text[:at] + to + text[at + 1 :]
    try:
        receipt = Receipt.parse(changed)
        receipt.verify(LEAVES[4], SIGNER.verifier)
    except VerificationFailed:
        return
    assert changed == text
