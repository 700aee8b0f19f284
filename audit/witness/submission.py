"""What a log submits: the old size, a consistency path and a checkpoint (C2SP tlog-witness, "add-checkpoint")."""

import re
from dataclasses import dataclass
from typing import Final

from audit.checkpoint import MAX_SIZE
from audit.cosignature import CheckpointBody
from audit.errors import NoteInvalid, SubmissionInvalid
from audit.note import MAX_NOTE, b64, split, unb64
from audit.tree import HASH_SIZE

MAX_STEPS: Final = 63
"""Hashes in a consistency path; the protocol allows no more."""
MAX_SUBMISSION: Final = MAX_NOTE + 64 * 48
"""Bytes: the largest note, the old size and the longest path in base64."""
_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_FIRST_LINES: Final = 3


@dataclass(frozen=True, slots=True)
class Submission:
    """What was submitted, well formed and not verified: `note` is the checkpoint with its signatures."""

    old: int
    path: tuple[bytes, ...]
    body: CheckpointBody
    signatures: tuple[tuple[str, bytes], ...]
    note: str


def write_submission(old: int, path: tuple[bytes, ...], note: str) -> bytes:
    """Return the body of an `add-checkpoint` request."""
    steps = "".join(f"{b64(step)}\n" for step in path)
    return f"old {old}\n{steps}\n{note}".encode()


def read_submission(raw: bytes) -> Submission:
    """Read the body of an `add-checkpoint` request. Raises `SubmissionInvalid`."""
    try:
        head, blank, note = raw.decode().partition("\n\n")
        lines = head.split("\n")
        old = _OLD.fullmatch(lines.pop(0))
        path = tuple(unb64(line) for line in lines)
        body, signatures = read_body(note)
    except (ValueError, NoteInvalid) as error:
        raise SubmissionInvalid("a submission is an old size, hashes in base64, an empty line and a note") from error
    if not blank or old is None or int(old[1]) > MAX_SIZE:
        raise SubmissionInvalid("a submission begins with the old size")
    if len(path) > MAX_STEPS or any(len(step) != HASH_SIZE for step in path):
        raise SubmissionInvalid(f"a consistency path is at most {MAX_STEPS} hashes of {HASH_SIZE} bytes")
    return Submission(int(old[1]), path, body, signatures, note)


def read_body(note: str) -> tuple[CheckpointBody, tuple[tuple[str, bytes], ...]]:
    """
    Read a checkpoint that nobody has verified, and its signatures as (key name, key id || signature).

    Extension lines are kept, for other logs than ours may have some. Raises `NoteInvalid` or `SubmissionInvalid`.
    """
    text, signatures = split(note)
    lines = text[:-1].split("\n")
    if len(lines) < _FIRST_LINES or not all(lines):
        raise SubmissionInvalid("a checkpoint is origin, size, tree head, and lines that are not empty")
    origin, size, head = lines[:_FIRST_LINES]
    if not _SIZE.fullmatch(size) or int(size) > MAX_SIZE:
        raise SubmissionInvalid("the size of a checkpoint is a decimal number without leading zeroes")
    try:
        tree_head = unb64(head)
    except ValueError as error:
        raise SubmissionInvalid("the tree head of a checkpoint is base64") from error
    if len(tree_head) != HASH_SIZE:
        raise SubmissionInvalid(f"a tree head has {HASH_SIZE} bytes")
    return CheckpointBody(origin, int(size), tree_head, text), tuple(signatures)
