"""
What a partner that follows changes has come to, and its answer: the same door, the same order, another body.

A cursor holds how far its client has come under one line of agreements and one form of permit. INVARIANT: the
difference is told under a permit of today only, and only if a permit of the same form released what the partner holds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from gateway.problems import Problem
from gateway.records.errors import ChangesLost
from gateway.records.following import BEGINNING, Changes, Place, Stretch, Told
from gateway.records.telling import encode_changes, form_of
from policies.decision import Permit

OPENED: Final = ":since"
"""The parameter under which the canonical request holds what its cursor said; no element has such a name."""


@dataclass(frozen=True, slots=True)
class Following:
    """How far a client has come; `line` and `form` are None for one that begins."""

    line: str | None = None
    form: str | None = None
    stretches: tuple[Stretch, ...] = field(default=BEGINNING, repr=False)

    def require(self, permit: Permit, line: str | None) -> None:
        """
        Check that what was told before was told under such a permit.

        Raises `Problem` (`cursor_invalid`) for a cursor of another line of agreements, `ChangesLost` for another form.
        """
        if self.form is None:
            return
        if self.line != line:
            raise Problem("cursor_invalid")
        if self.form != form_of(permit):
            raise ChangesLost("the agreement, or what it gives, is another one")

    def pack(self) -> bytes:
        """Return this as the bytes that a cursor seals: short, since it stands in an address."""
        return msgspec.json.encode([self.line, self.form, [_packed(each) for each in self.stretches]])


def with_opened(query: str, following: Following) -> str:
    """
    Return the canonical request `query` with what its cursor said.

    So that the page can be read again from its entry when the key of the cursor is long gone (claim 6).
    """
    path, given = msgspec.json.decode(query, type=tuple[str, list[tuple[str, str]]])
    return msgspec.json.encode([path, sorted([*given, (OPENED, following.pack().decode())])]).decode()


def unpack_following(packed: bytes) -> Following:
    """Return what `pack` packed. Raises `msgspec.DecodeError`."""
    line, form, stretches = _DECODER.decode(packed)
    return Following(line, form, tuple(_stretch(*each) for each in stretches))


_Packed = tuple[str | None, str | None, int | None, int | None]
_DECODER: Final = msgspec.json.Decoder(tuple[str | None, str | None, list[_Packed]])


def _packed(stretch: Stretch) -> _Packed:
    code, row = (None, None) if stretch.until is None else (stretch.until.code, stretch.until.row)
    epoch, clock = (None, None) if stretch.told is None else (stretch.told.epoch, stretch.told.clock)
    return code, row, epoch, clock


def _stretch(code: str | None, row: str | None, epoch: int | None, clock: int | None) -> Stretch:
    return Stretch(
        None if code is None or row is None else Place(code, row),
        None if epoch is None or clock is None else Told(epoch, clock),
    )


def answer_changes(told: Sequence[bytes], cursor: str, notices: tuple[str, ...], *, more: bool) -> bytes:
    """Assemble the answer from the very bytes that were committed to; 34 CFR 99.33(d): the recipient is told."""
    following, notice = msgspec.json.encode(cursor), msgspec.json.encode(list(notices))
    going_on = b"true" if more else b"false"
    return (
        b'{"data":['
        + b",".join(told)
        + b'],"next":'
        + following
        + b',"more":'
        + going_on
        + b',"notices":'
        + notice
        + b"}"
    )


def body_of(
    changes: Changes, permit: Permit, line: str | None, seal: Callable[[Following], str]
) -> tuple[list[bytes], bytes]:
    """Return the rows that an answer discloses, and the answer."""
    encoded = encode_changes(changes, permit)
    come = Following(line, form_of(permit), changes.stretches)
    return encoded.rows, answer_changes(encoded.all, seal(come), permit.notices, more=changes.more)
