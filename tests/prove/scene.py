"""
A scene: agreements as they are written, the clients bound to them, and what is stopped; and a question asked in it.

    scene = scene_of({"agreements": [{"name": "one", …}], "stops": ["partner:p0"], "others": ["idle"]})

`scene_of` reads plain data, so that a scene can be drawn, printed as a counter-example, and kept in `tests/vectors`.
Its documents need not be lawful: what guardrails withhold, and two clauses for one element, must be judged rightly even
if nobody should have signed them.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from agreements.accountable import Window
from agreements.document import Agreement, _agreement
from agreements.elements import load_catalogue
from tests.factories.agreements import client_id, example

CATALOGUE = load_catalogue()
_EXAMPLE = example()
ALWAYS = Window(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC, microsecond=0))
"""Somebody answers for the client, whenever it asks."""
NOBODY = "sha256:" + "0" * 64
"""The digest of no agreement."""


class Asked(NamedTuple):
    """One question: may this client read this element of this dataset, for this purpose, now?"""

    client: str
    agreement: str
    dataset: str
    element: str
    purpose: str
    now: datetime


@dataclass(frozen=True)
class Written:
    """An agreement with what else decides about it; the windows in which somebody answers for each client of it."""

    agreement: Agreement
    windows: Mapping[str, tuple[Window, ...]]
    until: datetime | None = None

    @property
    def content(self) -> Mapping[str, Any]:
        """The document itself, as plain data: all that the readings of documents look at."""
        return self.agreement.content


@dataclass(frozen=True)
class Stop:
    """A stop in force: of a client, a partner or an agreement (its digest)."""

    concerns: str
    entry: int


@dataclass(frozen=True)
class Scene:
    """Everything that decides. `clients` are all registered ones, bound to something or not."""

    written: Mapping[str, Written]
    stops: tuple[Stop, ...]
    clients: frozenset[str]


def scene_of(plain: Mapping[str, Any]) -> Scene:
    """Build the scene that `plain` describes; names stand for clients and agreements."""
    names: dict[str, str] = {}
    written: dict[str, Written] = {}
    for row in plain["agreements"]:
        made = _written(row, names)
        names[row["name"]] = made.agreement.digest
        written[made.agreement.digest] = made
    clients = {client for made in written.values() for client in made.windows}
    stops = tuple(Stop(named(each, names), 10 + index) for index, each in enumerate(plain.get("stops", ())))
    return Scene(written, stops, frozenset({*clients, *map(client_id, plain.get("others", ()))}))


def named(name: str, agreements: Mapping[str, str]) -> str:
    """Return the digest or id that a name in plain data stands for; partners are written with their prefix."""
    return agreements.get(name) or (name if ":" in name else client_id(name))


def asked_of(plain: Mapping[str, Any], scene: Scene) -> Asked:
    """Read a question; an agreement that the scene does not have is nobody's."""
    return Asked(
        named(plain["client"], {}),
        _digests(scene).get(plain["agreement"], NOBODY),
        plain["dataset"],
        plain["element"],
        plain["purpose"],
        moment(plain["now"]),
    )


def plain_question(asked: Asked, scene: Scene) -> dict[str, str]:
    """Write a question as `asked_of` reads it."""
    names = {digest: name for name, digest in _digests(scene).items()}
    agreement = names.get(asked.agreement, "none")
    return asked._asdict() | {"agreement": agreement, "now": asked.now.isoformat()}


def _digests(scene: Scene) -> dict[str, str]:
    return {made.agreement.id.removeprefix("agreement:"): digest for digest, made in scene.written.items()}


def moment(text: str) -> datetime:
    """Read an instant."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _written(row: Mapping[str, Any], names: Mapping[str, str]) -> Written:
    first, last, zone = row["term"]
    content = deepcopy(_EXAMPLE) | {
        "id": f"agreement:{row['name']}",
        "basis": {"type": row["basis"]},
        "datasets": [
            {
                "dataset": dataset,
                "school_years": ["2026-2027"],
                "elements": [{"element": element, "transformation": how} for element, how in lines],
            }
            for dataset, lines in row["datasets"].items()
        ],
        "term": {"first_day": first, "last_day": last, "time_zone": zone},
    }
    content["partner"] |= {"id": row["partner"]}
    content["purpose"] |= {"code": row["purpose"]}
    if "population" in row:
        content["population"] = row["population"]
    if row.get("framework"):
        content["framework"] = True
    if "replaces" in row:
        content |= {"version": 2, "replaces": names[row["replaces"]]}
    if "master" in row:
        content["master"] = names[row["master"]]
    until = row.get("until")
    windows = {client_id(client): _windows(spans) for client, spans in row["clients"].items()}
    return Written(_agreement(content, CATALOGUE), windows, None if until is None else moment(until))


def _windows(spans: Any) -> tuple[Window, ...]:
    if spans == "always":
        return (ALWAYS,)
    return tuple(Window(moment(begins), moment(ends)) for begins, ends in spans)
