"""
A marker in every column of every student: a value that occurs nowhere else, so that whoever finds it knows whose it is.

    content, marks = marked_district()          # rows by target and field, and every marker in them
    found(marks, text)                          # -> markers in a text, as they are
    disguised(marks, text)                      # -> markers in a text in another form: reversed, encoded, hashed, cut

Truths (yes or no) are no markers: two students share each. `tests.factories.twin_worlds` moves those.
"""

import base64
import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Final

from sqlalchemy import Boolean, Date, Double, Integer

from gateway.records.columns import metadata
from gateway.records.loading.targets import NUMBER, TARGETS, columns_of, field_of
from policies.guardrails import load_guardrails

YEAR: Final = "2026-2027"
SHOWN, PARTLY, ELSEWHERE, OPTED_OUT = "shown", "partly", "elsewhere", "opted_out"
"""Covered with everything, covered with a few elements where consent is the basis, on no roster, and opted out."""
ROLES: Final = (SHOWN, PARTLY, ELSEWHERE, OPTED_OUT)
_FEW: Final = 10
CROWD: Final = tuple(f"crowd-{place}" for place in range(9))
"""Students without markers, so that there are enough for what names nobody."""
OPEN, CLOSED = "open", "closed"
"""Rows whose codes may leave under every basis, and rows with a marker in the place of each code."""
RECORDS: Final = tuple(name for name, target in TARGETS.items() if not target.is_dated_by_entry)
_CODES: Final[Mapping[str, str]] = {
    "course_title": "Physics",
    "assessment_title": "Fall Benchmark Reading",
    "assessment_subject": "Reading",
    "disciplinary_action": "Detention",
    "program_identifier": "ECS-READ",
    "program_type": "04906",
}
"""What an open row has in coded columns; in the others nothing."""
_WHOLE: Final = {"course_grades", "assessments", "discipline", "programs"}
_BETWEEN: Final = re.compile(r'[",:{}\[\]\s\\]+')
_FIXED: Final = {"school_year": YEAR, "attendance_status": "Tardy", "session_identifier": ""}
_DAYS, _STILL, _BORN = dt.date(2001, 1, 1), dt.date(2061, 1, 1), dt.date(2011, 3, 1)
"""From where days are counted: none of them is a day on which a test runs."""


@dataclass(frozen=True)
class Marker:
    """One value: whose, in which column, under which element it may leave, in a row of which kind."""

    text: str
    role: str
    target: str
    column: str
    element: str | None
    kind: str
    is_coded: bool


def marked_district() -> tuple[dict[str, list[dict[str, str]]], tuple[Marker, ...]]:
    """Return the rows of every target by field name, and the markers in them."""
    maker = _Maker()
    content: dict[str, list[dict[str, str]]] = {target: [] for target in RECORDS}
    for role in ROLES:
        for target in RECORDS:
            for kind in (OPEN, CLOSED) if target in _WHOLE else (OPEN,):
                content[target].append(maker.row(role, target, kind))
    for each in CROWD:
        content["students"].append({NUMBER: each, "birthdate": "2011-02-03"})
        content["enrollments"].append(
            {NUMBER: each, "school_identifier": maker.schools[SHOWN], "school_year": YEAR, "entry_date": "2026-09-01"}
        )
    return content, tuple(maker.marks)


def unmarked_tables() -> set[str]:
    """Return the tables about students that no target fills: each needs a reason in the test."""
    filled = {target.table.name for target in TARGETS.values()}
    return {table.name for table in metadata.tables.values() if "student_id" in table.c and table.name not in filled}


