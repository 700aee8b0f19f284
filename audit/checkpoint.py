"""Checkpoints: the signed head of the tree (C2SP tlog-checkpoint), without extension lines."""

import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import CheckpointInvalid
from audit.note import NoteSigner, NoteVerifier, assemble, b64, unb64
from audit.tree import EMPTY, HASH_SIZE

_LINES = 3
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
MAX_SIZE = 2**63 - 1
"""Sizes are bigint in the database."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """
    A tree head that the log signed.

    INVARIANT: made by `CheckpointSigner.sign` and `CheckpointVerifier.verify` only, so its signature holds.
    """

    origin: str
    size: int
    tree_head: bytes
    note: str
    """The signed note, byte for byte, as it is published."""


class CheckpointVerifier:
    """Knows one log by its origin and public key."""

    __slots__ = ("_verifier", "origin")

    def __init__(self, origin: str, public: bytes) -> None:
        """Take the log's origin and its 32-byte Ed25519 key. Raises `NoteInvalid`."""
        # The key name is the origin (tlog-checkpoint, "Signatures"), so one text names the log.
        self._verifier = NoteVerifier(origin, public)
        self.origin = origin

    @classmethod
    def parse(cls, vkey: str) -> "CheckpointVerifier":
        """Read `origin+id+key`. Raises `NoteInvalid`."""
        verifier = NoteVerifier.parse(vkey)
        return cls(verifier.name, verifier.public)

    @property
    def vkey(self) -> str:
        """The text form to hand to verifiers."""
        return self._verifier.vkey

    @property
    def key_id(self) -> str:
        """The key's id in signature lines, eight hex digits."""
        return self._verifier.key_id.hex()

    def verify(self, note: str) -> Checkpoint:
        """Read a checkpoint of this log. Raises `NoteInvalid` or `CheckpointInvalid`."""
        # (1): the note is signed by this log's key; unknown signatures are ignored.
        text = self._verifier.open(note)
        # (2): the text is a checkpoint.
        origin, size, head = _read(text)
        # (3): it speaks of this log.
        if origin != self.origin:
            raise CheckpointInvalid(f"the checkpoint is of another log, not of {self.origin}")
        return Checkpoint(origin, size, head, note)


class CheckpointSigner:
    """
    Signs tree heads of one log.

    INVARIANT: is given committed heads only (`audit.signing`), for a log must never sign two inconsistent checkpoints.
    """

    __slots__ = ("_signer", "origin", "verifier")

    def __init__(self, origin: str, key: Ed25519PrivateKey) -> None:
        """Take the log's origin and private key. Raises `NoteInvalid` if the origin cannot be a key name."""
        self._signer = NoteSigner(origin, key)
        self.origin = origin
        self.verifier = CheckpointVerifier(origin, self._signer.verifier.public)

    @property
    def vkey(self) -> str:
        """The verifier key that belongs to this signer."""
        return self.verifier.vkey

    @property
    def key_id(self) -> str:
        """The key's id in signature lines, eight hex digits."""
        return self.verifier.key_id

    def line(self, size: int, tree_head: bytes) -> str:
        """Sign one tree head and return the signature line alone."""
        return self._signer.line(text(self.origin, size, tree_head))

    def sign(self, size: int, tree_head: bytes) -> Checkpoint:
        """Sign one tree head."""
        note = assemble(text(self.origin, size, tree_head), self.line(size, tree_head))
        return Checkpoint(self.origin, size, tree_head, note)


def text(origin: str, size: int, tree_head: bytes) -> str:
    """Write the three lines that a checkpoint's signatures are over."""
    return f"{origin}\n{size}\n{b64(tree_head)}\n"


def _read(note_text: str) -> tuple[str, int, bytes]:
    lines = note_text.removesuffix("\n").split("\n")
    # We write no extension lines and accept none: nobody could check what they say.
    if len(lines) != _LINES or not lines[0]:
        raise CheckpointInvalid("a checkpoint is three lines: origin, size, tree head")
    if not _SIZE.fullmatch(lines[1]) or int(lines[1]) > MAX_SIZE:
        raise CheckpointInvalid("the size of a checkpoint is a decimal number without leading zeroes")
    size = int(lines[1])
    try:
        head = unb64(lines[2])
    except ValueError as error:
        raise CheckpointInvalid("the tree head of a checkpoint is base64") from error
    if len(head) != HASH_SIZE or (size == 0 and head != EMPTY):
        raise CheckpointInvalid("the tree head does not fit the size")
    return lines[0], size, head
