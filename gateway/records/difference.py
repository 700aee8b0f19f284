"""
The one statement by which a page of changes is read: what an earlier moment released, beside what is released now.

Both sides are the rows of the one reader (`gateway.records.statement`), over two worlds. INVARIANT: what is told is a
function of what was released then and of what is released now. A row is known by released values only: by those of its
elements that tell the rows of a student apart and are granted, and, among rows that are alike in these, by the order of
their other released values. So a change of what is not granted is no change, and moves no row.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    ColumnElement,
    Date,
    FromClause,
    LargeBinary,
    Select,
    Subquery,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by, array

from agreements.basis import Basis
from agreements.elements import Transformation
from gateway.records.held import HELD, everybody, granted_now, moved, views_in
from gateway.records.sources import Source, is_many, is_told_on_its_day, source_of
from gateway.records.statement import DIALECT, NAMELESS, Statement, leaving, leaving_whole
from gateway.records.views import PRESENT, World
from policies.decision import Permit

ROW_BYTES: Final = 16
"""Of a SHA-256 over the record code and released values: nobody meets another's, and it tells nobody anything new."""
END: Final = b"\xff" * ROW_BYTES
"""After every row of a student."""
LEAD: Final = ("epoch", "now", "sealed", "covers", "statements", "code", "row", "change", "today", "looked_at", "last")
"""
What stands before the values in every line. `looked_at` says how many students the statement compared, of those from
the position on, and `last` is the last one's code: there may be more after it.
"""


@dataclass(frozen=True, slots=True)
class _Moments:
    """What each statement reads once: the earlier day, now, and whether each of the two releases any row at all."""

    then: CTE
    now: CTE
    open: CTE


@dataclass(frozen=True, slots=True)
class Difference:
    """What decides a statement's text besides the permit; `lines` is given with each."""

    from_nothing: bool = False
    """Whether nothing was told yet, so that every row is new."""
    other_day: bool = True
    after: bool = False
    until: bool = False
    """Whether a position is given after which, and up to which, rows are told."""


def build_difference(permit: Permit, shape: Difference, worlds: tuple[World, World] | None = None) -> Statement:
    """
    Return the statement for `permit` and `shape`; between these two `worlds`, or what was held and the present.

    Raises `NotServed` if some element cannot be read.
    """
    before, after = worlds or (HELD, PRESENT)
    clock = after.clock
    microseconds = cast(func.extract("epoch", clock) * literal_column("1000000"), BigInteger)
    today = _day(permit, after).label("today")
    now = _once(select(after.head.c.epoch, microseconds.label("now"), today), "h")
    then = _once(select(_day(permit, before).label("today")), "earlier")
    flags = _once(
        select(
            _is_open(before, permit, then.c.today).label("was"), _is_open(after, permit, now.c.today).label("now")
        ).select_from(now.join(then, true())),
        "cohorts",
    )
    each = _candidates(permit, shape, worlds, _Moments(then, now, flags))
    new = _rows(permit, after, now.c.today, each, flags.c.now).subquery("new_rows")
    if shape.from_nothing:
        told = select(new, literal_column("'created'", Text).label("change"))
    else:
        old = _rows(permit, before, then.c.today, each, flags.c.was).subquery("old_rows")
        told = _differing(old, new)
    lines = told.correlate(each, now, then, flags).lateral("d")
    row = lines.c
    page = (
        select(row.sealed, row.covers, row.statements, each.c.code, row.row, row.change, *_values(lines))
        .select_from(each.join(lines, true()))
        .where(*_between(shape, each.c.code, row.row))
        .order_by(each.c.code, row.row)
        .limit(bindparam("lines", None, type_=BigInteger))
        .correlate(now, then, flags)
        .lateral("p")
    )
    first = page.c
    whole_page = select(
        now.c.epoch,
        now.c.now,
        first.sealed,
        first.covers,
        first.statements,
        first.code,
        first.row,
        first.change,
        now.c.today,
        select(func.count()).select_from(each).scalar_subquery(),
        select(func.max(each.c.code)).scalar_subquery(),
        *_values(page),
    ).select_from(now.join(then, true()).join(flags, true()).join(page, true(), isouter=True))
    compiled = whole_page.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
    source = _source(permit, after, now.c.today)
    types = {f"f{at}": leaving(permit, asked, source).type.python_type for at, (asked, _) in enumerate(permit.filters)}
    return Statement(
        sql=str(compiled),
        order=tuple(compiled.positiontup or ()),
        constants=dict(compiled.params),
        types=types,
        values_at=len(LEAD),
        is_sorted=False,
        is_several=source.each is not None,
    )


