"""Guards of what a partner is told, taken away one at a time: a program that only asks has to notice each."""

from typing import Final

from tests.prove.mutants import Edit, Mutant


def _one(name: str, module: str, before: str, after: str) -> Mutant:
    return Mutant(name, (Edit(f"gateway.records.{module}", before, after),))


_COUNTED: Final = "counted_until(terms.cadence, today)"
_ATTENDED: Final = f"event.c.attendance_event_date <= {_COUNTED}"
_OFFENDED: Final = f"row.c.incident_date <= {_COUNTED}"
_ALIKE: Final = "order_by=said.c.told)"
_FILTERED: Final = 'filters = {f"f{at}": leaving(permit, asked, source)'
_AGE: Final = "    start_month, start_day = _YEAR_STARTS\n"

_KEY: Final = 'x.label("natural") for x in ([] if each is None else [func.concat_ws("|", *each.key)])'


def _changes(name: str, besides: str, before: str, after: str) -> Mutant:
    """Return a mutant that carries more of what is stored along, to make use of it."""
    carried = "student.c.sealed, student.c.covers, student.c.code, *values"
    return Mutant(
        name,
        (
            Edit("gateway.records.difference", carried, f"{carried}, *({besides})"),
            Edit("gateway.records.difference", before, after),
        ),
    )


DISCLOSERS: Final[tuple[Mutant, ...]] = (
    # What is asked by.
    _one("filters act on what is stored", "statement",
         '{f"f{number}": leaving(permit, asked, source) for', '{f"f{number}": source.elements[asked.element] for'),
    _one("sorting acts on what is stored", "statement",
         "_sortable(leaving(permit, permit.sort, source))", "_sortable(source.elements[permit.sort.element])"),
    _one("a consent's elements do not bind filters", "windows",
         "if terms.basis != Basis.CONSENT:", "if terms.basis:"),
    # Where a row stands.
    _one("rows stand by their natural key", "statement",
         "record = func.row(*(column.element for column in told))", "record = func.row(*each.key)"),
    _one("rows that look alike are told by their key", "statement",
         "turn = func.row_number(type_=BigInteger).over(partition_by=place, order_by=each.key)",
         "turn = func.hash_record_extended(func.row(*each.key), literal_column('0'), type_=BigInteger)"),
    # What is a change, and of which row.
    _one("what is stored and stays is a change", "difference",
         ".where(new.c.told.is_distinct_from(old.c.told))", ".where(true())"),
    _changes("what is stored behind what leaves is compared",
             'source.elements[asked.element].label(f"s{at}") for at, asked in enumerate(permit.fields)',
             "stated.c.statements, *_values(stated))",
             """stated.c.statements, *(x for x in stated.c if x.name[0] in "sv" and x.name[1:].isdigit()))"""),
    _changes("a changed row is known by its natural key", _KEY,
             "known_by = cast(func.jsonb_build_array(*key),",
             "known_by = cast(func.jsonb_build_array(*key, *([] if each is None else [said.c.natural])),"),
    _changes("changed rows that look alike stand by their natural key", _KEY, _ALIKE, "order_by=said.c.natural)"),
    _one("changes are filtered by what is stored", "difference", _FILTERED, _FILTERED.replace(
         "leaving(permit, asked, source)", "source.elements[asked.element]")),
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
         "if source.counted or not row_codes:", "if source.counted or row_codes:"),
)  # fmt: skip
