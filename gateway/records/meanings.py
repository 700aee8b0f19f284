"""
What the words of a consent mean as bits of a version's mask, and what `all` means in a line of versions.

A consent specifies the records that may be disclosed (34 CFR 99.30(b)(1)). INVARIANT: nobody agreed to what the
agreement did not name on the day of the signature; an amendment that adds elements widens no consent signed before it.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, ScalarSelect, and_, func, select, values
from sqlalchemy import column as named

from gateway.records.columns import words
from gateway.records.errors import UnknownTerm

ALL = "all"
"""What a consent covers that names every element of its agreement."""
MAX_ELEMENTS = 63
"""Bits of a mask that a bigint holds without its sign."""

Added = tuple[tuple[str, dt.date], ...]
"""Elements that came with a later version of a line, each with the day on which that version was received."""


def mask_of(
    covers: ColumnElement[Any], signed_on: ColumnElement[Any], order: Sequence[str], added: Added
) -> ScalarSelect[Any]:
    """
    Return the mask of a consent over the elements `order`; NULL if it covers none of them.

    What is `added` belongs to `all` only in a consent that was signed after that day: on the day itself nobody can tell
    which text was signed. Raises `UnknownTerm` for an agreement with more elements than a mask has bits.
    """
    if len(order) > MAX_ELEMENTS:
        raise UnknownTerm(f"A consent agreement with more than {MAX_ELEMENTS} elements has no mask.")
    bits = {element: 1 << place for place, element in enumerate(order)}
    later = {element: day for element, day in added if element in bits}
    meant = [(element, bit, dt.date.min) for element, bit in bits.items()]
    meant += [(ALL, bits[element], day) for element, day in later.items()]
    if first := sum(bit for element, bit in bits.items() if element not in later):
        meant.append((ALL, first, dt.date.min))
    known = values(named("word", words()), named("bit", BigInteger), named("since", Date), name="known").data(meant)
    signed_for = and_(known.c.word == func.any(covers), known.c.since < signed_on)
    return select(func.bit_or(known.c.bit)).where(signed_for).scalar_subquery()


def added_in(versions: Sequence[tuple[dt.date, Collection[str]]]) -> Added:
    """
    Return what the last of a line's versions has that its first had not, or that was missing in between.

    `versions` are all of the line, oldest first: the day each was received in its zone, and its element ids.
    """
    *_, (_, newest) = versions
    found = []
    for element in sorted(newest):
        since = [day for day, _ in versions]
        gaps = [place for place, (_, elements) in enumerate(versions) if element not in elements]
        if gaps:
            found.append((element, since[gaps[-1] + 1]))
    return tuple(found)
