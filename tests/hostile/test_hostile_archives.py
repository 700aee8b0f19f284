"""Exports in zip archives, and deltas, that are not what they should be: refused before anything is taken from them."""

import stat
import zipfile
from pathlib import Path

import pytest

from gateway.records.errors import BadMapping, BadSource
from gateway.records.loading import archive
from gateway.records.loading.layers import Exports
from gateway.records.loading.mapping import MappingFile
from tests.factories.oneroster import bulk, content, shipped, unpacked, zipped
from tests.factories.staging import stage


def refused(mapping: MappingFile, *places: Path) -> str:
    with pytest.raises(BadSource) as found:
        stage(mapping, mapping.load[0], places[0], deltas=places[1:])
    return str(found.value)


def with_member(place: Path, name: str, data: bytes = b"x", **changes: int) -> Path:
    """Write an archive with one member more, whose directory entry has these changes."""
    member = zipfile.ZipInfo(name)
    for attribute, value in changes.items():
        setattr(member, attribute, value)
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr("orgs.csv", "sourcedId\n")
        written.writestr(member, data, compress_type=changes.get("compress_type", zipfile.ZIP_DEFLATED))
    return place


@pytest.mark.parametrize("name", ["../users.csv", "/etc/users.csv", "a/../../b.csv", "..\\users.csv", "C:users.csv"])
def test_a_name_that_leads_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    assert "leads out" in refused(shipped("1.1"), with_member(tmp_path / "x.zip", name))


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    linked = with_member(tmp_path / "x.zip", "users.csv", b"/etc/passwd", external_attr=(stat.S_IFLNK | 0o777) << 16)
    assert "link" in refused(shipped("1.1"), linked)


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    place = with_member(tmp_path / "x.zip", "users.csv")
    data = bytearray(place.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    place.write_bytes(bytes(data))
    assert "encrypted" in refused(shipped("1.1"), place)


def test_a_bomb_is_refused_by_its_ratio_and_by_what_it_comes_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "times its size" in refused(shipped("1.1"), with_member(tmp_path / "x.zip", "users.csv", bytes(2**22)))
    monkeypatch.setattr(archive, "TOTAL_BYTES", 2**10)
    assert "unpack to more" in refused(shipped("1.1"), with_member(tmp_path / "y.zip", "users.csv", bytes(2**11)))
    monkeypatch.setattr(archive, "MEMBERS", 1)
    assert "more than 1 files" in refused(shipped("1.1"), with_member(tmp_path / "z.zip", "users.csv"))


def test_another_way_of_packing_two_of_a_name_and_no_archive_are_refused(tmp_path: Path) -> None:
    packed = with_member(tmp_path / "x.zip", "users.csv", compress_type=zipfile.ZIP_LZMA)
    assert "deflate" in refused(shipped("1.1"), packed)
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = with_member(tmp_path / "y.zip", "orgs.csv")
    assert "two files of one name" in refused(shipped("1.1"), twice)
    (tmp_path / "z.zip").write_text("not an archive")
    assert "no zip archive" in refused(shipped("1.1"), tmp_path / "z.zip")


def test_a_member_that_is_damaged_is_refused_when_it_is_read(tmp_path: Path) -> None:
    place = zipped(tmp_path / "x.zip", content("1.1", bulk("1.1")))
    with zipfile.ZipFile(place) as whole:
        at = whole.getinfo("orgs.csv").header_offset
    data = bytearray(place.read_bytes())
    data[at + 60] ^= 0xFF
    place.write_bytes(bytes(data))
    assert "damaged" in refused(shipped("1.1"), place)


def test_a_manifest_must_say_the_version_and_what_is_in_the_export(tmp_path: Path) -> None:
    whole = content("1.1", bulk("1.1"))
    assert "oneroster.version 1.2" in refused(shipped("1.2"), zipped(tmp_path / "a.zip", whole))
    no_file = {name: data for name, data in whole.items() if name != "orgs.csv"}
    assert "in the manifest and not in the export" in refused(shipped("1.1"), zipped(tmp_path / "b.zip", no_file))
    odd = whole | {"manifest.csv": whole["manifest.csv"].replace(b'"bulk"', b'"some"')}
    assert "neither absent, bulk nor delta" in refused(shipped("1.1"), zipped(tmp_path / "c.zip", odd))
    other = whole | {"manifest.csv": b"name,value\n"}
    assert "other columns" in refused(shipped("1.1"), zipped(tmp_path / "d.zip", other))
    broken = whole | {"manifest.csv": b'propertyName,value\n"x\n'}
    assert "cannot be read" in refused(shipped("1.1"), zipped(tmp_path / "e.zip", broken))
    none = {name: data for name, data in whole.items() if name != "manifest.csv"}
    assert "not in the archive" in refused(shipped("1.1"), zipped(tmp_path / "f.zip", none))


def test_a_delta_alone_and_one_of_other_columns_are_refused(tmp_path: Path) -> None:
    delta = zipped(tmp_path / "delta.zip", content("1.1", {"orgs": bulk("1.1")["orgs"]}, "delta"))
    assert "name the export that it changes first" in refused(shipped("1.1"), delta)
    whole = unpacked(tmp_path / "whole", content("1.1", bulk("1.1")))
    narrow = [{"sourcedId": "o-n", "status": "active"}]
    other = zipped(tmp_path / "other.zip", content("1.1", {"orgs": narrow}, "delta"))
    assert "not those of the export" in refused(shipped("1.1"), whole, other)
    mapping = shipped("1.1")
    nameless = {"orgs": mapping.files["orgs"].__class__(path="orgs.csv", id="ident")}
    odd = mapping.__class__(format=1, name="x", files=mapping.files | nameless, load=mapping.load)
    with pytest.raises(BadMapping, match="no column 'ident'"):
        Exports(odd, [whole, whole]).open("orgs")
    nameless = {"orgs": mapping.files["orgs"].__class__(path="orgs.csv")}
    odd = mapping.__class__(format=1, name="x", files=mapping.files | nameless, load=mapping.load)
    with pytest.raises(BadMapping, match="no id"):
        Exports(odd, [whole, whole]).open("orgs")


def test_a_whole_file_in_a_later_export_replaces_everything_before_it(tmp_path: Path) -> None:
    whole = unpacked(tmp_path / "whole", content("1.1", bulk("1.1")))
    fewer = zipped(tmp_path / "fewer.zip", content("1.1", {"orgs": bulk("1.1")["orgs"][:2]}))
    mapping = shipped("1.1")
    found = stage(mapping, mapping.load[0], whole, deltas=[fewer])
    assert [row.values["school_identifier"] for row in found.rows] == ["north"]


def test_an_optional_file_may_be_missing_and_its_cells_are_empty(tmp_path: Path) -> None:
    without = {name: rows for name, rows in bulk("1.1").items() if name != "demographics"}
    place = zipped(tmp_path / "x.zip", content("1.1", without))
    mapping = shipped("1.1")
    found = stage(mapping, mapping.load[2], place)
    assert {row.values["birthdate"] for row in found.rows} == {None}
    assert len(found.rows) == 3
