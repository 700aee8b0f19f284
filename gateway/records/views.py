"""The views a partner's rows are read from, as SQLAlchemy sees them. The app role can read these and no table."""

from typing import Any

from sqlalchemy import BigInteger, Date, DateTime, LargeBinary, Table, TableClause, column, table

from gateway.records import facts, outcomes, standing
from gateway.records.columns import words

_OWN = frozenset({"row_id", "digest", "from_batch", "to_batch", "from_idx", "to_idx", "line"})
"""Columns that keep a table's history; no view has them."""


def _view(name: str, base: Table, *more: Any) -> TableClause:  # noqa: ANN401 - SQLAlchemy's own argument type
    own = [column(each.name, each.type) for each in base.columns if each.name not in _OWN]
    return table(name, *own, *more, schema="records")


granted_students = _view(
    "granted_students",
    facts.person,
    column("code", words()),
    column("covers", BigInteger),
    column("sealed", LargeBinary),
)
granted_enrollments = _view("granted_enrollments", facts.enrollment)
granted_academic_summaries = _view("granted_academic_summaries", facts.academic_summary)
granted_attendance_events = _view("granted_attendance_events", facts.attendance, column("event_id", BigInteger))
granted_programs = _view("granted_programs", outcomes.program)
visible_schools = table(
    "visible_schools", column("school_identifier", words()), column("lea_identifier", words()), schema="records"
)
granted_rosters = _view("granted_rosters", standing.roster)
granted_placements = _view("granted_placements", standing.placement)

head = table("head", column("epoch", BigInteger), schema="audit")
"""The log's head row: the epoch comes from the same snapshot as the rows."""

CLOCK_TYPE = DateTime(timezone=True)
DAY_TYPE = Date()


def element_of(name: str, base: Table) -> str | None:
    """Return the CEDS id of a column of `base`, None if it has none."""
    return base.c[name].info.get("element") if name in base.c else None
