"""Rows are read some thousand at a time; what is taken and what is refused is as if each had come alone."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import ARRAY, Boolean, Date, Text
from sqlalchemy.types import TypeEngine

from gateway.records.loading import csvrecords
from gateway.records.loading.batches import Batch, Refused, Row, batched, one_by_one
from gateway.records.loading.cells import CellReader, CellRefused, Value
from gateway.records.loading.forms import doubtful, require_forms, require_known, require_order
from gateway.records.loading.mapping import parse_mapping
from gateway.records.loading.staging import row_digest, row_digests
from gateway.records.loading.targets import TARGETS, columns_of, kinds_of
from tests.factories.staging import Staged, stage

STAYS = """
format = 1
name = "made up"
[files.e]
path = "e.csv"
[files.p]
path = "p.csv"
[[load]]
target = "enrollments"
from = "e"
join = [{{ file = "p", on = "k", key = "id", optional = {optional} }}]
only = [{{ column = "s", values = ["a", "b", ""] }}]
skip = [{{ column = "p.z", values = ["no"] }}]
fields.student_identifier = "n"
fields.school_identifier = {{ column = "s", fallback = "p.z" }}
fields.school_year = "y"
fields.entry_date = "i"
fields.exit_date = {{ column = "o", unknown = ["", "-"] }}
fields.grade_level = {{ column = "g", map = {{ "1" = "01", "2" = "02" }} }}
"""
ANY_STAY = st.tuples(
    st.sampled_from(["1", "2", ""]),
    st.sampled_from(["a", "a", "b", "c", "", " a "]),
    st.sampled_from(["2025-2026", "2025-2026", "2025"]),
    st.sampled_from(["2025-09-01", "2025-09-01", "soon", ""]),
    st.sampled_from(["", "-", "2025-08-01", "2026-01-01"]),
    st.sampled_from(["1", "2", "2", "3"]),
    st.sampled_from(["k1", "k2", "k2", "k3", ""]),
)
"""A stay that may be wrong in every way, and whose partner may say no, be there twice, or not be there."""


def said(found: Staged) -> tuple[list[object], list[object]]:
    """Return all that is known of the rows taken and refused."""
    taken: list[object] = [(row.line, row.part, sorted(row.values.items())) for row in found.rows]
    refused: list[object] = [(each.refused, each.number, each.line) for some in found.batches for each in some.refused]
    return taken, refused


@given(st.lists(ANY_STAY, max_size=12), st.booleans())
def test_rows_that_come_together_are_taken_as_if_each_came_alone(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], optional: bool
) -> None:
    folder = tmp_path_factory.mktemp("export")
    (folder / "e.csv").write_text("\n".join(["n,s,y,i,o,g,k", *map(",".join, rows), ""]))
    (folder / "p.csv").write_text("id,z\nk1,no\nk2,yes\nk3,x\nk3,y\n")
    mapping = parse_mapping(STAYS.format(optional=str(optional).lower()))
    together = stage(mapping, mapping.load[0], folder)
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(csvrecords, "LETTERS", 1)
        alone = stage(mapping, mapping.load[0], folder)
    assert len(alone.batches) >= len(rows)
    assert said(alone) == said(together)


def values_of(kind: TypeEngine[Any]) -> Sequence[Value]:
    """Return values of a type, right ones and wrong ones."""
    if isinstance(kind, ARRAY):
        return [None, [], ["a"]]
    if isinstance(kind, Date):
        return [None, dt.date(2025, 9, 1), dt.date(2026, 1, 31)]
    if isinstance(kind, Boolean):
        return [None, True, False]
    return [None, "x", "2025-2026", "sharing", "Present", "parent"] if isinstance(kind, Text) else [None, 1]


@given(st.data(), st.sampled_from(sorted(TARGETS)))
def test_every_row_that_a_check_refuses_is_looked_at_alone(data: st.DataObject, target: str) -> None:
    rows = data.draw(st.integers(0, 5))
    values = {
        name: data.draw(st.lists(st.sampled_from(values_of(kind)), min_size=rows, max_size=rows))
        for name, kind in kinds_of(target).items()
        if data.draw(st.booleans())
    }
    looked_at = doubtful(target, values, rows)
    for at in set(range(rows)) - set(looked_at):
        require_sound(target, {name: column[at] for name, column in values.items()})


def require_sound(target: str, values: Mapping[str, Value]) -> None:
    """Check a row as it is checked alone."""
    require_known(target, values)
    require_order(values)
    require_forms(target, values)


def test_a_row_alone_and_among_others_has_one_digest() -> None:
    columns = columns_of("academic_summaries")
    rows = [
        ("1", "2025-2026", 2.5, None, None, None, None, 3.0, None, "", None),
        ("2", "2025-2026", None, None, True, None, None, None, None, "autumn", None),
        ("3", "2025-2026", None, None, None, None, None, None, None, "", False),
    ]
    together = row_digests("academic_summaries", columns, [*zip(*rows, strict=True)])
    assert together == [row_digest("academic_summaries", columns, row) for row in rows]
    assert len(set(together)) == 3
    # A word that came later counts, even where it says no; nothing said in it is nothing.
    assert row_digest("academic_summaries", columns, (*rows[2][:-1], None)) != together[2]


def test_a_cell_that_cannot_be_read_is_refused_each_time_it_comes() -> None:
    def read(cell: str) -> Value:
        if not cell.isdigit():
            raise CellRefused("is no number")
        return int(cell)

    reader = CellReader(read)
    many = [str(number) for number in range(12_000)]
    for cells in (many, ["x", "1", "x", "2"], many, ["x" * 100, "7"], ["y"]):
        values, refused = reader.column(cells)
        assert values == [int(cell) if cell.isdigit() else None for cell in cells]
        assert sorted(refused) == [at for at, cell in enumerate(cells) if not cell.isdigit()]
        assert {str(each) for each in refused.values()} <= {"is no number"}


def test_rows_in_batches_come_out_in_their_order() -> None:
    rows = [Refused("x", line, "no") if line % 3 == 0 else Row(line, (str(line), "x" * 40_000)) for line in range(40)]
    batches = [*batched(rows, 2)]
    assert len(batches) > 2
    assert [*one_by_one(batches)] == rows
    assert [*batched([], 2)] == []
    assert [*one_by_one([Batch([1, 2], [])])] == [Row(1, ()), Row(2, ())]
    assert "40000" not in repr(batches[0])


def test_rows_of_two_files_are_never_in_one_batch() -> None:
    rows: list[Row | Refused] = [
        Row(1, ("a",), part=0),
        Row(1, ("b",), part=1),
        Refused("y", 2, "no", part=1),
        Row(1, ("c",), part=2),
    ]
    batches = [*batched(rows, 1)]
    assert [each.part for each in batches] == [0, 1, 2]
    assert [*one_by_one(batches)] == rows


def test_a_refused_row_stays_where_it_stood_when_others_are_left_out() -> None:
    rows: list[Row | Refused] = [
        Row(1, ("a",)),
        Refused("x", 2, "no"),
        Row(3, ("b",)),
        Row(4, ("c",)),
        Refused("x", 5, "no"),
    ]
    (batch,) = batched(rows, 1)
    assert batch.those([True, True, True]) is batch
    assert [*batch.those([False, True, False]).rows()] == [rows[1], rows[2], rows[4]]
