"""
Changes as bytes: one JSON object each, exactly the bytes that are committed to in the log and sent.

A row that is new or other stands in it as it stands on a page. INVARIANT: of a row that went nothing is told but which
one it was.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

import msgspec

from gateway.records.encoding import encode
from gateway.records.following import DELETED, Changes
from gateway.records.transforms import CODE_VERSION
from policies.decision import GrantedField, Permit

ROW_PREFIX: Final = "rw_"
_FORM_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class ChangesEncoded:
    """`all` is every change in order; `rows` are those that disclose a row, in the order of the page's subjects."""

    all: list[bytes]
    rows: list[bytes]


def encode_changes(changes: Changes, permit: Permit) -> ChangesEncoded:
    """Return each change as a JSON object: what became of the row, which row it is, and what it holds now."""
    rows = iter(encode(changes.page, permit))
    everything, disclosing = [], []
    for line in changes.lines:
        change, row = line["change"], row_id(line["row"])
        if change == DELETED:
            everything.append(msgspec.json.encode({"change": change, "row": row}))
            continue
        told = msgspec.json.encode({"change": change, "row": row, "data": msgspec.Raw(next(rows))})
        everything.append(told)
        disclosing.append(told)
    return ChangesEncoded(everything, disclosing)


def row_id(row: bytes) -> str:
    """Return what a partner calls a row: 26 letters of base32, of a digest over its own code and released values."""
    return ROW_PREFIX + base64.b32encode(row).decode().rstrip("=").lower()


def form_of(permit: Permit) -> str:
    """
    Return what stands for all of a permit that decides what is released besides the records, the epoch and the clock.

    Hexadecimal. While it stays the same, what was released earlier can be read again under today's permit.
    """
    parts = [
        CODE_VERSION,
        permit.agreement,
        permit.dataset,
        permit.cell_minimum,
        sorted(permit.exact),
        [_form(each) for each in permit.fields],
        [[*_form(each), value] for each, value in permit.filters],
        [[element, codes.digest] for element, codes in permit.row_codes],
    ]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[: 2 * _FORM_BYTES]


def _form(asked: GrantedField) -> list[str | None]:
    return [asked.element, asked.name, asked.transformation, None if asked.codes is None else asked.codes.digest]
