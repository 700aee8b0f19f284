"""
A sample of entries that nobody chose: drawn from the hash of a checkpoint, so that whoever holds it can draw again.

The sample of size k over some entries is the k of them with the smallest

    SHA-256("pactgate-sample/1" || 0x0a || tree head, 32 bytes || what it is about, UTF-8 || index, 8 bytes big-endian)

All orders are equally likely as long as nobody can choose the tree head, so each entry is as likely to be in the sample
as any other, and none is in it twice. Who makes many checkpoints can wait for a sample they like: the sample is for the
other side to justify, who makes none.
"""

import heapq
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from audit.errors import ProofInvalid
from audit.tree import HASH_SIZE

DOMAIN: Final = b"pactgate-sample/1\n"


def draw(tree_head: bytes, about: str, indexes: Iterable[int], size: int) -> tuple[int, ...]:
    """
    Return at most `size` of `indexes`, ascending; `indexes` is read once and not kept.

    `about` names what the sample is of, such as an agreement's digest. Raises `ProofInvalid` if `tree_head` is not one.
    """
    if len(tree_head) != HASH_SIZE:
        raise ProofInvalid(f"a tree head has {HASH_SIZE} bytes")
    seeded = sha256(DOMAIN + tree_head + about.encode())

    def rank(index: int) -> bytes:
        hashed = seeded.copy()
        hashed.update(index.to_bytes(8, "big"))
        return hashed.digest()

    return tuple(sorted(heapq.nsmallest(size, indexes, key=rank)))
