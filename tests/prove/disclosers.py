"""Guards of what a partner is told, taken away one at a time: a program that only asks has to notice each."""

from typing import Final

from tests.prove.mutants import Edit, Mutant


def _one(name: str, module: str, before: str, after: str) -> Mutant:
    return Mutant(name, (Edit(f"gateway.records.{module}", before, after),))


_COUNTED: Final = "counted_until(terms.cadence, today)"
_ATTENDED: Final = f"event.c.attendance_event_date <= {_COUNTED}"
_OFFENDED: Final = f"row.c.incident_date <= {_COUNTED}"
_AGE: Final = "    start_month, start_day = _YEAR_STARTS\n"

DISCLOSERS: Final[tuple[Mutant, ...]] = (
    # What is asked by.
    _one("filters act on what is stored", "statement",
         '{f"f{number}": _leaving(permit, asked, source) for', '{f"f{number}": source.elements[asked.element] for'),
    _one("sorting acts on what is stored", "statement",
         "_sortable(_leaving(permit, permit.sort, source))", "_sortable(source.elements[permit.sort.element])"),
    _one("a consent's elements do not bind filters", "windows",
         "if terms.basis != Basis.CONSENT:", "if terms.basis:"),
    # Where a row stands.
    _one("rows stand by their natural key", "statement",
         "record = func.row(*(column.element for column in told))", "record = func.row(*each.key)"),
    _one("rows that look alike are told by their key", "statement",
         "turn = func.row_number(type_=BigInteger).over(partition_by=place, order_by=each.key)",
         "turn = func.hash_record_extended(func.row(*each.key), literal_column('0'), type_=BigInteger)"),
    # When something is told.
    _one("attendance is counted at once", "counting", _ATTENDED, _ATTENDED.replace(_COUNTED, "today")),
    _one("incidents are counted at once", "counting", _OFFENDED, _OFFENDED.replace(_COUNTED, "today")),
    _one("a row comes on a day that is not given", "windows",
         "    later = counted_until(terms.cadence, today)\n", "    later = today\n"),
    # What is told.
    _one("an age is taken today", "transforms", _AGE,
         '    start_month, start_day = (func.extract(part, func.gateway.clock()) for part in ("month", "day"))\n'),
    _one("a year is a day", "transforms", 'return cast(func.extract("year", source), Integer)', "return source"),
    _one("a place has five digits", "transforms",
         "func.left(source, 3, type_=Text)", "func.left(source, 5, type_=Text)"),
    _one("bands are finer than agreed", "transforms", '"000128": Decimal("0.5"),', '"000128": Decimal("0.1"),'),
    _one("a mark keeps its sign", "transforms", "func.left(source, 1, type_=Text)", "func.left(source, 2, type_=Text)"),
    _one("rows with a code that may not leave are there", "statement",
         "if source.counted or not permit.row_codes:", "if source.counted or permit.row_codes:"),
)  # fmt: skip
