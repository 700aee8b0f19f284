"""
Mapping files: which column of which file becomes which fact. The format is documented in `docs/mapping-files.md`.

Everything is checked before any data is read: an unknown word is refused, because a misspelt `map` would otherwise load
raw values.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Date, Table

from gateway.records.errors import BadMapping
from gateway.records.loading.targets import (
    LINE,
    ROSTERS,
    TARGETS,
    columns_of,
    field_of,
    fields_of,
    is_optional,
    kinds_of,
    required_of,
)
from gateway.records.loading.trees import BadPath, Cells, cells_for

FORMAT: Final = 1
FORBIDDEN: Final = ("password", "passwd", "pwd", "secret")
"""A column with such a name is never read, whatever a mapping says."""

_ENCODING: Final = "utf-8-sig"

Name = Annotated[str, Meta(min_length=1, max_length=200)]


class Condition(Struct, frozen=True, forbid_unknown_fields=True):
    """A test on a cell: it is one of `values`, or (`filled`) it holds anything or nothing."""

    column: Name
    values: tuple[str, ...] = ()
    filled: bool | None = None


class SourceFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the export, relative to the export's folder. Without a header line, `columns` names its columns."""

    path: Name
    """A pattern in its last part (`Student-*.xml`) stands for all files of such names: they are read as one."""
    form: Literal["csv", "xlsx", "json", "ndjson", "xml"] = "csv"
    """
    `xlsx`: a workbook. `json`, or by its older name `ndjson`: objects, one a line or all in one array. `xml`: elements.
    """
    sheet: Name | None = None
    """The name of a workbook's sheet; its first one without it."""
    first_line: Annotated[int, Meta(ge=1, le=1_000)] = 1
    """The line that the table begins in: its header, or its first row where `columns` are given."""
    columns: tuple[Name, ...] = ()
    """Of JSON and XML: paths that are columns by their own names (`trees`)."""
    cells: dict[Name, Name | tuple[Name, ...]] = {}
    """Of JSON and XML: columns with names, each with its path, or paths of which the first with a value counts."""
    each: tuple[Name, ...] = ()
    """Of JSON and XML: members that a record has several of. Each is a row of its own."""
    descriptors: bool = False
    """Of JSON and XML: of a value `uri://ed-fi.org/SexDescriptor#Female` the word behind the sign `#` counts."""
    rows: tuple[Name, ...] = ()
    """Of XML: the local names of the elements that are rows."""
    root: tuple[Name, ...] = ()
    """Of XML: what the outermost element must be named, if anything."""
    encoding: str = _ENCODING
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    optional: bool = False
    """May be missing: then nothing is loaded from it, and joins find nothing in it."""
    id: Name | None = None
    """The column by which a later export's row takes the place of an earlier one's."""
    gone: Condition | None = None
    """What a row says whose id is there no more."""
    declared: Name | None = None
    """The property of the manifest that says whether the file is absent, bulk or delta."""

    @property
    def has_records(self) -> bool:
        """Whether it holds records with members, of which paths tell the cells, and no table."""
        return self.form in {"json", "ndjson", "xml"}

    @property
    def named_paths(self) -> dict[str, tuple[str, ...]]:
        """The columns of a file of JSON or XML, each with the paths to try in order."""
        named = {name: (paths,) if isinstance(paths, str) else paths for name, paths in self.cells.items()}
        return {column: (column,) for column in self.columns} | named

    def reader(self) -> Cells:
        """Return how the cells of JSON and XML are read. Raises `BadPath`."""
        return cells_for(self.named_paths, self.each, words=self.descriptors)


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of properties and values that an export says of itself. `requires` are the values it must have."""

    path: Name
    requires: dict[str, tuple[str, ...]] = {}


class Join(Struct, frozen=True, forbid_unknown_fields=True):
    """A second file, found by key: the row whose `key` equals the cell `on`. Its cells are named `file.column`."""

    file: Name
    on: Name
    key: Name
    optional: bool = False
    item: Literal["first", "last"] | None = None
    """Which of several keys, where the cell `on` lists them with commas between."""


class FieldRule(Struct, frozen=True, forbid_unknown_fields=True, rename={"values": "map"}):
    """How one field is made: from a column or a constant; then mapped; then read as the field's type."""

    column: Name | None = None
    fallback: Name | None = None
    """Another column, for rows in which the first one is empty."""
    constant: str | None = None
    values: dict[str, str] = {}
    otherwise: str | None = None
    """The value for cells that `map` does not name; without it such a cell refuses the row."""
    before: Annotated[str, Meta(min_length=1)] | None = None
    """The cell ends before this sign: with `T` a time is its day."""
    lookup: Name | None = None
    """The name of a table of values given when the load is started (for example agreements by their short name)."""
    date: str | None = None
    """How dates are written, as in Python's strptime; ISO 8601 without it."""
    unknown: tuple[str, ...] = ("",)
    """Cells that mean: not known."""
    decimal: Literal[".", ","] = "."
    """What stands before the part of a number; with a comma, points part its thousands."""
    separator: str | None = None
    """Splits a cell into a list, for fields that are lists."""
    exclusive: bool = False
    """The cell is the day after the last one."""
    year: Literal["begins", "ends", "july"] | None = None
    """
    The cell is the year in which a school year begins or ends: 2027 stands for 2026-2027 if it ends then.

    With `july` it is a day of a school year that begins on 1 July, or the year in which one ends.
    A cell such as 2026-2027 is a school year already.
    """


