"""
What the receipt of a disclosure proves to whoever received it, checked with nothing of the gateway but its words.

The receipt, the entry and the salt come from the gateway and may be anything; the body is the reader's own copy, and
the log's keys were given to the reader some other way.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from audit.checkpoint import Checkpoint, CheckpointVerifier
from audit.commitments import require_bytes
from audit.entry import Entry, parse
from audit.errors import CommitmentMismatch, LeafRefused, ReceiptInvalid
from audit.proof import MAX_RECEIPT, Receipt

MAX_ANSWER: Final = 4 * MAX_RECEIPT
"""Bytes of a receipt as it was answered: the proof, the entry and the salts."""
_TEXTS: Final = ("leaf", "proof", "result_salt", "request", "request_salt")


@dataclass(frozen=True, slots=True)
class Proven:
    """
    An entry of the log that commits to exactly this body. INVARIANT: made by `prove_answer` only.

    `asked` is the request that the entry commits to as well, None if that was not opened.
    """

    index: int
    entry: Entry
    checkpoint: Checkpoint
    asked: str | None


def prove_answer(answered: bytes, body: bytes, verifier: CheckpointVerifier, *, client: str | None = None) -> Proven:
    """
    Check a receipt, as `GET /v1/receipts/{entry}` answered it, against the body that was received.

    Raises `ReceiptInvalid`, `NoteInvalid`, `CheckpointInvalid`, `ProofInvalid` or `CommitmentMismatch`, naming the
    first thing wrong.
    """
    said = _read(answered)
    leaf = said["leaf"].encode()
    # (1): the log signed a tree that holds this entry.
    receipt = Receipt.parse(said["proof"])
    checkpoint = receipt.verify(leaf, verifier)
    # (2): it is the entry that was asked for.
    if said["entry"] != receipt.index:
        raise ReceiptInvalid(f"the receipt is of entry {receipt.index}, and says it is of another")
    try:
        entry = parse(leaf)
    except LeafRefused as error:
        raise ReceiptInvalid(f"the entry cannot be read: {error}") from None
    # (3): the entry commits to exactly these bytes.
    _require(entry.body, "result", said["result_salt"], body)
    # (4): it is about this client, if one is named: the log has a place for what others were given.
    if client is not None and entry.body.get("client") != client:
        raise CommitmentMismatch("the entry is about another client")
    # (5): and it commits to the request, if what opens that came along.
    asked = said["request"] or None
    if asked is not None:
        _require(entry.body, "request", said["request_salt"], asked.encode())
    return Proven(receipt.index, entry, checkpoint, asked)


def _read(answered: bytes) -> dict[str, Any]:
    if len(answered) > MAX_ANSWER:
        raise ReceiptInvalid("the receipt is too long")
    try:
        said = json.loads(answered)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not all(isinstance(said.get(name), str) for name in _TEXTS):
        raise ReceiptInvalid("this is not what /v1/receipts answers: entry, leaf, proof, request and salts")
    try:
        for name in _TEXTS:
            said[name].encode()
    except UnicodeEncodeError:
        raise ReceiptInvalid("the receipt holds text that is not valid Unicode") from None
    return said


def _require(entry: Mapping[str, Any], name: str, salt: str, content: bytes) -> None:
    committed: Any = entry.get(name)
    try:
        commitment, opener = bytes.fromhex(committed), bytes.fromhex(salt)
    except (ValueError, TypeError):
        raise CommitmentMismatch(f"the entry commits to no {name}, or its salt is not hexadecimal") from None
    try:
        require_bytes(commitment, opener, content)
    except CommitmentMismatch:
        raise CommitmentMismatch(_DIFFERS[name]) from None


_DIFFERS: Final = {
    "result": "the body is not the one the entry commits to, byte for byte",
    "request": "the request is not the one the entry commits to",
}
