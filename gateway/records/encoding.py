"""Rows as bytes: one JSON object a row, exactly the bytes that are committed to in the log and sent."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from gateway.records.reader import CODE_AT, Page
from policies.decision import GrantedField, Permit

RECORD_CODE = "record_code"
CONTESTED = "contested"
"""The member that holds a family's statements; no element has this wire name."""

_ENCODER = msgspec.json.Encoder()


def encode(page: Page, permit: Permit) -> list[bytes]:
    """
    Return each row of `page` as a JSON object: its record code, then the permit's fields in order.

    What this student's consent does not cover is absent; what it covers and nobody knows is null. A statement of the
    family follows where a value that it contests is told, and nowhere else (34 CFR 99.21(c)(2)).
    """
    names = tuple(field.name for field in permit.fields)
    shape = _shape(names)
    at = page.values_at
    covered, stated = page.covers, page.statements
    if at == CODE_AT + 1 and covered.count(None) == len(covered) == stated.count(None):
        # The code stands before the values: one slice a row. And one call for the page: JSON has no line break of its
        # own, so the lines are the objects. Together a third less than row by row.
        return _ENCODER.encode_lines([shape(*row[CODE_AT:]) for row in page.rows]).split(b"\n")[:-1]
    encoded = []
    bits: tuple[int, ...] | None = None
    for row, covers, statements in zip(page.rows, covered, stated, strict=True):
        if covers is None and statements is None:
            encoded.append(_ENCODER.encode(shape(row["code"], *row[at:])))
            continue
        known = dict(zip(names, row[at:], strict=True))
        if covers is not None:
            if bits is None:
                bits = tuple(1 << permit.rows.element_order.index(field.element) for field in permit.fields)
            known = {name: known[name] for name, bit in zip(names, bits, strict=True) if covers & bit}
        following = {} if statements is None else contested(statements, permit.fields, known)
        encoded.append(_ENCODER.encode({RECORD_CODE: row["code"], **known, **following}))
    return encoded


def contested(statements: str, fields: Sequence[GrantedField], known: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the member with the statements that go along with the values in `known`; empty if none does.

    A statement names those of its fields that are told, and no other: it says nothing of what was not agreed. A value
    that is unknown or may not leave is not told.
    """
    told = {field.element: field.name for field in fields if known.get(field.name) is not None}
    going = [
        {"fields": about, "statement": words, "stated_on": day}
        for elements, words, day in msgspec.json.decode(statements)
        if (about := [told[each] for each in elements if each in told])
    ]
    return {CONTESTED: going} if going else {}


@lru_cache(maxsize=512)
def _shape(names: tuple[str, ...]) -> type[Any]:
    """Return a struct for rows with these fields. Wire names are renamings, so none can clash with Python's words."""
    attributes = ["code", *(f"v{number}" for number in range(len(names)))]
    return msgspec.defstruct(
        "Row", attributes, rename=dict(zip(attributes, (RECORD_CODE, *names), strict=True)), frozen=True, gc=False
    )
