"""
What a records steward does: loads an export by its mappings, withdraws a consent, puts an opt-out on file.

Also counts who is covered, for those who look after agreements. Counts and reasons come out of here, never a record.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import Date, cast, func, select

from agreements.errors import NotRegistered
from agreements.register import load_agreement
from gateway.records.errors import RowsRefused
from gateway.records.loading.mapping import MappingFile, read_mapping
from gateway.records.loading.report import LoadReport
from gateway.records.release import population
from gateway.records.subjects import SubjectKey
from gateway.services.errors import UnknownAgreement
from gateway.services.loads import Loads
from gateway.services.office import Office
from gateway.services.stops import opt_out, withdraw_consent

AGREEMENTS = "agreements"
"""The table of values in which mapping files look agreements up by their short names."""


def read_mappings(files: Sequence[Path]) -> tuple[MappingFile, ...]:
    """Read every mapping file before anything is loaded. Raises `BadMapping`, naming the place."""
    return tuple(read_mapping(file) for file in files)


class Stewardship:
    """A steward's work on one installation."""

    def __init__(self, office: Office) -> None:
        self._engine = office.engine
        self._scopes = office.desk.scopes

    async def load(
        self,
        mapping: MappingFile,
        folder: Path,
        subject_key: bytes,
        *,
        agreements: Mapping[str, str],
        strict: bool,
        confirm: bool,
    ) -> LoadReport:
        """
        Load what one mapping takes from `folder`. `agreements` maps the short names in the files to digests.

        Raises what `Loads.load` raises, and `UnknownAgreement` for a digest that is not in force.
        """
        for digest in agreements.values():
            await self._require_in_force(digest)
        loads = Loads(self._engine, SubjectKey(subject_key), self._scopes)
        return await loads.load(mapping, folder, lookups={AGREEMENTS: agreements}, strict=strict, confirm=confirm)

    async def withdraw(self, agreement: str, student_identifier: str) -> int:
        """Withdraw a student's consents under an agreement; return the entry. Raises as `withdraw_consent` does."""
        await self._require_registered(agreement)
        async with self._engine.begin() as connection:
            return await withdraw_consent(connection, agreement, student_identifier, scopes=self._scopes)

    async def opt_out(self, student_identifier: str, agreement: str | None, *, directory_only: bool) -> int:
        """Put a family's no on file; return the entry. Raises as `opt_out` does."""
        if agreement is not None:  # a misspelt digest would be an opt-out that stops nothing
            await self._require_registered(agreement)
        async with self._engine.begin() as connection:
            return await opt_out(
                connection, student_identifier, scopes=self._scopes, agreement=agreement, directory_only=directory_only
            )

    async def covered_today(self, agreement: str, time_zone: str) -> int:
        """Return how many students the agreement covers today, in its own zone."""
        today = cast(func.timezone(time_zone, func.gateway.clock()), Date)
        current = (population.c.agreement == agreement, population.c.to_idx.is_(None))
        count = select(func.count(population.c.student_id.distinct())).where(
            *current, population.c.valid.op("@>")(today)
        )
        async with self._engine.connect() as connection:
            return int(await connection.scalar(count) or 0)

    async def _require_registered(self, digest: str) -> None:
        """Take any agreement on file, in force or not: what is over, or does not verify now, can be stopped too."""
        async with self._engine.connect() as connection:
            try:
                await load_agreement(connection, digest)
            except NotRegistered:
                raise UnknownAgreement(f"No agreement {digest} is registered, in force or not.") from None

    async def _require_in_force(self, digest: str) -> None:
        async with self._engine.connect() as connection:
            if digest not in {scope.agreement for scope in await self._scopes(connection)}:
                raise UnknownAgreement(f"No agreement {digest} is in force.")


__all__ = ["LoadReport", "RowsRefused", "Stewardship", "read_mappings"]
