"""
The newest checkpoint of the log, kept in a file outside the database.

Who restores an old copy of the database, or rewrites the log in it, cannot rewrite this file with the same hand. It
is an ordinary checkpoint (C2SP tlog-checkpoint), signed by the log, with whatever cosignatures came with it.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from audit.checkpoint import Checkpoint
from audit.errors import Forked, VerificationFailed
from audit.note import MAX_NOTE, split
from audit.tree import HASH_SIZE, CompactRange
from gateway.durable import alone_in, replace_file
from gateway.errors import GatewayError

_WHERE: Final = "Set PACTGATE_CHECKPOINT to a file that this account may write, on another disk than the database."
_MOST_HASHES: Final = 63
"""A tree of fewer than 2**63 entries has no more on its right edge."""


class KeptCheckpointUnusable(GatewayError):
    """The file with the kept checkpoint cannot be read or written, or is not a checkpoint of this log."""

    code = "kept_checkpoint_unusable"
    public_detail = "The gateway is not configured for this."
    remedy = (
        "Put back a copy of it, or a newer checkpoint of this log that an officer kept. Do not just remove it: without"
        " it nobody finds out that an old copy of the database was restored."
    )


class Verifier(Protocol):
    """Who can tell that a note is a checkpoint of this log."""

    def verify(self, note: str) -> Checkpoint:
        """Read a checkpoint. Raises a `VerificationFailed`."""
        ...


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """
    The file, and who can tell that what is in it is a checkpoint of this log.

    INVARIANT: it moves only to a larger size of the same log, or to more signatures over the same head. Several
    processes of one machine may share it.
    """

    file: Path
    verifier: Verifier
    superseded: tuple[tuple[Verifier, int], ...] = ()
    """Origins that the log had before, each with the size of the checkpoint that its recovery cites."""

    @property
    def is_there(self) -> bool:
        """Return whether something is kept; what it is worth is for `read` to say. Raises `KeptCheckpointUnusable`."""
        return self._raw() is not None

    def read(self) -> Checkpoint | None:
        """
        Return the kept checkpoint, None if none was kept yet or a recovery went on from it.

        Raises `KeptCheckpointUnusable`; so does one that is newer than the recovery knew of.
        """
        raw = self._raw()
        if raw is None:
            return None
        try:
            note = raw.decode()
            return self.verifier.verify(note)
        except UnicodeDecodeError:
            raise KeptCheckpointUnusable(f"{self.file} is not text.") from None
        except VerificationFailed as error:
            if self._is_superseded(note):
                return None
            raise KeptCheckpointUnusable(f"{self.file} is not a checkpoint of this log: {error}.") from None

    def _raw(self) -> bytes | None:
        try:
            with self.file.open("rb") as file:
                return file.read(MAX_NOTE + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise KeptCheckpointUnusable(f"{self.file} cannot be read: {error.strerror}.") from None

    def _is_superseded(self, note: str) -> bool:
        for verifier, cited in self.superseded:
            with suppress(VerificationFailed):
                earlier = verifier.verify(note)
                if earlier.size > cited:
                    raise KeptCheckpointUnusable(
                        f"{self.file} holds a checkpoint of {earlier.size} entries under {earlier.origin}, and the"
                        f" recovery knew of {cited} only: more is lost than it declares.",
                        remedy="Tell the privacy officer. Two officers declare it in a further recovery.",
                    )
                return True
        return False

    def require_writable(self) -> None:
        """Check that a newer checkpoint could be kept. Raises `KeptCheckpointUnusable`."""
        folder = self.file.parent
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Asked of the system, since a folder that is mounted read-only looks writable by its mode.
        if not os.access(folder, os.W_OK | os.X_OK):
            raise KeptCheckpointUnusable(
                f"{folder} cannot be written, so the newest checkpoint would not be kept.", remedy=_WHERE
            )

    def edge(self, checkpoint: Checkpoint) -> CompactRange | None:
        """
        Return the right edge of the tree at `checkpoint`, if it was kept too: it spares reading the whole log.

        It needs no signature: it leads to the tree head that was signed, or it is not used.
        """
        with suppress(OSError, ValueError, VerificationFailed):
            with self._edge_file.open("rb") as file:
                packed = bytes.fromhex(file.read(_MOST_HASHES * (2 * HASH_SIZE + 1)).decode())
            edge = CompactRange.unpack(checkpoint.size, packed)
            if edge.head() == checkpoint.tree_head:
                return edge
        return None

    def keep(self, checkpoint: Checkpoint, edge: CompactRange | None = None) -> None:
        """
        Keep this checkpoint if it is larger than the kept one, or as large with more signatures; else do nothing.

        It is on disk when this returns. Raises `Forked` if another head of the same size is kept,
        `KeptCheckpointUnusable`.
        """
        # (1): what others will be measured by is a checkpoint of this log.
        try:
            self.verifier.verify(checkpoint.note)
        except VerificationFailed as error:
            raise KeptCheckpointUnusable(f"This is not a checkpoint of this log: {error}.") from None
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with alone_in(self.file.parent):
                # (2): only onwards.
                kept = self.read()
                if kept is not None and not _goes_on(kept, checkpoint):
                    return
                # (3): each file whole or not at all. If we die in between, the edge fits nothing and is not used.
                if edge is not None:
                    lines = [each.hex() for each in edge.hashes]
                    replace_file(self._edge_file, "\n".join(lines).encode() + b"\n")
                replace_file(self.file, checkpoint.note.encode())
        except OSError as error:
            raise KeptCheckpointUnusable(
                f"The checkpoint cannot be kept in {self.file}: {error.strerror}.",
                remedy=_WHERE,
            ) from None

    @property
    def _edge_file(self) -> Path:
        return self.file.with_name(f"{self.file.name}.edge")


def _goes_on(kept: Checkpoint, checkpoint: Checkpoint) -> bool:
    if checkpoint.size != kept.size:
        return checkpoint.size > kept.size
    if checkpoint.tree_head != kept.tree_head:
        raise Forked(f"two checkpoints of size {kept.size} contradict each other")
    return len(split(checkpoint.note)[1]) > len(split(kept.note)[1])
