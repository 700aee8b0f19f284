"""
Following an exported log: every new entry is recomputed, and what was seen before must still be its beginning.

Depends on the standard library and `cryptography` only. What was seen is the right edge of the log's tiles: at most 255
hashes a level, whatever the size of the log, from which every new tile and tree head follows.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from audit.checkpoint import Checkpoint, CheckpointVerifier
from audit.cosignature import WitnessVerifier
from audit.errors import CosignatureInvalid, Forked, LogDamaged, RolledBack, Stale
from audit.exported import read_bundle, read_tile
from audit.note import MAX_NOTE
from audit.sources import Source, require_file
from audit.tile_edge import TileEdge
from audit.tiles import WIDTH, split_hashes, tile_path, tile_widths
from audit.tree import EMPTY, leaf_hash, tree_head
from audit.witness.submission import read_body

AGAIN: Final = 4
"""Tiles seen before that are reread each time, drawn at random: what is changed behind our back is found in the end."""


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What was seen of a log. `levels` are the hashes of its last, incomplete tile at each level, the lowest first.

    INVARIANT: made by `Monitor.look` only, or read back from where that was kept; they lead to `tree_head`. `since` is
    the moment at which this size was first seen, in seconds since 1970.
    """

    size: int
    tree_head: bytes
    levels: tuple[tuple[bytes, ...], ...]
    since: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked of the newest checkpoint beside its signature. `oldest` is in seconds; None: any age will do."""

    witnesses: Sequence[WitnessVerifier] = ()
    must_cosign: int = 1
    oldest: int | None = None
    entries: bool = True
    """Whether the entries are read too, or only their hashes: a public export may come without them."""


class Monitor:
    """Follows one log in one place."""

    def __init__(
        self,
        source: Source,
        verifier: CheckpointVerifier,
        clock: Callable[[], int],
        *,
        terms: Terms | None = None,
        drawn: random.Random | None = None,
    ) -> None:
        """Take where the export is and who signs it; `clock` is in seconds since 1970, `drawn` draws what to reread."""
        self._source = source
        self._verifier = verifier
        self._clock = clock
        self._terms = terms or Terms()
        self._drawn = drawn or random.SystemRandom()

    def checkpoint(self) -> Checkpoint:
        """Read the newest checkpoint. Raises `LogDamaged`, `NoteInvalid`, `CheckpointInvalid`, `SourceUnavailable`."""
        try:
            return self._verifier.verify(require_file(self._source, "checkpoint", MAX_NOTE).decode())
        except UnicodeDecodeError as error:
            raise LogDamaged("checkpoint is not text") from error

    def look(self, checkpoint: Checkpoint, seen: Seen | None) -> Seen:
        """
        Check that `checkpoint` continues what was seen, recomputing everything that is new; return what is seen now.

        Raises `RolledBack`, `Forked` or `LogDamaged`, naming the first thing wrong; `SourceUnavailable` if that cannot
        be found out.
        """
        before = seen or Seen(0, EMPTY, ((),), 0)
        # (1): a log only grows, and has one head at each size.
        if checkpoint.size < before.size:
            raise RolledBack(f"the log has {checkpoint.size} entries, and had {before.size}")
        if checkpoint.size == before.size:
            if checkpoint.tree_head != before.tree_head:
                raise Forked(f"the log has two heads of {checkpoint.size} entries")
            self._look_again(before)
            return before if seen else Seen(0, EMPTY, ((),), self._clock())
        # (2): every new entry is there and hashes to its place, behind those that were seen.
        edge = TileEdge(before.size, before.levels)
        altered = ""
        for number, width in tile_widths(checkpoint.size):
            if number >= before.size // WIDTH and not self._read_on(edge, number, width):
                altered = tile_path(0, number, width)
        # (3): what was seen and what is new lead to the head that was signed.
        if edge.head() != checkpoint.tree_head:
            size = checkpoint.size
            if before.size == 0:
                raise LogDamaged(f"the {size} entries do not lead to the tree head that was signed")
            raise Forked(f"the {before.size} entries seen before and those since do not lead to the head of {size}")
        # (4): no file says otherwise: neither of what was seen before, nor in the tiles above.
        if altered:
            raise LogDamaged(f"{altered} is not what was seen before")
        self._require_above(edge, before)
        found = Seen(checkpoint.size, checkpoint.tree_head, edge.levels, self._clock())
        self._look_again(found)
        return found

    def require_terms(self, checkpoint: Checkpoint, seen: Seen) -> int:
        """
        Check that enough witnesses cosigned the checkpoint, and that it is not too old; return its age in seconds.

        Its age is that of the cosignatures; without witnesses, the time since this size was first seen. Raises
        `CosignatureInvalid`, `Stale`.
        """
        terms, moment = self._terms, seen.since
        if terms.witnesses:
            body, _ = read_body(checkpoint.note)
            lines = checkpoint.note.partition("\n\n")[2]
            times = []
            for witness in terms.witnesses:
                try:
                    times.append(witness.verify(body, lines).time)
                except CosignatureInvalid:
                    continue
            if len(times) < terms.must_cosign:
                raise CosignatureInvalid(f"{len(times)} of the {terms.must_cosign} witnesses needed cosigned it")
            moment = sorted(times, reverse=True)[terms.must_cosign - 1]
        age = max(0, self._clock() - moment)
        if terms.oldest is not None and age > terms.oldest:
            raise Stale(f"the newest checkpoint, of {checkpoint.size} entries, is {age} seconds old")
        return age

    def _read_on(self, edge: TileEdge, number: int, width: int) -> bool:
        """
        Read one tile on, behind what is known of it; return whether it says the same of that.

        What is wrong if it does not is known at the end only: a fork is signed, an altered file is not.
        """
        hashes = self._hashes(0, number, width)
        known = edge.levels[0]
        if self._terms.entries:
            self._require_entries(number, width, hashes)
        edge.extend(hashes[len(known) :])
        return hashes[: len(known)] == list(known)

    def _require_above(self, edge: TileEdge, before: Seen) -> None:
        for level in range(1, len(edge.levels)):
            count = edge.size // WIDTH**level
            first = before.size // WIDTH**level // WIDTH
            for number, width in tile_widths(count):
                if number >= first and self._hashes(level, number, width) != edge.tile(level, number, width):
                    raise LogDamaged(f"{tile_path(level, number, width)} does not follow from the tiles below")

    def _look_again(self, seen: Seen) -> None:
        """Reread some complete tiles, each with the tiles above it up to a hash that is known."""
        full = seen.size // WIDTH
        for number in sorted({self._drawn.randrange(full) for _ in range(AGAIN)} if full else ()):
            hashes = self._hashes(0, number, WIDTH)
            if self._terms.entries:
                self._require_entries(number, WIDTH, hashes)
            self._require_known(seen, number, tree_head(hashes))

    def _require_known(self, seen: Seen, number: int, head: bytes) -> None:
        level = 1
        while True:
            above, place = divmod(number, WIDTH)
            if above == seen.size // WIDTH**level // WIDTH:  # in the last tile of this level: we know it
                hashes = list(seen.levels[level])
            else:
                hashes = self._hashes(level, above, WIDTH)
            if hashes[place] != head:
                raise LogDamaged(f"{tile_path(level - 1, number)} is not what was seen before")
            if above == seen.size // WIDTH**level // WIDTH:
                return
            level, number, head = level + 1, above, tree_head(hashes)

    def _require_entries(self, number: int, width: int, hashes: list[bytes]) -> None:
        name, leaves, held = read_bundle(self._source, number, width)
        if len(leaves) != held:
            raise LogDamaged(f"{name} holds {len(leaves)} entries instead of {held}")
        for place, (leaf, hashed) in enumerate(zip(leaves[:width], hashes, strict=True)):
            if leaf_hash(leaf) != hashed:
                raise LogDamaged(f"entry {number * WIDTH + place} does not hash to its place in the tree")

    def _hashes(self, level: int, number: int, width: int) -> list[bytes]:
        return split_hashes(read_tile(self._source, level, number, width))
