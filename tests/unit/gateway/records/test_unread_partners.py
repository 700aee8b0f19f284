"""A partner that cannot be read is not a missing one: no row is left out or let through by what it may say."""

from pathlib import Path

import pytest

from gateway.records.loading.mapping import parse_mapping
from tests.factories.staging import Staged, stage

STAYS = """
format = 1
name = "made up"
files.e.path = "e.csv"
files.p.path = "p.csv"
[files.j]
path = "j.ndjson"
form = "ndjson"
columns = ["id", "kind"]
optional = true
[[load]]
target = "enrollments"
from = "e"
fields.student_identifier = "n"
fields.school_identifier = "s"
fields.school_year = { constant = "2025-2026" }
fields.entry_date = "i"
"""
ROWS = "n,s,i\n1,x,2025-09-03\n2,x,2025-09-03\n3,x,2025-09-03\n,x,2025-09-03\n"
BROKEN = '"2,pupil'
SKIP = 'skip = [{ column = "p.kind", values = ["no"] }]'
UNREAD = "may have the row at p:3, which cannot be read"


def staged(folder: Path, load: str, **files: str) -> Staged:
    for name, content in {"e.csv": ROWS, **{name.replace("_", "."): text for name, text in files.items()}}.items():
        (folder / name).write_text(content)
    mapping = parse_mapping(STAYS + load)
    return stage(mapping, mapping.load[0], folder)


def taken(found: Staged) -> list[object]:
    return [row.values["student_identifier"] for row in found.rows]


def join(file: str, on: str = "n", *, optional: bool = True) -> str:
    return f'[[load.join]]\nfile = "{file}"\non = "{on}"\nkey = "id"\noptional = {str(optional).lower()}\n'


@pytest.mark.parametrize("condition", ['only = [{ column = "p.kind", values = ["pupil"] }]', SKIP])
def test_a_row_whose_partner_may_be_the_one_that_cannot_be_read_is_refused(tmp_path: Path, condition: str) -> None:
    found = staged(tmp_path, f"{condition}\n{join('p')}", p_csv=f"id,kind\n1,pupil\n{BROKEN}\n")
    assert taken(found) == ["1"]
    told = [f"e:{line}: {UNREAD}" for line in (3, 4)]
    # Whoever has no key has no partner: the mapping leaves that row out, or the row lacks its student.
    assert [str(each) for each in found.refused if "cannot be read" in str(each)] == told
    assert found.numbers == ["2", "3"]


def test_where_the_key_can_be_read_its_row_alone_is_refused(tmp_path: Path) -> None:
    only = 'only = [{ column = "j.kind", values = ["pupil"] }]\n'
    lines = ('{"id": "1", "kind": "pupil"}', '{"id": "2", "kind": {"two": "things"}}')
    found = staged(tmp_path, only + join("j"), p_csv="id\n", j_ndjson="\n".join(lines))
    assert (taken(found), found.numbers) == (["1"], ["2"])
    assert [str(each) for each in found.refused] == ["e:3: has no single row in 'j'"]


def test_rows_that_differ_are_no_answer_to_a_condition(tmp_path: Path) -> None:
    only = 'only = [{ column = "p.kind", values = ["pupil"] }]\n'
    found = staged(tmp_path, only + join("p"), p_csv="id,kind\n1,pupil\n2,pupil\n2,other\n")
    assert (taken(found), found.numbers) == (["1"], ["2"])


def test_a_partner_of_a_partner_is_asked_for_too_and_the_student_is_told_by_another_one(tmp_path: Path) -> None:
    only = 'only = [{ column = "j.kind", values = ["pupil"] }]\n'
    joins = join("p") + join("j", "p.kind") + join("q", optional=False)
    load = STAYS.replace('"n"', '"q.number"') + only + joins
    (tmp_path / "e.csv").write_text(ROWS)
    (tmp_path / "p.csv").write_text(f"id,kind\n1,k\n{BROKEN}\n")
    (tmp_path / "j.ndjson").write_text('{"id": "k", "kind": "pupil"}')
    (tmp_path / "q.csv").write_text("id,number\n1,a\n2,b\n")
    mapping = parse_mapping(load.replace("[files.j]", 'files.q.path = "q.csv"\n[files.j]'))
    found = stage(mapping, mapping.load[0], tmp_path)
    assert (taken(found), found.numbers) == (["a"], ["b"])
    assert f"e:3: {UNREAD}" in map(str, found.refused)


def test_where_no_condition_asks_the_cells_of_an_optional_partner_are_empty_as_ever(tmp_path: Path) -> None:
    found = staged(tmp_path, join("p"), p_csv=f"id,kind\n1,pupil\n{BROKEN}\n")
    assert taken(found) == ["1", "2", "3"]
    found = staged(tmp_path, 'skip = [{ column = "p.kind", filled = false }]\n' + join("p"), p_csv="id,kind\n1,pupil\n")
    assert (taken(found), found.refused) == (["1"], [])
