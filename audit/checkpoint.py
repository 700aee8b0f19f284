"""Checkpoints: the signed head of the tree (C2SP tlog-checkpoint), without extension lines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import CheckpointInvalid, NoteInvalid
from audit.note import NoteSigner, NoteVerifier, assemble, b64, open_note, unb64
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


@dataclass(frozen=True, slots=True)
class LogKey:
    """
    One public key of a log, and the checkpoints that its signature counts for: those of `first` to `last` entries.

    A log has more than one while its key is exchanged (tlog-checkpoint, "Signatures": one origin, a line a key).
    """

    public: bytes
    """32 bytes of Ed25519."""
    first: int = 0
    last: int = MAX_SIZE
    """`MAX_SIZE` while the key was not retired."""

    def counts_at(self, size: int) -> bool:
        """Return whether the key's signature counts under a checkpoint of this size."""
        return self.first <= size <= self.last


class CheckpointVerifier:
    """
    Knows one log by its origin and its public keys.

    One signature that counts is enough; one by a known key that does not hold spoils the checkpoint.
    """

    __slots__ = ("keys", "origin")

    def __init__(self, origin: str, *keys: bytes | LogKey) -> None:
        """Take the log's origin and its keys, the first one first. Raises `NoteInvalid`."""
        # The key name is the origin (tlog-checkpoint, "Signatures"), so one text names the log.
        known = [key if isinstance(key, LogKey) else LogKey(key) for key in keys]
        if not known:
            raise NoteInvalid("a log is known by at least one key")
        self.keys = tuple((NoteVerifier(origin, key.public), key) for key in known)
        self.origin = origin

    @classmethod
    def parse(cls, *vkeys: str) -> "CheckpointVerifier":
        """Read `origin+id+key`, once or more, all of one origin. Raises `NoteInvalid`."""
        parsed = [NoteVerifier.parse(vkey) for vkey in vkeys]
        if len({each.name for each in parsed}) > 1:
            raise NoteInvalid("the keys belong to different logs")
        return cls(parsed[0].name if parsed else "", *(each.public for each in parsed))

    @property
    def vkey(self) -> str:
        """The text form of the log's first key."""
        return self.keys[0][0].vkey

    @property
    def vkeys(self) -> tuple[str, ...]:
        """The text forms of all keys, to hand to verifiers."""
        return tuple(verifier.vkey for verifier, _ in self.keys)

    @property
    def key_id(self) -> str:
        """The id of the log's first key in signature lines, eight hex digits."""
        return self.keys[0][0].key_id.hex()

    def verify(self, note: str) -> Checkpoint:
        """Read a checkpoint of this log. Raises `NoteInvalid` or `CheckpointInvalid`."""
        # (1): keys of this log signed the note; unknown signatures are ignored.
        text, signed = open_note(note, [verifier for verifier, _ in self.keys])
        if not signed:
            raise NoteInvalid(f"no signature of {self.origin} with {_key_or_keys(self.keys)}")
        # (2): the text is a checkpoint.
        origin, size, head = _read(text)
        # (3): it speaks of this log.
        if origin != self.origin:
            raise CheckpointInvalid(f"the checkpoint is of another log, not of {self.origin}")
        # (4): one of the keys counts at this size: a retired key says nothing about what came later.
        if not any(key.counts_at(size) for verifier, key in self.keys if verifier in signed):
            raise CheckpointInvalid(
                f"the checkpoint of size {size} is signed by a key that does not count at this size"
            )
        return Checkpoint(origin, size, head, note)


def _key_or_keys(keys: Sequence[object]) -> str:
    return "this key" if len(keys) == 1 else "these keys"


class CheckpointSigner:
    """
    Signs tree heads of one log, with one key or, while they are exchanged, with several.

    INVARIANT: is given committed heads only (`audit.signing`), for a log must never sign two inconsistent checkpoints.
    """

    __slots__ = ("_signers", "origin", "verifier")

    def __init__(self, origin: str, *keys: Ed25519PrivateKey) -> None:
        """Take the log's origin and its private keys. Raises `NoteInvalid` if the origin cannot be a key name."""
        self._signers = tuple(NoteSigner(origin, key) for key in keys)
        self.origin = origin
        self.verifier = CheckpointVerifier(origin, *(signer.verifier.public for signer in self._signers))

    @property
    def vkey(self) -> str:
        """The verifier key that belongs to this signer's first key."""
        return self.verifier.vkey

    @property
    def key_id(self) -> str:
        """The id of the first key in signature lines, eight hex digits."""
        return self.verifier.key_id

    def line(self, size: int, tree_head: bytes) -> str:
        """Sign one tree head with the first key and return the signature line alone."""
        return self._signers[0].line(text(self.origin, size, tree_head))

    def lines(self, size: int, tree_head: bytes) -> dict[str, str]:
        """Sign one tree head with every key; return each signature line under the name it is kept by (`kept_as`)."""
        over = text(self.origin, size, tree_head)
        return {kept_as(signer.verifier): signer.line(over) for signer in self._signers}

    def sign(self, size: int, tree_head: bytes) -> Checkpoint:
        """Sign one tree head."""
        note = assemble(text(self.origin, size, tree_head), "".join(self.lines(size, tree_head).values()))
        return Checkpoint(self.origin, size, tree_head, note)


def kept_as(verifier: NoteVerifier) -> str:
    """Return the name under which a key's signatures are kept: name+key id, unique a key."""
    return f"{verifier.name}+{verifier.key_id.hex()}"


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
