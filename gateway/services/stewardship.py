"""
What a records steward does: loads an export by its mappings, enters what families say.

Also counts who is covered, for those who look after agreements. Counts and reasons come out of here, never a record.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files as resources
from pathlib import Path

from sqlalchemy import ARRAY, Date, Text, cast, func, literal, select

from agreements.errors import AgreementError
from agreements.signature import Envelope
from gateway.records.errors import (
    BadMapping,
    ConfirmationRefused,
    LoadBusy,
    LoadHeld,
    RecordsError,
    RowsRefused,
)
from gateway.records.loading.batches import Refused
from gateway.records.loading.describing import mapping_digest
from gateway.records.loading.mapping import MappingFile, parse_mapping, read_mapping
from gateway.records.loading.order import Tell
from gateway.records.loading.report import LoadReport
from gateway.records.loading.unclassified import Codes
from gateway.records.loading.unread import unread_in
from gateway.records.release import IN_ORDER, in_force, population
from gateway.records.subjects import SubjectKey
from gateway.services.confirmations import SignedConfirmation
from gateway.services.consents import GivenConsent, OnFile, consents_on_file, give_consent
from gateway.services.law import guardrails_of
from gateway.services.load_reports.content import content_of
from gateway.services.load_reports.kept import LoadReports
from gateway.services.loads import Loads
from gateway.services.office import Office
from gateway.services.renumbering import keep_number, merge_students, reuse_number
from gateway.services.rights import A_PARENT, Holder
from gateway.services.standing.lines import line_named, lines_on_file
from gateway.services.statements import Ending, end_statement, place_statement
from gateway.services.stops import opt_out, withdraw_consent
from gateway.wrapping_keys import WrappingKeys

AGREEMENTS = "agreements"
"""The table of values in which mapping files look agreements up by their short names."""


SHIPPED = "shipped:"
"""What stands before the name of a mapping that comes with Pactgate, where the path of a file would stand."""


def read_mappings(files: Sequence[Path]) -> tuple[MappingFile, ...]:
    """Read every mapping file before anything is loaded. Raises `BadMapping`, naming the place."""
    return tuple(_read(file) for file in files)


def _read(file: Path) -> MappingFile:
    name = str(file)
    if not name.startswith(SHIPPED):
        return read_mapping(file)
    shipped = {each.name.removesuffix(".toml"): each for each in resources("gateway.records.mappings").iterdir()}
    found = shipped.get(name.removeprefix(SHIPPED))
    if found is None:
        known = ", ".join(sorted(each for each in shipped if not each.startswith("_")))
        raise BadMapping(f"No mapping of this name comes with Pactgate; there are {known}.")
    return parse_mapping(found.read_text("utf-8"))


class Stewardship:
    """A steward's work on one installation."""

    def __init__(self, office: Office) -> None:
        self._engine = office.engine
        self._desk = office.desk
        self._scopes = office.desk.scopes
        self._reports = LoadReports(office.engine)

    async def load(
        self,
        mapping: MappingFile,
        folder: Path,
        subject_key: WrappingKeys,
        *,
        deltas: Sequence[Path] = (),
        agreements: Mapping[str, str],
        strict: bool,
        confirmed: Sequence[Envelope] = (),
        dry: bool = False,
        refused: Callable[[Refused], None] | None = None,
        tell: Tell | None = None,
        unread: Sequence[str] = (),
    ) -> LoadReport:
        """
        Load what one mapping takes from `folder`, or (`dry`) say what a load would do.

        `agreements` maps the short names in the files to agreements, each by its id or the digest of any version.
        `refused` is given every refused row, `tell` how far the reading has come. Of `confirmed` the one counts that is
        about this mapping; `unread` are files that no mapping reads. What became of the load is kept, unless it was
        only tried. Raises what `Loads.load` raises, and `UnknownAgreement` for one of which no version is registered.

        INVARIANT: narrowing is never held. A list that names an agreement which is over, or does not verify just now,
        says what it says of all others.
        """
        async with self._engine.connect() as connection:
            on_file = await lines_on_file(connection)
        lines = {short: _line_on_file(name, on_file) for short, name in agreements.items()}
        loads = Loads(self._engine, SubjectKey(subject_key), self._scopes)
        guardrails = guardrails_of(self._desk, (await self._desk.registry())[1])
        own = mapping_digest(mapping, {AGREEMENTS: lines})
        signed = [SignedConfirmation(self._desk, each) for each in confirmed]
        confirmation = next((each for each in signed if each.load.mapping == own), None)
        if confirmation is not None:
            await confirmation.require_signed()
        told: list[LoadReport] = []
        try:
            report = await loads.load(
                mapping,
                folder,
                deltas=deltas,
                lookups={AGREEMENTS: lines},
                strict=strict,
                confirmation=confirmation,
                codes=Codes(guardrails.codes.known, guardrails.cells.minimum),
                dry=dry,
                refused=refused,
                tell=tell,
                reported=told.append,
            )
        except LoadBusy:
            raise  # it is tried again: that one is reported
        except (RecordsError, AgreementError) as error:
            if not dry:
                described, entries = (error.described, error.entries) if isinstance(error, LoadHeld) else (None, ())
                content = content_of(told[-1] if told else None, unread, described)
                await self._reports.keep(mapping.name, own, content, entries=entries, code=error.code)
            raise
        if not dry:
            await self._reports.keep(mapping.name, own, content_of(report, unread, None), entries=report.entries)
        return report

    async def today(self) -> dt.date:
        """Return the day (UTC) by the database's clock."""
        return (await self._desk.registry())[0].received.day

    async def give_consent(
        self, agreement: str, student_identifier: str, given: GivenConsent, *, person: str | None = None
    ) -> int:
        """
        Put a consent that a family signed on file; return the entry, which names the `person` who signed in to do it.

        `agreement` is its id or the digest of any version. Raises `UnknownAgreement`, and as `give_consent` does.
        """
        line = await self._line(agreement)
        async with self._engine.begin() as connection:
            return await give_consent(connection, line, student_identifier, given, scopes=self._scopes, person=person)

    async def consents_on_file(self) -> tuple[OnFile, ...]:
        """Count the consents in force by agreement."""
        async with self._engine.connect() as connection:
            return await consents_on_file(connection)

    async def withdraw(
        self, agreement: str, student_identifier: str, by: Holder = A_PARENT, *, person: str | None = None
    ) -> int:
        """
        Withdraw a student's consents under an agreement, in all its versions; return the entry.

        It names the `person` who signed in to enter it. `agreement` is its id or the digest of any version.

        Raises `UnknownAgreement`, and as `withdraw_consent` does.
        """
        line = await self._line(agreement)
        async with self._engine.begin() as connection:
            return await withdraw_consent(
                connection, line, student_identifier, scopes=self._scopes, by=by, person=person
            )

    async def opt_out(
        self, student_identifier: str, agreement: str | None, *, directory_only: bool, person: str | None = None
    ) -> int:
        """
        Put a family's no on file; return the entry, which names the `person` who signed in to do it.

        `agreement` is an id or the digest of any version; None means all. Raises `UnknownAgreement`, and as `opt_out`.
        """
        line = None if agreement is None else await self._line(agreement)
        async with self._engine.begin() as connection:
            return await opt_out(
                connection,
                student_identifier,
                scopes=self._scopes,
                line=line,
                directory_only=directory_only,
                person=person,
            )

    async def place_statement(
        self, student_identifier: str, elements: Sequence[str], words: str, *, person: str | None = None
    ) -> int:
        """Put a family's statement about these elements on file; return the entry. Raises as `place_statement`."""
        async with self._engine.begin() as connection:
            return await place_statement(connection, student_identifier, elements, words, person=person)

    async def end_statement(
        self, student_identifier: str, elements: Sequence[str], ending: Ending, *, person: str | None = None
    ) -> int:
        """End a family's statement about these elements; return the entry. Raises as `end_statement`."""
        async with self._engine.begin() as connection:
            return await end_statement(connection, student_identifier, elements, ending, person=person)

    async def merge_students(self, second: str, standing: str) -> int:
        """Say that `second` is another number of the child `standing`; return the entry. Raises as `merge_students`."""
        async with self._engine.begin() as connection:
            return await merge_students(connection, second, standing, scopes=self._scopes)

    async def reuse_number(self, number: str) -> tuple[int, dt.date]:
        """Say that a number is another child's now; return the entry and the day. Raises as `reuse_number`."""
        async with self._engine.begin() as connection:
            return await reuse_number(connection, number, scopes=self._scopes)

    async def keep_number(self, number: str) -> int:
        """Say that a number in question is the same child's still; return the entry. Raises as `keep_number`."""
        async with self._engine.begin() as connection:
            return await keep_number(connection, number)

    async def covered_today(self, agreement: str, time_zone: str) -> int:
        """Return how many students the agreement covers today, in its own zone."""
        return (await self.covered_by({agreement: time_zone}))[agreement]

    async def covered_by(self, zones: Mapping[str, str]) -> Mapping[str, int]:
        """Return how many students each agreement covers today; `zones` are the agreements' own, by their digests."""
        listed = func.unnest(literal(list(zones), ARRAY(Text)), literal(list(zones.values()), ARRAY(Text)))
        asked = listed.table_valued("agreement", "zone", name="asked").render_derived()
        today = cast(func.timezone(asked.c.zone, func.gateway.clock()), Date)
        counts = (
            select(asked.c.agreement, func.count(population.c.student_id.distinct()))
            .join_from(asked, population, population.c.agreement == asked.c.agreement)
            .where(IN_ORDER, in_force(), population.c.valid.op("@>")(today))
            .group_by(asked.c.agreement)
        )
        async with self._engine.connect() as connection:
            found = {row[0]: int(row[1]) for row in await connection.execute(counts)}
        return {digest: found.get(digest, 0) for digest in zones}

    async def _line(self, name: str) -> str:
        """Return the line of any agreement on file: what is over, or does not verify now, can be stopped too."""
        async with self._engine.connect() as connection:
            return _line_on_file(name, await lines_on_file(connection))


def _line_on_file(name: str, on_file: Mapping[str, str]) -> str:
    """Return the line that a name means. A misspelt one is refused, for it would be a stop that stops nothing."""
    return line_named(name, on_file, on_file.values(), "registered, in force or not")


__all__ = [
    "ConfirmationRefused",
    "LoadBusy",
    "LoadHeld",
    "LoadReport",
    "MappingFile",
    "RecordsError",
    "Refused",
    "RowsRefused",
    "Stewardship",
    "read_mappings",
    "unread_in",
]
