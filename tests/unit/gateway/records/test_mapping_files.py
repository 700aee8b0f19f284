"""A mapping file is judged whole before any data is read."""

from importlib.resources import files
from pathlib import Path

import pytest

from gateway.records.errors import BadMapping
from gateway.records.loading.mapping import FieldRule, parse_mapping, read_mapping

GOOD = """
format = 1
name = "x"
[files.s]
path = "s.csv"
[[load]]
target = "students"
from = "s"
fields.student_identifier = "n"
fields.first_name = { column = "f", map = { A = "Ana" }, otherwise = "" }
"""


def test_a_good_mapping_is_read() -> None:
    (load,) = parse_mapping(GOOD).load
    assert load.rules()["student_identifier"] == FieldRule(column="n")
    assert load.rules()["first_name"].values == {"A": "Ana"}
    assert load.table.name == "student"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("format = 1", "format = 2", "Format 2"),
        ("format = 1", "format = 1\nsurprise = 1", "surprise"),
        ("format = 1", "format =", "not well formed"),
        ('path = "s.csv"', 'path = ""', "not well formed"),
        ('path = "s.csv"', 'path = "s.json"\nform = "ndjson"', "needs its columns"),
        ('target = "students"', 'target = "pupils"', "no target 'pupils'"),
        ('from = "s"', 'from = "t"', "no file 't'"),
        ("fields.first_name", "fields.shoe_size", "no field shoe_size"),
        ("fields.student_identifier", "fields.last_name", "needs student_identifier"),
        ('column = "f", map', 'column = "f", mapp', "mapp"),
        ('column = "f", map', 'column = "f", constant = "f", map', "and not both"),
        ('map = { A = "Ana" }, ', "", "goes with a 'map'"),
        ('from = "s"', 'from = "s"\nscope = ["sex"]', "scope names sex"),
        ('from = "s"', 'from = "s"\nfold = { birthdate = "earliest" }', "fold names birthdate"),
        ('from = "s"', 'from = "s"\nfold = { first_name = "latest" }', "first_name, which is no day"),
        ('from = "s"', 'from = "s"\nfold = { first_name = "best" }', "not well formed"),
        ('column = "f", map', 'constant = "f", fallback = "g", map', "goes with a 'column'"),
        ('column = "f"', 'column = "f", fallback = "Passwd"', "never read"),
        ('column = "f"', 'column = "Password"', "never read"),
        ('column = "f"', 'column = "user_PWD"', "never read"),
        ('from = "s"', 'from = "s"\nonly = [{ column = "Secret", filled = true }]', "never read"),
        ('from = "s"', 'from = "s"\njoin = [{ file = "s", on = "password", key = "n" }]', "never read"),
        ('from = "s"', 'from = "s"\njoin = [{ file = "q", on = "n", key = "n" }]', "no file 'q'"),
    ],
)
def test_a_mapping_with_a_mistake_is_refused_by_name(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(BadMapping, match=message) as refused:
        parse_mapping(GOOD.replace(old, new, 1))
    assert refused.value.remedy


def test_a_mapping_that_loads_nothing_is_refused() -> None:
    with pytest.raises(BadMapping, match="loads nothing"):
        parse_mapping('format = 1\nname = "x"\nload = []\n[files]\n')


def test_a_mapping_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadMapping, match="cannot be read"):
        read_mapping(tmp_path / "none.toml")
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadMapping, match="not UTF-8"):
        read_mapping(tmp_path / "x.toml")
    (tmp_path / "x.toml").write_text(GOOD)
    assert read_mapping(tmp_path / "x.toml").name == "x"


@pytest.mark.parametrize("name", ["hello_world_sis", "contoso_attendance", "iready", "oneroster_courses"])
def test_the_shipped_mappings_are_good(name: str) -> None:
    assert parse_mapping((files("gateway.records.mappings") / f"{name}.toml").read_text("utf-8")).load
