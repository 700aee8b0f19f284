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
    Label,
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
from gateway.records.sources import Each, Source, is_many, source_of
from gateway.records.transforms import released_sql, told_sql
from gateway.records.views import PRESENT, World
from gateway.records.windows import is_covered
from policies.decision import CodeSet, GrantedField, Permit

DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves its dialects untyped

NAMELESS = frozenset({Basis.DE_IDENTIFIED, Basis.DE_IDENTIFIED_WITH_CODE})

LEAD = ("epoch", "now", "sealed", "covers", "statements", "code")
"""What stands before the values in every line; the sort value, place and turn may follow, then the values."""
WITHIN = ("place", "turn")
"""
What orders the rows of one student: where a row stands, and which it is of those that look alike.

INVARIANT: the order tells nothing that the rows do not. A place is a hash of the row as it is released, under the
student's internal id and code: nobody outside can compute it, two partners never share it, and a change of what does
not leave moves no row. Rows that are told alike are numbered; whatever numbers them, the page is the same.
"""


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
    is_several: bool
    """Whether a student can have several rows; then place and turn order them."""

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
    of_old = shape.start == "codes_by_day"
    source = source_of(
        world,
        permit.dataset,
        permit.rows,
        now.c.today,
        wanted,
        exact=permit.exact,
        counted=counted,
        by_day=of_old,
    )
    student = source.student
    sort = None if permit.sort is None else _sortable(leaving(permit, permit.sort, source))
    filters = {f"f{number}": leaving(permit, asked, source) for number, (asked, _) in enumerate(permit.filters)}
    chosen = [released == bindparam(name, None, type_=released.type) for name, released in filters.items()]
    chosen += leaving_whole(permit.row_codes, source)
    extra = [] if sort is None else [sort.label("sort")]
    values = [leaving(permit, asked, source).label(f"v{number}") for number, asked in enumerate(permit.fields)]
    rows: FromClause = source.rows
    told: list[ColumnElement[Any]] = [*extra, *values]
    if source.each is not None:
        several = _several(source.each, student, now, [*extra, *values], chosen, by_key=of_old)
        rows, told, chosen = rows.join(several, true()), [*several.c], []
        sort = None if sort is None else _sortable(several.c.sort)
    order = [student.c.code, *(each for each in told if getattr(each, "name", None) in WITHIN)]
    page = (
        select(student.c.sealed, student.c.covers, student.c.student_id, student.c.code, *told)
        .select_from(rows)
        .where(*chosen, *_start(shape, order, sort), *cohort(world, permit, now.c.today))
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
        values_at=len(LEAD) + len(told) - len(values),
        is_sorted=sort is not None,
        is_several=source.each is not None,
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
    covered = is_covered(permit.rows, asked.element, source.student)
    return released if covered is None else case((covered, released))


def _several(
    each: Each,
    student: FromClause,
    now: FromClause,
    told: Sequence[Label[Any]],
    chosen: Sequence[ColumnElement[bool]],
    *,
    by_key: bool,
) -> FromClause:
    """
    Return one student's rows as they are released, each with its place and its turn.

    Hashed by type, not as text: how a session writes a date or a number must not move a row. The student is the seed
    and no member: the hash of a record adds up those of its members, and two students' orders would be one, turned.
    """
    whose = func.concat(student.c.code, cast(student.c.student_id, Text))
    seed = func.hashtextextended(whose, literal_column("0"), type_=BigInteger)
    record = func.row(*(column.element for column in told))
    place: ColumnElement[int] = func.hash_record_extended(record, seed, type_=BigInteger)
    if by_key:
        # As releases did whose pages are rebuilt; nothing is answered like this any more.
        place = cast(literal_column("0"), BigInteger)
    turn = func.row_number(type_=BigInteger).over(partition_by=place, order_by=each.key)
    sorted_by, values = [x for x in told if x.name == "sort"], [x for x in told if x.name != "sort"]
    rows = select(*sorted_by, place.label("place"), turn.label("turn"), *values).select_from(each.row)
    return rows.where(each.own, *chosen).correlate(student, each.stay, now).lateral("s")


def cohort(world: World, permit: Permit, today: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """
    Return the condition that records which name nobody are about enough students (34 CFR 99.31(b)(1)).

    Too few are as good as none, and nothing says which it is.
    """
    return [is_many(world, permit.rows, today, permit.cell_minimum)] if permit.rows.basis in NAMELESS else []


def leaving_whole(row_codes: Sequence[tuple[str, CodeSet]], source: Source) -> list[ColumnElement[bool]]:
    """
    Return the condition that a row leaves at all, where one code that may not leave tells what the whole row is about.

    The twin of `policies.code_values.row_leaves`. A count of rows is no row.
    """
    if source.counted or not row_codes:
        return []
    coded = [(source.elements[element], codes) for element, codes in row_codes]
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
        # The rows of one student.
        (place, turn), (last_place, last_turn) = order[1:], (bindparam(x, None, type_=BigInteger) for x in WITHIN)
        later = or_(place > last_place, and_(place == last_place, turn > last_turn))
        following = or_(following, and_(code == last, later))
    if sort is None:
        # The first condition lets the index start where the page starts; the second is exact.
        return [code >= last, following]
    if shape.start == "after_unknown":
        return [sort.is_(None), following]
    value = bindparam("sort", None, type_=sort.type)
    return [or_(sort > value, sort.is_(None), and_(sort == value, following))]
