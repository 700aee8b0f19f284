"""
What each partner could see of one student now, by agreement, element and clause: the page's part of an explanation.

INVARIANT: whoever asks has put an entry of the look on record before; this reads and writes nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from gateway.services.explaining.evidence import read_evidence, read_kept, student_numbered
from gateway.services.explaining.on_file import OnFile, read_on_file
from gateway.services.explaining.seen import StudentAnswer, answer_for
from gateway.services.explaining.world import open_world
from gateway.services.office import Office

_MOST_AGREEMENTS = 25
"""Agreements explained on one page; a student under more of them is asked about one by one (`policy explain`)."""


@dataclass(frozen=True, slots=True)
class ElementSeen:
    """An element that would leave now: its name, and the clauses that let it."""

    name: str
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgreementNow:
    """What one agreement lets its partner see of the student now; `against` is what stands against everything."""

    digest: str
    line: str
    title: str
    partner: str
    elements: tuple[ElementSeen, ...] = field(repr=False)
    against: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class StudentNow:
    """One student as things stand; `left_out` agreements cover the student too and were not gone through."""

    agreements: tuple[AgreementNow, ...] = field(repr=False)
    on_file: OnFile = field(repr=False)
    left_out: int


async def student_now(office: Office, number: str) -> StudentNow:
    """Return what partners could see of the student with this number now. Raises `UnknownStudent`."""
    world = await open_world(office)
    found = []
    async with office.engine.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
        student, _ = await student_numbered(connection, number)
        on_file = await read_on_file(connection, student)
        covering = [digest for digest in on_file.agreements if digest in world.registry.granted]
        at, as_of = world.moment.now, world.moment.size - 1
        for digest in covering[:_MOST_AGREEMENTS]:
            promised = world.registry.history[digest]
            agreement = promised.verified.agreement
            evidence = await read_evidence(connection, student, agreement.id, as_of)
            day = at.astimezone(ZoneInfo(agreement.term.time_zone)).date()
            kept = await read_kept(connection, student, digest, day, as_of)
            if kept is None:  # covered once, or from another day on
                continue
            named = sorted({each.element for terms in agreement.datasets for each in terms.elements})
            answers = [
                answer_for(world, promised, evidence, kept, element=element, client=None, at=at) for element in named
            ]
            found.append(
                AgreementNow(
                    digest=digest,
                    line=agreement.id,
                    title=agreement.title,
                    partner=agreement.partner.name,
                    elements=tuple(_seen(answers, {each.id: each.title for each in world.state.catalogue})),
                    against=_against(answers),
                )
            )
    return StudentNow(tuple(found), on_file, max(0, len(covering) - _MOST_AGREEMENTS))


def _seen(answers: Iterable[StudentAnswer], titles: dict[str, str]) -> Iterable[ElementSeen]:
    for each in answers:
        if each.seen:
            clauses = dict.fromkeys(clause for window in each.windows if window.is_open for clause in window.clauses)
            yield ElementSeen(titles[each.element], tuple(clauses))


def _against(answers: Iterable[StudentAnswer]) -> str | None:
    """Return what stands against the first element, if nothing is seen at all."""
    several = list(answers)
    if not several or any(each.seen for each in several) or several[0].against is None:
        return None
    return several[0].against.sentence
