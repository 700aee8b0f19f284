"""Rows are read some thousand at a time; what is taken and what is refused is as if each had come alone."""

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import ARRAY, Date, Text

from gateway.records.loading import csvrecords
from gateway.records.loading.batches import Batch, Refused, Row, batched, one_by_one
from gateway.records.loading.cells import CellReader, CellRefused, Value
from gateway.records.loading.forms import FORMS, FREE, doubtful, require_forms, require_known, require_order
from gateway.records.loading.mapping import parse_mapping
from gateway.records.loading.staging import row_digest, row_digests
from gateway.records.loading.targets import TARGETS, columns_of, kinds_of
from gateway.records.signed import Approval, Authentication
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


def test_two_rows_without_a_key_have_nothing_in_common(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("n,s,y,i,o,g,k\n1,a,2025-2026,2025-09-01,,1,\n2,a,2025-2026,2025-09-01,,1, \n")
    (tmp_path / "p.csv").write_text("id,z\n,no\nk1,yes\n")
    for optional in ("false", "true"):
        mapping = parse_mapping(STAYS.format(optional=optional))
        found = stage(mapping, mapping.load[0], tmp_path)
        # The row that has no key of its own says that these are not meant: it does not speak of them.
        assert [row.line for row in found.rows] == ([2, 3] if optional == "true" else [])
        told = [] if optional == "true" else [f"e:{line}: has no single row in 'p'" for line in (2, 3)]
        assert [str(each) for each in found.refused] == told


@pytest.mark.parametrize(
    ("number", "joined", "told"),
    [
        ('{ column = "k", fallback = "n" }', True, ["7"]),
        # What the first column says is not known of a row that found no partner, and is nothing without the file.
        ('{ column = "p.z", fallback = "n" }', True, []),
        ('{ column = "p.z", fallback = "n" }', False, ["7"]),
    ],
    ids=["empty", "not joined", "no file"],
)
def test_a_refused_row_is_about_whom_its_second_column_names_where_the_first_is_empty(
    tmp_path: Path, number: str, joined: bool, told: list[str]
) -> None:
    text = STAYS.format(optional=str(not joined).lower()).replace(
        'student_identifier = "n"', f"student_identifier = {number}"
    )
    mapping = parse_mapping(text.replace('path = "p.csv"', 'path = "p.csv"\noptional = true'))
    (tmp_path / "e.csv").write_text("n,s,y,i,o,g,k\n7,a,2025-2026,soon,,1,\n")
    if joined:
        (tmp_path / "p.csv").write_text("id,z\nk1,yes\n")
    found = stage(mapping, mapping.load[0], tmp_path)
    assert len(found.refused) == 1
    assert found.numbers == told


SOUND: Sequence[Value] = (
    *("x", "2025-2026", "agreement:ours", "sharing", "parent", "Present", "tutoring", "partner:x", "paper", "en"),
    *(f"sha256:{'a' * 64}", *Authentication, *Approval),
)
"""Words, of which each form fits some."""
ODD: Sequence[Value] = (None, "?", [], dt.date(2025, 1, 1), dt.date(2027, 1, 1), "x" * 1_001)


def sound_row(target: str) -> dict[str, Value]:
    """Return a row that the table can hold."""
    row: dict[str, Value] = {}
    for name, kind in kinds_of(target).items():
        fits = FORMS[name][0].fullmatch if name in FORMS and (target, name) not in FREE else lambda _: True
        if isinstance(kind, Date):
            row[name] = dt.date(2026, 1, 1)
        elif isinstance(kind, ARRAY):
            row[name] = ["ALL"]
        else:
            row[name] = next(word for word in SOUND if fits(str(word))) if isinstance(kind, Text) else 1
    return row | ({"authenticated_by": None, "approved_by": None} if target == "consents" else {})


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_every_row_that_a_check_refuses_is_looked_at_alone(target: str) -> None:
    sound = sound_row(target)
    require_sound(target, sound)
    wrong = []
    for name, odd in product(sound, ODD):
        row = sound | {name: odd}
        with suppress(CellRefused):
            require_sound(target, row)
            continue
        wrong.append(row)
    assert wrong
    for row in wrong:
        columns = {name: [sound[name], row[name], sound[name]] for name in row}
        assert 1 in doubtful(target, columns, 3), row
    if target != "consents":
        assert doubtful(target, {name: [value] * 3 for name, value in sound.items()}, 3) == []


def test_a_row_is_refused_for_what_is_wrong_with_it_first(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("n,s,y,i,o,g,k\n1,a,2025,soon,later,3,k2\n1,,2025,2026-01-02,2025-01-01,1,k9\n")
    (tmp_path / "p.csv").write_text("id,z\nk2,\n")
    mapping = parse_mapping(STAYS.format(optional="true"))
    found = stage(mapping, mapping.load[0], tmp_path)
    assert [str(each) for each in found.refused] == [
        "e:2: 'i' is no date written as YYYY-MM-DD",
        "e:3: school_identifier is not known",
    ]


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
    rows: list[Row | Refused] = [
        Refused("x", line, "no") if line % 3 == 0 else Row(line, (str(line), "x" * 40_000)) for line in range(40)
    ]
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
