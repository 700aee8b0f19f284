"""
The one statement a page is read with, built once for each shape of question and compiled to what asyncpg takes.

It names the agreement to the views, for its own transaction only, and carries the epoch and the clock with the rows, so
that all three come from one snapshot; it gives at least one line even when no row is found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    FromClause,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    collate,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by, asyncpg

from agreements.basis import Basis
from agreements.elements import Transformation
from gateway.records.errors import NotServed
from gateway.records.sources import Source, is_many, source_of
from gateway.records.transforms import released_sql, told_sql
from gateway.records.views import PRESENT, World
from policies.decision import GrantedField, Permit

DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves its dialects untyped

NAMELESS = frozenset({Basis.DE_IDENTIFIED, Basis.DE_IDENTIFIED_WITH_CODE})

LEAD = ("epoch", "now", "sealed", "covers", "statements", "code")
"""What stands before the values in every line; the sort value and an event's place may follow, then the values."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What decides a statement's text besides the permit: page size, and where the page starts."""

    limit: int
    start: str
    """
    `first`, `code` (one student), `codes` (all rows of several), `codes_by_day` (those in an order of old), `after` (a
    position) or `after_unknown` (a position whose sort value is NULL).
    """


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL for asyncpg. `order` names the parameter of each `$n`; those not given per request are in `constants`."""

    sql: str
    order: tuple[str, ...]
    constants: Mapping[str, Any]
    types: Mapping[str, type]
    """The Python type of each filter's and of the sort's value."""
    values_at: int
    is_sorted: bool
    within: int
    """How many values order the rows of one student: none, the place of the row, or a day and the place."""

    def arguments(self, given: Mapping[str, Any]) -> list[Any]:
        """Return the arguments in the order of the placeholders."""
        return [given[name] if name in given else self.constants[name] for name in self.order]


