"""
What somebody for whom no guard holds may do to rows about students: each table, each kind of edit.

Each is one statement; `$1` is the line of the mentoring agreement, `$2` its digest, `$3` the line of the tutoring one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tests.factories.cohort import FOLLOW_UP, MENTORING, TUTORING
from tests.factories.records import SAID

_OWN, _OTHER, _ALL = frozenset({MENTORING}), frozenset({TUTORING}), frozenset({MENTORING, TUTORING, FOLLOW_UP})
_SOMEBODY = "(SELECT student_id FROM records.identity ORDER BY student_identifier LIMIT 1 OFFSET 7)"


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit of a table: whom it stops, and the code of the alarm."""

    table: str
    name: str
    sql: str
    denied: frozenset[str]
    code: str = "facts_changed"


def _updated(
    table: str, which: str, denied: frozenset[str], changes: Mapping[str, str], code: str = "facts_changed"
) -> Iterator[Edit]:
    """One row, by a condition, with something changed; and deleted."""
    first = f"ctid = (SELECT ctid FROM records.{table} WHERE {which} LIMIT 1)"  # noqa: S608 - our own words
    for name, change in changes.items():
        yield Edit(table, name, f"UPDATE records.{table} SET {change} WHERE {first}", denied, code)  # noqa: S608 - same
    yield Edit(table, "a row deleted", f"DELETE FROM records.{table} WHERE {first}", denied, code)  # noqa: S608 - same


def _added(
    table: str, which: str, denied: frozenset[str], columns: Mapping[str, str], code: str = "facts_changed"
) -> Edit:
    """A row like another, but for some columns."""
    names, values = ", ".join(columns), ", ".join(columns.values())
    sql = f"INSERT INTO records.{table} ({names}) SELECT {values} FROM records.{table} WHERE {which} LIMIT 1"  # noqa: S608 - ours
    return Edit(table, f"a row added, from_idx {columns['from_idx']}", sql, denied, code)


def _same(*names: str, **changed: str) -> dict[str, str]:
    return {name: name for name in names} | changed


_MENTORED, _COVERED, _CONSENTED = "line = $1", "agreement = $2", "line = $3 AND cardinality(covers) = 4"
_ROSTER = _same("line", "to_date", "digest", "from_idx", student_id=_SOMEBODY, from_date="'2026-09-02'")
_CONSENT = _same("line", "covers", "signed_by", "signed_on", "to_date", "digest", "from_idx", student_id=_SOMEBODY)
_OLDER: Final = ", ".join(f"{name} = NULL" for name in (*SAID, "purpose", "party"))
_COVER = _same("agreement", "covers", "valid", "from_idx", student_id=_SOMEBODY, code="'rc_' || repeat('b', 26)")
_CODE = _same("line", "from_idx", student_id=_SOMEBODY, code="'rc_' || repeat('d', 26)")

