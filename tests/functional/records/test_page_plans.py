"""The plan of every page: whatever the parameters, it walks the population's index from where the page starts."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.records.coverage import Scope
from gateway.records.population import rewrite_population
from gateway.records.statement import Shape, build
from gateway.store.database import READING
from policies.population import Column, In
from tests.factories.database import TestDatabase
from tests.factories.records import AGREEMENT, LINE, OTHER, OTHER_LINE, SmallDistrict, permit, terms

NORTH = terms(In(Column.SCHOOL_IDENTIFIER, ("s1", "s2", "s3")))
COLUMNS = ("first_name", "last_name", "birthdate:age_years", "grade_level", "school_identifier", "gpa_cumulative")
STUDENTS = 3_000
FILL = f"""
INSERT INTO records.batch (kind, source, digest, rows, prepared_at, idx)
    VALUES ('records.loaded', 'x', decode(repeat('00', 32), 'hex'), 0, now(), 0);
UPDATE records.frontier SET batch = 1;
INSERT INTO records.identity SELECT gen_random_uuid(), i FROM generate_series(1, {STUDENTS}) i;
INSERT INTO records.subject SELECT student_id, decode(md5(student_id::text), 'hex') FROM records.identity;
INSERT INTO records.student (student_id, student_identifier, first_name, digest, from_batch)
    SELECT student_id, student_identifier, 'F', decode(repeat('00', 16), 'hex'), 1 FROM records.identity;
INSERT INTO records.enrollment (student_id, school_identifier, school_year, entry_date, digest, from_batch)
    SELECT student_id, 's' || student_identifier::int % 6, '2025-2026', '2025-09-03', decode(repeat('00', 16), 'hex'), 1
    FROM records.identity;
INSERT INTO records.academic_summary (student_id, school_year, digest, from_batch)
    SELECT student_id, '2025-2026', decode(repeat('00', 16), 'hex'), 1 FROM records.identity;
INSERT INTO records.attendance (student_id, attendance_event_date, school_identifier, school_year, attendance_status,
    digest, from_batch)
    SELECT student_id, date '2025-09-03' + d, 's', '2025-2026', 'Present', decode(repeat('00', 16), 'hex'), 1
    FROM records.identity, generate_series(0, 20) d;
INSERT INTO records.course_grade (student_id, school_year, session_identifier, section_identifier, course_title, digest,
    from_batch)
    SELECT student_id, '2025-2026', 'S1', d::text, 'Physics', decode(repeat('00', 16), 'hex'), 1
    FROM records.identity, generate_series(0, 7) d;
INSERT INTO records.discipline (student_id, incident_identifier, disciplinary_action, school_year, incident_date,
    digest, from_batch)
    SELECT student_id, d::text, 'Detention', '2025-2026', '2025-10-01', decode(repeat('00', 16), 'hex'), 1
    FROM records.identity, generate_series(0, 3) d;
INSERT INTO records.contested (student_id, elements, statement, stated_on, digest, from_idx)
    SELECT student_id, ARRAY[e], 'x', '2026-01-01', decode(repeat('00', 16), 'hex'), 1
    FROM records.identity, unnest(ARRAY['000115', '000128', '000201', '001649']) e
    WHERE student_identifier::int % 3 = 0;
