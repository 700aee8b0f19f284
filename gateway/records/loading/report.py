"""What a load did, for the steward who started it: counts, and refused rows with file, line and reason."""

from collections.abc import Mapping
from dataclasses import dataclass

from agreements.documents.load_confirmation import Confirmable
from gateway.records.loading.batches import Refused
from gateway.records.loading.merge import Difference
from gateway.records.loading.unclassified import NONE_UNCLASSIFIED, Unclassified


@dataclass(frozen=True, slots=True)
class TargetReport:
    """
    What a load did to one target. `refused` are the first of its refused rows, `refused_rows` counts them all.

    `read` is how many rows its files have; each was added, changed, unchanged, refused or, as the mapping says,
    `left_out`. Of opt-outs a no to everything that stands in for a refused row is one more.
    """

    target: str
    read: int
    left_out: int
    added: int
    changed: int
    ended: int
    unchanged: int
    withheld: int
    questioned: int
    """How many numbers may be another child's now: a person says whose they are."""
    refused: tuple[Refused, ...]
    refused_rows: int
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did, or would do; `entries` are the log entries that say so, none of a load that was only tried."""

    entries: tuple[int, ...]
    targets: tuple[TargetReport, ...]
    held: tuple[str, ...] = ()
    """Why a load is held, or would be."""
    described: Confirmable | None = None
    """What two people confirm of a load that is held, or would be."""
    unclassified: Unclassified = NONE_UNCLASSIFIED
    """Values of coded elements that nobody has classified: no partner receives them."""

    @property
    def refused(self) -> tuple[Refused, ...]:
        """The first refused rows of all targets."""
        return tuple(row for target in self.targets for row in target.refused)

    @property
    def refused_rows(self) -> int:
        """How many rows were refused."""
        return sum(target.refused_rows for target in self.targets)


def report_on(difference: Difference) -> TargetReport:
    """Return what a load did to one target."""
    return TargetReport(
        target=difference.target,
        read=difference.read,
        left_out=difference.left_out,
        added=difference.added,
        changed=difference.changed,
        ended=difference.ended,
        unchanged=difference.unchanged,
        withheld=difference.withheld,
        questioned=difference.questioned,
        refused=difference.examples,
        refused_rows=difference.refused,
        reasons=difference.reasons,
    )
