"""
What decisions are made about: many agreements of one shape, and questions with the answers the documents give.

Each agreement lists 5 elements in each of 5 datasets, for one purpose and one client of its own. The documents are
copies of an example with other ids and elements. They are rehearsed, not signed: signatures are not measured here.
"""

import hashlib
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from agreements.document import Agreement, parse_agreement
from agreements.elements import Element, Tier, load_catalogue
from agreements.terms import DatasetTerms, ElementTerm, PurposeTerms
from policies.guardrails import load_guardrails
from policies.rehearsal import Rehearsed, rehearse
from policies.request import AccessRequest
from policies.state import PolicyState

EXAMPLE = "sps-a-tutoring-consent.yaml"
DATASETS = ("students", "attendance", "courses", "assessments", "programs")
NAMED = 5
"""Elements an agreement names in each dataset."""
PURPOSES = ("tutoring", "mentoring", "out_of_school_time", "case_management")
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
"""Within the term of every agreement."""
_SHAREABLE = frozenset({Tier.PSEUDONYMOUS, Tier.IDENTIFYING, Tier.OUTCOME})


@dataclass(frozen=True, slots=True)
class Question:
    """May this client read this element, and what do the documents answer?"""

    place: int
    """The agreement's, in the world."""
    client: str
    agreement: str
    purpose: str
    dataset: str
    element: Element
    allowed: bool

    @property
    def request(self) -> AccessRequest:
        """The question as a partner's request for one element."""
        return AccessRequest(self.client, self.agreement, self.purpose, self.dataset, (self.element.name,))

    @property
    def whole(self) -> AccessRequest:
        """A request for all that is granted of the same dataset."""
        return replace(self.request, elements=None)


@dataclass(frozen=True, slots=True)
class World:
    """Agreements and their clients, place by place."""

    agreements: Sequence[Agreement] = field(repr=False)
    clients: Sequence[str] = field(repr=False)

    def promises(self) -> list[Rehearsed]:
        """Return each agreement with its client, as what was read and verified is held."""
        return [
            Rehearsed(agreement, frozenset({client}))
            for agreement, client in zip(self.agreements, self.clients, strict=True)
        ]

    def state(self) -> PolicyState:
        """Return the state in which all of them are in force; nothing in it is compiled yet."""
        return rehearse(self.promises(), load_catalogue(), load_guardrails())

    def question(self, place: int, dataset: str, element: Element, purpose: str | None = None) -> Question:
        """Return a question of the client at `place`, for the agreement's own purpose if no other is given."""
        agreement = self.agreements[place]
        own = agreement.purpose.code
        named = {line.element for terms in agreement.datasets if terms.dataset == dataset for line in terms.elements}
        allowed = element.id in named and purpose in {None, own}
        return Question(place, self.clients[place], agreement.digest, purpose or own, dataset, element, allowed=allowed)

    def field_set(self, place: int, dataset: str) -> list[Question]:
        """Return one question an element of `dataset`: what a table of decisions answers."""
        return [self.question(place, dataset, element) for element in load_catalogue().in_dataset(dataset)]

    def questions(self, each: int) -> list[Question]:
        """Return `each` questions that are allowed and as many that are not, mixed, spread over the agreements."""
        choose = random.Random(4)  # noqa: S311 -- the same questions in every run
        allowed: list[Question] = []
        refused: list[Question] = []
        while len(allowed) < each or len(refused) < each:
            place, dataset = choose.randrange(len(self.agreements)), choose.choice(DATASETS)
            purpose = choose.choice((None, None, None, *PURPOSES))
            found = self.question(place, dataset, choose.choice(load_catalogue().in_dataset(dataset)), purpose)
            kept = allowed if found.allowed else refused
            if len(kept) < each:
                kept.append(found)
        return [question for pair in zip(allowed, refused, strict=True) for question in pair]


def world(count: int) -> World:
    """Return a world of `count` agreements."""
    return World([_agreement(number) for number in range(count)], [_client(number) for number in range(count)])


def _agreement(number: int) -> Agreement:
    example = _example()
    datasets = tuple(
        DatasetTerms(dataset, ("2026-2027",), _lines(f"/datasets/{index}", dataset, number), f"/datasets/{index}")
        for index, dataset in enumerate(DATASETS)
    )
    purpose = PurposeTerms(PURPOSES[number % len(PURPOSES)], example.purpose.words)
    digest = hashlib.sha256(f"bench agreement {number}".encode()).hexdigest()
    return replace(
        example,
        digest=f"sha256:{digest}",
        id=f"agreement:bench-{number}",
        datasets=datasets,
        purpose=purpose,
    )


def _lines(path: str, dataset: str, number: int) -> tuple[ElementTerm, ...]:
    shareable = _shareable(dataset)
    turned = (*shareable, *shareable)[number % len(shareable) :][:NAMED]
    return tuple(
        ElementTerm(element.id, "exact", False, f"{path}/elements/{index}") for index, element in enumerate(turned)
    )


def _client(number: int) -> str:
    digest = hashlib.sha256(f"bench client {number}".encode()).digest()
    return f"client:{uuid.UUID(bytes=digest[:16], version=4)}"


@cache
def _example() -> Agreement:
    return parse_agreement(files("agreements").joinpath("examples", EXAMPLE).read_bytes(), load_catalogue())


@cache
def _shareable(dataset: str) -> tuple[Element, ...]:
    """Return the elements that no guardrail withholds, so that the document alone says what is allowed."""
    closed = {barrier.element for barrier in load_guardrails().closed(_example().basis)}
    return tuple(
        element
        for element in load_catalogue().in_dataset(dataset)
        if element.tier in _SHAREABLE and element.id not in closed
    )
