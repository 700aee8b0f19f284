"""Receipts: everything needed to check offline that an entry is in the log (C2SP tlog-proof, `.tlog-proof` files)."""

import re
from dataclasses import dataclass

from audit.checkpoint import MAX_SIZE, Checkpoint, CheckpointVerifier
from audit.errors import ProofInvalid, ReceiptInvalid
from audit.note import MAX_NOTE, b64, unb64
from audit.tree import HASH_SIZE, leaf_hash, require_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PATH = 63
"""Hashes in an inclusion path: the height of the largest tree."""
MAX_RECEIPT = 4 * MAX_NOTE
"""Characters; bounds the work on a file from anywhere."""
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Receipt:
    """
    An index, an inclusion path and a checkpoint, as presented: nothing is verified until `verify`.

    `extra` is not authenticated and must not be trusted (tlog-proof, "Format").
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    def text(self) -> str:
        """Write the `.tlog-proof` file."""
        lines = [HEADER]
        if self.extra:
            lines.append(f"extra {b64(self.extra)}")
        lines.append(f"index {self.index}")
        lines.extend(b64(step) for step in self.path)
        return "\n".join(lines) + "\n\n" + self.checkpoint

    @classmethod
    def parse(cls, text: str) -> "Receipt":
        """Read a `.tlog-proof` file. Raises `ReceiptInvalid`."""
        if len(text) > MAX_RECEIPT:
            raise ReceiptInvalid("the receipt is too long")
        head, blank, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if not blank or lines.pop(0) != HEADER:
            raise ReceiptInvalid(f"a receipt starts with {HEADER} and holds a checkpoint after an empty line")
        try:
            extra = unb64(lines.pop(0).removeprefix("extra ")) if lines and lines[0].startswith("extra ") else b""
            index = _INDEX.fullmatch(lines.pop(0) if lines else "")
            path = tuple(unb64(line) for line in lines)
        except ValueError as error:
            raise ReceiptInvalid("the receipt is not in base64") from error
        if index is None or int(index[1]) >= MAX_SIZE:
            raise ReceiptInvalid("a receipt names the index of its entry")
        if len(path) > MAX_PATH or any(len(step) != HASH_SIZE for step in path):
            raise ReceiptInvalid(f"an inclusion path is at most {MAX_PATH} hashes of {HASH_SIZE} bytes")
        return cls(int(index[1]), path, checkpoint, extra)

    def verify(self, leaf: bytes, verifier: CheckpointVerifier) -> Checkpoint:
        """
        Check that the log recorded `leaf` at this index, and return the checkpoint that says so.

        Raises `NoteInvalid`, `CheckpointInvalid` or `ProofInvalid`.
        """
        # (1): the log signed this tree head.
        checkpoint = verifier.verify(self.checkpoint)
        # (2): the tree under it holds this leaf at this index.
        if self.index >= checkpoint.size:
            raise ProofInvalid(f"the checkpoint of size {checkpoint.size} is older than entry {self.index}")
        require_inclusion(leaf_hash(leaf), self.index, checkpoint.size, self.path, checkpoint.tree_head)
        return checkpoint
