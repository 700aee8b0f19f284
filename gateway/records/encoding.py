"""Rows as bytes: one JSON object a row, exactly the bytes that are committed to in the log and sent."""

from functools import lru_cache
from typing import Any

import msgspec

from gateway.records.reader import CODE_AT, Page
from policies.decision import Permit

RECORD_CODE = "record_code"

_ENCODER = msgspec.json.Encoder()


def encode(page: Page, permit: Permit) -> list[bytes]:
    """
    Return each row of `page` as a JSON object: its record code, then the permit's fields in order.

    What this student's consent does not cover is absent; what it covers and nobody knows is null.
    """
    names = tuple(field.name for field in permit.fields)
    shape = _shape(names)
    at = page.values_at
    covered = page.covers
    if at == CODE_AT + 1 and covered.count(None) == len(covered):
        # The code stands before the values: one slice a row. And one call for the page: JSON has no line break of its
        # own, so the lines are the objects. Together a third less than row by row.
        return _ENCODER.encode_lines([shape(*row[CODE_AT:]) for row in page.rows]).split(b"\n")[:-1]
    encoded = []
    bits: tuple[int, ...] | None = None
    for row, covers in zip(page.rows, covered, strict=True):
        if covers is None:
            encoded.append(_ENCODER.encode(shape(row["code"], *row[at:])))
            continue
        if bits is None:
            bits = tuple(1 << permit.rows.element_order.index(field.element) for field in permit.fields)
        known = {RECORD_CODE: row["code"]}
        known |= {name: value for name, bit, value in zip(names, bits, row[at:], strict=True) if covers & bit}
        encoded.append(_ENCODER.encode(known))
    return encoded


@lru_cache(maxsize=512)
def _shape(names: tuple[str, ...]) -> type[Any]:
    """Return a struct for rows with these fields. Wire names are renamings, so none can clash with Python's words."""
    attributes = ["code", *(f"v{number}" for number in range(len(names)))]
    return msgspec.defstruct(
        "Row", attributes, rename=dict(zip(attributes, (RECORD_CODE, *names), strict=True)), frozen=True, gc=False
    )
