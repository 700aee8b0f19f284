"""
The right edge of a log in tiles (C2SP tlog-tiles): what it takes to follow a log from one size to the next.

At most 255 hashes a level, whatever the size; every new tile, and the tree head, follows from them.
"""

from collections.abc import Sequence

from audit.tiles import WIDTH
from audit.tree import EMPTY, CompactRange, tree_head


class TileEdge:
    """
    The last, incomplete tile of each level, the lowest first, and the tiles above that were completed on the way.

    INVARIANT: level `n` holds `size // 256**n % 256` hashes; together they are the right edge of the tree.
    """

    def __init__(self, size: int, levels: Sequence[Sequence[bytes]]) -> None:
        """Take what `levels` returned before, or one empty level for an empty log."""
        self.size = size
        self._levels = [list(level) for level in levels]
        self._complete: dict[tuple[int, int], list[bytes]] = {}

    @property
    def levels(self) -> tuple[tuple[bytes, ...], ...]:
        """The hashes of each level's last tile."""
        return tuple(tuple(level) for level in self._levels)

    def extend(self, hashes: Sequence[bytes]) -> None:
        """Add leaf hashes."""
        for hashed in hashes:
            self.size += 1
            self._add(0, hashed)

    def tile(self, level: int, number: int, width: int) -> list[bytes]:
        """Return a tile above the lowest level that was touched since the beginning."""
        return self._complete[level, number] if width == WIDTH else self._levels[level]

    def head(self) -> bytes:
        """Compute the tree head: each level's hashes stand left of everything that is in the levels below."""
        rest: bytes | None = None
        for level in self._levels:
            edge = CompactRange()
            for hashed in level:
                edge.append(hashed)
            if level:
                rest = edge.head() if rest is None else edge.head_before(rest)
        return EMPTY if rest is None else rest

    def _add(self, level: int, hashed: bytes) -> None:
        hashes = self._levels[level]
        hashes.append(hashed)
        if len(hashes) < WIDTH:
            return
        if level + 1 == len(self._levels):
            self._levels.append([])
        if level:  # the lowest ones were just read
            self._complete[level, (self.size // WIDTH**level - 1) // WIDTH] = hashes
        self._levels[level] = []
        self._add(level + 1, tree_head(hashes))