def build(permit: Permit, shape: Shape, world: World = PRESENT) -> Statement:
    """
    Return the statement for `permit` and `shape`, over the rows of `world`.

    Raises `NotServed` if some element cannot be read.
    """
    clock = world.clock
    today = cast(func.timezone(permit.rows.time_zone, clock), Date)
    # INVARIANT: the views find nothing until the agreement is named. It is, before the first of them is opened: they
    # stand on the right of a nested loop whose left side this is. Were the order another, the page would be empty.
    agreement = bindparam("agreement", permit.agreement, type_=Text)
    named = func.set_config(literal_column("'pactgate.agreement'"), agreement, true())
    # As a number: asyncpg would build a datetime for every line.
    microseconds = cast(func.extract("epoch", clock) * literal_column("1000000"), BigInteger)
    # MATERIALIZED: the clock is read once, not once a row; the planner does not see that it stands still.
    now = (
        select(world.head.c.epoch, microseconds.label("now"), today.label("today"), named.label("agreement"))
        .cte("h")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    used = [*permit.fields, *(asked for asked, _ in permit.filters), *([] if permit.sort is None else [permit.sort])]
    wanted = frozenset(each.element for each in used)
    counted = any(each.transformation == Transformation.COUNT for each in used)
    source = source_of(
        world, permit.dataset, permit.rows, now.c.today, wanted, counted=counted, by_day=shape.start == "codes_by_day"
    )
    student = source.student
    sort = None if permit.sort is None else _sortable(leaving(permit, permit.sort, source))
    filters = {f"f{number}": leaving(permit, asked, source) for number, (asked, _) in enumerate(permit.filters)}
    extra = [] if sort is None else [sort.label("sort")]
    extra += [column.label(f"within{number}") for number, column in enumerate(source.within)]
    values = [leaving(permit, asked, source).label(f"v{number}") for number, asked in enumerate(permit.fields)]
    order = [student.c.code, *source.within]
    page = (
        select(student.c.sealed, student.c.covers, student.c.student_id, student.c.code, *extra, *values)
        .select_from(source.rows)
        .where(
            *(released == bindparam(name, None, type_=released.type) for name, released in filters.items()),
            *_start(shape, order, sort),
            *cohort(world, permit, now.c.today),
            *whole(permit, source),
        )
        .order_by(*([] if sort is None else [sort.nulls_last()]), *order)
        # A literal: with a parameter the generic plan was ten times slower.
        .limit(literal_column(str(shape.limit + 1)))
        .lateral("p")
    )
    # The left join keeps the page's order: one line on the left, one pass over the right.
    sealed, covers, whose, *rest = page.c
    statements = _statements(world, permit, whose)
    lines = select(now.c.epoch, now.c.now, sealed, covers, statements, *rest)
    lines = lines.select_from(now.join(page, true(), isouter=True))
    compiled = lines.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
    types = {name: released.type.python_type for name, released in filters.items()}
    return Statement(
        sql=str(compiled),
        order=tuple(compiled.positiontup or ()),
        constants=dict(compiled.params),
        types=types if sort is None else types | {"sort": sort.type.python_type},
        values_at=len(LEAD) + len(extra),
        is_sorted=sort is not None,
        within=len(source.within),
    )


def stated_about(
    fields: Sequence[GrantedField], said: FromClause, whose: ColumnElement[Any], *more: ColumnElement[bool]
) -> Select[Any]:
    """Return what is stated in `said` by one student's family about these fields, as `encoding.contested` reads it."""
    asked = bindparam("contestable", [each.element for each in fields], type_=ARRAY(Text))
    one = func.jsonb_build_array(said.c.elements, said.c.statement, said.c.stated_on)
    told = cast(func.jsonb_agg(aggregate_order_by(one, said.c.stated_on, said.c.elements)), Text)
    return select(told).where(said.c.student_id == whose, said.c.elements.op("&&")(asked), *more)


def _statements(world: World, permit: Permit, whose: ColumnElement[Any]) -> ColumnElement[Any]:
    """
    Return what the family stated about elements of this permit, as JSON text; NULL where nothing was.

    Whether any family stated anything is looked up once a page: nearly always that is all there is to do. Records that
    name nobody are no part of an education record, and words about one student would name them (34 CFR 99.31(b)).
    """
    if permit.rows.basis in NAMELESS:
        return null().label("statements")
    said, there = world.statements.alias("s"), world.any_contested.alias("y")
    all_of_them = stated_about(permit.fields, said, whose).correlate(whose.table).scalar_subquery()
    return case((select(there.c.found).scalar_subquery(), all_of_them)).label("statements")


def leaving(permit: Permit, asked: GrantedField, source: Source) -> ColumnElement[Any]:
    """
    Return the value as it leaves for this student: transformed, unknown where the consent does not cover it.

    A code that may not leave is unknown too, for filters and sorting as for the eye.
    """
    if asked.element not in source.elements:
        raise NotServed(f"Element {asked.element} of {permit.dataset!r} is not served.")
    stored = source.elements[asked.element]
    told = stored if asked.codes is None else told_sql(stored, asked.codes)
    released = released_sql(asked.element, asked.transformation, told, source.school_year)
    if permit.rows.basis != Basis.CONSENT:
        return released
    if asked.element not in permit.rows.element_order:
        raise NotServed(f"Element {asked.element} is not in the agreement's order of elements.")
    covers = source.student.c.covers
    bit: ColumnElement[int] = literal_column(str(1 << permit.rows.element_order.index(asked.element)))
    return case((or_(covers.is_(None), covers.op("&")(bit) != literal_column("0")), released))


def cohort(world: World, permit: Permit, today: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """
    Return the condition that records which name nobody are about enough students (34 CFR 99.31(b)(1)).

    Too few are as good as none, and nothing says which it is.
    """
    return [is_many(world, permit.rows, today, permit.cell_minimum)] if permit.rows.basis in NAMELESS else []


def whole(permit: Permit, source: Source) -> list[ColumnElement[bool]]:
    """
    Return the condition that a row leaves at all, where one code that may not leave tells what the whole row is about.

    The twin of `policies.code_values.row_leaves`. A count of rows is no row.
    """
    if source.counted or not permit.row_codes:
        return []
    coded = [(source.elements[element], codes) for element, codes in permit.row_codes]
    known = or_(*(stored.is_not(None) for stored, _ in coded))
    return [known, *(or_(stored.is_(None), told_sql(stored, codes).is_not(None)) for stored, codes in coded)]


def _sortable(released: ColumnElement[Any]) -> ColumnElement[Any]:
    return collate(released, "C") if isinstance(released.type, Text) else released


def _start(shape: Shape, order: list[ColumnElement[Any]], sort: ColumnElement[Any] | None) -> list[ColumnElement[bool]]:
    """Return the condition for where the page starts. Columns are qualified: an output column may have their name."""
    code = order[0]
    if shape.start == "first":
        return []
    if shape.start == "code":
        return [code == bindparam("code", None, type_=code.type)]
    if shape.start in {"codes", "codes_by_day"}:
        return [code == any_(bindparam("codes", None, type_=ARRAY(code.type)))]
    last = bindparam("code", None, type_=code.type)
    following = code > last
    if len(order) > 1:
        # The rows of one student, by day where there is one, then by the place of the row.
        event, last_event = order[-1], bindparam("event", None, type_=order[-1].type)
        later = event > last_event
        for day in order[1:-1]:
            last_day = bindparam("day", None, type_=day.type)
            later = or_(day > last_day, and_(day == last_day, later))
        following = or_(code > last, and_(code == last, later))
    if sort is None:
        # The first condition lets the index start where the page starts; the second is exact.
        return [code >= last, following]
    if shape.start == "after_unknown":
        return [sort.is_(None), following]
    value = bindparam("sort", None, type_=sort.type)
    return [or_(sort > value, sort.is_(None), and_(sort == value, following))]