class _Maker:
    def __init__(self) -> None:
        self.marks: list[Marker] = []
        self.schools: dict[str, str] = {}
        self.sessions: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self._numbers, self._days = count(17), count()
        self._coded = load_guardrails().codes.coded

    def row(self, role: str, target: str, kind: str) -> dict[str, str]:
        made = {}
        for column in columns_of(target):
            name, element = field_of(column), TARGETS[target].table.c[column].info.get("element")
            text, is_marker = self._cell(role, target, column, kind)
            made[name] = text
            if is_marker:
                coded = element in self._coded
                self.marks.append(Marker(text, role, target, column, element, kind, coded))
        return made

    def _cell(self, role: str, target: str, column: str, kind: str) -> tuple[str, bool]:
        name, sort = field_of(column), TARGETS[target].table.c[column].type
        if name == NUMBER:
            return self.numbers.setdefault(role, _word(role, "number")), target == "students"
        if name == "school_identifier":
            return self.schools.setdefault(role, _word(role, "school")), target == "enrollments"
        if name == "session_identifier" and target != "academic_summaries":
            return self.sessions.setdefault(role, _word(role, "session")), target == "sessions"
        if name in _FIXED or isinstance(sort, Boolean):
            return _FIXED.get(name, "true"), False
        if kind == OPEN and target in _WHOLE and TARGETS[target].table.c[column].info.get("element") in self._coded:
            return _CODES.get(column, ""), False
        return self._fresh(name, sort) or _word(role, target, column, kind), True

    def _fresh(self, name: str, sort: object) -> str:
        if isinstance(sort, Date):
            first = {"birthdate": _BORN, "exit_date": _STILL}.get(name, _DAYS)
            return str(first + dt.timedelta(days=next(self._days)))
        if isinstance(sort, Double):
            return f"{3.1 + next(self._numbers) / 10**6 + 1e-7:.7f}"
        return str(7_310_000 + next(self._numbers)) if isinstance(sort, Integer) else ""


def _word(*about: str) -> str:
    # Letters that no hexadecimal text has, so that no hash holds one by chance.
    digits = hashlib.sha256("|".join(about).encode()).hexdigest()[:14]
    return "Zx" + "".join(chr(ord("g") + int(digit, 16)) for digit in digits)


def words_of(role: str) -> str:
    """Return the marker in what the family of a student stated."""
    return _word(role, "statement")


def words_in(text: str) -> str:
    """Return each word of a text once: what is searched for has none of the signs between them, and rows repeat."""
    return "\n".join(sorted(set(_BETWEEN.split(text))))


def found(marks: Iterator[Marker] | tuple[Marker, ...], text: str) -> set[Marker]:
    """Return the markers that stand in `text` as they are."""
    return {mark for mark in marks if mark.text in text}


def disguised(marks: tuple[Marker, ...], text: str) -> set[tuple[str, str, str]]:
    """Return role, column and form of each marker that stands in `text` in another form, by which it could be known."""
    return {(mark.role, mark.column, form) for mark in marks for form, other in _forms(mark) if _stands(other, text)}


def _stands(form: str, text: str) -> bool:
    """Return whether `form` is in `text`; a few digits by themselves only: in a digest they are there by chance."""
    if form not in text:
        return False
    return (
        not form.isdigit() or len(form) > _FEW or re.search(rf"(?<![0-9A-Za-z]){form}(?![0-9A-Za-z])", text) is not None
    )


def _forms(mark: Marker) -> Iterator[tuple[str, str]]:
    raw = mark.text.encode()
    yield "reversed", mark.text[::-1]
    yield "hex", raw.hex()
    yield "base64", base64.b64encode(raw).decode().rstrip("=")[:-1]
    yield "base64, after two bytes", base64.b64encode(b"  " + raw).decode()[4:].rstrip("=")[:-1]
    yield "base64, after a byte", base64.b64encode(b" " + raw).decode()[2:].rstrip("=")[:-1]
    for name in ("sha256", "md5", "sha1"):
        digest = hashlib.new(name, raw).digest()
        yield name, digest.hex()[:16]
        yield f"{name} in base64", base64.urlsafe_b64encode(digest).decode()[:16]
    if mark.text[:2] == "Zx":
        yield "upper case", mark.text.upper()
        yield "lower case", mark.text.lower()
    if mark.text.count("-") == len("--"):
        year, month, day = mark.text.split("-")
        yield from (
            ("written", text) for text in (f"{year}{month}{day}", f"{day}.{month}.{year}", f"{month}/{day}/{year}")
        )


def cut(marks: tuple[Marker, ...], text: str) -> set[tuple[str, str]]:
    """Return role and column of each word of which a part stands in `text` that does not hold it whole."""
    words = [mark for mark in marks if mark.text[:2] == "Zx" and mark.text not in text]
    return {(mark.role, mark.column) for mark in words if mark.text[:9] in text or mark.text[-9:] in text}
