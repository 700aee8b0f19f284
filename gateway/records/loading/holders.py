"""
Whether a number still means the child whom it meant before, asked when rows come.

Source systems give a number to another child, sometimes years later. INVARIANT: no row, roster line, consent or
placement reaches a child by a number that another child had when it was made. A number that comes with another name and
birth date is a question: whoever had it is withheld, and its rows are refused, until a person says whose it is.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import asyncpg

from gateway.records.loading.cells import Value
from gateway.records.loading.csvfile import Refused
from gateway.records.loading.merge import IN_FORCE
from gateway.records.loading.staging import Staged, StagedRow
from gateway.records.loading.targets import NUMBER, TARGETS
from gateway.records.numbers import NO_ROW, QUESTIONED, Said

STUDENTS: Final = "students"
GIVEN_ON: Final = {"rosters": "from_date", "consents": "signed_on", "placements": "from_date"}
"""Targets that give a partner something, with the day that tells for which child it was."""
_ASK: Final = (
    "its number came with another name and birth date: say whether it is the same child's (records number-kept)"
)
_ASK_REUSED: Final = f"{_ASK} or another's now (records number-reused); until then none of its rows is taken"
_ANOTHERS: Final = "on that day its number was another child's"
_KNOWN: Final = """SELECT DISTINCT ON (s.student_id) s.student_id, s.first_name, s.last_name, s.birthdate, s.digest
    FROM records.student AS s WHERE s.student_id = ANY($1) AND s.from_batch <= (SELECT f.batch FROM records.frontier f)
    ORDER BY s.student_id, s.from_batch DESC"""
_COVERED_ONCE: Final = """SELECT DISTINCT c.student_id FROM records.code AS c WHERE c.student_id = ANY($1)
    AND (c.from_batch IS NULL OR c.from_batch <= (SELECT f.batch FROM records.frontier f))"""
_NOW: Final = f"SELECT student_id FROM records.withheld WHERE target = '{QUESTIONED}' AND {IN_FORCE}"  # noqa: S608 - ours
_KEPT: Final = f"SELECT student_id, stood FROM records.renumbered WHERE kind = '{Said.KEPT}' AND to_idx IS NULL"  # noqa: S608 - ours
_REUSED: Final = (
    "SELECT student_identifier, max(said_on) FROM records.renumbered"  # noqa: S608 - ours
    f" WHERE kind = '{Said.REUSED}' AND to_idx IS NULL GROUP BY student_identifier"
)


@dataclass(slots=True)
class Questions:
    """Whose number is a question now, and whose was one and is none any more: a row came that is theirs."""

    asked: set[UUID] = field(default_factory=set, repr=False)
    fresh: set[UUID] = field(default_factory=set, repr=False)
    """Those of them that this load asks first. If they are many, it is the export that is broken."""
    answered: set[UUID] = field(default_factory=set, repr=False)


async def ask(connection: asyncpg.Connection, staged: Sequence[Staged], students: Mapping[str, UUID]) -> Questions:
    """Refuse into `staged` the rows whose number may mean, or meant, another child; return whose numbers these are."""
    before = {row[0] for row in await connection.fetch(_NOW)}
    kept = {(row[0], bytes(row[1])) for row in await connection.fetch(_KEPT)}
    rows = [row for each in staged if each.load.target == STUDENTS for row in each.rows]
    told = {students[number]: row for row in rows if (number := str(row.values[NUMBER])) in students}
    questions = Questions()
    known = await connection.fetch(_KNOWN, list(told))
    # Who was covered once and is not known any more: whoever comes by this number may be somebody else.
    forgotten = await connection.fetch(_COVERED_ONCE, list(told.keys() - {old["student_id"] for old in known}))
    questions.asked = {row[0] for row in forgotten} - {student for student, stood in kept if stood == NO_ROW}
    for old in known:
        student = old["student_id"]
        if (student, bytes(old["digest"])) not in kept and is_somebody_else(dict(old), told[student].values):
            questions.asked.add(student)
    questions.fresh = questions.asked - before
    questions.answered = (before & told.keys()) - questions.asked
    questions.asked |= before - questions.answered
    if questions.asked:
        asked = {number for number, student in students.items() if student in questions.asked}
        for each in staged:
            if TARGETS[each.load.target].is_about_students:
                _refuse(each, asked)
    reused = {row[0]: row[1] for row in await connection.fetch(_REUSED)}
    if reused:
        for each in staged:
            if each.load.target in GIVEN_ON:
                _refuse_earlier(each, reused)
    return questions


async def withhold_questioned(connection: asyncpg.Connection, questions: Questions, batch: int) -> bool:
    """Date who is withheld because of a number; return whether that is anybody else than before."""
    known = {row[0] for row in await connection.fetch(_NOW)}
    ended = list(questions.answered & known)
    await connection.execute(
        f"UPDATE records.withheld SET to_batch = $1 WHERE target = '{QUESTIONED}' AND student_id = ANY($2) AND {IN_FORCE}",  # noqa: S608, E501 - ours
        batch,
        ended,
    )
    begun = questions.asked - known
    await connection.copy_records_to_table(
        "withheld",
        schema_name="records",
        records=[(student, QUESTIONED, bytes(16), batch) for student in begun],
        columns=["student_id", "target", "digest", "from_batch"],
    )
    return bool(ended or begun)


def is_somebody_else(old: Mapping[str, Any], new: Mapping[str, Value]) -> bool:
    """
    Return whether two rows of one number speak of different children, as far as names and birth dates tell.

    Another birth date and another name: a corrected date alone, or a new name alone, is the same child. Where a birth
    date is not known, first and last name must both be others.
    """
    names = [(_plain(old[name]), _plain(new.get(name))) for name in ("first_name", "last_name")]
    differ = [before != after for before, after in names if before and after]
    born, told = old["birthdate"], new.get("birthdate")
    if born is None or told is None:
        return len(differ) == len(names) and all(differ)
    return bool(born != told and any(differ))


def _plain(name: object) -> str:
    return unicodedata.normalize("NFC", str(name or "")).strip().casefold()


def _refuse(staged: Staged, numbers: set[str]) -> None:
    """Refuse every row of these numbers; each number is named once, by its first row."""
    rows: list[StagedRow] = []
    named: set[str] = set()
    for row in staged.rows:
        number = str(row.values[NUMBER])
        if number not in numbers:
            rows.append(row)
        elif number not in named:
            named.add(number)
            staged.refused.append(Refused(staged.file, row.line, _ASK_REUSED))
    staged.rows = rows
    staged.withheld |= named


def _refuse_earlier(staged: Staged, since: Mapping[str, Any]) -> None:
    """Refuse what was given before the number was this child's: it ends, and is entered again for whom it is meant."""
    day = GIVEN_ON[staged.load.target]
    rows = []
    for row in staged.rows:
        reused = since.get(str(row.values[NUMBER]))
        if reused is None or str(row.values[day]) >= str(reused):
            rows.append(row)
        else:
            staged.refused.append(Refused(staged.file, row.line, _ANOTHERS))
    staged.rows = rows
