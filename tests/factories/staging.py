"""What a load reads from a folder, all of it at once: small folders only."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.records.loading.cells import Lookups
from gateway.records.loading.csvfile import Refused
from gateway.records.loading.layers import Exports
from gateway.records.loading.mapping import Load, MappingFile
from gateway.records.loading.staging import StagedRow, Staging


@dataclass(slots=True)
class Staged:
    """Rows taken, rows refused, and the numbers of the students that refused rows are about, where they can be told."""

    load: Load
    rows: list[StagedRow] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)


def stage(
    mapping: MappingFile, load: Load, folder: Path, lookups: Lookups | None = None, deltas: Sequence[Path] = ()
) -> Staged:
    """Read everything that `load` takes."""
    staged = Staged(load)
    for row in Staging(load, Exports(mapping, [folder, *deltas]), lookups or {}).rows():
        if isinstance(row, StagedRow):
            staged.rows.append(row)
        else:
            staged.refused.append(row.refused)
            staged.numbers += [] if row.number is None else [row.number]
    return staged
