"""What a caller hands to the log, and what it gets back."""

from dataclasses import dataclass, field
from datetime import datetime

from audit.entry import require_size
from audit.errors import LeafRefused

_ID_SIZE = 32
_SUBJECT_SIZE = 16
_LARGEST = 2**62
"""Two of these still fit a bigint."""


@dataclass(frozen=True, slots=True)
class Once:
    """
    A replay id that this entry spends: 32 bytes, SHA-256 of kind | owner | jti.

    It is spent by being presented: also when the entry becomes a refusal because of another id.
    """

    id: bytes
    expires_at: datetime

    def __post_init__(self) -> None:
        """Raise `LeafRefused` here, so that one caller's mistake cannot fail the batch of others."""
        if len(self.id) != _ID_SIZE or self.expires_at.tzinfo is None:
            raise LeafRefused(f"a replay id has {_ID_SIZE} bytes and an expiry with a time zone")


@dataclass(frozen=True, slots=True)
class Meter:
    """
    A count that this entry adds `amount` to and that may not pass `most`: 32 bytes say whose count, and for which day.

    `refusal` is the leaf written instead if it would; then nothing is added. The count is kept until `expires_at`.
    """

    id: bytes
    expires_at: datetime
    amount: int
    most: int
    refusal: bytes

    def __post_init__(self) -> None:
        """Raise `LeafRefused` here, so that one caller's mistake cannot fail the batch of others."""
        require_size(self.refusal)
        if len(self.id) != _ID_SIZE or self.expires_at.tzinfo is None:
            raise LeafRefused(f"a meter has {_ID_SIZE} bytes and an expiry with a time zone")
        if not (0 < self.amount <= _LARGEST and 0 <= self.most <= _LARGEST):
            raise LeafRefused("a meter adds something, and both its numbers fit the database")


@dataclass(frozen=True, slots=True)
class Draft:
    """
    An entry to be, with all that must be committed together with it or not at all.

    `read_epoch` is the epoch the rows were read at; None for an entry that rests on no rows. `refusal` is the leaf
    written instead, without companions, if a replay id was spent before; a meter brings its own. `subjects` are packed
    16-byte subject numbers in row order; `private` is what opens the commitments. Raises `LeafRefused`.
    """

    leaf: bytes
    read_epoch: int | None = None
    once: tuple[Once, ...] = ()
    refusal: bytes | None = None
    subjects: bytes = field(default=b"", repr=False)
    private: bytes = field(default=b"", repr=False)
    meter: Meter | None = None
    moves_epoch: bool = False
    """Whether the entry changes what may leave, so that its index becomes the epoch. It is a batch of its own."""

    def __post_init__(self) -> None:
        """Check sizes here, so that one caller's mistake cannot fail the batch of others."""
        require_size(self.leaf)
        if self.refusal is not None:
            require_size(self.refusal)
        elif self.once:
            raise LeafRefused("a draft that spends replay ids brings the refusal to write if one was spent before")
        if len(self.subjects) % _SUBJECT_SIZE:
            raise LeafRefused(f"subject numbers have {_SUBJECT_SIZE} bytes each")


@dataclass(frozen=True, slots=True)
class Appended:
    """
    Where a committed entry stands: its index, and the size of a tree that covers it.

    INVARIANT: made after COMMIT was confirmed only.
    """

    index: int
    size: int
