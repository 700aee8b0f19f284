"""
Which files of an export no mapping reads: said aloud, so that nobody believes that what is in them was loaded.

Line items of OneRoster, transcripts of another system, a roster that was laid down beside: what the catalogue has no
element for has no home here, and is never taken silently for nothing.
"""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final

from gateway.records.loading.archive import export_at
from gateway.records.loading.mapping import MappingFile

MOST_NAMED: Final = 100
_READABLE: Final = frozenset({".csv", ".tsv", ".txt", ".json", ".ndjson", ".jsonl", ".xml", ".xlsx", ".xlsm"})
"""How files are called that a mapping could read. Letters and pictures beside them are no part of an export."""


def unread_in(mappings: Iterable[MappingFile], places: Sequence[Path]) -> tuple[str, ...]:
    """
    Return the paths of files of an export, and of the deltas after it, that none of `mappings` reads; not all of many.

    Looked at are the folders in which the mappings read something. Raises `BadSource`.
    """
    paths = {source.path for each in mappings for source in each.files.values()}
    paths |= {each.manifest.path for each in mappings if each.manifest is not None}
    folders = {"", *(path.rpartition("/")[0] for path in paths)}
    found: set[str] = set()
    for export in map(export_at, places):
        for folder in folders:
            found |= {f"{folder}/{name}" if folder else name for name in export.names(folder)}
    return tuple(sorted(each for each in found if _is_data(each) and not _is_read(each, paths))[:MOST_NAMED])


def _is_data(path: str) -> bool:
    place = PurePosixPath(path)
    return place.suffix.lower() in _READABLE and not place.name.startswith(".")


def _is_read(path: str, paths: Iterable[str]) -> bool:
    folder, _, name = path.rpartition("/")
    for each in paths:
        own, _, pattern = each.rpartition("/")
        if own == folder and (pattern == name or fnmatchcase(name, pattern)):
            return True
    return False
