"""
Classifying the district's own codes: what nobody has judged yet, and the signed acts of stewards that judge it.

INVARIANT: a classification, other guardrails and the configuration that records them enter the log in one transaction:
nothing is decided by what stewards said before the log says by what is decided.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from agreements.documents.classification import (
    Classification,
    Judgement,
    classification_bytes,
    read_classification,
)
from agreements.signature import Envelope
from agreements.stewarding import verify_classification
from audit.events import Event
from gateway.records.loading.unclassified import Unclassified, UnclassifiedCode, unclassified_in_force
from gateway.services.configuration import Configuration, record_configuration, reserve_configuration
from gateway.services.errors import NoDistrict
from gateway.services.filing import Desk
from gateway.services.law import guardrails_of
from gateway.services.obligations.history import driver_of
from policies.classified import classified_then
from policies.classifying import require_classifiable
from policies.guardrails import classified_guardrails


@dataclass(frozen=True, slots=True)
class Act:
    """One classification that holds: its entry, its day, and what it judged."""

    entry: int
    document: str
    day: date
    codes: tuple[tuple[str, str, str, str | None], ...]
    """Element, value, verdict, law."""
    reason: str


@dataclass(frozen=True, slots=True)
class ClassificationReport:
    """What stands now; `newest` is what the next classification follows, `closed` elements lack a classification."""

    today: date
    newest: str | None
    standing: tuple[tuple[str, str, str, str | None], ...]
    closed: tuple[str, ...]
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class Registered:
    """A classification on file: its entry, and the entry of the configuration that came with it."""

    entry: int
    configuration: int


class Classifications:
    """Registers classifications and tells what there is to classify, as the loader role."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def unclassified(self, *, rare: bool = False) -> Unclassified:
        """
        Return values that stand in the records and that nobody has classified.

        With `rare` also those in fewer rows than the smallest group that may be told of: for whoever is to judge them.
        """
        _, registry = await self._desk.registry()
        guardrails = guardrails_of(self._desk, registry)
        async with self._desk.engine.connect() as connection:
            fewest = 1 if rare else guardrails.cells.minimum
            return await unclassified_in_force(await driver_of(connection), guardrails.codes.known, fewest=fewest)

    async def draft(self, said: Sequence[Judgement], reason: str) -> tuple[date, bytes]:
        """
        Return the day, and the bytes of what stewards sign to judge these codes, after all that was judged before.

        Raises `NoDistrict` before an agreement names the district, `InvalidDocument`, `CodeRefused`.
        """
        moment, registry = await self._desk.registry()
        newest = max(registry.history.values(), key=lambda each: each.activated, default=None)
        if newest is None:
            raise NoDistrict("No agreement names the district yet.")
        district, day, codes = newest.verified.agreement.district.id, moment.received.day, registry.codes
        payload = classification_bytes(Classification(district, day, tuple(said), reason, codes.newest))
        require_classifiable(read_classification(payload), guardrails_of(self._desk, registry), codes.standing)
        return day, payload

    async def register(self, document: Envelope) -> Registered:
        """
        Bring a classification into force: from the next request on, on every replica.

        Raises an `AgreementError`, or `CodeRefused`; nothing was written then.
        """
        async with self._desk.filing() as filing:
            codes = filing.registry.codes
            # (1): two stewards signed exactly this, after everything that was classified before.
            act = verify_classification(filing.filed(document), codes.newest, authority=filing.authority)
            # (2): it judges coded elements by laws that there are, and nothing that the reviewed file judges.
            guardrails = guardrails_of(self._desk, filing.registry)
            require_classifiable(act.classification, guardrails, codes.standing)
            # (3): in the order of those who record a configuration at a start, who wait for the log's head after it.
            await reserve_configuration(filing.connection)
            said = act.classification
            entry = await filing.file(
                Event.CODES_CLASSIFIED,
                document,
                concerns=None,
                elements=list(said.elements),
                codes=len(said.codes),
                stewards=list(act.stewards),
            )
            # (4): what is decided by from here on, in the same transaction.
            catalogue = self._desk.catalogue
            in_force = classified_guardrails(guardrails, classified_then(codes.standing, said), catalogue)
            configuration = await record_configuration(filing.connection, Configuration(catalogue, in_force))
        return Registered(entry, configuration)

    async def report(self) -> ClassificationReport:
        """Tell what stewards have classified, by which acts."""
        moment, registry = await self._desk.registry()
        codes = registry.codes
        return ClassificationReport(
            today=moment.received.day,
            newest=codes.newest,
            standing=tuple((each.element, each.value, each.verdict.value, each.law) for each in codes.standing.judged),
            closed=codes.standing.closed,
            acts=tuple(
                Act(
                    entry=act.received.index,
                    document=act.digest,
                    day=act.classification.day,
                    codes=tuple(
                        (each.element, each.value, each.verdict.value, each.law) for each in act.classification.codes
                    ),
                    reason=act.classification.reason,
                )
                for act in codes.acts
            ),
        )


__all__ = ["Act", "ClassificationReport", "Classifications", "Registered", "Unclassified", "UnclassifiedCode"]
