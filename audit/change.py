"""Entries that ride in a caller's own transaction: the changes that move the epoch."""

from sqlalchemy import ARRAY, BigInteger, LargeBinary, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from audit.batch import LOCK_HEAD
from audit.entry import require_size
from audit.errors import EpochMoved
from audit.tree import CompactRange, leaf_hash

_LOCK = text(LOCK_HEAD)
_NO_IDS = text("'{}'::timestamptz[]")
_BYTES = ARRAY(LargeBinary)
_APPEND = select(
    func.audit.append_batch(
        bindparam("size", type_=BigInteger),
        bindparam("leaves", type_=_BYTES),
        bindparam("hashes", type_=_BYTES),
        bindparam("range", type_=LargeBinary),
        bindparam("tree_head", type_=LargeBinary),
        bindparam("epoch", type_=BigInteger),
        bindparam("once", [], type_=_BYTES),
        _NO_IDS,
        bindparam("subjects", type_=_BYTES),
        bindparam("private", type_=_BYTES),
    ),
)


async def next_index(connection: AsyncConnection) -> int:
    """
    Lock the head until the transaction ends, and return the index that the next entry of this transaction will have.

    For rows that carry the index of their entry while the entry commits to them: the rows are written first. Every
    disclosure waits: whatever can be prepared is prepared before.
    """
    return int((await connection.execute(_LOCK)).one().size)


async def append_change(
    connection: AsyncConnection,
    leaf: bytes,
    *,
    moves_epoch: bool = True,
    read_epoch: int | None = None,
    subjects: bytes = b"",
    private: bytes = b"",
) -> int:
    """
    Append one leaf inside the caller's transaction and return its index; the epoch becomes that index.

    `read_epoch` is the epoch at which rows were read that the entry discloses; `subjects` and `private` stand beside
    it, as in a `Draft`.

    It locks the head until the transaction ends, and every disclosure waits for that: call it last, commit soon. The
    entry stands if and only if the caller commits. A batch that has read the epoch before is refused afterwards.

    Raises `LeafRefused`, `EpochMoved` if `read_epoch` is the epoch no more; an error of the database goes to the
    caller, whose transaction it ends.
    """
    require_size(leaf)
    head = (await connection.execute(_LOCK)).one()
    if read_epoch not in {None, head.epoch}:
        raise EpochMoved(head.epoch)
    hashed = leaf_hash(leaf)
    edge = CompactRange.unpack(head.size, head.range)
    edge.append(hashed)
    await connection.execute(
        _APPEND,
        {
            "size": head.size,
            "leaves": [leaf],
            "hashes": [hashed],
            "range": edge.pack(),
            "tree_head": edge.head(),
            "epoch": head.size if moves_epoch else None,
            "subjects": [subjects],
            "private": [private],
        },
    )
    return int(head.size)
