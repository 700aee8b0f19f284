"""A mapping tried on an export without a database: what each target would take, row by row, and why not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.records.loading.batches import Refused
from gateway.records.loading.layers import Exports
from gateway.records.loading.mapping import MappingFile
from gateway.records.loading.staging import Staging
from gateway.records.loading.targets import TARGETS

_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Trial:
    """What one target would take. `left_out` are the rows that the mapping's conditions pass over."""

    target: str
    file: str
    rows: int
    taken: int
    refused: int
    reasons: Counter[str]
    examples: Sequence[Refused]

    @property
    def left_out(self) -> int:
        """How many rows the mapping does not mean."""
        return self.rows - self.taken - self.refused


def try_mapping(mapping: MappingFile, places: Sequence[Path]) -> tuple[Trial, ...]:
    """
    Return what each target of a mapping would take from an export and its deltas.

    Whether students are known, and rows that come twice, only a database can tell. Raises `BadSource`, `BadMapping`.
    """
    exports = Exports(mapping, places)
    loads = sorted(mapping.load, key=lambda each: list(TARGETS).index(each.target))
    stagings = [Staging(each, exports, {}) for each in loads]
    return tuple(_tried(each) for each in stagings if each.is_there)


def _tried(staging: Staging) -> Trial:
    taken, refused, reasons = 0, 0, Counter[str]()
    examples: list[Refused] = []
    for some in staging.batches():
        taken += len(some.lines)
        refused += len(some.refused)
        reasons.update(each.refused.reason for each in some.refused)
        examples += [each.refused for each in some.refused[: _EXAMPLES - len(examples)]]
    rows = sum(len(some.lines) + len(some.refused) for some in staging.file.batches())
    return Trial(staging.load.target, staging.file.name, rows, taken, refused, reasons, examples)