"""  # noqa: S608 - a number of our own


@pytest.fixture
async def district(database: TestDatabase, tmp_path: Path) -> SmallDistrict:
    district = await SmallDistrict.open(database, tmp_path)
    await district.owner.execute(FILL)
    async with district.engine.begin() as connection:
        await rewrite_population(connection, Scope(AGREEMENT, LINE, NORTH), 1)
        await rewrite_population(connection, Scope(OTHER, OTHER_LINE, terms()), 1)
    await district.owner.execute("ANALYZE")
    return district


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in nodes(child))]


def literal(value: Any) -> str:
    if isinstance(value, list):
        return f"ARRAY[{', '.join(literal(each) for each in value)}]::text[]"
    return "'" + str(value).replace("'", "''") + "'"


DATASETS = {
    "students": COLUMNS,
    "attendance": ("days_absent", "days_enrolled"),
    "attendance_events": ("attendance_event_date",),
    "enrollments": ("entry_date", "school_name"),
    "academic_summary": ("gpa_cumulative", "session_name"),
    "courses": ("course_title", "grade_earned:band"),
    "discipline": ("incident_identifier:count",),
}
UNKNOWN = (
    "DELETE FROM pg_statistic; SELECT pg_clear_relation_stats('records', relname::text) FROM pg_class WHERE {tables}"
)
EMPTIER = "UPDATE pg_class SET reltuples = reltuples / 100 WHERE {tables} AND reltuples > 0"
GROWN = "ALTER INDEX records.{index} SET (fillfactor = 10); REINDEX INDEX records.{index}"
TABLES = "relnamespace = 'records'::regnamespace AND relkind = 'r'"
SITUATIONS = {
    "as analyzed": "SELECT",
    "never analyzed": UNKNOWN.format(tables=TABLES),
    "analyzed when tables had a hundredth of their rows": EMPTIER.format(tables=TABLES),
    "the index of students has grown": GROWN.format(index="population_student_ix"),
    "the index of pages has grown": GROWN.format(index="population_page_ix"),
    "indexes of rows have grown": "; ".join(
        GROWN.format(index=f"{table}_key") for table in ("enrollment", "attendance", "course_grade", "academic_summary")
    ),
}
"""What happens to a database between two days, by what makes it so."""
SMALL = {"frontier", "head", "school", "session", "contested", "scope"}
"""Read whole. Whether there is any statement is told by the first one."""


def require_short(plan: dict[str, Any], start: str) -> None:
    """Check that a page is a short way along one index, and goes to everything else by an index of its own."""
    found = nodes(plan)
    walked = [node for node in found if node.get("Index Name") == "population_page_ix"]
    assert [node["Node Type"] for node in walked] == ["Index Scan"]
    # Sorting the rows of one student reads on until the next student, or the one after, begins.
    assert walked[0]["Actual Rows"] <= (1 if start == "code" else 21 + 2)
    # What is found by the student is found by nothing else.
    by_student = [node for node in found if node.get("Index Name") == "population_student_ix"]
    assert all("student_id" in node["Index Cond"] for node in by_student)
    scanned = {node["Relation Name"] for node in found if node["Node Type"] in {"Seq Scan", "Bitmap Heap Scan"}}
    assert scanned <= SMALL
    assert max(node["Actual Rows"] * node["Actual Loops"] for node in found) <= 21 * 21
    # Nothing is read to be thrown away: each student is found in the population by an index that holds the student.
    assert max(node.get("Rows Removed by Filter", 0) for node in found) <= 21


async def test_a_page_reads_a_page_and_not_the_district_whatever_the_planner_knows(district: SmallDistrict) -> None:
    asked = []
    for dataset, columns in DATASETS.items():
        leave = permit(*columns, dataset=dataset, rows=NORTH)
        page = await district.page(leave, limit=20)
        assert page.next is not None
        given = {"code": page.next.code, "place": page.next.place, "turn": page.next.turn}
        for start in ("first", "after", "code"):
            statement = build(leave, Shape(20, start))
            values = ", ".join(literal(value) for value in statement.arguments(given))
            asked.append((dataset, start, statement.sql, values))
    admin = await district.database.connection("admin")
    for situation, made in SITUATIONS.items():
        transaction = admin.transaction()
        await transaction.start()
        await admin.execute(made)
        await admin.execute("SET LOCAL ROLE pactgate_app")
        await admin.execute("".join(f"SET LOCAL {name} = {value};" for name, value in READING.items()))
        for dataset, start, sql, values in asked:
            if (situation, start) == ("never analyzed", "code"):
                continue  # one student: PostgreSQL 18 skips through the other index, until it knows how long that is
            # Prepared: an EXPLAIN with parameters is planned for their values, and shows another plan than the one that
            # runs. No agreement is named before it, so it is planned as for any.
            await admin.execute(f"SET LOCAL pactgate.agreement = ''; PREPARE page AS {sql}")
            explain = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE page({values})"
            (plan,) = json.loads(await admin.fetchval(explain))
            await admin.execute("DEALLOCATE page")
            try:
                require_short(plan["Plan"], start)
            except AssertionError as long_way:
                raise AssertionError(f"{dataset}, {start}, {situation}: {long_way}") from long_way
        await transaction.rollback()


def test_the_clock_is_read_once_and_not_once_a_row() -> None:
    sql = build(permit(*COLUMNS, rows=NORTH), Shape(20, "first")).sql
    assert "AS MATERIALIZED" in sql
    assert sql.count("gateway.clock()") == 2
    assert "LIMIT 21" in sql


async def test_statements_are_built_once_and_the_least_used_go(district: SmallDistrict) -> None:
    leave = permit("first_name", rows=NORTH)
    await district.page(leave, limit=1)
    (kept,) = district.reader._statements.values()
    await district.page(leave, limit=1)
    assert [*district.reader._statements.values()] == [kept]
    for limit in range(2, 515):
        district.reader._statement(leave, Shape(limit, "first"))
    assert len(district.reader._statements) == 512
    assert kept not in district.reader._statements.values()
