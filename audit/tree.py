"""
The Merkle tree of RFC 6962 section 2.1: hashes, the right edge that an append needs, paths and their checks.

Pure functions over bytes; depends on nothing. Every check raises `ProofInvalid`.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from audit.errors import ProofInvalid

HASH_SIZE = 32
EMPTY = sha256(b"").digest()
"""Tree head of the tree without entries."""


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 || leaf)."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


class CompactRange:
    """
    The right edge of a tree: the heads of its perfect subtrees, largest (leftmost) first, at most 63 of them.

    INVARIANT: it holds as many hashes as `size` has one bits; together they are all that an append needs.
    """

    __slots__ = ("_hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self._hashes = list(hashes)
        if size < 0 or len(self._hashes) != size.bit_count():
            raise ProofInvalid(f"{len(self._hashes)} hashes cannot be the right edge of {size} entries")

    @classmethod
    def unpack(cls, size: int, packed: bytes) -> "CompactRange":
        """Read what `pack` wrote. Raises `ProofInvalid` if the length does not fit the size."""
        if len(packed) % HASH_SIZE:
            raise ProofInvalid("the right edge is not a whole number of hashes")
        return cls(size, (packed[i : i + HASH_SIZE] for i in range(0, len(packed), HASH_SIZE)))

    def pack(self) -> bytes:
        """Concatenate the hashes, largest subtree first."""
        return b"".join(self._hashes)

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The heads of the perfect subtrees, largest first."""
        return tuple(self._hashes)

    def append(self, hashed: bytes) -> None:
        """Add one leaf hash."""
        size = self.size
        while size & 1:
            hashed = sha256(b"\x01" + self._hashes.pop() + hashed).digest()
            size >>= 1
        self._hashes.append(hashed)
        self.size += 1

    def extend(self, hashes: Sequence[bytes]) -> None:
        """Add many leaf hashes; the same as appending each, at about half the price."""
        at = 0
        while at < len(hashes):
            # The largest perfect subtree that may start here and is all there.
            width = 1 << ((len(hashes) - at).bit_length() - 1)
            if self.size:
                width = min(width, self.size & -self.size)
            self._join(tree_head(hashes[at : at + width]), width)
            at += width

    def _join(self, head: bytes, width: int) -> None:
        size = self.size
        while size & width:
            head = node_hash(self._hashes.pop(), head)
            size &= ~width
            width <<= 1
        self._hashes.append(head)
        self.size = size + width

    def head(self) -> bytes:
        """Return the tree head at this size."""
        if not self._hashes:
            return EMPTY
        return _fold(self._hashes[:-1], self._hashes[-1])

    def head_before(self, rest: bytes) -> bytes:
        """
        Return the tree head when one more subtree with the head `rest` follows on the right.

        With leaves that are themselves heads of perfect subtrees (tiles), the last one may be incomplete.
        """
        return _fold(self._hashes, rest)


def _fold(edge: list[bytes], head: bytes) -> bytes:
    for left in reversed(edge):
        head = node_hash(left, head)
    return head


def tree_head(hashes: Iterable[bytes]) -> bytes:
    """Compute the tree head over these leaf hashes."""
    level = list(hashes)
    while len(level) > 1:
        level = _parents(level)
    return level[0] if level else EMPTY