class Load(Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "from"}):
    """One target filled from one file."""

    target: Name
    source: Name
    fields: dict[str, FieldRule | str]
    join: tuple[Join, ...] = ()
    only: tuple[Condition, ...] = ()
    skip: tuple[Condition, ...] = ()
    fold: dict[str, Literal["earliest", "latest"]] | None = None
    """Rows that agree in every other field are one row, with the earliest or latest of these days."""
    scope: tuple[str, ...] | None = None
    """
    What the file is the whole truth about. Absent: everything in the target, so that what is not in the file ends.
    Fields: the rows that share these fields' values with some row of the file. Empty: nothing, so nothing ends.
    """
    counts_days: Annotated[int, Meta(ge=1, le=366)] | None = None
    """Of a roster: for so many days its rows count, until it is loaded again (`lasting`). Absent: as they say."""

    @property
    def table(self) -> Table:
        """The table this load fills."""
        return TARGETS[self.target].table

    @property
    def scope_columns(self) -> tuple[str, ...]:
        """The stored columns that say what the file is the whole truth about; one agreement's file is not another's."""
        columns = columns_of(self.target)
        if self.scope is None:
            return (LINE,) if LINE in columns and not is_optional(self.target, LINE) else ()
        stored = {field_of(column): column for column in reversed(columns)}
        return tuple(stored[name] for name in self.scope)

    def rules(self) -> dict[str, FieldRule]:
        """Return the rule of each field; a bare text is the name of a column."""
        return {name: FieldRule(column=rule) if isinstance(rule, str) else rule for name, rule in self.fields.items()}


class MappingFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole mapping file."""

    format: int
    name: Name
    files: dict[Name, SourceFile]
    load: tuple[Load, ...]
    manifest: Manifest | None = None
    maps: dict[Name, dict[str, str]] = {}
    """Tables that several fields share: a field whose `map` is a text takes the one of that name."""


def read_mapping(path: Path) -> MappingFile:
    """Read a mapping file. Raises `BadMapping`, naming the place."""
    try:
        return parse_mapping(path.read_text("utf-8"))
    except OSError as error:
        raise BadMapping(f"{path.name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BadMapping(f"{path.name} is not UTF-8.") from None


def parse_mapping(text: str) -> MappingFile:
    """Read the text of a mapping file. Raises `BadMapping`."""
    try:
        content: dict[str, Any] = tomllib.loads(text)
        mapping = msgspec.convert(_with_maps(content), MappingFile)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadMapping(f"The mapping is not well formed: {error}.") from None
    if mapping.format != FORMAT:
        raise BadMapping(f"Format {mapping.format} is not known; this release reads format {FORMAT}.")
    if not mapping.load:
        raise BadMapping("The mapping loads nothing.")
    for name, file in mapping.files.items():
        _require_sound_file(name, file)
    for load in mapping.load:
        _require_sound(load, mapping)
    return mapping


def _with_maps(content: dict[str, Any]) -> dict[str, Any]:
    """Put the shared tables in the place of their names. What is not well formed is left to be refused as such."""
    maps, loads = content.get("maps"), content.get("load")
    for load in loads if isinstance(loads, list) else ():
        fields = load.get("fields") if isinstance(load, dict) else None
        for rule in fields.values() if isinstance(fields, dict) else ():
            if isinstance(rule, dict) and isinstance(named := rule.get("map"), str):
                if not isinstance(maps, dict) or named not in maps:
                    raise BadMapping(f"There is no map {named!r} under [maps].")
                rule["map"] = maps[named]
    return content


def _require_sound_file(name: str, file: SourceFile) -> None:
    if file.sheet is not None and file.form != "xlsx":
        raise BadMapping(f"The file {name!r} names a sheet, and is no workbook: say form = 'xlsx'.")
    if not file.has_records:
        if file.cells or file.each or file.descriptors:
            raise BadMapping(f"The file {name!r} is a table and has neither 'cells' nor 'each' nor 'descriptors'.")
    elif not file.columns and not file.cells:
        raise BadMapping(f"The file {name!r} needs its columns: the members to read from each object.")
    if (file.form == "xml") != bool(file.rows) or (file.root and file.form != "xml"):
        raise BadMapping(f"The file {name!r}: 'rows' names the elements that are rows of a file of form 'xml'.")
    if file.form == "xml" and file.encoding != _ENCODING:
        raise BadMapping(f"The file {name!r} is XML, which says its encoding itself.")
    paths = [path for tried in file.named_paths.values() for path in tried] if file.has_records else []
    try:
        file.reader()
    except BadPath as error:
        raise BadMapping(f"The file {name!r}: {error}") from None
    if secret := [path for path in paths if any(word in path.lower() for word in FORBIDDEN)]:
        raise BadMapping(f"The file {name!r}: the member {secret[0]!r} holds secrets and is never read.")


def _require_sound(load: Load, mapping: MappingFile) -> None:
    if load.target not in TARGETS:
        raise BadMapping(f"There is no target {load.target!r}; the targets are {', '.join(TARGETS)}.")
    for file in (load.source, *(join.file for join in load.join)):
        if file not in mapping.files:
            raise BadMapping(f"{load.target}: there is no file {file!r} under [files].")
    known, rules = fields_of(load.target), load.rules()
    if unknown := sorted(set(rules) - set(known)):
        raise BadMapping(f"{load.target} has no field {', '.join(unknown)}; its fields are {', '.join(known)}.")
    if missing := [name for name in required_of(load.target) if name not in rules]:
        raise BadMapping(f"{load.target} needs {', '.join(missing)}.")
    if strange := sorted(set(load.scope or ()) - set(rules)):
        raise BadMapping(f"{load.target}: the scope names {', '.join(strange)}, which it does not fill.")
    if load.counts_days is not None and load.target != ROSTERS:
        raise BadMapping(f"{load.target}: 'counts_days' is said of rosters.")
    _require_sound_fold(load)
    _require_sound_rules(load)
    _require_no_secrets(load)


def _require_sound_fold(load: Load) -> None:
    if unfilled := sorted(set(load.fold or ()) - load.fields.keys()):
        raise BadMapping(f"{load.target}: the fold names {', '.join(unfilled)}, which it does not fill.")
    if odd := [name for name in load.fold or () if not isinstance(kinds_of(load.target)[name], Date)]:
        raise BadMapping(f"{load.target}: the fold names {odd[0]}, which is no day.")


def _require_sound_rules(load: Load) -> None:
    for name, rule in load.rules().items():
        if rule.fallback is not None and rule.column is None:
            raise BadMapping(f"{load.target}.{name}: a 'fallback' goes with a 'column'.")
        if (rule.column is None) == (rule.constant is None):
            raise BadMapping(f"{load.target}.{name} needs a column or a constant, and not both.")
        if rule.otherwise is not None and not rule.values:
            raise BadMapping(f"{load.target}.{name}: 'otherwise' goes with a 'map'.")


def _require_no_secrets(load: Load) -> None:
    named = [column for rule in load.rules().values() for column in (rule.column, rule.fallback)]
    named += [each.column for each in (*load.only, *load.skip)]
    named += [each for join in load.join for each in (join.on, join.key)]
    for column in named:
        if column is not None and any(word in column.lower() for word in FORBIDDEN):
            raise BadMapping(f"{load.target}: the column {column!r} holds secrets and is never read.")
