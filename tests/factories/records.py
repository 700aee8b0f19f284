"""A small district in CSV files of its own shape, loaded by mapping alone, and permits to read it with."""

import csv
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from agreements.elements import load_catalogue
from gateway.records.coverage import Scope
from gateway.records.encoding import encode
from gateway.records.loading.mapping import MappingFile, parse_mapping
from gateway.records.loading.report import LoadReport
from gateway.records.reader import Page, Position, Reader
from gateway.records.subjects import SubjectKey
from gateway.services.alarms import alarm
from gateway.services.filing import Desk
from gateway.services.loads import Loads
from policies.decision import GrantedField, Permit, RowTerms
from policies.guardrails import load_guardrails
from policies.population import Everyone, Population
from policies.seal import SEAL
from tests.factories.agreements import Keyring
from tests.factories.confirmed import load_confirmed
from tests.factories.database import TestDatabase

RING = Keyring()
OFFICERS = [each.key for each in RING.officers]
AGREEMENT = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
LINE, OTHER_LINE = "agreement:ours", "agreement:others"
"""The lines that `AGREEMENT` and `OTHER` belong to."""
YEAR = "2025-2026"
DAY = dt.date(2026, 3, 11)
"""A Wednesday, on which `SmallDistrict.open` sets the clock, at noon in UTC."""
PURPOSE, PARTY = "tutoring", "partner:bright-path"
"""What consents of this made-up system are for, and to whom, where `PARTIES` says nothing else."""
PARTIES = dict.fromkeys(("agreement:sps-b-mentoring", "agreement:sps-a-left"), "partner:harbor-mentors")
SAID: Mapping[str, str] = {
    "signer": "Somebody's Parent",
    "what_will_be_done": "Tutors plan their sessions by it.",
    "form": "paper",
    "evidence": "sha256:" + "e" * 64,
    "notice": "sha256:" + "f" * 64,
    "notice_language": "en",
}
"""What every consent of it says besides."""
_LATER = {*SAID, "purpose", "party"}
NAMES = {
    "schools": "code,name,district",
    "students": "number,first,last,born,sex,zip,phone",
    "enrollments": "number,school,year,grade,in,out",
    "academic_summaries": "number,year,gpa,credits",
    "attendance_events": "number,day,school,year,mark",
    "course_grades": "number,year,term,section,school,course,title,grade,mark,tried,earned",
    "assessments": "number,title,subject,day,scored,school,year,score,level",
    "discipline": "number,incident,action,year,school,day,behavior,days",
    "programs": "number,program,kind,in,out",
    "rosters": "agreement,number,in,out",
    "consents": "agreement,number,elements,by,signed,in,out",
    "opt_outs": "number,agreement,scope,in",
    "placements": "agreement,number,in,out",
}
"""The columns of each file, as this made-up system names them."""
_FIELDS: dict[str, dict[str, object]] = {
    "schools": {"school_identifier": "code", "school_name": "name", "lea_identifier": "district"},
    "students": {
        "student_identifier": "number",
        "first_name": "first",
        "last_name": "last",
        "birthdate": {"column": "born", "date": "%d.%m.%Y"},
        "sex": {"column": "sex", "map": {"F": "Female", "M": "Male"}},
        "postal_code": "zip",
        "telephone": "phone",
    },
    "enrollments": {
        "student_identifier": "number",
        "school_identifier": "school",
        "school_year": "year",
        "grade_level": "grade",
        "entry_date": "in",
        "exit_date": "out",
    },
    "academic_summaries": {
        "student_identifier": "number",
        "school_year": "year",
        "gpa_cumulative": "gpa",
        "credits_earned_cumulative": "credits",
    },
    "attendance_events": {
        "student_identifier": "number",
        "attendance_event_date": "day",
        "school_identifier": "school",
        "school_year": "year",
        "attendance_status": {
            "column": "mark",
            "map": {"+": "Present", "-": "UnexcusedAbsence", "e": "ExcusedAbsence", "t": "Tardy"},
        },
    },
    "course_grades": {
        "student_identifier": "number",
        "school_year": "year",
        "session_identifier": "term",
        "section_identifier": "section",
        "school_identifier": "school",
        "course_identifier": "course",
        "course_title": "title",
        "grade_earned": "grade",
        "final_mark": "mark",
        "credits_attempted": "tried",
        "credits_earned": "earned",
    },
    "assessments": {
        "student_identifier": "number",
        "assessment_title": "title",
        "assessment_subject": "subject",
        "assessment_start_date": "day",
        "assessment_score_type": "scored",
        "school_identifier": "school",
        "school_year": "year",
        "assessment_score": "score",
        "performance_level_label": "level",
    },
    "discipline": {
        "student_identifier": "number",
        "incident_identifier": "incident",
        "disciplinary_action": "action",
        "school_year": "year",
        "school_identifier": "school",
        "incident_date": "day",
        "incident_behavior": "behavior",
        "disciplinary_action_duration": "days",
    },
    "programs": {
        "student_identifier": "number",
        "program_identifier": "program",
        "program_type": "kind",
        "program_start_date": "in",
        "program_exit_date": "out",
    },
    "rosters": {"agreement": "agreement", "student_identifier": "number", "from_date": "in", "to_date": "out"},
    "consents": {
        "agreement": "agreement",
        "student_identifier": "number",
        "covers": {"column": "elements", "separator": ";"},
        "signed_by": "by",
        "signed_on": "signed",
        "from_date": "in",
        "to_date": "out",
        "purpose": {"column": "agreement", "map": {"agreement:sps-b-mentoring": "mentoring"}, "otherwise": PURPOSE},
        "party": {"column": "agreement", "map": PARTIES, "otherwise": PARTY},
        **{name: {"constant": value} for name, value in SAID.items()},
    },
    "opt_outs": {"student_identifier": "number", "agreement": "agreement", "scope": "scope", "from_date": "in"},
    "placements": {"agreement": "agreement", "student_identifier": "number", "from_date": "in", "to_date": "out"},
}