def inclusion_path(hashes: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """
    Find the audit path PATH(index, D) from all leaf hashes D, leaf's sibling first (RFC 6962 section 2.1.1).

    Raises `ProofInvalid` if there is no such leaf.
    """
    if not 0 <= index < len(hashes):
        raise ProofInvalid(f"no leaf {index} in a tree of {len(hashes)}")
    path: list[bytes] = []
    level = list(hashes)
    while len(level) > 1:
        if (index ^ 1) < len(level):
            path.append(level[index ^ 1])
        level = _parents(level)
        index >>= 1
    return tuple(path)


def consistency_path(hashes: Sequence[bytes], old: int) -> tuple[bytes, ...]:
    """
    Find PROOF(old, D) from all leaf hashes D of the newer tree (RFC 6962 section 2.1.2).

    Empty when `old` is 0 or the whole tree. Raises `ProofInvalid` if the old tree is larger.
    """
    return tuple(tree_head(hashes[start:end]) for start, end in consistency_ranges(old, len(hashes)))


def consistency_ranges(old: int, new: int) -> tuple[tuple[int, int], ...]:
    """
    Find the subtrees (start, end) whose heads are PROOF(old, D) for a tree of `new` leaves, in its order.

    Each begins at a multiple of a power of two that is at least its length, so it lies within one tile or is made of
    whole tiles but for its end. Raises `ProofInvalid` if the old tree is larger.
    """
    if not 0 <= old <= new:
        raise ProofInvalid(f"a tree of {new} has no earlier size {old}")
    if old in (0, new):
        return ()
    found: list[tuple[int, int]] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + _largest_power_below(end - start)
        if old <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start, whole = middle, False
    if not whole:
        found.append((start, end))
    return tuple(reversed(found))


def require_inclusion(hashed: bytes, index: int, size: int, path: Sequence[bytes], head: bytes) -> None:
    """Check that the leaf hash stands at `index` of the tree (RFC 9162 section 2.1.3.2). Raises `ProofInvalid`."""
    if not 0 <= index < size:
        raise ProofInvalid(f"no leaf {index} in a tree of {size}")
    number, last, found = index, size - 1, hashed
    for sibling in path:
        if last == 0:
            raise ProofInvalid("the path is longer than the tree is high")
        if number & 1 or number == last:
            found = node_hash(sibling, found)
            number, last = _skip(number, last)
        else:
            found = node_hash(found, sibling)
        number, last = number >> 1, last >> 1
    if last or found != head:
        raise ProofInvalid(f"the path of leaf {index} does not lead to the tree head of size {size}")


def require_consistency(old: int, old_head: bytes, new: int, new_head: bytes, path: Sequence[bytes]) -> None:
    """Check that the new tree begins with the old one (RFC 9162 section 2.1.4.2). Raises `ProofInvalid`."""
    if not 0 <= old <= new:
        raise ProofInvalid(f"a tree of {new} cannot continue one of {old}")
    if old in (0, new):
        # Nothing to prove: every tree continues the empty one, and equal sizes must have equal heads.
        if path or old_head != (EMPTY if old == 0 else new_head):
            raise ProofInvalid(f"the tree heads at sizes {old} and {new} contradict each other")
        return
    # An old tree that is perfect is itself the first step, and is then left out of the path.
    steps = list(path) if old & (old - 1) else [old_head, *path]
    if not steps:
        raise ProofInvalid("the consistency path is empty")
    number, last = _strip(old - 1, new - 1)
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise ProofInvalid("the consistency path is longer than the tree is high")
        if number & 1 or number == last:
            before, after = node_hash(step, before), node_hash(step, after)
            number, last = _skip(number, last)
        else:
            after = node_hash(after, step)
        number, last = number >> 1, last >> 1
    if last or before != old_head or after != new_head:
        raise ProofInvalid(f"the tree of size {new} does not continue the tree of size {old}")


def _strip(number: int, last: int) -> tuple[int, int]:
    """Drop the levels at which the old tree's last leaf is a right child."""
    while number & 1:
        number, last = number >> 1, last >> 1
    return number, last


def _skip(number: int, last: int) -> tuple[int, int]:
    """Drop the levels at which a node at the right edge has no sibling and moves up unchanged."""
    while number and not number & 1:
        number, last = number >> 1, last >> 1
    return number, last


def _parents(level: list[bytes]) -> list[bytes]:
    # `node_hash`, written out: this line is most of what a verification does.
    pairs = [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
    # An odd one out moves up unchanged: its subtree is smaller than its neighbour's.
    return pairs + level[len(pairs) * 2 :]


def _largest_power_below(count: int) -> int:
    return 1 << ((count - 1).bit_length() - 1)
