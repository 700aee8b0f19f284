"""Whatever a record says, it is the same row as XML, as JSON a line and as a JSON array: the row that a model makes."""

import json
import tempfile
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from hypothesis import given
from hypothesis import strategies as st

from gateway.records.loading.batches import Refused
from gateway.records.loading.export import Folder
from gateway.records.loading.mapping import SourceFile
from gateway.records.loading.parts import open_parts

NAMES = ("a", "b", "c")
TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), min_size=1, max_size=8
).map(lambda text: unicodedata.normalize("NFC", text).strip())
LEAF = st.one_of(st.sampled_from(["x", "y"]), TEXT.filter(bool))
INNER = st.dictionaries(st.sampled_from(NAMES), LEAF, min_size=1)
RECORD = st.dictionaries(
    st.sampled_from(NAMES), st.one_of(LEAF, INNER, st.lists(LEAF, min_size=2, max_size=4), st.lists(INNER, min_size=2))
)
PATHS = {
    "text": ("a",),
    "inner": ("a.b",),
    "first": ("b[first]", "c"),
    "last": ("b[last]",),
    "all": ("c[all]",),
    "which": ("a[b=x].c",),
    "deep": ("a..b",),
}


def as_xml(name: str, value: Any, space: str) -> str:
    if isinstance(value, list):
        return "".join(as_xml(name, each, space) for each in value)
    if isinstance(value, Mapping):
        return f"{space}<{name}>{''.join(as_xml(key, each, space) for key, each in value.items())}{space}</{name}>"
    return f"{space}<{name} unread={quoteattr(value)}>{escape(value)}</{name}>"


def read(form: str, content: str, paths: tuple[str, ...]) -> list[tuple[str, ...] | str]:
    rows = ("Row",) if form == "xml" else ()
    source = SourceFile("x", form="xml" if form == "xml" else "json", rows=rows, cells={"cell": paths})
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "x").write_text(content, "utf-8")
        found = list(open_parts(Folder(Path(folder)), "x", source, ["x"]).rows())
    return [row.reason.removeprefix("Row: ") if isinstance(row, Refused) else row.cells for row in found]


class _Several(Exception):
    """More than one value, and the path does not say which."""


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def one(value: Any) -> str:
    if isinstance(value, list | Mapping):
        raise _Several
    return value or ""


def single(values: list[Any]) -> str:
    texts = {one(value) for value in values} - {""}
    if len(texts) > 1:
        raise _Several
    return next(iter(texts), "")


def below(value: Any, name: str) -> list[Any]:
    """What stands under a name in a value of ours, which is two deep at most."""
    return [each[name] for each in listed(value) if isinstance(each, Mapping) and name in each]


def model(record: Mapping[str, Any], which: str) -> tuple[str] | None:  # noqa: PLR0911 - one return a path
    """The cell of a row; None: its row is refused."""
    a, b, c = (record.get(name) for name in NAMES)
    met = [each for each in listed(a) if isinstance(each, Mapping) and each.get("b", "") == "x"]
    try:
        match which:
            case "text":
                return (one(a),)
            case "inner" if isinstance(a, list):
                return None
            case "inner":
                return (single(below(a, "b")),)
            case "first":
                return (one((listed(b) or [None])[0]) or one(c),)
            case "last":
                return (one((listed(b) or [None])[-1]),)
            case "all":
                return ("; ".join(dict.fromkeys(one(each) for each in listed(c))),)
            case "which":
                return (single(below(met, "c")),)
            case _:
                return (single(below(a, "b")),)
    except _Several:
        return None


@given(st.lists(RECORD, max_size=4), st.sampled_from(["", "\n", "  "]), st.sampled_from(sorted(PATHS)))
def test_a_record_is_the_same_row_in_every_form(records: list[dict[str, Any]], space: str, which: str) -> None:
    paths = PATHS[which]
    xml = read("xml", f"<Rows>{''.join(as_xml('Row', record, space) for record in records)}</Rows>", paths)
    lines = read("json", "".join(json.dumps(record) + "\n" for record in records), paths)
    array = read("json", json.dumps(records, ensure_ascii=False, indent=2 if space else None), paths)
    assert xml == lines == array
    assert [found if isinstance(found, tuple) else None for found in xml] == [model(each, which) for each in records]