def mapping_for(*targets: str, older: bool = False, **changes: Any) -> MappingFile:
    """
    Return the mapping of the made-up system for these targets; `changes` go into each load.

    An `older` one fills nothing of what consents have to say since they have to.
    """
    lines = ["format = 1", 'name = "made-up"']
    for target in targets:
        lines += [f"[files.{target}]", f'path = "{target}.csv"']
    for target in targets:
        lines += ["[[load]]", f'target = "{target}"', f'from = "{target}"']
        lines += [f"{name} = {_toml(value)}" for name, value in changes.items()]
        fields = {name: rule for name, rule in _FIELDS[target].items() if not older or name not in _LATER}
        lines += [f"fields.{name} = {_toml(rule)}" for name, rule in fields.items()]
    return parse_mapping("\n".join(lines))


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{name}" = {_toml(each)}' for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return str(value) if isinstance(value, int) else '"' + str(value) + '"'


def terms(population: Population | None = None, **changes: Any) -> RowTerms:
    """Return row terms of a school-official agreement over everyone, with `changes`."""
    return replace(
        RowTerms(
            population=population or Everyone(),
            basis="school_official",
            school_years=(YEAR,),
            time_zone="America/Los_Angeles",
            cadence="weekly",
            element_order=("000033", "000100", "000115", "000128", "000172", "000201", "001069", "x-postal-code"),
        ),
        **changes,
    )


def granted(dataset: str, *names: str, basis: str = "school_official") -> tuple[GrantedField, ...]:
    """Return granted fields by wire name; `birthdate:year` grants a transformation. Codes are those the basis opens."""
    fields = []
    for each in names:
        name, _, transformation = each.partition(":")
        element = load_catalogue().named(dataset, name)
        codes = load_guardrails().codes.leaving(element.id, basis)
        fields.append(GrantedField(element.id, name, transformation or "exact", ("/data/0",), codes))
    return tuple(fields)


def promised(scope: Scope) -> Scope:
    """Return a scope whose agreement has the purpose and the party that the consents of the made-up system name."""
    return scope if scope.party else replace(scope, purpose=PURPOSE, party=PARTIES.get(scope.line, PARTY))


def permit(*names: str, dataset: str = "students", rows: RowTerms | None = None, **changes: Any) -> Permit:
    """Return a permit for these fields, as `policies.decide` would make it."""
    rows = rows or terms()
    fields = granted(dataset, *names, basis=rows.basis)
    wanted = {each.element for each in fields} | {each.element for each, _ in changes.get("filters", ())}
    order = tuple(sorted(set(rows.element_order) | wanted))
    return replace(
        Permit(
            client="client:00000000-0000-4000-8000-000000000000",
            agreement=AGREEMENT,
            purpose="tutoring",
            dataset=dataset,
            fields=fields,
            filters=(),
            sort=None,
            rows=rows if rows.basis == "consent" else replace(rows, element_order=order),
            ceiling=load_guardrails().ceilings[dataset],
            notices=(),
            ferpa_9932_required=False,
            ruleset_digest="sha256:" + "0" * 64,
            epoch=0,
            valid_from=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            valid_until=dt.datetime(2027, 1, 1, tzinfo=dt.UTC),
            guardrails_digest=load_guardrails().digest,
            catalogue_digest=load_catalogue().digest,
            cell_minimum=load_guardrails().cells.minimum,
            row_codes=tuple(sorted(load_guardrails().codes.row_codes(dataset, rows.basis, load_catalogue()).items())),
            exact=frozenset(each.element for each in fields if each.transformation == "exact"),
            seal=SEAL,
        ),
        **changes,
        seal=SEAL,
    )


