"""
An emergency order: the district's record of why student data goes to whom in one emergency (34 CFR 99.36).

It says what the law wants on record before anything leaves: the articulable and significant threat and the parties who
need to know (34 CFR 99.32(a)(5)). INVARIANT: it names no student; those are chosen where the records are.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from agreements.canonical import Json, canonical_bytes
from agreements.documents.reading import read_shaped
from agreements.elements import Catalogue, Tier
from agreements.errors import InvalidDocument, Problem
from agreements.names import words
from agreements.pointer import pointer
from agreements.shapes import choice, group, leaf, listing, text

MOST_HOURS: Final = 72
"""Row L4: an order is for one event, never a standing grant."""
LEAST_WORDS: Final = 20
"""Characters of a sentence that tells one threat from another; "danger" is not articulated."""
MOST_RECIPIENTS: Final = 20
RECIPIENTS: Final = ("law_enforcement", "public_health", "medical", "school_safety", "parent", "other")
NOBODY_IN_PARTICULAR: Final = frozenset(
    {
        "all",
        "any",
        "anybody",
        "anyone",
        "everybody",
        "everyone",
        "media",
        "n/a",
        "none",
        "nobody",
        "public",
        "the media",
    }
    | {"the press", "the public", "tba", "tbd", "to be determined", "unknown", "various", "whoever asks", "*", "-", "?"}
)
"""What stands where a recipient should: data goes only to those whose knowledge is needed (34 CFR 99.36(a))."""
_INSTANT: Final = (
    "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z",
    "an instant in UTC such as 2026-11-23T08:30:00Z",
)
_LAW: Final = {"x-rule": "L4", "x-source": "34 CFR 99.36(a), (c)"}

EMERGENCY_ORDER: Final = group(
    "The emergency order",
    {
        "format": leaf("rule", "The format", const="pactgate-emergency-order/1"),
        "id": text("notice", "The order's id", ("emergency:[a-z0-9]+(-[a-z0-9]+)*", "emergency:some-short-name"), 80),
        "threat": text("words_only", "The articulable and significant threat") | _LAW,
        "recipients": listing(
            "The recipients",
            group(
                "A recipient",
                {
                    "name": text("words_only", "Who receives", limit=200) | _LAW,
                    "kind": choice("notice", "The kind of recipient", *RECIPIENTS),
                    "why_needed": text("words_only", "Why this recipient needs to know") | _LAW,
                },
            ),
            most=MOST_RECIPIENTS,
        ),
        "elements": listing("The elements", text("rule", "An element of the catalogue", limit=80), most=100),
        "students": group(
            "The students",
            {
                "count": leaf("rule", "How many students", type="integer", minimum=1, maximum=1_000_000),
                "whom": text("words_only", "Whom it concerns, naming nobody", limit=500),
            },
        ),
        "begins": text("rule", "When it begins", _INSTANT),
        "hours": leaf("rule", "How many hours it lasts", type="integer", minimum=1, maximum=MOST_HOURS) | _LAW,
    },
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody whose knowledge of the records is needed, and why."""

    name: str = field(repr=False)
    kind: str
    why_needed: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EmergencyOrder:
    """What an officer orders. `begins` is in UTC; `count` says about how many students, `whom` which, without names."""

    id: str
    threat: str = field(repr=False)
    recipients: tuple[Recipient, ...]
    elements: tuple[str, ...]
    count: int
    whom: str = field(repr=False)
    begins: datetime
    hours: int

    @property
    def ends(self) -> datetime:
        """The first instant at which nothing leaves by it any more, if it is not ended earlier."""
        return self.begins + timedelta(hours=self.hours)


def emergency_order_bytes(order: EmergencyOrder) -> bytes:
    """Return the canonical bytes of an emergency order."""
    recipients: list[Json] = [
        {"name": each.name, "kind": each.kind, "why_needed": each.why_needed} for each in order.recipients
    ]
    return canonical_bytes(
        {
            "format": "pactgate-emergency-order/1",
            "id": order.id,
            "threat": order.threat,
            "recipients": recipients,
            "elements": list(order.elements),
            "students": {"count": order.count, "whom": order.whom},
            "begins": f"{order.begins.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z",
            "hours": order.hours,
        }
    )


def read_emergency_order(raw: bytes | str, catalogue: Catalogue) -> EmergencyOrder:
    """Read an emergency order. Raises `MalformedDocument`, `InvalidDocument` with all problems at once."""
    content = read_shaped(raw, EMERGENCY_ORDER)
    begins = _instant(content["begins"])
    problems = [*_unsaid(content), *_unfit(content["elements"], catalogue)]
    if begins is None:
        problems.append(_problem("/begins", "It does not begin at an instant of the calendar."))
    if problems or begins is None:
        raise InvalidDocument("The emergency order", problems)
    return EmergencyOrder(
        id=content["id"],
        threat=content["threat"],
        recipients=tuple(Recipient(each["name"], each["kind"], each["why_needed"]) for each in content["recipients"]),
        elements=tuple(content["elements"]),
        count=content["students"]["count"],
        whom=content["students"]["whom"],
        begins=begins,
        hours=content["hours"],
    )


def _unsaid(content: dict[str, Any]) -> list[Problem]:
    """Return what the law wants said in words and the words do not say."""
    problems = []
    if len(words(content["threat"])) < LEAST_WORDS:
        problems.append(_problem("/threat", "Say in a sentence what threatens whom: articulable and significant."))
    named = set()
    for index, each in enumerate(content["recipients"]):
        name = words(each["name"]).strip(".! ")
        if name in NOBODY_IN_PARTICULAR:
            sentence = "Name the party that needs to know. Nothing leaves to everyone or to whoever asks."
            problems.append(_problem(pointer("recipients", index, "name"), sentence))
        elif name in named:
            problems.append(_problem(pointer("recipients", index, "name"), "This recipient is listed twice."))
        named.add(name)
        if len(words(each["why_needed"])) < LEAST_WORDS:
            sentence = "Say in a sentence why the threat makes this recipient need to know."
            problems.append(_problem(pointer("recipients", index, "why_needed"), sentence))
    return problems


def _unfit(elements: list[str], catalogue: Catalogue) -> list[Problem]:
    problems = []
    for index, element in enumerate(elements):
        if element not in catalogue:
            problems.append(_problem(pointer("elements", index), f"The catalogue has no element '{element[:40]}'."))
        elif catalogue.element(element).tier is Tier.NEVER:
            problems.append(_problem(pointer("elements", index), f"The element {element} is never shared."))
    return problems


def _instant(written: str) -> datetime | None:
    try:
        return datetime.strptime(written, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _problem(path: str, sentence: str) -> Problem:
    return Problem(path, "L4", "34 CFR 99.36(a), (c)", sentence)
