"""
What tells one load from another: the mapping, the bytes of every file it reads, and what it would change.

Two people confirm exactly that. INVARIANT: digests and counts alone, and nothing about anybody.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.canonical import digest_of
from agreements.documents.load_confirmation import Confirmable, ExportedFile, TargetCounts
from gateway.records.errors import ConfirmationRefused
from gateway.records.loading.archive import Archive
from gateway.records.loading.cells import Lookups
from gateway.records.loading.export import Export, Folder
from gateway.records.loading.mapping import MappingFile
from gateway.records.loading.merge import Difference

_PIECE: Final = 2**20


class Confirmation(Protocol):
    """What lets exactly one held load through: the one that it describes, once."""

    @property
    def load(self) -> Confirmable:
        """What was confirmed."""

    async def verify(self, connection: AsyncConnection) -> Mapping[str, object]:
        """Verify it, in the transaction that makes the load visible; return what its entry says. Raises why not."""

    async def file(self, connection: AsyncConnection, index: int) -> None:
        """Use it up, by the entry of the load. Raises why that cannot be."""


def mapping_digest(mapping: MappingFile, lookups: Lookups) -> str:
    """Return what stands for a mapping and the values that it looks up, whatever its file is called."""
    tables = {name: dict(table) for name, table in lookups.items()}
    return digest_of(msgspec.json.encode([mapping, tables], order="deterministic"))


def exported_files(mapping: MappingFile, places: Sequence[Path]) -> tuple[ExportedFile, ...]:
    """Return the files of an export and of its deltas that a mapping reads, in order. Raises `BadSource`."""
    paths = {each.path for each in mapping.files.values()}
    if mapping.manifest is not None:
        paths.add(mapping.manifest.path)
    found = []
    for layer, place in enumerate(places):
        export: Export = Folder(place) if place.is_dir() else Archive(place)
        found += [ExportedFile(layer, path, _digest(export, path)) for path in sorted(paths) if export.has(path)]
    return tuple(found)


def confirmable(mapping: str, files: tuple[ExportedFile, ...], differences: Sequence[Difference]) -> Confirmable:
    """Return what two people confirm of a load."""
    counts = tuple(
        TargetCounts(
            target=each.target,
            file=each.load.source,
            in_force=each.in_force,
            added=each.added,
            changed=each.changed,
            ended=each.ended,
        )
        for each in differences
    )
    return Confirmable(mapping, files, counts)


def require_confirmed(confirmed: Confirmable, found: Confirmable) -> None:
    """Check that this load is the one that was confirmed. Raises `ConfirmationRefused`."""
    if confirmed.mapping != found.mapping:
        raise ConfirmationRefused("The mapping, or what it looks up, is another one than was confirmed.")
    if confirmed.files != found.files:
        raise ConfirmationRefused("The files are others than were confirmed.")
    if confirmed.targets != found.targets:
        raise ConfirmationRefused("The load would change other numbers of rows than were confirmed.")


def _digest(export: Export, path: str) -> str:
    hashed = hashlib.sha256()
    with export.open(path) as file:
        while piece := file.read(_PIECE):
            hashed.update(piece)
    return f"sha256:{hashed.hexdigest()}"
