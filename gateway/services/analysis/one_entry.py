"""One logged decision, explained by the agreement's own words, and made again from what it cites."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from agreements.elements import Catalogue
from audit.entry import Entry
from audit.events import Event
from audit.reading import leaf_at
from gateway.services.analysis.past import Law, read_past
from gateway.services.analysis.rejustifying import rejustify
from gateway.services.law import guardrails_of
from gateway.services.obligations.history import driver_of
from gateway.services.office import Office
from gateway.services.standing.registry import Alarm, Registry
from policies.explain.words import quoted

_SECONDS: Final = 20.0
"""How long one decision may take to be made again on a page; the command line has no bound."""


@dataclass(frozen=True, slots=True)
class Because:
    """One element of a decision: how it left, and the clauses that let it, each with the agreement's words."""

    name: str
    transformation: str
    clauses: tuple[str, ...]


class Again(StrEnum):
    """What came of making a decision again."""

    SAME = "same"
    DIFFERENT = "different"
    NO_DECISION = "no_decision"
    """The entry is no decision of the policies: there is nothing to decide again."""
    EARLIER = "earlier"
    """An earlier release did not record what it decided by."""
    LOST = "lost"
    """What it cites is not there any more."""
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class MadeAgain:
    """What came of it; `differences` are the members that came out otherwise, as the log and as the rules say."""

    again: Again
    differences: tuple[tuple[str, str, str], ...] = ()


def because_of(entry: Entry, registry: Registry, catalogue: Catalogue) -> tuple[Because, ...]:
    """Return by what each element of a disclosure left; nothing for an entry that is none, or names no agreement."""
    promised = registry.history.get(str(entry.body.get("agreement")))
    members = [entry.body.get(name) for name in ("elements", "transformations", "clauses")]
    if entry.event != Event.DISCLOSURE or promised is None or not all(isinstance(each, list) for each in members):
        return ()
    agreement = promised.verified.agreement
    return tuple(
        Because(
            catalogue.element(element).title if element in catalogue else str(element),
            str(transformation),
            tuple(quoted(agreement, str(clause)) for clause in clauses),
        )
        for element, transformation, clauses in zip(*members, strict=False)
    )


def clause_of(entry: Entry, registry: Registry) -> str | None:
    """Return the clause or rule that a refusal stands on, with the agreement's words; None if it names none."""
    clause, promised = entry.body.get("clause"), registry.history.get(str(entry.body.get("agreement")))
    if not isinstance(clause, str):
        return None
    return clause if promised is None else quoted(promised.verified.agreement, clause)


async def made_again(office: Office, index: int, alarm: Alarm) -> MadeAgain:
    """Make the decision of one entry again, from what it cites. Raises `EntryMissing`, `LeafRefused`."""
    try:
        async with asyncio.timeout(_SECONDS):
            _, registry = await office.desk.registry()
            law = Law(office.desk.catalogue, guardrails_of(office.desk, registry))
            snapshot = office.engine.execution_options(isolation_level="REPEATABLE READ")
            async with snapshot.connect() as connection:
                await leaf_at(await driver_of(connection), index)
                past = await read_past(connection, office.trust, law, alarm)
                found = await rejustify(
                    connection, past, index, index + 1, told=lambda _: None, progress=lambda _: None
                )
    except TimeoutError:
        return MadeAgain(Again.TOO_LONG)
    if found.missing:
        return MadeAgain(Again.LOST)
    if found.unjustified:
        return MadeAgain(Again.DIFFERENT, tuple(_differences(found.shown[0])))
    if found.earlier:
        return MadeAgain(Again.EARLIER)
    return MadeAgain(Again.SAME if found.decided_again else Again.NO_DECISION)


def _differences(shown: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    logged, came_out = shown.get("logged", {}), shown.get("came_out", {})
    return [(name, str(logged.get(name)), str(came_out.get(name))) for name in logged]
