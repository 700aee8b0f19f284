"""Files of JSON and XML in a mapping: paths, words of descriptors, rows a child; what is badly written is refused."""

from pathlib import Path

import pytest

from gateway.records.errors import BadMapping
from gateway.records.loading.batches import Refused
from gateway.records.loading.export import Folder
from gateway.records.loading.mapping import SourceFile, parse_mapping
from gateway.records.loading.parts import open_parts

RECORD = """
<Rows><Row id="7" note="seen">
  <Kind>uri://ed-fi.org/KindDescriptor#In Part #2</Kind>
  <Plain>#1 fan</Plain>
  <Phone><Use>Home</Use><Number>1</Number></Phone>
  <Phone><Use>Work</Use><Number>2</Number></Phone>
  <Phone><Use>Work</Use><Number>3</Number></Phone>
  <Race>A</Race><Race>B</Race>
  <School><Identity><Id>9</Id></Identity><Lookup><Id>9</Id></Lookup></School>
  <Period><From>1</From></Period>
  <Marked unit="day">5</Marked>
  <Composed>Zoe\u0308</Composed>
  <Gap/>
</Row></Rows>
"""


def cell(folder: Path, *paths: str, words: bool = True, each: tuple[str, ...] = ()) -> list[str]:
    (folder / "x.xml").write_text(RECORD)
    source = SourceFile("x.xml", form="xml", rows=("Row",), cells={"x": paths}, descriptors=words, each=each)
    rows = open_parts(Folder(folder), "x", source, ["x.xml"]).rows()
    return [row.reason if isinstance(row, Refused) else row.cells[0] for row in rows]


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (("@id",), "7"),
        (("Kind",), "2"),
        (("Plain",), "#1 fan"),
        (("Marked",), "5"),
        (("Marked.@unit",), "day"),
        (("Missing",), ""),
        (("Composed",), "Zo\u00eb"),
        (("Missing.Below", "Gap", "@note"), "seen"),
        (("Phone[Use=Home].Number",), "1"),
        (("Phone[Use=Fax].Number",), ""),
        (("Phone[Use=Work][first].Number",), "2"),
        (("Phone[Use=Work][last].Number",), "3"),
        (("Phone[Use=Work][all].Number",), "2; 3"),
        (("Phone[Fax=].Number",), "Student: "),
        (("Phone[Use=Home][Fax=].Number",), "1"),
        (("Phone[Period..To=][first].Number",), "1"),
        (("Race[.=B]",), "B"),
        (("Race[.=C]",), ""),
        (("School..Id",), "9"),
        (("School[Identity=9].Lookup.Id",), ""),
        (("School.Identity.Id + @id",), "9/7"),
        (("Missing + @id", "@id + School..Id"), "7/9"),
        (("Period.From[.=1]",), "1"),
    ],
)
def test_a_path_finds_the_value_that_it_names(tmp_path: Path, paths: tuple[str, ...], found: str) -> None:
    (value,) = cell(tmp_path, *paths)
    if found == "Student: ":
        assert value == f"Row: its member {paths[0]!r} is there more than once"
    else:
        assert value == found


@pytest.mark.parametrize("path", ["Phone.Number", "Phone", "School", "Race", "Phone[first]", "Phone.Number[first]"])
def test_what_is_no_single_value_is_no_cell(tmp_path: Path, path: str) -> None:
    assert cell(tmp_path, path) == [f"Row: its member {path!r} is no single value"]


def test_several_values_at_any_depth_are_no_cell(tmp_path: Path) -> None:
    assert cell(tmp_path, "Phone..Number") == ["Row: its member 'Phone..Number' is there more than once"]


def test_an_address_stays_whole_where_its_word_is_not_asked_for(tmp_path: Path) -> None:
    assert cell(tmp_path, "Kind", words=False) == ["uri://ed-fi.org/KindDescriptor#In Part #2"]


def test_each_of_several_children_is_a_row_and_a_child_that_is_missing_is_one_without_it(tmp_path: Path) -> None:
    assert cell(tmp_path, "Phone.Number + Race", each=("Phone", "Race")) == ["1/A", "1/B", "2/A", "2/B", "3/A", "3/B"]
    assert cell(tmp_path, "@id", each=("Missing", "Race")) == ["7", "7"]
    assert cell(tmp_path, "Missing.Deep", each=("Missing",)) == [""]


FILE = """
format = 1
name = "x"
{maps}
[files.x]
path = "x"
{file}
[[load]]
target = "schools"
from = "x"
fields.school_identifier = "id"
fields.school_name = {{ column = "id", map = {map} }}
"""
XML = 'form = "xml"\nrows = ["Row"]\n'


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ('form = "xml"\ncells = { id = "id" }', "'rows' names the elements"),
        ('form = "json"\ncells = { id = "id" }\nrows = ["Row"]', "'rows' names the elements"),
        ('form = "json"\ncells = { id = "id" }\nroot = ["Rows"]', "'rows' names the elements"),
        (XML, "needs its columns"),
        ('form = "json"', "needs its columns"),
        ('cells = { id = "id" }', "is a table and has neither"),
        ('each = ["id"]', "is a table and has neither"),
        ("descriptors = true", "is a table and has neither"),
        (XML + 'encoding = "utf-16"\ncells = { id = "id" }', "says its encoding itself"),
        (XML + 'cells = { id = "Account.Password" }', "'Account.Password' holds secrets"),
        (XML + 'cells = { id = ["Id", "Pwd"] }', "'Pwd' holds secrets"),
        (XML + 'columns = ["clientSecret"]', "'clientSecret' holds secrets"),
        (XML + 'cells = { id = "a[" }', "not well formed"),
        (XML + 'cells = { id = "a." }', "not well formed"),
        (XML + 'cells = { id = ".a" }', "not well formed"),
        (XML + 'cells = { id = "a...b" }', "not well formed"),
        (XML + 'cells = { id = "a]b" }', "not well formed"),
        (XML + 'cells = { id = "a[]" }', "not well formed"),
        (XML + 'cells = { id = "a[second]" }', "neither what its 'a' holds nor which one"),
        (XML + 'cells = { id = "a[b.=1]" }', "not well formed"),
        (XML + 'cells = { id = "a + " }', "not well formed"),
        (XML + "cells = { id = [] }", "needs a path"),
    ],
)
def test_a_file_that_is_badly_described_is_refused_before_it_is_read(file: str, why: str) -> None:
    with pytest.raises(BadMapping, match=why):
        parse_mapping(FILE.format(file=file, maps="", map='{ a = "b" }'))


def test_fields_share_a_map_by_its_name() -> None:
    mapping = parse_mapping(FILE.format(file="", maps='[maps.letters]\na = "b"', map='"letters"'))
    assert mapping.load[0].rules()["school_name"].values == {"a": "b"}


@pytest.mark.parametrize(("maps", "why"), [("", "no map 'letters'"), ("maps = 1", "no map 'letters'")])
def test_a_map_that_is_not_there_is_refused(maps: str, why: str) -> None:
    with pytest.raises(BadMapping, match=why):
        parse_mapping(FILE.format(file="", maps=maps, map='"letters"'))


@pytest.mark.parametrize("load", ["load = 1", "load = [1]", "[[load]]\nfields = 1", "[[load]]\nfields = { a = 1 }"])
def test_a_mapping_that_is_none_is_refused_as_such(load: str) -> None:
    with pytest.raises(BadMapping, match="not well formed"):
        parse_mapping(f'format = 1\nname = "x"\nfiles = {{}}\n{load}')
