"""Reports of loads as the tests have them: one of a load that is held, with everything a report can say."""

from agreements.documents.load_confirmation import Confirmable, ExportedFile, TargetCounts
from gateway.services.load_reports.content import Content, Filled, Place, Why
from gateway.services.load_reports.kept import LoadReports
from tests.factories.console import Console

SOURCE = f"sha256:{'5' * 64}"
COUNTS = TargetCounts(target="students", file="students", in_force=50, added=2, changed=1, ended=20)
FILES = (
    ExportedFile(0, "students.csv", f"sha256:{'6' * 64}"),
    ExportedFile(1, "Student[.-]*xml", f"sha256:{'7' * 64}", 12),
)
WAITS = Confirmable(SOURCE, FILES, (COUNTS,))
REASON = "'born' is no date written as YYYY-MM-DD"
CONTENT = Content(
    filled=(Filled("students", 2, 1, 20, 27, 1, 1, 1, 34, 3),),
    why=(Why("students", REASON, "born", 1),),
    places=(Place("students", 7, "born", REASON),),
    unread=("gradebook.csv",),
    codes=3,
    described=WAITS,
)


async def a_held_load(console: Console, mapping: str = "city") -> int:
    """Return the number of the report of a load that is held."""
    reports = LoadReports(console.office.engine)
    await reports.keep(mapping, SOURCE, CONTENT, entries=(console.load,), code="load_held")
    return (await reports.listed())[0].number
