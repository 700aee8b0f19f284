"""
On which days an agreement covers which students, and which elements then: one query over the visible facts.

Enrollments that match, times roster and placement where the expression or the basis asks for them, times consent in
force, minus opt-outs, minus students withheld because their own row was refused. Days are sets of ranges, so nothing is
missed between two dates. INVARIANT: unknown never grants; a consent by a parent of a child without a birth date covers
no day, because nobody can tell when it lapses.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    Interval,
    Select,
    Table,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import DATEMULTIRANGE

from agreements.basis import Basis
from gateway.records import facts, outcomes
from gateway.records.lists import ON_FILE, Lists
from gateway.records.matching import NEVER, Sql, days, in_days, span, to_sql
from gateway.records.meanings import Added, mask_of
from gateway.records.numbers import is_gone, merged_rows
from policies.decision import RowTerms
from policies.population import asks_who_is_in_none_of


@dataclass(frozen=True, slots=True)
class Scope:
    """
    A version of an agreement whose population is kept: its digest, its line, and what it says about rows.

    Rosters, consents, opt-outs, placements and record codes are those of the line; the population is the version's own.
    `added` is what a consent to everything does not mean if it was signed before (`meanings.added_in`). `purpose` and
    `party` (the partner's id) are those that a consent has to name to count for this version.
    """

    agreement: str
    line: str
    terms: RowTerms
    added: Added = ()
    purpose: str = ""
    party: str = ""


FRONTIER: Final[Sql] = select(facts.frontier.c.batch).scalar_subquery()
"""The newest load that anybody sees."""


def visible(table: Table, newest: Sql = FRONTIER) -> ColumnElement[bool]:
    """Return the condition that a row belongs to the state after the load `newest`."""
    return and_(table.c.from_batch <= newest, or_(table.c.to_batch.is_(None), table.c.to_batch > newest))


def covered(scope: Scope, newest: Sql = FRONTIER, lists: Lists = ON_FILE) -> Select[Any]:
    """
    Return the query for (student_id, covers, valid) of `scope`, as it is after the load `newest` and by these `lists`.

    Raises `UnknownTerm` for an agreement with more elements than a mask has bits.
    """
    basis = scope.terms.basis
    base = _enrolled(scope, newest, lists).cte("enrolled")
    lasting: Sql = base.c.days
    rows: Any = base
    covers: Sql = cast(null(), BigInteger)
    if basis == Basis.CONSENT:
        consented = _consented(scope, newest, lists)
        rows = rows.join(consented, consented.c.student_id == base.c.student_id)
        lasting, covers = lasting.op("*")(consented.c.days), consented.c.covers
    if basis == Basis.CHILD_WELFARE:
        placed = _listed(lists.placement, scope.line, "[)").cte("placed_by_basis")
        rows = rows.join(placed, placed.c.student_id == base.c.student_id)
        lasting = lasting.op("*")(placed.c.days)
    refused = _opted_out(scope, lists).cte("opted_out")
    rows = rows.join(refused, refused.c.student_id == base.c.student_id, isouter=True)
    lasting = lasting.op("-")(func.coalesce(refused.c.days, NEVER))
    withheld = outcomes.withheld
    own = and_(withheld.c.student_id == base.c.student_id, visible(withheld, newest))
    # INVARIANT: unknown never grants. Who is in a program that nobody can read may be in a listed one.
    concerns = own if asks_who_is_in_none_of(scope.terms.population) else and_(own, withheld.c.target != "programs")
    hidden = exists(select(withheld.c.row_id).where(concerns))
    found = select(base.c.student_id, covers.label("covers"), lasting.cast(DATEMULTIRANGE).label("valid"))
    inner = found.select_from(rows).where(~hidden, ~is_gone(base.c.student_id)).subquery("lasting")
    return select(inner.c.student_id, inner.c.covers, inner.c.valid).where(~func.isempty(inner.c.valid))


def _enrolled(scope: Scope, newest: Sql, lists: Lists) -> Select[Any]:
    """Return, for each student, the days on which some enrollment satisfies the whole expression."""
    stay, program = facts.enrollment, outcomes.program
    listed = _listed(lists.roster, scope.line, "[]").cte("listed")
    placed = _listed(lists.placement, scope.line, "[)").cte("placed")

    def programs(types: tuple[str, ...] | None) -> Sql:
        lasting = days(span(program.c.program_start_date, program.c.program_exit_date, "[]"))
        own = and_(program.c.student_id == stay.c.student_id, visible(program, newest))
        wanted = own if types is None else and_(own, program.c.program_type.in_(types))
        return select(lasting).where(wanted).correlate(stay).scalar_subquery()

    meaning = in_days(programs, func.coalesce(listed.c.days, NEVER), func.coalesce(placed.c.days, NEVER))
    matching = to_sql(scope.terms.population, stay, meaning)
    lasting = span(stay.c.entry_date, stay.c.exit_date, "[]").op("*")(matching)
    rows = stay.join(listed, listed.c.student_id == stay.c.student_id, isouter=True).join(
        placed, placed.c.student_id == stay.c.student_id, isouter=True
    )
    return (
        select(stay.c.student_id, days(lasting).label("days"))
        .select_from(rows)
        .where(visible(stay, newest))
        .group_by(stay.c.student_id)
    )


def _listed(table: FromClause, line: str, bounds: str) -> Select[Any]:
    lasting = days(span(table.c.from_date, table.c.to_date, bounds)).label("days")
    in_force = and_(table.c.line == line, table.c.to_idx.is_(None))
    return select(table.c.student_id, lasting).where(in_force).group_by(table.c.student_id)


def _opted_out(scope: Scope, lists: Lists) -> Select[Any]:
    said = lists.opt_out
    scopes = ("sharing", "directory") if scope.terms.basis == Basis.DIRECTORY_INFORMATION else ("sharing",)
    concerns = and_(
        said.c.to_idx.is_(None),
        said.c.scope.in_(scopes),
        or_(said.c.line.is_(None), said.c.line == scope.line),
    )
    lasting = days(span(said.c.from_date, null(), "[]")).label("days")
    # INVARIANT: a no under either number of a child is a no of the child.
    merged = merged_rows()
    whose = func.coalesce(merged.c.other_id, said.c.student_id)
    rows = said.join(merged, merged.c.student_id == said.c.student_id, isouter=True)
    return select(whose.label("student_id"), lasting).select_from(rows).where(concerns).group_by(whose)


def _consented(scope: Scope, newest: Sql, lists: Lists) -> CTE:
    """
    Return (student_id, covers, days), one row for each mask a student's consents add up to on some day.

    Between two dates on which any consent starts or ends the mask is constant: cut there, add up, put together again.
    """
    given = _consents(scope, newest, lists)
    starts = select(given.c.student_id, func.lower(given.c.days).label("day"))
    ends = select(given.c.student_id, func.upper(given.c.days).label("day"))
    cut = starts.union(ends).cte("cut")
    following = func.lead(cut.c.day).over(partition_by=cut.c.student_id, order_by=cut.c.day)
    piece = (
        select(cut.c.student_id, func.daterange(cut.c.day, following).label("days"))
        .where(cut.c.day.is_not(None))
        .cte("piece")
    )
    holds = and_(given.c.student_id == piece.c.student_id, given.c.days.op("@>")(piece.c.days))
    summed = (
        select(piece.c.student_id, piece.c.days, func.bit_or(given.c.mask).label("mask"))
        .select_from(piece.join(given, holds))
        .group_by(piece.c.student_id, piece.c.days)
        .cte("summed")
    )
    everything: Sql = literal_column(str((1 << len(scope.terms.element_order)) - 1))
    covers = func.nullif(summed.c.mask, everything, type_=BigInteger)
    return (
        select(summed.c.student_id, covers.label("covers"), days(summed.c.days).label("days"))
        .group_by(summed.c.student_id, covers)
        .cte("consented")
    )


def _consents(scope: Scope, newest: Sql, lists: Lists) -> CTE:
    """
    Return (student_id, mask, days) of each consent in force. 34 CFR 99.5(a)(1): rights pass at 18.

    INVARIANT: a consent for another purpose, or to another party, is none to this one (34 CFR 99.30(b)(2), (3)). What
    is older than these columns names neither, and is on file for the agreement itself.
    """
    given, child = lists.consent, facts.person
    mask = mask_of(given.c.covers, given.c.signed_on, scope.terms.element_order, scope.added)
    is_named = and_(given.c.purpose == scope.purpose, given.c.party == scope.party)
    stated = func.daterange(given.c.from_date, given.c.to_date, "[]")
    # PostgreSQL adds 18 years to 29 February as 28 February: a parent's word ends a day early rather than late, and a
    # student's begins, by going round over the day before, on 1 March.
    years = cast(literal("18 years"), Interval)
    comes_of_age = func.date(child.c.birthdate + years)
    after = func.date(func.date(child.c.birthdate - 1 + years) + cast(literal("1 day"), Interval))
    own_days = case(
        (child.c.birthdate.is_(None), literal_column("'empty'::daterange")),
        (given.c.signed_by == "parent", func.daterange(null(), comes_of_age)),
        else_=func.daterange(after, null()),
    )
    rows = (
        select(given.c.student_id, mask.label("mask"), stated.op("*")(own_days).label("days"))
        .join_from(given, child, and_(child.c.student_id == given.c.student_id, visible(child, newest)))
        .where(given.c.line == scope.line, given.c.to_idx.is_(None), or_(given.c.purpose.is_(None), is_named))
        .subquery("stated")
    )
    return select(rows).where(rows.c.mask.is_not(None), ~func.isempty(rows.c.days)).cte("given")
