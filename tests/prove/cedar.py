"""
The fourth reading: Cedar, from the same documents by a translator of its own.

Cedar's shape is not Casbin's: agreements are groups of clients, guardrails are forbids over the whole policy set, and
time is a number. Policies and entities are checked against a schema: without one, Cedar skips a forbid that fails
(cedar issue 2428), and an answer with an error in it is refused here.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Final

import cedarpy

from tests.prove.guardrails import gated, never_shared, noticed, undesignated
from tests.prove.scene import CATALOGUE, Asked, Scene, Written
from tests.prove.wall import day_begins, whole

SCHEMA: Final = """
entity Partner;
entity Agreement = { basis?: String, partner?: Partner };
entity Client in [Agreement];
entity Element;
entity Column in [Element];
action read appliesTo {
  principal: Client,
  resource: Column,
  context: { agreement: Agreement, purpose: String, now: Long }
};
"""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)
_SCHEMA: Final = cedarpy.Schema.from_str(SCHEMA)


class Unsound(AssertionError):
    """The translation does not fit its schema, or Cedar could not evaluate a policy."""


class Cedar:
    """The agreements of one scene in Cedar. Raises `Unsound`."""

    def __init__(self, scene: Scene) -> None:
        text = "\n".join(_policies(scene))
        checked = cedarpy.validate_policies(text, _SCHEMA)
        if not checked.validation_passed:
            raise Unsound([str(error) for error in checked.errors])
        self._policies = cedarpy.PolicySet.from_str(text)
        self._entities = cedarpy.Entities.from_json_str(json.dumps([*_columns(), *_parties(scene)]), _SCHEMA)

    def answers(self, questions: Sequence[Asked]) -> list[bool]:
        """Judge all questions at once; columns that no dataset has are refused. Raises `Unsound`."""
        results = cedarpy.is_authorized_batch(
            [_request(asked) for asked in questions], self._policies, self._entities, schema=_SCHEMA
        )
        if errors := [result.diagnostics.errors for result in results if result.diagnostics.errors]:
            raise Unsound(errors)
        return [result.allowed for result in results]


def _request(asked: Asked) -> dict[str, Any]:
    return {
        "principal": _uid("Client", asked.client),
        "action": _uid("Action", "read"),
        "resource": _uid("Column", f"{asked.dataset}/{asked.element}"),
        "context": {
            "agreement": {"__entity": _uid("Agreement", asked.agreement)},
            "purpose": asked.purpose,
            "now": _number(asked.now),
        },
    }


def _policies(scene: Scene) -> Iterator[str]:
    for digest, made in scene.written.items():
        if not made.content.get("framework", False):
            yield from _permits(digest, made)
        yield from (_unanswered(digest, client, windows) for client, windows in made.windows.items())
        yield from _directory(digest, made)
    for element in sorted(never_shared()):
        yield f'forbid(principal, action, resource in Element::"{element}");'
    for element, bases in gated().items():
        opened = f"{_texts(sorted(bases))}.contains(context.agreement.basis)"
        yield (
            f'forbid(principal, action, resource in Element::"{element}") '
            f"unless {{ context.agreement has basis && {opened} }};"
        )
    yield from (_stop(stop.concerns) for stop in scene.stops)


def _permits(digest: str, made: Written) -> Iterator[str]:
    content = made.content
    term, zone = content["term"], content["term"]["time_zone"]
    begins = day_begins(date.fromisoformat(term["first_day"]), zone)
    ends = day_begins(date.fromisoformat(term["last_day"]) + timedelta(days=1), zone)
    last = ends if made.until is None else min(ends, whole(made.until))
    for row in content["datasets"]:
        dropped = {line["element"] for line in row["elements"] if line["transformation"] == "drop"}
        columns = ", ".join(
            f'Column::"{row["dataset"]}/{element}"'
            for element in sorted({line["element"] for line in row["elements"]} - dropped)
        )
        if columns:
            yield (
                f'permit(principal in Agreement::"{digest}", action == Action::"read", resource) when {{ '
                f'context.agreement == Agreement::"{digest}" && [{columns}].contains(resource) && '
                f"context.purpose == {json.dumps(content['purpose']['code'])} && "
                f"context.now >= {_number(begins)} && context.now < {_number(last)} }};"
            )


def _directory(digest: str, made: Written) -> Iterator[str]:
    """Forbid directory information beyond the district's notice: other elements, other parties, other years."""
    zone, days = made.content["term"]["time_zone"], noticed(made.content)
    for element in sorted(undesignated(made.content)):
        yield (
            f'forbid(principal, action, resource in Element::"{element}") '
            f'when {{ context.agreement == Agreement::"{digest}" }};'
        )
    if days is not None:
        spans = [(day_begins(first, zone), day_begins(last + timedelta(days=1), zone)) for first, last in days]
        yield (
            f'forbid(principal, action, resource) when {{ context.agreement == Agreement::"{digest}" }} '
            f"unless {{ {_within(spans)} }};"
        )


def _unanswered(digest: str, client: str, windows: Iterable[Any]) -> str:
    """Forbid this client everything of the agreement while nobody answers for it."""
    answered = _within((whole(each.begins), whole(each.ends)) for each in windows)
    return (
        f'forbid(principal == Client::"{client}", action, resource) '
        f'when {{ context.agreement == Agreement::"{digest}" }} unless {{ {answered} }};'
    )


def _stop(concerns: str) -> str:
    if concerns.startswith("client:"):
        return f'forbid(principal == Client::"{concerns}", action, resource);'
    if concerns.startswith("partner:"):
        named = f'context.agreement.partner == Partner::"{concerns}"'
        return f"forbid(principal, action, resource) when {{ context.agreement has partner && {named} }};"
    return f'forbid(principal, action, resource) when {{ context.agreement == Agreement::"{concerns}" }};'


def _parties(scene: Scene) -> Iterator[dict[str, Any]]:
    for digest, made in scene.written.items():
        partner = {"__entity": _uid("Partner", made.content["partner"]["id"])}
        yield _entity("Agreement", digest, attrs={"basis": made.content["basis"]["type"], "partner": partner})
    for client in sorted(scene.clients):
        bound = [digest for digest, made in scene.written.items() if client in made.windows]
        yield _entity("Client", client, parents=[_uid("Agreement", digest) for digest in bound])


@cache
def _columns() -> tuple[dict[str, Any], ...]:
    elements = tuple(_entity("Element", element.id) for element in CATALOGUE)
    columns = tuple(
        _entity("Column", f"{dataset}/{element.id}", parents=[_uid("Element", element.id)])
        for element in CATALOGUE
        for dataset in element.datasets
    )
    return elements + columns


def _entity(kind: str, name: str, attrs: Mapping[str, Any] | None = None, parents: Any = ()) -> dict[str, Any]:
    return {"uid": _uid(kind, name), "attrs": dict(attrs or {}), "parents": list(parents)}


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


def _within(spans: Iterable[tuple[datetime, datetime]]) -> str:
    found = " || ".join(
        f"(context.now >= {_number(begins)} && context.now < {_number(ends)})" for begins, ends in spans
    )
    return found or "false"


def _texts(values: Iterable[str]) -> str:
    return json.dumps(list(values))


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // _TICK
