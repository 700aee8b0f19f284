"""What a partner proves with its own copy of an answer: exactly these bytes, this entry, this log; and nothing else."""

import json
from typing import Any

import pytest

from audit.answered import MAX_ANSWER, prove_answer
from audit.commitments import commit_bytes
from audit.errors import CommitmentMismatch, NoteInvalid, ProofInvalid, ReceiptInvalid, VerificationFailed
from audit.proof import Receipt
from audit.tree import inclusion_path, leaf_hash, tree_head
from tests.factories.log import numbered_leaf, signer_of

SIGNER = signer_of()
SALT, OTHER = bytes(range(32)), bytes(32)
BODY, REQUEST = b'{"data":[]}', "/v1/students?limit=5"
LEAF = numbered_leaf(
    3,
    client="client:a",
    result=commit_bytes(SALT, BODY).hex(),
    request=commit_bytes(SALT, REQUEST.encode()).hex(),
)
HASHES = [leaf_hash(leaf) for leaf in (numbered_leaf(0), LEAF, numbered_leaf(2))]
PROOF = Receipt(1, inclusion_path(HASHES, 1), SIGNER.sign(3, tree_head(HASHES)).note).text()
ANSWERED: dict[str, Any] = {
    "entry": 1,
    "leaf": LEAF.decode(),
    "proof": PROOF,
    "request": REQUEST,
    "request_salt": SALT.hex(),
    "result_salt": SALT.hex(),
}


def answered(**changes: object) -> bytes:
    return json.dumps({**ANSWERED, **changes}).encode()


@pytest.mark.parametrize(
    ("given", "body", "refusal", "sentence"),
    [
        (answered(), BODY + b" ", CommitmentMismatch, "the body is not the one"),
        (answered(), b"", CommitmentMismatch, "the body is not the one"),
        (answered(result_salt=OTHER.hex()), BODY, CommitmentMismatch, "the body is not the one"),
        (answered(result_salt="00"), BODY, CommitmentMismatch, "the body is not the one"),
        (answered(result_salt="zz"), BODY, CommitmentMismatch, "not hexadecimal"),
        (answered(request="/v1/students?limit=6"), BODY, CommitmentMismatch, "the request is not the one"),
        (answered(entry=2), BODY, ReceiptInvalid, "of entry 1"),
        (answered(leaf=numbered_leaf(2).decode()), BODY, ProofInvalid, "does not lead"),
        (answered(proof=PROOF.replace("index 1", "index 2")), BODY, ProofInvalid, "the path is longer"),
        (answered(proof="x"), BODY, ReceiptInvalid, "starts with"),
        (answered(leaf=7), BODY, ReceiptInvalid, "not what /v1/receipts answers"),
        (answered(leaf="\ud800"), BODY, ReceiptInvalid, "not valid Unicode"),
        (b"[]", BODY, ReceiptInvalid, "not what /v1/receipts answers"),
        (b"[" * 100_000, BODY, ReceiptInvalid, "not what /v1/receipts answers"),
        (b"\xff", BODY, ReceiptInvalid, "not what /v1/receipts answers"),
        (b" " * (MAX_ANSWER + 1), BODY, ReceiptInvalid, "too long"),
    ],
)
def test_anything_else_than_what_was_sent_is_named(
    given: bytes, body: bytes, refusal: type[VerificationFailed], sentence: str
) -> None:
    with pytest.raises(refusal, match=sentence):
        prove_answer(given, body, SIGNER.verifier)


def test_a_receipt_of_another_log_or_client_proves_nothing() -> None:
    with pytest.raises(NoteInvalid):
        prove_answer(answered(), BODY, signer_of(seed=2).verifier)
    with pytest.raises(CommitmentMismatch, match="another client"):
        prove_answer(answered(), BODY, SIGNER.verifier, client="client:b")


@pytest.mark.parametrize(
    ("leaf", "sentence"), [(b"not an entry", "cannot be read"), (numbered_leaf(1, client="client:a"), "no result")]
)
def test_an_entry_that_commits_to_no_answer_proves_none(leaf: bytes, sentence: str) -> None:
    hashes = [leaf_hash(leaf)]
    proof = Receipt(0, (), SIGNER.sign(1, tree_head(hashes)).note).text()
    with pytest.raises(VerificationFailed, match=sentence):
        prove_answer(answered(entry=0, leaf=leaf.decode(), proof=proof), BODY, SIGNER.verifier)


def test_the_body_that_was_sent_is_proven() -> None:
    proven = prove_answer(answered(), BODY, SIGNER.verifier, client="client:a")
    assert (proven.index, proven.checkpoint.size, proven.asked) == (1, 3, REQUEST)
    assert prove_answer(answered(request="", request_salt=""), BODY, SIGNER.verifier).asked is None