def _once(query: Select[*tuple[Any, ...]], name: str) -> CTE:
    return query.cte(name).prefix_with("MATERIALIZED", dialect="postgresql")


def _day(permit: Permit, world: World) -> ColumnElement[Any]:
    return cast(func.timezone(permit.rows.time_zone, world.clock), Date)


def _is_open(world: World, permit: Permit, today: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return whether this world releases any row at all: looked up once, not once a student."""
    if permit.rows.basis not in NAMELESS:
        return true()
    return is_many(world, permit.rows, today, permit.cell_minimum)


def _candidates(permit: Permit, shape: Difference, worlds: tuple[World, World] | None, moments: _Moments) -> FromClause:
    """Return (student_id, code) of everybody who is looked at, from the position on."""
    if worlds is not None:
        found = everybody(worlds[1]) if shape.from_nothing else everybody(*worlds)
    elif shape.from_nothing:
        found = granted_now()
    else:
        used = views_in(_rows(permit, PRESENT, moments.now.c.today, granted_now(), true()))
        at_once = is_told_on_its_day(permit.dataset, permit.exact)
        found = moved(used, permit.dataset, permit.rows.cadence, at_once=at_once, other_day=shape.other_day)
        if permit.rows.basis in NAMELESS:
            # A cohort that became large enough, or too small, moves everybody.
            turned = select(moments.open.c.was != moments.open.c.now).scalar_subquery()
            found = select(found).union(select(everybody(HELD, PRESENT)).where(turned)).subquery("moved_or_turned")
    chosen = select(found.c.student_id, found.c.code)
    if shape.after:
        last, row = (
            bindparam("after_code", None, type_=Text(collation="C")),
            bindparam("after_row", None, type_=LargeBinary),
        )
        # The first condition lets the index start there. After the end of a student's rows the next student follows.
        rest = and_(found.c.code == last, row != bindparam("end", END, type_=LargeBinary))
        chosen = chosen.where(found.c.code >= last, or_(found.c.code > last, rest))
    if shape.until:
        chosen = chosen.where(found.c.code <= bindparam("until_code", None, type_=Text(collation="C")))
    # So many and no more: whatever the planner thinks of the rest, a page costs what these students cost.
    return _once(chosen.order_by(found.c.code).limit(bindparam("students", None, type_=BigInteger)), "candidates")


def _source(permit: Permit, world: World, today: ColumnElement[Any]) -> Source:
    used = [*permit.fields, *(asked for asked, _ in permit.filters)]
    wanted = frozenset(each.element for each in used)
    counted = any(each.transformation == Transformation.COUNT for each in used)
    return source_of(world, permit.dataset, permit.rows, today, wanted, exact=permit.exact, counted=counted)


def _rows(
    permit: Permit, world: World, today: ColumnElement[Any], whose: FromClause, is_open: ColumnElement[bool]
) -> Select[Any]:
    """Return the rows that `world` releases of one student, each with what it is known by and what is told of it."""
    source = _source(permit, world, today)
    student, each = source.student, source.each
    values = [leaving(permit, asked, source).label(f"v{at}") for at, asked in enumerate(permit.fields)]
    filters = {f"f{at}": leaving(permit, asked, source) for at, (asked, _) in enumerate(permit.filters)}
    released = (
        select(student.c.student_id, student.c.sealed, student.c.covers, student.c.code, *values)
        .select_from(source.rows if each is None else source.rows.join(each.row, each.own))
        .where(
            student.c.student_id == whose.c.student_id,
            is_open,
            *(value == bindparam(name, None, type_=value.type) for name, value in filters.items()),
            *leaving_whole(permit.row_codes, source),
        )
        .correlate(whose, *_tables(today), *_tables(is_open))
        .subquery("r")
    )
    stated = select(*released.c, _stated(permit, world, released).label("statements")).subquery("w")
    told = func.jsonb_build_array(_covered(permit, stated.c.covers), stated.c.statements, *_values(stated))
    said = select(*stated.c, cast(told, Text).label("told")).subquery("s")
    known: frozenset[str] = frozenset() if each is None else each.known_by
    key = [said.c[f"v{at}"] for at, field in enumerate(permit.fields) if field.element in known]
    known_by = cast(func.jsonb_build_array(*key), Text)
    place: ColumnElement[int] = literal_column("1")
    if each is not None:
        place = func.row_number().over(partition_by=[said.c.student_id, known_by], order_by=said.c.told)
    parts = func.concat_ws(literal_column("E'\\x1f'"), said.c.code, known_by, place)
    digest = func.substr(func.sha256(func.convert_to(parts, literal_column("'UTF8'"))), 1, ROW_BYTES, type_=LargeBinary)
    return select(said.c.sealed, said.c.covers, said.c.statements, digest.label("row"), said.c.told, *_values(said))


def _tables(expression: ColumnElement[Any]) -> list[FromClause]:
    return list(expression._from_objects)  # noqa: SLF001 - SQLAlchemy has no public name for a column's table


def _values(rows: FromClause) -> list[ColumnElement[Any]]:
    return [each for each in rows.c if each.name[0] == "v" and each.name[1:].isdigit()]


def _covered(permit: Permit, covers: ColumnElement[int]) -> ColumnElement[Any]:
    """Return which fields the student's consent covers: one that is not covered is absent, and not null."""
    if permit.rows.basis != Basis.CONSENT:
        return null()
    bits = sum({1 << permit.rows.element_order.index(field.element) for field in permit.fields})
    mask: ColumnElement[int] = literal_column(str(bits), BigInteger)
    return func.coalesce(covers.op("&")(mask), mask)


def _stated(permit: Permit, world: World, released: Subquery) -> ColumnElement[Any]:
    """Return what the family states about the values that are told, as JSON text, and about no other; or NULL."""
    if permit.rows.basis in NAMELESS:
        return cast(null(), Text)
    known = [released.c[f"v{at}"].is_not(None) for at in range(len(permit.fields))]
    elements = [case((each, literal(field.element, Text))) for each, field in zip(known, permit.fields, strict=True)]
    told = func.array_remove(array(elements), null(), type_=ARRAY(Text))
    said, there = world.statements.alias("y"), world.any_contested.alias("z")
    one = func.unnest(said.c.elements).table_valued(column("element", Text), with_ordinality="at", name="u")
    one = one.render_derived()
    about = (
        select(func.jsonb_agg(aggregate_order_by(one.c.element, one.c["at"])))
        .where(one.c.element == any_(told))
        .correlate(said, released)
        .scalar_subquery()
    )
    each = func.jsonb_build_array(about, said.c.statement, said.c.stated_on)
    going = (
        select(cast(func.jsonb_agg(aggregate_order_by(each, said.c.stated_on, said.c.elements)), Text))
        .where(said.c.student_id == released.c.student_id, about.is_not(None))
        .correlate(released)
        .scalar_subquery()
    )
    return case((select(there.c.found).scalar_subquery(), going))


def _differing(old: Subquery, new: Subquery) -> Select[Any]:
    change = case((old.c.row.is_(None), "created"), (new.c.row.is_(None), "deleted"), else_="changed")
    row = func.coalesce(new.c.row, old.c.row, type_=LargeBinary).label("row")
    return (
        select(new.c.sealed, new.c.covers, new.c.statements, row, *_values(new), change.label("change"))
        .select_from(new.join(old, new.c.row == old.c.row, full=True))
        .where(new.c.told.is_distinct_from(old.c.told))
    )


def _between(shape: Difference, code: ColumnElement[str], row: ColumnElement[bytes]) -> list[ColumnElement[bool]]:
    conditions = []
    if shape.after:
        last, at = (
            bindparam("after_code", None, type_=Text(collation="C")),
            bindparam("after_row", None, type_=LargeBinary),
        )
        conditions.append(or_(code > last, and_(code == last, row > at)))
    if shape.until:
        last, at = (
            bindparam("until_code", None, type_=Text(collation="C")),
            bindparam("until_row", None, type_=LargeBinary),
        )
        conditions.append(or_(code < last, and_(code == last, row <= at)))
    return conditions