DATED: Final[tuple[Edit, ...]] = (
    *_updated(
        "roster",
        _MENTORED,
        _OWN,
        {
            "another student": f"student_id = {_SOMEBODY}",
            "longer": "to_date = '2030-01-01'",
            "begun earlier": "from_date = '2020-01-01'",
            "of another entry": "from_idx = from_idx - 1",
            "its digest": "digest = substr(sha256('x'), 1, 16)",
        },
    ),
    Edit(
        "roster",
        "moved to another agreement",
        "UPDATE records.roster SET line = $3"
        " WHERE row_id = (SELECT max(row_id) FROM records.roster AS r WHERE r.line = $1 AND NOT EXISTS ("
        " SELECT FROM records.roster AS o WHERE o.line = $3 AND o.student_id = r.student_id))",
        _OWN | _OTHER,
    ),
    _added("roster", _MENTORED, _OWN, _ROSTER),
    _added("roster", _MENTORED, _OWN, _ROSTER | {"from_idx": "from_idx + 1000"}, "facts_unclaimed"),
    _added("roster", _MENTORED, _OWN, _ROSTER | {"from_idx": "0"}, "facts_unclaimed"),
    *_updated(
        "consent",
        _CONSENTED,
        _OTHER,
        {
            "more elements": "covers = ARRAY['all']",
            "by the student": "signed_by = 'eligible_student'",
            "signed earlier": "signed_on = '2020-01-01'",
            "withdrawn": "to_idx = from_idx + 1, withdrawn_on = '2026-12-01'",
            "signed by another": "signer = 'Another Parent'",
            "for another purpose": "purpose = 'mentoring'",
            "to another party": "party = 'partner:harbor-mentors'",
            "shown by another scan": "evidence = 'sha256:' || repeat('a', 64)",
            "said to be older": _OLDER,
            "entered by hand": "by_hand = true",
        },
    ),
    Edit(
        "restriction",
        "a row added",
        "INSERT INTO records.restriction (student_id, parent, ordered_on, evidence, digest, from_idx)"
        " SELECT student_id, 'another parent', signed_on, evidence, digest, from_idx FROM records.consent LIMIT 1",
        _ALL,
    ),
    _added("consent", _CONSENTED, _OTHER, _CONSENT | {"from_date": "from_date + 1"}),
    *_updated(
        "opt_out",
        "true",
        _ALL,
        {"from later on": "from_date = '2030-01-01'", "stated": "stated = NOT stated", "of one agreement": "line = $1"},
    ),
    *_updated(
        "population",
        _COVERED,
        _OWN,
        {
            "another student": f"student_id = {_SOMEBODY}",
            "every day": "valid = '{[2020-01-01,2040-01-01)}'",
            "fewer elements": "covers = 1",
            "another code": "code = 'rc_' || repeat('a', 26)",
        },
    ),
    Edit(
        "population",
        "ended",
        "UPDATE records.population SET to_idx = from_idx + 1 WHERE agreement = $2",
        _OWN,
        "facts_unclaimed",
    ),
    _added("population", _COVERED, _OWN, _COVER),
    *_updated(
        "code",
        _MENTORED,
        _OWN,
        {
            "another student": f"student_id = {_SOMEBODY}",
            "another code": "code = 'rc_' || repeat('c', 26)",
            "older than all": "from_idx = -1",
        },
    ),
    _added("code", _MENTORED, _OWN, _CODE),
    Edit("scope", "another line", "UPDATE records.scope SET line = $3 WHERE agreement = $2", _OWN, "facts_terms_moved"),
    Edit(
        "scope",
        "another zone",
        "UPDATE records.scope SET time_zone = 'Pacific/Kiritimati' WHERE agreement = $2",
        _OWN,
        "facts_terms_moved",
    ),
)
"""Rows that entries date, and what stands between students and partners."""

LOADED: Final[tuple[Edit, ...]] = (
    *(
        edit
        for table, change in (
            ("student", "first_name = 'Mallory'"),
            ("enrollment", "grade_level = '01'"),
            ("school", "lea_identifier = 'another'"),
            ("attendance", "attendance_status = 'EarlyDeparture'"),
        )
        for edit in _updated(
            table,
            "true",
            _ALL,
            {"another value": change, "ended": "to_batch = from_batch + 1", "of no load": "from_batch = 0"},
        )
    ),
    *_updated("academic_summary", "true", _OTHER, {"another value": "gpa = 4.0"}),
    Edit(
        "withheld",
        "a row added",
        "INSERT INTO records.withheld (student_id, target, digest, from_batch)"
        " SELECT student_id, 'students', digest, from_batch FROM records.student LIMIT 1",
        _ALL,
    ),
    Edit("frontier", "moved back", "UPDATE records.frontier SET batch = 0", _ALL, "facts_visible_moved"),
    *_updated("batch", "true", _ALL, {"of another entry": "idx = 1"}, "facts_visible_moved"),
    *_updated("identity", "true", _ALL, {"another number": "student_identifier = 'Nr0'"}, "facts_renamed"),
)
"""Rows that loads date, and which loads are visible."""
