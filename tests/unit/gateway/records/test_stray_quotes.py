"""A quotation mark that stands in a file by a slip costs the row that it stands in, and no other."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.records.loading import csvrecords
from gateway.records.loading.batches import Refused, Row
from gateway.records.loading.csvfile import open_csv
from gateway.records.loading.export import Folder
from gateway.records.loading.mapping import SourceFile

NAMES = ("a", "b", "c")
OPEN = "a quotation mark is opened and never closed"
WIDE = "it goes on over 2 lines and has {} columns where the file has 3"


def read(folder: Path, content: str) -> list[Row | Refused]:
    (folder / "x.csv").write_text(content, newline="")
    return list(open_csv(Folder(folder), "x", SourceFile("x.csv", columns=NAMES)).rows())


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        # The mark seems to close where the next row's name begins,
        (['1,"Ann,x', '2,"Bob",y', "3,Cy,z"], OPEN),
        # or closes as it should, and makes a row of other columns than the file's,
        (['1,a,"Ann', '2,Bob",y', "3,Cy,z"], WIDE.format(4)),
        (['1,"Ann,x', '2,"', "3,Cy,z"], WIDE.format(2)),
        # or it runs into something that no row may hold, or into more than a cell may hold.
        (['1,"Ann,x', "2,\0,z", "3,Cy,z"], OPEN),
        (['1,"Ann,x', *[f"{number},{'n' * 9_000},z" for number in range(2, 60)]], OPEN),
    ],
)
def test_rows_below_a_stray_mark_are_looked_at_by_themselves(tmp_path: Path, rows: list[str], reason: str) -> None:
    found = read(tmp_path, "\n".join([*rows, ""]))
    assert [each.line for each in found] == [*range(1, len(rows) + 1)]
    assert next(each.reason for each in found if isinstance(each, Refused)) == reason
    assert isinstance(found[-1], Row)


@pytest.mark.claim(3)
@pytest.mark.parametrize(
    "rows",
    [
        # Two marks by a slip make one row of two children's,
        ['1,"Ann,x', '2,Bob",y'],
        # or of more,
        ['1,"Ann,x', "2,Bob,y", '3,Cy",z'],
        # or of rows of which one goes on over lines itself,
        ['1,"Ann,x', '2,Bob",y', '"'],
        ['1,"Ann,x', '2,Bob","y', 'z"'],
        # or somebody's words are such that a line of them could be a row.
        ['1,"Ann', "2,Bob,y", '",x'],
        ['"Ann', 'Bob",2,x'],
    ],
)
def test_lines_that_are_one_row_or_several_are_neither(tmp_path: Path, rows: list[str]) -> None:
    for letters in (1, 2**18):  # wherever the reader stops for breath
        with pytest.MonkeyPatch.context() as changed:
            changed.setattr(csvrecords, "LETTERS", letters)
            found = read(tmp_path, "\n".join(["0,Zoe,w", *rows, "9,Cy,z", ""]))
        whole = len(rows) - (rows[-1] == '"')
        assert [each.line for each in found if isinstance(each, Refused)][:whole] == [*range(2, 2 + whole)]
        assert [each for each in found if isinstance(each, Row)] == [
            Row(1, ("0", "Zoe", "w")),
            Row(len(rows) + 2, ("9", "Cy", "z")),
        ]


def test_a_cell_may_go_on_over_lines_that_are_no_rows_and_over_any_among_cells_in_marks(tmp_path: Path) -> None:
    found = read(tmp_path, '1,"Ann\n2,Bob\n",x\n3,Cy,z\n"4","An""n\n5,Bob,y","x"\n')
    assert found == [
        Row(1, ("1", "Ann\n2,Bob", "x")),
        Row(4, ("3", "Cy", "z")),
        Row(5, ("4", 'An"n\n5,Bob,y', "x")),
    ]


def test_a_header_may_go_on_over_lines(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text('"a\nb",c\n1,2\n', newline="")
    file = open_csv(Folder(tmp_path), "x", SourceFile("x.csv"))
    assert (file.columns, [*file.rows()]) == (("a\nb", "c"), [Row(3, ("1", "2"))])


def test_of_a_line_that_is_no_row_it_is_told_what_stands_before_the_slip(tmp_path: Path) -> None:
    told = {
        '1,Ann,"x': ("1", "Ann"),
        '"1","A, ""n""","x"y': ("1", 'A, "n"'),
        "1,Ann,x,": ("1", "Ann", "x", ""),
        "1,Ann": ("1", "Ann"),
        "1, A\0nn ,x": ("1", ""),
        '"1,Ann,x': (),
    }
    found = read(tmp_path, "\n".join([*told, ""]))
    assert [each.cells for each in found] == [*told.values()]
    assert "Ann" not in repr(found)


def begins_a_cell(cell: str) -> bool:
    """Return whether a mark above cannot close here: behind a closing mark comes a comma or the end of a line."""
    return cell.lstrip('"')[:1] not in {",", "\n", "\r"}


CELLS = st.text(st.sampled_from('ab1,"\n é'), max_size=5).filter(begins_a_cell)
FIRST = CELLS.filter(lambda cell: "\n" not in cell)  # or what follows its line break is a row by itself
LATER = CELLS.filter(lambda cell: "," not in cell.partition("\n")[2])
ROWS = st.lists(st.tuples(FIRST, LATER, LATER, st.booleans()), min_size=1, max_size=6)


@given(ROWS, st.data(), st.sampled_from([1, 7, 2**18]))
def test_whatever_row_one_mark_spoils_every_other_is_taken_as_before(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str, bool]], data: st.DataObject, letters: int
) -> None:
    folder = tmp_path_factory.mktemp("export")
    written = [in_csv(cells, quotes_all=quotes_all) for *cells, quotes_all in rows]
    lines = [1 + sum(each.count("\n") for each in written[:at]) for at in range(len(written))]
    before = read(folder, "".join(written))
    assert [each.line for each in before] == lines
    assert all(isinstance(each, Row) for each in before)
    spoilt = data.draw(st.integers(0, len(written) - 1))
    place = data.draw(st.integers(0, len(written[spoilt]) - 1))
    row = written[spoilt]
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(csvrecords, "LETTERS", letters)
        found = read(folder, "".join([*written[:spoilt], f'{row[:place]}"{row[place:]}', *written[spoilt + 1 :]]))
    own = range(lines[spoilt], lines[spoilt] + row.count("\n"))
    assert [each for each in found if each.line not in own] == [each for each in before if each.line not in own]
    assert own.start in [each.line for each in found]


def in_csv(cells: Sequence[str], *, quotes_all: bool) -> str:
    """Return a row as spreadsheets write it."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL if quotes_all else csv.QUOTE_MINIMAL, lineterminator="\n").writerow(cells)
    return text.getvalue()