def changed(leave: Permit, **changes: Any) -> Permit:
    """Return another permit: tests may, nobody else can."""
    return replace(leave, **changes, seal=SEAL)


@dataclass(slots=True)
class SmallDistrict:
    """A district in a test's database. What is in `scopes` has a population."""

    database: TestDatabase
    folder: Path
    engine: AsyncEngine
    owner: asyncpg.Connection
    reader: Reader
    scopes: list[Scope] = field(default_factory=list)

    @classmethod
    async def open(cls, database: TestDatabase, folder: Path, *, now: dt.date = DAY) -> "SmallDistrict":
        """Return a district without students, at noon (UTC) of `now`."""
        owner = await database.connection("owner")
        await owner.execute(
            "INSERT INTO gateway.installation (origin, demo, clock_shift, initialised_at)"
            " VALUES ('test.example/log', true, $1 - statement_timestamp(), statement_timestamp())",
            dt.datetime.combine(now, dt.time(12), dt.UTC),
        )
        reader = Reader(await database.pool("app"))
        return cls(database, folder, await database.engine("loader"), owner, reader)

    @property
    def loads(self) -> Loads:
        """The service under test."""
        return Loads(self.engine, SubjectKey(bytes(32)), self.in_force)

    async def in_force(self, _connection: AsyncConnection) -> Sequence[Scope]:
        """Return the agreements whose population is kept."""
        return tuple(promised(each) for each in self.scopes)

    def write(self, target: str, *rows: Sequence[object]) -> None:
        """Write a file of the made-up system."""
        with (self.folder / f"{target}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(NAMES[target].split(","))
            writer.writerows([["" if cell is None else cell for cell in row] for row in rows])

    @property
    def desk(self) -> Desk:
        """The desk at which two officers confirm what is held."""
        return Desk(self.engine, RING.trust, alarm)

    async def load(
        self, files: Mapping[str, Sequence[Sequence[object]]], *, confirm: bool = False, **options: Any
    ) -> LoadReport:
        """Write these files and load them; with `confirm` two officers let the load through if it is held."""
        for target, rows in files.items():
            self.write(target, *rows)
        return await self.load_by(mapping_for(*files), self.folder, confirm=confirm, **options)

    async def load_by(
        self, mapping: MappingFile, folder: Path, *, confirm: bool = True, loads: Loads | None = None, **options: Any
    ) -> LoadReport:
        """Load an export by a mapping."""
        loads = loads or self.loads
        if not confirm:
            return await loads.load(mapping, folder, **options)
        return await load_confirmed(loads, self.desk, OFFICERS, mapping, folder, **options)

    async def at(self, day: dt.date, hour: int = 12) -> None:
        """Move the clock."""
        await self.owner.execute(
            "UPDATE gateway.installation SET clock_shift = $1 - statement_timestamp()",
            dt.datetime.combine(day, dt.time(hour), dt.UTC),
        )

    async def page(
        self, leave: Permit, *, limit: int = 100, after: Position | None = None, code: str | None = None
    ) -> Page:
        """Read one page."""
        return await self.reader.read_page(leave, limit=limit, after=after, code=code)

    async def rows(self, leave: Permit, **options: Any) -> list[dict[str, Any]]:
        """Read one page and decode it, without the codes."""
        import msgspec  # noqa: PLC0415 - only the tests' own reading needs it

        page = await self.page(leave, **options)
        rows = [msgspec.json.decode(line) for line in encode(page, leave)]
        return [{name: value for name, value in row.items() if name != "record_code"} for row in rows]


STUDENTS: Sequence[Sequence[object]] = (
    ("1001", "Ana", "Ruiz", "05.06.2012", "F", "98101", None),
    ("1002", "Bo", "Lind", "29.02.2008", "M", "98102-1234", "555-0102"),
    ("1003", "Chí", "Trần", None, None, "9810", None),
    ("1004", "Dua", "Okafor", "11.03.2008", "F", None, None),
)
ENROLLMENTS: Sequence[Sequence[object]] = (
    ("1001", "north", YEAR, "07", "2025-09-03", None),
    ("1002", "north", YEAR, "12", "2025-09-03", None),
    ("1003", "south", YEAR, None, "2025-09-03", "2026-06-12"),
    ("1004", "south", YEAR, "12", "2025-09-03", "2026-01-16"),
    ("1004", "north", YEAR, "12", "2026-01-20", None),
)
"""1001 and 1002 at north, 1003 at south, 1004 moved from south to north in January."""
