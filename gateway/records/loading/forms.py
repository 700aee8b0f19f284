"""
The forms that tables require of values, checked row by row before anything is written.

Otherwise a single row would make PostgreSQL refuse the whole load, in an error that quotes the row. A test compares
these forms with the tables' own constraints.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Final

from sqlalchemy import ARRAY

from gateway.records.loading.cells import CellRefused, Value
from gateway.records.loading.targets import AGREEMENT, CONSENTS, TARGETS, fields_of, required_of
from gateway.records.signed import Approval, Authentication, is_older, lack_of

_DIGEST: Final = re.compile("sha256:[0-9a-f]{64}")
FORMS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = MappingProxyType(
    {
        "school_year": (re.compile("[0-9]{4}-[0-9]{4}"), "is no school year written as 2026-2027"),
        AGREEMENT: (re.compile("agreement:[a-z0-9]+(-[a-z0-9]+)*"), "is no agreement's id"),
        "scope": (re.compile("sharing|directory"), "is neither 'sharing' nor 'directory'"),
        "signed_by": (re.compile("parent|eligible_student"), "is neither 'parent' nor 'eligible_student'"),
        "attendance_status": (
            re.compile("Present|Absent|ExcusedAbsence|UnexcusedAbsence|Tardy|EarlyDeparture"),
            "is no attendance status",
        ),
        "signer": (re.compile(r"(?s:.{1,200})"), "is longer than 200 letters"),
        "purpose": (re.compile("[a-z]+(_[a-z]+)*"), "is no code of a purpose, such as tutoring"),
        "party": (re.compile("partner:[a-z0-9]+(-[a-z0-9]+)*"), "is no partner's id, partner:some-name"),
        "what_will_be_done": (re.compile(r"(?s:.{1,1000})"), "is longer than 1,000 letters"),
        "form": (re.compile("paper|electronic"), "is neither 'paper' nor 'electronic'"),
        "evidence": (_DIGEST, "is no digest, sha256: and 64 hexadecimal digits"),
        "authenticated_by": (
            re.compile("|".join(Authentication)),
            f"is no way in which a signer is authenticated (34 CFR 99.30(d)(1)): {', '.join(Authentication)}",
        ),
        "approved_by": (
            re.compile("|".join(Approval)),
            f"is no act of approval (34 CFR 99.30(d)(2)): {', '.join(Approval)}",
        ),
        "notice": (_DIGEST, "is no digest, sha256: and 64 hexadecimal digits"),
        "notice_language": (re.compile("[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"), "is no language tag, such as en or es"),
    }
)
"""A field's form, and what is said of a value that does not have it. A column without a constraint has none."""
_ORDERED: Final = (
    ("entry_date", "exit_date"),
    ("from_date", "to_date"),
    ("program_start_date", "program_exit_date"),
    ("signed_on", "from_date"),
    ("begin_date", "end_date"),
)
FREE: Final = frozenset({("programs", "school_year")})
"""Columns of such a name whose table leaves their form open."""


def require_forms(target: str, values: Mapping[str, Value]) -> None:
    """Check that the table of `target` can hold these values. Raises `CellRefused`, which quotes none of them."""
    forms, lists = _forms_of(target)
    for name, form, complaint in forms:
        value = values.get(name)
        if isinstance(value, str) and not form.fullmatch(value):
            raise CellRefused(f"{name} {complaint}")
    for name in lists:
        if values.get(name) == []:
            raise CellRefused(f"{name} lists nothing")
    if target == CONSENTS and not is_older(values) and (lacking := lack_of(values)) is not None:
        raise CellRefused(lacking)


def require_known(target: str, values: Mapping[str, Value]) -> None:
    """Check that every field is known that must be. Raises `CellRefused`."""
    for name in required_of(target):
        if values.get(name) is None:
            raise CellRefused(f"{name} is not known")


def require_order(values: Mapping[str, Value]) -> None:
    """Check that nothing is over before it begins. Raises `CellRefused`."""
    for first, last in _ORDERED:
        begin, end = values.get(first), values.get(last)
        if begin is not None and end is not None and str(begin) > str(end):
            raise CellRefused(f"{first} is after {last}")


def doubtful(target: str, values: Mapping[str, Sequence[Value]], rows: int) -> list[int]:
    """
    Return the places of rows that may not have what the table of `target` requires; they are looked at one by one.

    INVARIANT: whatever a check above refuses is among them. Columns are looked at whole, each value in them once. Of
    consents, which are few and have lists and conditions of their own, every row is looked at.
    """
    if target == CONSENTS:
        return list(range(rows))
    forms, _ = _forms_of(target)
    found: set[int] = set()
    for name in required_of(target):
        column = values.get(name, [None] * rows)
        if None in column:
            found.update(at for at, value in enumerate(column) if value is None)
    for name, form, _ in forms:
        column = values.get(name, ())
        bad = {value for value in set(column) if isinstance(value, str) and not form.fullmatch(value)}
        if bad:
            found.update(at for at, value in enumerate(column) if value in bad)
    for first, last in _ORDERED:
        if first in values and last in values:
            pairs = enumerate(zip(values[first], values[last], strict=True))
            both = ((at, begin, end) for at, (begin, end) in pairs if begin is not None and end is not None)
            found.update(at for at, begin, end in both if str(begin) > str(end))
    return sorted(found)


@cache
def _forms_of(target: str) -> tuple[tuple[tuple[str, re.Pattern[str], str], ...], tuple[str, ...]]:
    """Return the forms that the fields of `target` have, and which of its columns are lists."""
    named = fields_of(target)
    forms = [(name, *FORMS[name]) for name in FORMS if name in named and (target, name) not in FREE]
    lists = [column.name for column in TARGETS[target].table.c if isinstance(column.type, ARRAY)]
    return tuple(forms), tuple(lists)
