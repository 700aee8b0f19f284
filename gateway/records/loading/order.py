"""What to load, from where and how, and what holds a load up: refused rows, too much change, another load confirmed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agreements.documents.load_confirmation import Confirmable, ExportedFile
from gateway.records.errors import BadSource, ConfirmationRefused, RowsRefused
from gateway.records.loading.batches import Refused
from gateway.records.loading.cells import Lookups
from gateway.records.loading.describing import (
    Confirmation,
    confirmable,
    exported_files,
    mapping_digest,
    require_confirmed,
)
from gateway.records.loading.layers import Exports
from gateway.records.loading.mapping import MappingFile
from gateway.records.loading.merge import CHANGED_HELD, ENDED_HELD, Difference
from gateway.records.loading.report import LoadReport
from gateway.records.loading.staging import Staging
from gateway.records.loading.targets import TARGETS
from gateway.records.loading.unclassified import Codes

Tell = Callable[[int, int], None]
"""Is told how many bytes of how many have been read, about."""


@dataclass(frozen=True, slots=True)
class Order:
    """One load as it was asked for."""

    mapping: MappingFile
    places: Sequence[Path]
    lookups: Lookups
    strict: bool
    confirmation: Confirmation | None
    codes: Codes | None
    dry: bool
    refused: Callable[[Refused], None] | None
    tell: Tell | None
    reported: Callable[[LoadReport], None] | None

    def stagings(self) -> list[Staging]:
        """Open what is to be read, in the order of loading. Raises `BadMapping`, `BadSource`."""
        loads = sorted(self.mapping.load, key=lambda each: list(TARGETS).index(each.target))
        exports = Exports(self.mapping, self.places)
        opened = [Staging(each, exports, self.lookups) for each in loads]
        if not (there := [each for each in opened if each.is_there]):
            raise BadSource("None of the files of the mapping is there.")
        return there

    def require_strict(self, differences: Sequence[Difference]) -> None:
        """Check that no row was refused, if that was asked for. Raises `RowsRefused`."""
        refused = sum(each.refused for each in differences)
        if self.strict and refused:
            raise RowsRefused(
                f"{refused} rows were refused", tuple(str(row) for each in differences for row in each.examples)
            )

    def refused_at_once(self) -> ConfirmationRefused | None:
        """Return why the confirmation is of other files or another mapping; before anything is read."""
        if self.confirmation is None:
            return None
        return self._refused(Confirmable(*self._source(), self.confirmation.load.targets))

    def refused_after(self, found: Confirmable | None) -> ConfirmationRefused | None:
        """Return why the confirmation is of another load than the one that was `found`."""
        return None if self.confirmation is None or found is None else self._refused(found)

    def rehearsed(self) -> "Order":
        """Return the same load, only tried, and with nothing told of it."""
        return replace(self, confirmation=None, dry=True, refused=None, tell=None, reported=None)

    def described(self, differences: Sequence[Difference]) -> Confirmable:
        """Return what two people confirm of this load; the files are looked at again."""
        return confirmable(*self._source(), differences)

    def _refused(self, found: Confirmable) -> ConfirmationRefused | None:
        assert self.confirmation is not None  # asked by those who have one
        try:
            require_confirmed(self.confirmation.load, found)
        except ConfirmationRefused as error:
            return error
        return None

    def _source(self) -> tuple[str, tuple[ExportedFile, ...]]:
        return mapping_digest(self.mapping, self.lookups), exported_files(self.mapping, self.places)


def held_targets(differences: Sequence[Difference]) -> tuple[str, ...]:
    """
    Return why a load waits for two people; nothing if it does not.

    So much would end or change that the export is more likely broken than right. All that fill one target are measured
    together: twelve files of which each ends its own twelfth end everything.
    """
    held = []
    for target in dict.fromkeys(each.target for each in differences):
        own = [each for each in differences if each.target == target]
        in_force = max(each.in_force for each in own)
        ended, changed = sum(each.ended_anew for each in own), sum(each.changed_anew for each in own)
        if ended * 100 > ENDED_HELD * in_force or changed * 100 > CHANGED_HELD * in_force:
            told = sum(each.ended for each in own), sum(each.changed + each.questioned for each in own)
            held.append(f"{target}: {told[0]} rows would end and {told[1]} change, of {in_force}")
    return tuple(held)
