"""
A copy of the rows that were disclosed about one person, each proven by the log: what a parent can check anywhere.

One JSON file: for each entry the leaf and its receipt, and each row with its opening. INVARIANT: of the other rows of a
page it holds salted commitments and nothing else.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from audit.checkpoint import CheckpointVerifier
from audit.commitments import RowOpening, require_row
from audit.entry import Entry, parse
from audit.errors import CopyInvalid, LeafRefused
from audit.proof import Receipt

FORMAT: Final = "pactgate-copy/1"
MAX_COPY: Final = 64 * 2**20
"""Bytes of a file; bounds the work on one from anywhere. A year of nightly pages of one child stays far below."""


@dataclass(frozen=True, slots=True)
class CopiedRow:
    """One row as it left, byte for byte, and what opens the commitment to it."""

    row: bytes = field(repr=False)
    opening: RowOpening = field(repr=False)


@dataclass(frozen=True, slots=True)
class CopiedEntry:
    """The rows of one entry that are about one person, with the entry and its receipt."""

    leaf: bytes = field(repr=False)
    receipt: Receipt = field(repr=False)
    rows: tuple[CopiedRow, ...]


@dataclass(frozen=True, slots=True)
class VerifiedCopy:
    """
    What was found. INVARIANT: made by `verify_copy` only, after every check passed.

    `origin` and `size` are those of the checkpoint; `entries` the index, the entry and the rows of each.
    """

    origin: str
    size: int
    entries: tuple[tuple[int, Entry, tuple[bytes, ...]], ...]

    @property
    def rows(self) -> int:
        """How many rows were proven."""
        return sum(len(rows) for _, _, rows in self.entries)


def copy_text(entries: Iterable[CopiedEntry]) -> str:
    """Write the file. Rows are JSON in UTF-8, so each stands in it as a text of exactly its characters."""
    written = [
        {
            "leaf": each.leaf.decode(),
            "receipt": each.receipt.text(),
            "rows": [
                {
                    "row": row.row.decode(),
                    "index": row.opening.index,
                    "key": row.opening.key.hex(),
                    "commitments": row.opening.commitments.hex(),
                }
                for row in each.rows
            ],
        }
        for each in entries
    ]
    return json.dumps({"format": FORMAT, "entries": written}, ensure_ascii=False, indent=1) + "\n"


def verify_copy(text: str, verifier: CheckpointVerifier) -> VerifiedCopy:
    """
    Check every row of a copy against the log.

    Raises `CopyInvalid` for another file, for a row that is there twice and for a copy under several checkpoints, what
    a receipt that does not hold raises, and `CommitmentMismatch` for a row that is not what was disclosed.
    """
    copied = _read(text)
    found, heads = [], set()
    for each in copied:
        # (1): the log recorded this entry.
        checkpoint = each.receipt.verify(each.leaf, verifier)
        heads.add((checkpoint.size, checkpoint.tree_head))
        entry = _parsed(each.leaf)
        # (2): each row is one that the entry commits to, at its own place.
        root = _root(entry)
        for row in each.rows:
            require_row(root, row.opening, row.row)
        if len({row.opening.index for row in each.rows}) != len(each.rows):
            raise CopyInvalid(f"a row of entry {each.receipt.index} is there twice")
        found.append((each.receipt.index, entry, tuple(row.row for row in each.rows)))
    # (3): one state of the log, and no entry twice.
    if len(heads) != 1 or len({index for index, _, _ in found}) != len(found):
        raise CopyInvalid("a copy holds entries of one log under one checkpoint, each once")
    ((size, _),) = heads
    return VerifiedCopy(verifier.origin, size, tuple(found))


def _parsed(leaf: bytes) -> Entry:
    try:
        return parse(leaf)
    except LeafRefused as error:
        raise CopyInvalid(f"an entry cannot be read: {error}") from None


def _root(entry: Entry) -> bytes:
    try:
        return bytes.fromhex(entry.body["rows"])
    except (KeyError, ValueError, TypeError):
        raise CopyInvalid("an entry commits to no rows") from None


def _read(text: str) -> list[CopiedEntry]:
    if len(text) > MAX_COPY:
        raise CopyInvalid("the copy is too long")
    try:
        content = json.loads(text)
        if content["format"] != FORMAT:
            raise CopyInvalid(f"the format is not {FORMAT}")
        return [_entry(each) for each in content["entries"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise CopyInvalid("this is no copy that `pactgate accounting copy` wrote") from None


def _entry(written: Mapping[str, Any]) -> CopiedEntry:
    rows = tuple(
        CopiedRow(
            each["row"].encode(),
            RowOpening(_place(each["index"]), bytes.fromhex(each["key"]), bytes.fromhex(each["commitments"])),
        )
        for each in written["rows"]
    )
    return CopiedEntry(written["leaf"].encode(), Receipt.parse(written["receipt"]), rows)


def _place(index: object) -> int:
    if type(index) is not int:
        raise TypeError
    return index
