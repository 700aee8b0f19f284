"""Why a request would be answered or refused now, and when an element leaves: for each agreement and client meant."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.services.explaining.world import Pair, World
from policies.decision import Denied
from policies.explain.elements import Explanation
from policies.explain.over_time import Stretch, explain_element
from policies.explain.own import for_partner
from policies.explain.request import explain_request
from policies.explain.words import sentences, stretch_sentence
from policies.request import AccessRequest

NOBODY = "No client is bound to this agreement, so nobody can ask under it."


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to explain; names as a partner writes them. `purpose` None is the one that was signed."""

    dataset: str
    purpose: str | None = None
    elements: tuple[str, ...] | None = None
    filters: tuple[str, ...] = ()
    sort: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The explanation of one agreement for one client: sentences, and the form for machines."""

    agreement: str
    title: str
    client: str | None
    sentences: tuple[str, ...]
    permitted: bool | None = None
    reasons: tuple[Denied, ...] = ()
    elements: tuple[Explanation, ...] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    ruleset: str | None = None
    stretches: tuple[Stretch, ...] = ()


def explain_asked(
    world: World, pairs: Iterable[Pair], asked: Asked, at: datetime | None, *, as_partner: bool
) -> tuple[Answer, ...]:
    """
    Explain a request at `at` (now, if None). `as_partner` leaves only what the client's own partner may read.

    The agreements and stops are today's, whatever `at` is. Raises what `policies.decide` raises for unknown names.
    """
    found = []
    for pair in pairs:
        answer = Answer(pair.agreement.digest, pair.agreement.title, pair.client, (NOBODY,))
        if pair.client is not None:
            request = AccessRequest(
                client=pair.client,
                agreement=pair.agreement.digest,
                purpose=asked.purpose or pair.agreement.purpose.code,
                dataset=asked.dataset,
                elements=asked.elements,
                # No decision depends on what a filter's value is: it is never asked for.
                filters=dict.fromkeys(asked.filters, ""),
                sort=asked.sort,
            )
            explained = explain_request(world.state, request, at or world.moment.now)
            shown = for_partner(explained) if as_partner else explained
            answer = replace(
                answer,
                sentences=sentences(shown, pair.agreement),
                permitted=shown.permitted,
                reasons=shown.reasons,
                elements=shown.elements,
                valid_from=shown.valid_from,
                valid_until=shown.valid_until,
                ruleset=shown.ruleset,
            )
        found.append(answer)
    return tuple(found)


def explain_over_time(world: World, pairs: Iterable[Pair], name: str) -> tuple[Answer, ...]:
    """Explain when the element called `name` (its id or wire name) leaves. Raises `UnknownElement`."""
    found = []
    for pair in pairs:
        answer = Answer(pair.agreement.digest, pair.agreement.title, pair.client, (NOBODY,))
        if pair.client is not None:
            answer = replace(answer, sentences=())
            for element in world.elements(name):
                said = explain_element(
                    world.state, client=pair.client, agreement=pair.agreement.digest, element=element
                )
                stretches = () if isinstance(said, Denied) else said
                words = (
                    (said.detail,)
                    if isinstance(said, Denied)
                    else tuple(stretch_sentence(each, pair.agreement) for each in stretches)
                )
                answer = replace(
                    answer,
                    sentences=(*answer.sentences, *words),
                    stretches=(*answer.stretches, *stretches),
                )
        found.append(answer)
    return tuple(found)
