"""What a load reads from a folder, all of it at once: small folders only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.records.loading.batches import Refused
from gateway.records.loading.cells import Lookups, Value
from gateway.records.loading.layers import Exports
from gateway.records.loading.mapping import Load, MappingFile
from gateway.records.loading.staging import StagedRows, Staging


@dataclass(frozen=True, slots=True)
class StagedRow:
    """One row's values by field, and where it stands."""

    line: int
    values: Mapping[str, Value]
    part: int


@dataclass(slots=True)
class Staged:
    """Rows taken, rows refused, and the numbers of the students that refused rows are about, where they can be told."""

    load: Load
    rows: list[StagedRow] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    batches: list[StagedRows] = field(default_factory=list)


def stage(
    mapping: MappingFile, load: Load, folder: Path, lookups: Lookups | None = None, deltas: Sequence[Path] = ()
) -> Staged:
    """Read everything that `load` takes."""
    staged = Staged(load)
    for some in Staging(load, Exports(mapping, [folder, *deltas]), lookups or {}).batches():
        staged.batches.append(some)
        for at, line in enumerate(some.lines):
            values = {name: column[at] for name, column in some.values.items()}
            staged.rows.append(StagedRow(line, values, some.part))
        staged.refused += [each.refused for each in some.refused]
        staged.numbers += [each.number for each in some.refused if each.number is not None]
    return staged
