"""What a load did, for the steward who started it: counts, and each refused row with file, line and reason."""

from dataclasses import dataclass

from gateway.records.loading.csvfile import Refused
from gateway.records.loading.merge import Difference


@dataclass(frozen=True, slots=True)
class TargetReport:
    """What a load did to one target."""

    target: str
    added: int
    changed: int
    ended: int
    unchanged: int
    withheld: int
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did; `entries` are the log entries that say so."""

    entries: tuple[int, ...]
    targets: tuple[TargetReport, ...]

    @property
    def refused(self) -> tuple[Refused, ...]:
        """Every refused row, of all targets."""
        return tuple(row for target in self.targets for row in target.refused)


def report_on(difference: Difference) -> TargetReport:
    """Return what a load did to one target."""
    return TargetReport(
        target=difference.target,
        added=difference.added,
        changed=difference.changed,
        ended=difference.ended,
        unchanged=difference.unchanged,
        withheld=len(difference.withheld),
        refused=tuple(sorted(difference.staged.refused, key=lambda row: row.line)),
    )
