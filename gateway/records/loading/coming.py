"""
Lists as they will be once a load is visible: read from its workspace, before any row of them is written.

So it is worked out beforehand whom agreements cover then, and not while the log's head is held.
"""

from collections.abc import Sequence

from sqlalchemy import BigInteger, FromClause, Integer, Table, cast, column, exists, null, select, table, union_all

from gateway.records import standing
from gateway.records.lists import Lists
from gateway.records.loading.merge import Difference
from gateway.records.loading.targets import columns_of

_LEAVING = table("leaving", column("load", Integer), column("row_id", BigInteger), schema="pg_temp")


def lists_to_be(differences: Sequence[Difference]) -> Lists:
    """Return the lists by which populations are what they will be after these. Only in the load's own session."""
    return Lists(
        roster=_to_be(standing.roster, differences),
        consent=_to_be(standing.consent, differences),
        opt_out=_to_be(standing.opt_out, differences),
        placement=_to_be(standing.placement, differences),
    )


def _to_be(base: Table, differences: Sequence[Difference]) -> FromClause:
    """Return what stays of a list, and what comes: its columns, and `to_idx`, which is NULL."""
    own = [each for each in differences if each.kind.table is base]
    if not own:
        return base
    names = columns_of(own[0].target)
    over: FromClause = _LEAVING
    numbers = [each.number for each in own]
    ending = exists().where(over.c.load.in_(numbers), over.c.row_id == base.c.row_id)
    ends = cast(null(), BigInteger).label("to_idx")
    parts = [select(*(base.c[name] for name in names), ends).where(base.c.to_idx.is_(None), ~ending)]
    for number in numbers:
        staged = table(f"staged_{number}", *(column(name, base.c[name].type) for name in names), schema="pg_temp")
        parts.append(select(*staged.c, ends))
    return union_all(*parts).subquery(f"{base.name}_to_be")
