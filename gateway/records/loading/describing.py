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
from gateway.records.loading.archive import export_at
from gateway.records.loading.cells import Lookups
from gateway.records.loading.export import Export
from gateway.records.loading.mapping import MappingFile, SourceFile
from gateway.records.loading.merge import Difference
from gateway.records.loading.parts import paths_of

_PIECE: Final = 2**20
_LENGTH: Final = 4
"""Bytes in which a length is written, the greatest digit first."""


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
    """
    Return the files of an export and of its deltas that a mapping reads, in order. Raises `BadSource`.

    INVARIANT: every byte that a load reads is in one of the digests. Files are found as the load finds them.
    """
    sources = {each.path: each for each in mapping.files.values()}
    if mapping.manifest is not None:
        sources.setdefault(mapping.manifest.path, SourceFile(mapping.manifest.path))
    found = []
    for layer, export in enumerate(map(export_at, places)):
        for path, source in sorted(sources.items()):
            if parts := paths_of(export, source):
                found.append(_exported(layer, path, export, parts))
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


def _exported(layer: int, path: str, export: Export, parts: Sequence[str]) -> ExportedFile:
    """Return a file of the mapping, which is `parts`: itself, or all that its pattern names."""
    if [*parts] == [path]:
        return ExportedFile(layer, path, f"sha256:{_digest(export, path).hex()}")
    # Of each part its path, with its length before it so that no two lists of parts are written alike, and its digest.
    whole = hashlib.sha256()
    for part in parts:
        name = part.encode("utf-8", "surrogateescape")
        whole.update(len(name).to_bytes(_LENGTH) + name + _digest(export, part))
    return ExportedFile(layer, path, f"sha256:{whole.hexdigest()}", len(parts))


def _digest(export: Export, path: str) -> bytes:
    hashed = hashlib.sha256()
    with export.open(path) as file:
        while piece := file.read(_PIECE):
            hashed.update(piece)
    return hashed.digest()
